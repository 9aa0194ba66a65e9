"""`jipyo incident report`: one incident as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.app.archive import issue_from_workspace
from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_incident_document
from jipyo.cli.changes import print_issuing
from jipyo.cli.incident.number import NUMBER
from jipyo.cli.localized import Command
from jipyo.cli.options import FOLDER, pass_config, print_line, show_progress
from jipyo.reports.render import FORMATS, write_reports

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
        help=t("cli.report.format"),
    )
    @click.option("--issue", "is_issued", is_flag=True, help=t("archive.command.issue"))
    @pass_config(t)
    def write(
        config: Config,
        words: Texts,
        number: int,
        out: Path | None,
        formats: tuple[str, ...],
        is_issued: bool,
    ) -> None:
        chosen = tuple(FORMATS) if _ALL in formats else tuple(dict.fromkeys(formats))
        with read_workspace(config) as workspace, show_progress(words("cli.report.working")):
            report = build_incident_document(workspace, number)
            folder = out or workspace.out_dir
            issuing = (
                issue_from_workspace(workspace, report, [words.lang], chosen) if is_issued else None
            )
        if issuing is not None:
            print_issuing(issuing, words)
            return
        for path in write_reports(report, words.lang, chosen or ("html",), folder):
            print_line(str(path))
