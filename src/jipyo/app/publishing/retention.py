"""Drafts that are older than a site keeps them; what was approved is kept for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.app.offline import find_archive
from jipyo.reports.archive.archive import list_reports, remove_report
from jipyo.reports.options import SignOffStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.config.load import Config
    from jipyo.reports.archive.archive import ArchivedReport

_KEPT = frozenset({SignOffStep.APPROVED, SignOffStep.SUBMITTED})


def is_draft(report: ArchivedReport) -> bool:
    """Whether nobody has approved any issue of a report."""
    return not any(entry.step in _KEPT for entry in report.chain)


def remove_old_drafts(config: Config, now_ms: int) -> Iterator[str]:
    """Remove the drafts whose last issue is beyond its retention; their numbers.

    Raises:
        ReportError: the archive cannot be read or written.
    """
    retention_ms = config.settings.reports.retention_ms
    if retention_ms is None:
        return
    for report in list_reports(find_archive(config)).reports:
        if is_draft(report) and report.last.record.made_ms < now_ms - retention_ms:
            remove_report(report)
            yield report.number
