"""An issue of the archive, as messages about it need it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.app.publishing.job import MadeFile, MadeReport
from jipyo.model.bilingual import Bilingual
from jipyo.reports.render import FORMATS
from jipyo.reports.render.markdown import write_summary
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.reports.archive.issues import Issue
    from jipyo.reports.document import Report


def describe_issue(issue: Issue, *, is_new: bool = False) -> MadeReport:
    """An issue of the archive, as messages about it need it.

    Raises:
        ReportError: it is not what was written.
    """
    report, record = issue.read_report(), issue.record
    return MadeReport(
        number=record.number,
        issue=record.issue,
        is_new=is_new,
        kind=record.kind,
        title=Bilingual(_write_title(report, "ko"), _write_title(report, "en")),
        summary=Bilingual(write_summary(report, "ko"), write_summary(report, "en")),
        files=tuple(
            MadeFile(issue.folder / one.name, media_type, one.size_bytes, one.sha256)
            for one in record.files
            if (media_type := find_media_type(one.name))
        ),
    )


def _write_title(report: Report, lang: Lang) -> str:
    localizer = Localizer.for_period(report.period, lang)
    return f"{localizer.format(report.title)} {localizer.format_period()}"


def find_media_type(name: str) -> str:
    """That of a rendered report by its suffix; empty for what is none, as the archive's record."""
    known = {one.suffix: one.media_type for one in FORMATS.values()}
    return known.get(Path(name).suffix, "") if name != "report.json" else ""
