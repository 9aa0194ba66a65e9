"""`DailyReportGenerator`: a day's report as a file (section 4.1 of the specification)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.progress import ignore_progress
from jipyo.reports import daily
from jipyo.reports.render import write_report

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jipyo.app import Workspace
    from jipyo.model.progress import Progress


class DailyReportGenerator:
    """Section 4.1 of the specification: a day's report as a file."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def generate_report(self, day: date | None = None) -> Path:
        """Write the report of a day, by default `find_last_day`; the path of its file.

        Raises:
            ReportError: the day has not begun, or the file cannot be written.
            SourceError: the source failed.
        """
        return await asyncio.to_thread(write_daily, self._workspace, day)


def write_daily(
    workspace: Workspace,
    day: date | None = None,
    out_dir: Path | None = None,
    progress: Progress = ignore_progress,
    *,
    format_name: str = "html",
) -> Path:
    """Write the report of a day, by default of the last one with data; the path of its file.

    Raises:
        ReportError: the day has not begun, there is no such format, or the file cannot be
            written.
        SourceError: the source failed.
    """
    report = daily.build(
        workspace.source,
        workspace.catalogue,
        day or find_last_day(workspace),
        workspace.zone,
        workspace.now_ms(),
        progress,
    )
    report = replace(report, issuer=workspace.issuer)
    return write_report(report, workspace.lang, format_name, out_dir or workspace.out_dir)


def find_last_day(workspace: Workspace) -> date:
    """Yesterday; today where yesterday has no samples at all, as on the first day."""
    today = local_day(workspace.now_ms(), workspace.zone)
    yesterday = period_containing(PeriodKind.DAY, today, workspace.zone).previous()
    jobs = workspace.source.label_values("job", (), yesterday.start_ms, yesterday.end_ms - 1)
    return yesterday.first_day if jobs else today
