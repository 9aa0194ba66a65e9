"""Reports of a workspace into the archive, with what they were made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from jipyo.model.plain import to_plain
from jipyo.reports.archive.archive import issue_report
from jipyo.reports.forms.fill import fill_forms, read_form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.i18n import Lang
    from jipyo.reports.archive.archive import Issuing
    from jipyo.reports.document import Report

CATALOGUE_FILE = "catalogue.json"
CONFIGURATION_FILE = "configuration.yaml"


def issue_from_workspace(
    workspace: Workspace,
    report: Report,
    langs: Sequence[Lang] = (),
    formats: Sequence[str] = (),
    forms: Sequence[Path] = (),
) -> Issuing:
    """Issue a report with the catalogue and the configuration that it was made with.

    Args:
        workspace: what it was made from.
        report: of a period that is over.
        langs: the languages of its files; none: that of the workspace.
        formats: the names of the formats; none: all.
        forms: the site's own, which become files of the issue.

    Raises:
        ReportError: the period is not over, a form cannot be filled, the last issue is
            damaged, or this one cannot be written.
    """
    attachments = {CATALOGUE_FILE: orjson.dumps(to_plain(workspace.catalogue))}
    if workspace.config is not None:
        attachments[CONFIGURATION_FILE] = workspace.config.effective.encode()
    chosen = tuple(langs) or (workspace.lang,)
    contents, names = {form: read_form(form) for form in forms}, workspace.catalogue.names

    def fill(issued: Report, lang: Lang) -> dict[str, bytes]:
        return {one.name: one.content for one in fill_forms(contents, issued, names, lang)}

    return issue_report(workspace.out_dir, report, chosen, formats, attachments, fill)
