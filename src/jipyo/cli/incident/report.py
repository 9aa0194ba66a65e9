"""`jipyo incident report`: one incident as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_incident_document
from jipyo.cli.incident.number import NUMBER
from jipyo.cli.localized import Command
from jipyo.cli.options import FOLDER, pass_config, print_line, show_progress
from jipyo.reports.render import FORMATS, write_report

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_ALL = "all"


def register_report(incident: click.Group, t: Texts) -> None:
    """Add the command."""

    @incident.command("report", cls=Command, help=t("incident.command.report.help"))
    @click.argument("number", type=NUMBER)
    @click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.report.out"))
    @click.option(
        "--format",
        "formats",
        type=click.Choice((*FORMATS, _ALL)),
        multiple=True,
        default=("html",),
        help=t("cli.report.format"),
    )
    @pass_config(t)
    def write(
        config: Config, words: Texts, number: int, out: Path | None, formats: tuple[str, ...]
    ) -> None:
        with read_workspace(config) as workspace, show_progress(words("cli.report.working")):
            report = build_incident_document(workspace, number)
            folder = out or workspace.out_dir
        for name in FORMATS if _ALL in formats else dict.fromkeys(formats):
            print_line(str(write_report(report, words.lang, name, folder)))
