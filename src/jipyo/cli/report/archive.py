"""`jipyo report list`, `show`, `sign` and `schema`: what was issued, and who signed it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
import orjson

from jipyo.app.offline import find_archive
from jipyo.cli.localized import Command
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_line,
    print_note,
    print_warning,
)
from jipyo.cli.people import pass_person
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, ReportError
from jipyo.model.plain import to_plain
from jipyo.reports.archive.archive import find_report, list_reports, sign_report
from jipyo.reports.archive.content_hash import compute_content_hash, write_hash
from jipyo.reports.archive.sign_off import Signing, list_steps
from jipyo.reports.options import SignOffStep
from jipyo.reports.render.json import build_schema
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.reports.archive.issues import Issue
    from jipyo.reports.archive.sign_off import SignOff, Step

_STEPS = click.Choice([step.value for step in SignOffStep])


def register(report: click.Group, t: Texts) -> None:
    """Add the commands."""
    _register_list(report, t)
    _register_show(report, t)
    _register_sign(report, t)

    @report.command("schema", cls=Command, help=t("archive.command.schema.help"))
    @pass_config(t)
    def print_schema(config: Config, words: Texts) -> None:
        del config, words
        click.echo(orjson.dumps(build_schema(), option=orjson.OPT_INDENT_2).decode())


def _register_list(report: click.Group, t: Texts) -> None:
    @report.command("list", cls=Command, help=t("archive.command.list.help"))
    @click.option("--json", "as_json", is_flag=True, help=t("archive.command.list.json"))
    @pass_config(t)
    def list_archive(config: Config, words: Texts, as_json: bool) -> None:
        archive = list_reports(find_archive(config))
        if as_json:
            rows = [_describe(one) for one in archive.reports]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        elif archive.reports:
            _print_list(archive.reports, words)
        else:
            print_note(words("archive.command.list.empty"))
        for error in archive.errors:
            print_warning(words.error(error))


def _print_list(reports: tuple[ArchivedReport, ...], t: Texts) -> None:
    names = ("number", "title", "period", "issue", "step", "who", "made")
    table = build_table([t(f"archive.column.{name}") for name in names])
    for one in reports:
        record, localizer = one.last.record, _localize(one.last, t)
        steps = list_steps(one.chain, record.issue)
        table.add_row(
            one.number,
            localizer.format(record.title),
            localizer.format_period(),
            t("archive.issue", number=record.issue),
            _name_step(one.step, t),
            steps[-1].who if steps else "",
            t.moment(record.made_ms, localizer.zone),
        )
    open_terminal().print(table)


def _register_show(report: click.Group, t: Texts) -> None:
    @report.command("show", cls=Command, help=t("archive.command.show.help"))
    @click.argument("number", shell_complete=complete_number)
    @click.option("--json", "as_json", is_flag=True, help=t("archive.command.show.json"))
    @pass_config(t)
    def show(config: Config, words: Texts, number: str, as_json: bool) -> None:
        found = find_report(find_archive(config), number)
        if as_json:
            click.echo(orjson.dumps(_describe(found), option=orjson.OPT_INDENT_2).decode())
        else:
            _print_report(found, words)


def _print_report(report: ArchivedReport, t: Texts) -> None:
    console = open_terminal()
    localizer = _localize(report.last, t)
    title = localizer.format(report.last.record.title)
    console.print(f"{report.number} · {title} · {localizer.format_period()}", style="bold")
    for issue in report.issues:
        record = issue.record
        made = t.moment(record.made_ms, localizer.zone)
        console.print(f"\n{t('archive.issue', number=record.issue)} · {made}", style="bold")
        console.print(str(issue.folder), soft_wrap=True)
        if record.changes:
            before = record.issue - 1
            console.print(t("archive.changes.caption", n=len(record.changes), issue=before))
        console.print(_build_files(issue, t))
    try:
        value = write_hash(compute_content_hash(report.last.read_report()))
        console.print(t("archive.content_hash", hash=value), soft_wrap=True)
    except (ConfigError, ReportError) as error:
        console.print(t.error(error), soft_wrap=True)
    console.print("")
    console.print(_build_chain(report.chain, localizer, t))
    if report.chain:
        console.print(t("archive.head", hash=report.chain[-1].hash), soft_wrap=True)


def _build_files(issue: Issue, t: Texts) -> Any:
    table = build_table([t(f"archive.column.{name}") for name in ("file", "size", "sha256")])
    for file in issue.record.files:
        table.add_row(file.name, t.number(file.size_bytes, "bytes"), f"{file.sha256[:16]}…")
    return table


def _build_chain(chain: tuple[SignOff, ...], localizer: Localizer, t: Texts) -> Any:
    names = ("issue", "step", "who", "when", "note", "hash")
    table = build_table([t(f"archive.column.{name}") for name in names])
    for entry in chain:
        table.add_row(
            t("archive.issue", number=entry.issue),
            _name_step(entry.step, t),
            entry.who,
            t.moment(entry.t_ms, localizer.zone),
            entry.note,
            f"{entry.hash[:16]}…",
        )
    return table


def _register_sign(report: click.Group, t: Texts) -> None:
    @report.command("sign", cls=Command, help=t("archive.command.sign.help"))
    @click.argument("number", shell_complete=complete_number)
    @click.argument("step", type=_STEPS)
    @pass_person(t)
    @click.option("--note", default="", help=t("archive.command.sign.note"))
    @click.option(
        "--issue", type=click.IntRange(1), default=None, help=t("archive.command.sign.issue")
    )
    @pass_config(t)
    def sign(config: Config, words: Texts, number: str, step: str, **options: Any) -> None:
        now_ms = SystemClock().now_ms()
        signing = Signing(SignOffStep(step), options["who"], now_ms, options["note"])
        entry = sign_report(find_archive(config), number, signing, options["issue"] or 0)
        name = words("archive.issue", number=entry.issue)
        print_line(f"{number} {name} · {_name_step(entry.step, words)} · {entry.who}")
        print_note(words("archive.head", hash=entry.hash))


def complete_number(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The numbers in the archive that begin so."""
    del param
    file, data = ctx.params.get("config"), ctx.params.get("data")
    try:
        config = load(CliOverrides(file=file, data=data), os.environ, "en")
    except ConfigError:
        return []
    reports = list_reports(find_archive(config)).reports
    return [one.number for one in reports if one.number.startswith(incomplete)]


def _describe(report: ArchivedReport) -> Any:
    """A report of the archive as plain values."""
    return {
        "number": report.number,
        "step": None if report.step is None else report.step.value,
        "issues": [
            {"folder": str(one.folder), "sha256": one.sha256, **_drop_type(one.record)}
            for one in report.issues
        ],
        "sign_off": [_drop_type(entry) for entry in report.chain],
    }


def _drop_type(value: object) -> dict[str, object]:
    plain: Any = to_plain(value)
    return {name: inner for name, inner in plain.items() if name != "type"}


def _localize(issue: Issue, t: Texts) -> Localizer:
    return Localizer.for_period(issue.record.period, t.lang)


def _name_step(step: Step, t: Texts) -> str:
    return t(f"summary.step.{'issued' if step is None else step.value}")
