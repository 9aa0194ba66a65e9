"""`jipyo report template` and `worklog`: the files that people fill in for reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jipyo.app.offline import find_work_folder
from jipyo.cli.localized import Command
from jipyo.cli.options import FILE, pass_config, print_line, print_note
from jipyo.files import write_new
from jipyo.model.calendar import PeriodKind, local_day, parse_month, period_containing
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, ReportError
from jipyo.reports.site_template_file import write_site_template
from jipyo.reports.work_log import find_work_file, read_plan, write_work_template

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

TEMPLATE_FILE = Path("report-template.yaml")


def register(report: click.Group, t: Texts) -> None:
    """Add the commands."""

    @report.command("template", cls=Command, help=t("cli.report.template.help"))
    @click.argument("file", type=FILE, default=TEMPLATE_FILE, metavar="[FILE]")
    @pass_config(t)
    def write_template(config: Config, words: Texts, file: Path) -> None:
        del config
        _write(file, write_site_template(words), words)

    @report.command("worklog", cls=Command, help=t("cli.report.worklog.help"))
    @click.argument("month", metavar="YYYY-MM", required=False)
    @pass_config(t)
    def write_work_log(config: Config, words: Texts, month: str | None) -> None:
        today = local_day(SystemClock().now_ms(), config.zone)
        try:
            period = (
                parse_month(month, config.zone)
                if month
                else period_containing(PeriodKind.MONTH, today, config.zone)
            )
        except ValueError as error:
            raise ConfigError("cli.report.not_a.month", value=month) from error
        folder = find_work_folder(config)
        planned = read_plan(folder, period)
        _write(find_work_file(folder, period), write_work_template(period, planned, words), words)


def _write(file: Path, text: str, t: Texts) -> None:
    """Write a file unless it is there, and print its path."""
    try:
        is_new = write_new(file, text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError("reports.not_written", path=str(file), reason=reason) from error
    print_line(str(file))
    if not is_new:
        print_note(t("cli.file_kept"))
