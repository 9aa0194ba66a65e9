"""`jipyo report daily`: a day's report as a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jipyo import api, app
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import configured, progress, terminal
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.config import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    report = Group("report", help=t("cli.report.help"))
    group.add_command(report)

    @report.command("daily", cls=Command, help=t("cli.report.daily.help"))
    @click.option("--day", metavar="YYYY-MM-DD", help=t("cli.report.daily.day"))
    @click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=t("cli.report.out"),
    )
    @configured(t)
    def daily(config: Config, day: str | None, out: Path | None) -> None:
        wanted = _day(day)
        spoken = texts(config.lang)
        working = spoken("cli.report.working")
        with progress(working) as advance, app.read_workspace(config) as workspace:
            file = api.write_daily(workspace, wanted, out, advance)
        terminal().print(str(file), markup=False, soft_wrap=True)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError("cli.report.not_a_day", value=text) from error
