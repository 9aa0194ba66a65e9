"""The manual's classes, for scripts and notebooks.

    import asyncio
    import jipyo

    with jipyo.open() as workspace:
        analysis, alerts = asyncio.run(
            jipyo.PerformanceAnalyzer(workspace).analyze_performance()
        )

Every method is asynchronous as the manual has it; the work is done in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from jipyo.analysis import wording as words
from jipyo.analysis.health import Health, MetricHealth, State, overall
from jipyo.analysis.proportion import certainty
from jipyo.analysis.survey import survey
from jipyo.catalogue import MetricGroup
from jipyo.i18n import Lang, texts
from jipyo.reports import daily
from jipyo.reports.document import Issuer
from jipyo.reports.render.html import write
from jipyo.source.metric_data import read_metric

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.figure import ProportionEstimate
    from jipyo.model.labels import Labels
    from jipyo.reports.gathered import Progress
    from jipyo.source.base import Source
    from jipyo.source.metric_data import MetricData

GroupName = Literal["system", "application", "ai", "database"]
AnalysisName = Literal["system_health", "api_performance", "ai_performance", "database_performance"]

SPECIFICATION_NAMES: Mapping[MetricGroup, Mapping[str, str]] = {
    MetricGroup.SYSTEM: {
        "cpu_usage": "system.cpu.utilization",
        "memory_usage": "system.memory.utilization",
        "disk_usage": "system.disk.utilization",
        "gpu_usage": "system.gpu.utilization",
    },
    MetricGroup.APPLICATION: {
        "api_response_time": "app.response_time",
        "error_rate": "app.error_rate",
        "request_count": "app.throughput",
    },
    MetricGroup.AI: {
        "inference_time": "ai.inference.time",
        "model_accuracy": "ai.model.accuracy",
        "gpu_utilization": "system.gpu.utilization",
    },
    MetricGroup.DATABASE: {},
}
"""The names of the manual's section 2.1 by group, and the metrics of the catalogue they mean."""

_ANALYSES: Mapping[MetricGroup, AnalysisName] = {
    MetricGroup.SYSTEM: "system_health",
    MetricGroup.APPLICATION: "api_performance",
    MetricGroup.AI: "ai_performance",
    MetricGroup.DATABASE: "database_performance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where the classes work: who answers, what is measured, and where reports go."""

    source: Source
    catalogue: Catalogue
    zone: ZoneInfo
    now_ms: Callable[[], int]
    """The clock: milliseconds UTC."""
    out_dir: Path
    lang: Lang = "ko"
    issuer: Issuer = field(default_factory=Issuer)
    """Who hands the reports in."""


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """One series' value at a moment."""

    labels: Labels
    value: float
    exporter: str
    certainty: ProportionEstimate | None = None
    """Of how many cases it is a share; None where it is no share of counted cases."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric at a moment; without data it has no series, and `found` says so."""

    metric: Metric
    t_ms: int
    series: tuple[SeriesValue, ...]
    expressions: tuple[tuple[str, str], ...] = ()
    """Exporter and PromQL of each question that gave a series."""

    @property
    def found(self) -> bool:
        """Whether there is any value."""
        return bool(self.series)

    @property
    def values(self) -> tuple[float, ...]:
        """The values alone."""
        return tuple(one.value for one in self.series)

    def text(self, lang: Lang) -> str:
        """The values with their unit, for people; a share with its n and its interval."""
        t = texts(lang)
        unit = self.metric.unit.value
        said = [words.valued(one.value, one.certainty, unit, t) for one in self.series]
        return ", ".join(said) or t.number(None)


@dataclass(frozen=True, slots=True)
class Readings(Mapping[str, Reading]):
    """The readings of a group by metric id; the manual's names find them too."""

    by_id: Mapping[str, Reading]
    by_name: Mapping[str, Reading]

    def __getitem__(self, name: str) -> Reading:
        return self.by_name[name] if name in self.by_name else self.by_id[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)


@dataclass(frozen=True, slots=True)
class Alert:
    """A metric that is beyond a threshold."""

    health: MetricHealth
    zone: ZoneInfo

    @property
    def state(self) -> State:
        """Warning or critical."""
        return self.health.state

    def text(self, lang: Lang) -> str:
        """What is beyond what, since when, in a sentence."""
        t = texts(lang)
        name = self.health.metric.name(lang)
        return f"{name}: {words.reason(self.health, t, self.zone)}"


class MetricsCollector:
    """Section 2.1 of the manual: what every metric of the catalogue is now."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def collect_metrics(self) -> dict[GroupName, Readings]:
        """The readings by group: `(await …)["system"]["cpu_usage"].values`.

        Raises:
            QueryError: an expression was refused.
            SourceError: whoever answers failed.
        """
        return await asyncio.to_thread(self._collect)

    def _collect(self) -> dict[GroupName, Readings]:
        workspace, t_ms = self._workspace, self._workspace.now_ms()
        readings = {
            one.id: _read(workspace.source, one, t_ms) for one in workspace.catalogue.metrics
        }
        return {group.value: _of_group(group, readings) for group in MetricGroup}


def _read(source: Source, metric: Metric, t_ms: int) -> Reading:
    measured = read_metric(source, metric, t_ms, t_ms, 1)
    return Reading(metric, t_ms, _values(measured), measured.expressions)


def _values(measured: MetricData) -> tuple[SeriesValue, ...]:
    matrix, unit = measured.matrix, measured.metric.unit
    last = matrix.values[:, -1].tolist()
    if measured.n is None:
        sure: list[ProportionEstimate | None] = [None] * len(last)
    else:
        cases = measured.n[:, -1].tolist()
        sure = [certainty(value, n, unit) for value, n in zip(last, cases, strict=True)]
    return tuple(map(SeriesValue, matrix.series, last, measured.exporters, sure))


def _of_group(group: MetricGroup, readings: Mapping[str, Reading]) -> Readings:
    names = SPECIFICATION_NAMES[group].items()
    return Readings(
        by_id={name: one for name, one in readings.items() if one.metric.group is group},
        by_name={name: readings[meant] for name, meant in names if meant in readings},
    )


class PerformanceAnalyzer:
    """Section 3.1 of the manual: how each part is, and what is beyond its thresholds."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def analyze_performance(
        self,
    ) -> tuple[dict[AnalysisName, Health], tuple[Alert, ...]]:
        """The health of each part, and the alerts, gravest first.

        Raises:
            SourceError: whoever answers failed.
        """
        return await asyncio.to_thread(self._analyze)

    def _analyze(self) -> tuple[dict[AnalysisName, Health], tuple[Alert, ...]]:
        workspace = self._workspace
        health = survey(workspace.source, workspace.catalogue, workspace.now_ms())
        beyond = [*health.of(State.CRITICAL), *health.of(State.WARNING)]
        return (
            {name: _part(health, group) for group, name in _ANALYSES.items()},
            tuple(Alert(one, workspace.zone) for one in beyond),
        )


def _part(health: Health, group: MetricGroup) -> Health:
    return overall(health.t_ms, (one for one in health.metrics if one.metric.group is group))


class DailyReportGenerator:
    """Section 4.1 of the manual: a day's report as a file."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def generate_report(self, day: date | None = None) -> Path:
        """Write the report of a day, by default `last_day`, and say where it is.

        Raises:
            ReportError: the day has not begun, or the file cannot be written.
            SourceError: whoever answers failed.
        """
        return await asyncio.to_thread(write_daily, self._workspace, day)


def write_daily(
    workspace: Workspace,
    day: date | None = None,
    out_dir: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the report of a day, by default of the last one with data; the file it is in.

    Raises:
        ReportError: the day has not begun, or the file cannot be written.
        SourceError: whoever answers failed.
    """
    report = daily.build(
        workspace.source,
        workspace.catalogue,
        day or last_day(workspace),
        workspace.zone,
        workspace.now_ms(),
        progress,
    )
    report = replace(report, issuer=workspace.issuer)
    return write(report, workspace.lang, out_dir or workspace.out_dir)


def last_day(workspace: Workspace) -> date:
    """Yesterday; today where yesterday has no samples at all, as on the first day."""
    zone = workspace.zone
    today = datetime.fromtimestamp(workspace.now_ms() / 1000, zone).date()
    yesterday = today - timedelta(days=1)
    start_ms, end_ms = (
        int(datetime.combine(day, time(), zone).timestamp() * 1000) for day in (yesterday, today)
    )
    some = workspace.source.label_values("job", (), start_ms, end_ms - 1)
    return yesterday if some else today
