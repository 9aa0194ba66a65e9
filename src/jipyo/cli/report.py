"""`jipyo report daily`: a day's report as a file."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import orjson

from jipyo import api
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import FOLDER, pass_config, print_line, print_warning, show_progress
from jipyo.cli.report_queries import add_up_queries, list_queries, print_queries
from jipyo.reports.render import FORMATS, write_report
from jipyo.reports.wording import Localizer
from jipyo.source.recording import RecordingSource

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    report = Group("report", help=t("cli.report.help"))
    group.add_command(report)

    @report.command("daily", cls=Command, help=t("cli.report.daily.help"))
    @click.option("--day", metavar="YYYY-MM-DD", help=t("cli.report.daily.day"))
    @click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.report.out"))
    @click.option(
        "--format",
        "format_name",
        type=click.Choice(tuple(FORMATS)),
        default="html",
        help=t("cli.report.format"),
    )
    @click.option("--explain", "queries", flag_value="table", help=t("cli.report.explain"))
    @click.option("--json", "queries", flag_value="json", help=t("cli.report.json"))
    @pass_config(t)
    def write_daily(
        config: Config,
        words: Texts,
        day: str | None,
        out: Path | None,
        format_name: str,
        queries: str | None,
    ) -> None:
        chosen = api.parse_day(day) if day else None
        working = words("cli.report.working")
        with show_progress(working) as advance, read_workspace(config) as workspace:
            recorded = RecordingSource(workspace.source, time.monotonic)
            asking = replace(workspace, source=recorded) if queries else workspace
            report = api.build_daily(asking, chosen, advance)
            file = write_report(report, workspace.lang, format_name, out or workspace.out_dir)
        localizer = Localizer.for_period(report.period, words.lang)
        incomplete = [localizer.format(text) for text in report.incomplete]
        if queries == "json":
            rows = list_queries(recorded.queries, words)
            answer = {
                "file": str(file),
                "incomplete": incomplete,
                "total": add_up_queries(recorded.queries),
                "queries": rows,
            }
            click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
            return
        print_line(str(file))
        for text in incomplete:
            print_warning(text)
        if queries:
            print_queries(recorded.queries, words)
