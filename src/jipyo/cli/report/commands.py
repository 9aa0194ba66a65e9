"""`jipyo report`: the report of a day, a month or any other period as files."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import orjson

from jipyo.app.archive import issue_from_workspace
from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report, find_last_period
from jipyo.cli.changes import print_issuing
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import FILE, FOLDER, pass_config, print_line, print_warning, show_progress
from jipyo.cli.report import archive, files, forms, sending
from jipyo.cli.report.periods import complete_period, read_period, read_range
from jipyo.cli.report.queries import add_up_queries, list_queries, print_queries
from jipyo.model.calendar import PeriodKind
from jipyo.model.clock import SystemClock
from jipyo.reports.forms.fill import read_form
from jipyo.reports.options import KINDS
from jipyo.reports.render import FORMATS, write_reports
from jipyo.reports.wording import Localizer
from jipyo.source.recording import RecordingSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period
    from jipyo.reports.archive.archive import Issuing
    from jipyo.reports.document import Report

ALL = "all"
"""Every format there is."""
_METAVARS = {
    PeriodKind.DAY: "YYYY-MM-DD",
    PeriodKind.WEEK: "YYYY-Www",
    PeriodKind.MONTH: "YYYY-MM",
    PeriodKind.QUARTER: "YYYY-Qn",
    PeriodKind.YEAR: "YYYY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputChoices:
    """What is written where, and what is printed."""

    out: Path | None
    formats: tuple[str, ...]
    forms: tuple[Path, ...] = ()
    """Forms of the site, to be filled."""
    details: bool
    """Whether the report has every metric."""
    queries: str | None
    """`table` or `json`: what the report asked its sources; None: only the files."""
    issue: bool = False
    """Whether it is kept in the archive as the next issue of its number."""

    def list_formats(self) -> tuple[str, ...]:
        """Each format once, in the order in which they were named; HTML where nothing is."""
        if not self.formats:
            return () if self.forms else ("html",)
        return tuple(FORMATS) if ALL in self.formats else tuple(dict.fromkeys(self.formats))


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    report = Group("report", help=t("cli.report.help"))
    group.add_command(report)
    for kind in _METAVARS:
        _register_kind(report, kind, t)
    _register_range(report, t)
    files.register(report, t)
    sending.register(report, t)
    forms.register(report, t)
    archive.register(report, t)


def _register_kind(report: click.Group, kind: PeriodKind, t: Texts) -> None:
    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        return complete_period(kind, incomplete)

    name = KINDS[kind]

    @report.command(name, cls=Command, help=t(f"cli.report.{name}.help"))
    @click.option(
        f"--{kind.value}",
        "text",
        metavar=_METAVARS[kind],
        shell_complete=complete,
        help=t(f"cli.report.{name}.period"),
    )
    @_add_output(t)
    @pass_config(t)
    def write(config: Config, words: Texts, text: str | None, **output: Any) -> None:
        choices = OutputChoices(**output)
        _write(config, words, kind, read_period(kind, text, config.zone), choices)


def _register_range(report: click.Group, t: Texts) -> None:
    @report.command("range", cls=Command, help=t("cli.report.range.help"))
    @click.option("--from", "start", metavar="TIME", required=True, help=t("cli.report.range.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.report.range.to"))
    @_add_output(t)
    @pass_config(t)
    def write(config: Config, words: Texts, start: str, end: str | None, **output: Any) -> None:
        choices = OutputChoices(**output)
        period = read_range(start, end, config.zone, SystemClock().now_ms())
        _write(config, words, PeriodKind.RANGE, period, choices)


def _add_output(t: Texts) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of `OutputChoices`."""
    options = (
        click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.report.out")),
        click.option(
            "--format",
            "formats",
            type=click.Choice((*FORMATS, ALL)),
            multiple=True,
            help=t("cli.report.format"),
        ),
        click.option(
            "--form", "forms", type=FILE, multiple=True, metavar="FILE", help=t("cli.report.form")
        ),
        click.option("--details", is_flag=True, help=t("cli.report.details")),
        click.option("--issue", is_flag=True, help=t("archive.command.issue")),
        click.option("--explain", "queries", flag_value="table", help=t("cli.report.explain")),
        click.option("--json", "queries", flag_value="json", help=t("cli.report.json")),
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _write(
    config: Config, t: Texts, kind: PeriodKind, period: Period | None, choices: OutputChoices
) -> None:
    """Write the report of a period, by default of the last of its kind that is over."""
    contents = {form: read_form(form) for form in choices.forms}
    with read_workspace(config, is_forkable=True) as workspace:
        recorded = RecordingSource(workspace.source, time.monotonic)
        asking = replace(workspace, source=recorded) if choices.queries else workspace
        with show_progress(t("cli.report.working")) as advance:
            chosen = period or find_last_period(asking, kind)
            report = build_report(asking, chosen, advance, details=choices.details)
        folder = choices.out or workspace.out_dir
        issuing = _issue(asking, report, choices, t) if choices.issue else None
        kept = issuing.issue.files if issuing else []
        report = issuing.issue.read_report() if issuing else report
        # Forms first: where one cannot be filled, nothing is written.
        filled = forms.write_forms(contents, report, workspace, t, folder, kept)
        made = kept or _write_files(report, t, choices, folder)
        files = list(dict.fromkeys([*made, *(one.path for one in filled)]))
    too_long = [text for one in filled for text in one.too_long]
    incomplete = [Localizer.for_period(report.period, t.lang).format(x) for x in report.incomplete]
    if choices.queries == "json":
        _print_json(files, incomplete, too_long, recorded, t)
        return
    if issuing is not None:
        print_issuing(issuing, t)
        files = [file for file in files if file not in kept]
    for file in files:
        print_line(str(file))
    no_data = () if report.instances else (t("cli.report.no_data"),)
    for text in (*no_data, *incomplete, *too_long):
        print_warning(text)
    if choices.queries:
        print_queries(recorded.queries, t)


def _issue(workspace: Workspace, report: Report, choices: OutputChoices, t: Texts) -> Issuing:
    """Keep the report in the archive: in the formats that were named, else in all of them."""
    formats = choices.list_formats() if choices.formats else ()
    with show_progress(t("cli.report.writing")):
        return issue_from_workspace(workspace, report, [t.lang], formats, choices.forms)


def _write_files(report: Report, t: Texts, choices: OutputChoices, folder: Path) -> list[Path]:
    with show_progress(t("cli.report.writing")) as advance:
        return write_reports(report, t.lang, choices.list_formats(), folder, advance)


def _print_json(
    files: Sequence[Path],
    incomplete: Sequence[str],
    too_long: Sequence[str],
    recorded: RecordingSource,
    t: Texts,
) -> None:
    answer = {
        "files": [str(file) for file in files],
        "incomplete": incomplete,
        "too_long": too_long,
        "total": add_up_queries(recorded.queries),
        "queries": list_queries(recorded.queries, t),
    }
    click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
