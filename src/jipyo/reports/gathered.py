"""Everything a daily report speaks of, read once: the day, and the days it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.completeness import Target, collected, share
from jipyo.analysis.summary import STEP_MS, MetricSummary, SeriesSummary, Window, primary, read
from jipyo.model.errors import ReportError
from jipyo.model.figure import Delta, Figure
from jipyo.source.prune import metric_names

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import State
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.calendar import Period
    from jipyo.source import Source

Progress = Callable[[int, int], None]
"""Told how many of how many metrics are read."""

COMPARABLE = 0.5
"""Days are compared where both have at least this share of their steps."""
ENOUGH = 0.5
"""Below this share of what was expected a day without breaches is not called good."""
_WEEK = 7
_MANY_TIMES = 10.0
"""From here on "27 times as much" says more than "+2,600%"."""
_ABSOLUTE_UNITS = frozenset({"celsius", "days"})


@dataclass(frozen=True, slots=True)
class Change:
    """A metric's figure against the same figure of an earlier day."""

    before: Figure
    delta: Delta


@dataclass(frozen=True, slots=True)
class ReportMetric:
    """A metric that has data on the day, and its earlier days where they have data too."""

    now: MetricSummary
    week: MetricSummary | None
    yesterday: MetricSummary | None

    @property
    def metric(self) -> Metric:
        """The catalogue's metric."""
        return self.now.metric


@dataclass(frozen=True, slots=True)
class ReportData:
    """All readings of a report; `share` is the received part of the samples expected."""

    period: Period
    cut_ms: int
    """`period.end_ms` of a period that is over, else the last whole step before now."""
    entries: tuple[ReportMetric, ...]
    missing: tuple[MetricSummary, ...]
    targets: tuple[Target, ...]
    share: float

    @property
    def judged(self) -> list[ReportMetric]:
        """The entries whose metric has thresholds."""
        return [entry for entry in self.entries if entry.now.thresholds is not None]

    def count(self, state: State) -> int:
        """How many judged entries are in this state."""
        return sum(entry.now.state is state for entry in self.judged)

    @property
    def running(self) -> bool:
        """Whether the day is not over yet."""
        return self.cut_ms < self.period.end_ms

    @property
    def enough(self) -> bool:
        """Whether there is enough data to call a day without breaches good."""
        return self.share >= ENOUGH


def find_cut(period: Period, now_ms: int) -> int:
    """How far into the period the data can reach: its end, or its last whole step before now.

    Raises:
        ReportError: the period has not begun, or not a single step of it has passed.
    """
    passed_ms = (now_ms - period.start_ms) // STEP_MS * STEP_MS
    if passed_ms <= 0:
        day = period.first_day.isoformat()
        raise ReportError("reports.day_not_begun", hint="reports.day_not_begun.hint", day=day)
    return min(period.end_ms, period.start_ms + passed_ms)


def gather(
    source: Source, catalogue: Catalogue, period: Period, cut_ms: int, progress: Progress | None
) -> ReportData:
    """Read every metric of the catalogue; earlier days only of those that have data.

    Raises:
        SourceError: whoever answers failed.
    """
    window, names = Window(period.start_ms, cut_ms), metric_names(source, cut_ms)
    week, yesterday = (earlier(period, cut_ms, days) for days in (_WEEK, 1))
    entries: list[ReportMetric] = []
    missing: list[MetricSummary] = []
    for done, metric in enumerate(catalogue.metrics, 1):
        now = read(source, metric, window, names)
        if now.series:
            before = (_if_any(read(source, metric, one, names)) for one in (week, yesterday))
            entries.append(ReportMetric(now, *before))
        else:
            missing.append(now)
        if progress is not None:
            progress(done, len(catalogue.metrics))
    targets = collected(source, window)
    part = share(targets)
    if part is None:
        part = max((entry.now.coverage for entry in entries), default=0.0)
    return ReportData(period, cut_ms, tuple(entries), tuple(missing), targets, part)


def earlier(period: Period, cut_ms: int, days: int) -> Window:
    """The period so many days before: whole, or as far as this one has come."""
    before = period.earlier(days)
    end_ms = before.end_ms
    if cut_ms < period.end_ms:
        end_ms = min(end_ms, before.start_ms + cut_ms - period.start_ms)
    return Window(before.start_ms, end_ms)


def _if_any(reading: MetricSummary) -> MetricSummary | None:
    return reading if reading.series else None


def same_series(series: SeriesSummary, before: MetricSummary | None) -> SeriesSummary | None:
    """The same series on the earlier day, where there is enough of it to compare."""
    if before is None:
        return None
    known = (*((before.together,) if before.together else ()), *before.series)
    found = next((one for one in known if one.labels == series.labels), None)
    return found if found is not None and found.coverage >= COMPARABLE else None


def change(entry: ReportMetric, before: MetricSummary | None) -> Change | None:
    """How the metric's figure changed; None without data to compare."""
    series = entry.now.headline
    other = same_series(series, before)
    if other is None or series.coverage < COMPARABLE:
        return None
    now_figure, old_figure = primary(entry.metric, series), primary(entry.metric, other)
    if now_figure is None or old_figure is None or now_figure.fold is not old_figure.fold:
        return None
    delta = difference(now_figure, old_figure)
    return Change(old_figure, delta) if delta is not None else None


def difference(now: Figure, before: Figure) -> Delta | None:
    """Points for percentages, degrees for temperatures, percent or times for the rest."""
    if now.value is None or before.value is None:
        return None
    if now.unit == "percent":
        return Delta(now.value - before.value, "point")
    if now.unit in _ABSOLUTE_UNITS:
        return Delta(now.value - before.value, now.unit)
    if before.value == 0:
        return Delta(0.0, "percent") if now.value == 0 else None
    times = now.value / before.value
    return Delta(times, "factor") if times >= _MANY_TIMES else Delta(100 * (times - 1), "percent")
