"""`jipyo report daily`: a day's report as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo import api, app
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import FOLDER, pass_config, print_line, show_progress

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    report = Group("report", help=t("cli.report.help"))
    group.add_command(report)

    @report.command("daily", cls=Command, help=t("cli.report.daily.help"))
    @click.option("--day", metavar="YYYY-MM-DD", help=t("cli.report.daily.day"))
    @click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.report.out"))
    @pass_config(t)
    def write_daily(config: Config, words: Texts, day: str | None, out: Path | None) -> None:
        chosen = api.parse_day(day) if day else None
        working = words("cli.report.working")
        with show_progress(working) as advance, app.read_workspace(config) as workspace:
            file = api.write_daily(workspace, chosen, out, advance)
        print_line(str(file))
