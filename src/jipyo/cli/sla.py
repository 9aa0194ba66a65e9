"""`jipyo sla`: a contract's month, and what people type for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson

from jipyo.app.archive import issue_from_workspace
from jipyo.app.contract import (
    build_contract_months,
    find_systems,
    find_typed_file,
)
from jipyo.app.offline import read_workspace
from jipyo.cli.changes import print_changes, print_issuing
from jipyo.cli.inspect import print_on_terminal
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_month
from jipyo.cli.options import (
    FOLDER,
    pass_config,
    print_line,
    print_note,
    show_progress,
)
from jipyo.files import write_new
from jipyo.model.plain import to_plain
from jipyo.reports.archive.archive import compare_with_issue
from jipyo.reports.archive.issues import find_folder, find_last_issue
from jipyo.reports.render import FORMATS, write_report
from jipyo.reports.sheets import build_contract_report
from jipyo.sla.month_file import write_template
from jipyo.sla.profile_file import BUILTIN_PROFILES, load_profile, read_builtin

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.sla.month import ContractMonth


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    sla = Group("sla", help=t("cli.sla.help"))
    group.add_command(sla)
    _register_sheets(sla, t)
    _register_issues(sla, t)
    _register_files(sla, t)


def _add_choices(t: Texts) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the month, the system and the profile that it is about."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option("--profile", metavar="FILE", help=t("cli.sla.profile"))(command)
        command = click.option("--system", metavar="NAME", help=t("cli.sla.system"))(command)
        return click.argument("month", metavar="YYYY-MM", required=False)(command)

    return decorate


def _register_sheets(sla: click.Group, t: Texts) -> None:
    @sla.command("month", cls=Command, help=t("cli.sla.month.help"))
    @_add_choices(t)
    @click.option(
        "--format",
        "format_name",
        type=click.Choice(("text", *FORMATS)),
        default="text",
        help=t("cli.sla.format"),
    )
    @click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.inspect.out"))
    @click.option("--explain", is_flag=True, help=t("cli.sla.explain"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.sla.json"))
    @pass_config(t)
    def print_month(
        config: Config,
        words: Texts,
        month: str | None,
        system: str | None,
        profile: str | None,
        **options: Any,
    ) -> None:
        workspace, sheets = _work_out(config, words, month, system, profile)
        if options["as_json"]:
            plain = [to_plain(one) for one in sheets]
            click.echo(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())
            return
        out, format_name = options["out"] or workspace.out_dir, options["format_name"]
        for one in sheets:
            now_ms, issuer = workspace.now_ms(), workspace.issuer
            report = build_contract_report(one, workspace.catalogue, now_ms, issuer, words.lang)
            if format_name != "text":
                print_line(str(write_report(report, words.lang, format_name, out)))
                continue
            print_on_terminal(report, words.lang, explain=options["explain"])
            last = find_last_issue(find_folder(workspace.out_dir, report), report.number)
            if last is not None:
                print_changes(compare_with_issue(last, report), last.record, words)


def _register_issues(sla: click.Group, t: Texts) -> None:
    @sla.command("issue", cls=Command, help=t("cli.sla.issue.help"))
    @_add_choices(t)
    @pass_config(t)
    def keep_issues(
        config: Config, words: Texts, month: str | None, system: str | None, profile: str | None
    ) -> None:
        workspace, sheets = _work_out(config, words, month, system, profile)
        for one in sheets:
            now_ms, issuer = workspace.now_ms(), workspace.issuer
            report = build_contract_report(one, workspace.catalogue, now_ms, issuer, words.lang)
            print_issuing(issue_from_workspace(workspace, report, [words.lang]), words)


def _work_out(
    config: Config, t: Texts, month: str | None, system: str | None, profile: str | None
) -> tuple[Workspace, tuple[ContractMonth, ...]]:
    own = load_profile(profile) if profile else None
    with show_progress(t("cli.sla.working")) as advance, read_workspace(config) as workspace:
        period = parse_month(month, workspace.zone, workspace.now_ms())
        systems = find_systems(workspace, period, system)
        return workspace, build_contract_months(workspace, period, systems, own, advance)


def _register_files(sla: click.Group, t: Texts) -> None:
    @sla.command("template", cls=Command, help=t("cli.sla.template.help"))
    @click.argument("month", metavar="YYYY-MM", required=False)
    @click.option("--system", metavar="NAME", help=t("cli.sla.system"))
    @pass_config(t)
    def write_typed(config: Config, words: Texts, month: str | None, system: str | None) -> None:
        with read_workspace(config) as workspace:
            period = parse_month(month, workspace.zone, workspace.now_ms())
            for one in find_systems(workspace, period, system):
                path = find_typed_file(config.data, one.name, period)
                own, title = load_profile(one.profile), one.title(words.lang)
                is_new = write_new(path, write_template(own, period, title, words))
                print_line(str(path))
                if not is_new:
                    print_note(words("cli.file_kept"))

    @sla.command("profile", cls=Command, help=t("cli.sla.profile.help"))
    @click.argument("name", type=click.Choice(BUILTIN_PROFILES), required=False)
    @pass_config(t)
    def print_profile(config: Config, words: Texts, name: str | None) -> None:
        del config
        if name is not None:
            click.echo(read_builtin(name), nl=False)
            return
        for each in BUILTIN_PROFILES:
            profile = load_profile(each)
            print_line(f"{each}  {profile.name(words.lang)}")
            print_line(f"  {profile.based_on(words.lang)}")
