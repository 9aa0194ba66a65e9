"""`DailyReportGenerator`: a day's report as a file (section 4.1 of the specification)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.api.days import parse_day
from jipyo.api.metrics import MetricsCollector
from jipyo.api.opening import Closing, explain, run_in_thread
from jipyo.api.template import DayAnalysis, ReportTemplate
from jipyo.app.reports import build_report, find_last_period
from jipyo.model.calendar import PeriodKind, local_time, period_containing
from jipyo.model.progress import ignore_progress
from jipyo.reports.render import FORMATS, name_file, save_report, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from jipyo.api.opening import SourceLike
    from jipyo.api.template import DailyReport
    from jipyo.api.values import CurrentValues
    from jipyo.app.workspace import Workspace
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report


class DailyReportGenerator(Closing):
    """Section 4.1 of the specification: a day's report as a file."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self.metrics = MetricsCollector(origin)
        self.template = ReportTemplate("daily")

    async def generate_report(self, day: date | str | None = None) -> DailyReport:
        """Write the report of a day, by default `find_last_day`; its file is at `path`.

        Raises:
            ConfigError: the text is not a date.
            ReportError: the day has not begun, or the file cannot be written.
            SourceError: the source failed.
        """
        workspace = await run_in_thread(self.metrics.prometheus.open_workspace)
        metrics = await self.metrics.collect_metrics()
        analysis = await run_in_thread(partial(self.analyze_data, metrics, day))
        now = local_time(workspace.now_ms(), workspace.zone)
        render = partial(self.template.render, metrics=metrics, analysis=analysis, date=now)
        return await self.save_report(await run_in_thread(render))

    def analyze_data(
        self, metrics: Mapping[str, CurrentValues], day: date | str | None = None
    ) -> DayAnalysis:
        """The figures, findings and state of a day, by default `find_last_day`.

        It is of the metrics that were collected, and reads their day from the source, which
        takes a while: in an event loop call it in a thread.

        Raises:
            ConfigError: the text is not a date.
            ReportError: the day has not begun.
            SourceError: the source failed.
        """
        return explain(lambda: self._analyze(metrics, day))

    def _analyze(self, metrics: Mapping[str, CurrentValues], day: date | str | None) -> DayAnalysis:
        workspace = self.metrics.prometheus.open_workspace()
        given = {
            value.metric.id
            for group in metrics.values()
            for value in group.values()
            if value.metric
        }
        catalogue = workspace.catalogue
        chosen = tuple(metric for metric in catalogue.metrics if metric.id in given)
        workspace = replace(workspace, catalogue=replace(catalogue, metrics=chosen))
        report = build_daily(workspace, None if day is None else parse_day(day))
        return DayAnalysis(report, workspace.lang, workspace.zone)

    async def save_report(
        self, report: DailyReport, folder: Path | str | None = None
    ) -> DailyReport:
        """Write the file of a report, by default among the reports of jipyo.

        Raises:
            ReportError: the folder cannot be written to.
        """
        return await run_in_thread(lambda: self._save(report, folder))

    def _save(self, report: DailyReport, folder: Path | str | None) -> DailyReport:
        out_dir = folder or self.metrics.prometheus.open_workspace().out_dir
        analysis = report.analysis
        name = name_file(analysis.report, analysis.lang, FORMATS[report.format_name])
        return replace(report, path=save_report(report.content, Path(out_dir) / name))

    def close(self) -> None:
        """See `Closing`."""
        self.metrics.close()


def write_daily(
    workspace: Workspace,
    day: date | None = None,
    out_dir: Path | None = None,
    progress: Progress = ignore_progress,
    *,
    format_name: str = "html",
) -> Path:
    """Write the report of a day, by default of `find_last_day`; the path of its file.

    Raises:
        ReportError: the day has not begun, there is no such format, or the file cannot be
            written.
        SourceError: the source failed.
    """
    report = build_daily(workspace, day, progress)
    return write_report(report, workspace.lang, format_name, out_dir or workspace.out_dir)


def build_daily(
    workspace: Workspace, day: date | None = None, progress: Progress = ignore_progress
) -> Report:
    """The report of a day as data, by default of `find_last_day`.

    Raises:
        ReportError: the day has not begun.
        SourceError: the source failed.
    """
    period = period_containing(PeriodKind.DAY, day or find_last_day(workspace), workspace.zone)
    return build_report(workspace, period, progress)


def find_last_day(workspace: Workspace) -> date:
    """Yesterday; today where yesterday has no samples at all, as on the first day."""
    return find_last_period(workspace, PeriodKind.DAY).first_day
