"""Reports of days and months as files (section 4 of the specification)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.api.days import parse_period
from jipyo.api.metrics import MetricsCollector
from jipyo.api.opening import Closing, explain, run_in_thread
from jipyo.api.template import ReportAnalysis, ReportTemplate
from jipyo.app.reports import build_report, find_last_period
from jipyo.model.calendar import PeriodKind, local_time, period_containing
from jipyo.model.progress import ignore_progress
from jipyo.reports.render import FORMATS, name_file, save_report, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from jipyo.api.opening import SourceLike
    from jipyo.api.template import RenderedReport
    from jipyo.api.values import CurrentValues
    from jipyo.app.workspace import Workspace
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report


class ReportGenerator(Closing):
    """The report of a period as a file: collected, analysed, rendered and saved."""

    def __init__(self, kind: str, origin: SourceLike = None) -> None:
        """A kind of report, of the configured sources or of one's own: see `PrometheusClient`.

        Raises:
            ApiError: there is no such kind.
        """
        self.metrics = MetricsCollector(origin)
        self.template = ReportTemplate(kind)

    async def generate_report(self, period: date | str | None = None) -> RenderedReport:
        """Write the report of a period, by default the last that is over; its file is at `path`.

        Raises:
            ConfigError: there is no such period.
            ReportError: the period has not begun, or the file cannot be written.
            SourceError: the source failed.
        """
        workspace = await run_in_thread(self.metrics.prometheus.open_workspace)
        metrics = await self.metrics.collect_metrics()
        analysis = await run_in_thread(partial(self.analyze_data, metrics, period))
        now = local_time(workspace.now_ms(), workspace.zone)
        render = partial(self.template.render, metrics=metrics, analysis=analysis, date=now)
        return await self.save_report(await run_in_thread(render))

    def analyze_data(
        self, metrics: Mapping[str, CurrentValues], period: date | str | None = None
    ) -> ReportAnalysis:
        """The figures, findings and state of a period, by default the last that is over.

        It is of the metrics that were collected, and reads their period from the source, which
        takes a while: in an event loop call it in a thread.

        Raises:
            ConfigError: there is no such period.
            ReportError: the period has not begun.
            SourceError: the source failed.
        """
        return explain(lambda: self._analyze(metrics, period))

    def _analyze(
        self, metrics: Mapping[str, CurrentValues], period: date | str | None
    ) -> ReportAnalysis:
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
        kind = self.template.period
        about = (
            find_last_period(workspace, kind)
            if period is None
            else parse_period(period, kind, workspace.zone)
        )
        return ReportAnalysis(build_report(workspace, about), workspace.lang, workspace.zone)

    async def save_report(
        self, report: RenderedReport, folder: Path | str | None = None
    ) -> RenderedReport:
        """Write the file of a report, by default among the reports of jipyo.

        Raises:
            ReportError: the folder cannot be written to.
        """
        return await run_in_thread(lambda: self._save(report, folder))

    def _save(self, report: RenderedReport, folder: Path | str | None) -> RenderedReport:
        out_dir = folder or self.metrics.prometheus.open_workspace().out_dir
        analysis = report.analysis
        name = name_file(analysis.report, analysis.lang, FORMATS[report.format_name])
        return replace(report, path=save_report(report.content, Path(out_dir) / name))

    def close(self) -> None:
        """See `Closing`."""
        self.metrics.close()


class DailyReportGenerator(ReportGenerator):
    """Section 4.1 of the specification: a day's report as a file."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        super().__init__("daily", origin)


class MonthlyReportGenerator(ReportGenerator):
    """Section 4.2 of the specification: a month's report as a file."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        super().__init__("monthly", origin)


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
