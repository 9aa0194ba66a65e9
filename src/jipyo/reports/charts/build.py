"""The charts of a daily report, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import sign_of
from jipyo.catalogue import Across, Direction, Unit
from jipyo.model.figure import Fold
from jipyo.reports.document import (
    Chart,
    ChartLine,
    HeatMap,
    Inline,
    Moment,
    Share,
    ThresholdLine,
    phrase,
)
from jipyo.reports.gathered import same_series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.analysis.summary import MetricSummary, SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.model.sample import Values
    from jipyo.reports.gathered import ReportMetric

LINES = 6
"""Most series drawn one by one; the others become a band."""
_HOUR_MS = 3_600_000
_HEAT_FROM = 4


def chart(entry: ReportMetric) -> Chart:
    """The metric's gravest series over the day, the others as a band, last week behind."""
    now = entry.now
    drawn, others = now.series[:LINES], now.series[LINES:]
    if len(others) == 1:
        drawn, others = now.series, ()
    drawn = tuple(sorted(drawn, key=lambda one: one.target)) if not others else drawn
    return Chart(
        id=f"chart-{entry.metric.id.replace('.', '-')}",
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        start_ms=now.window.start_ms,
        step_ms=now.window.step_ms,
        lines=tuple(ChartLine(one.target, one.values) for one in drawn),
        others=_range(others) if others else None,
        others_count=len(others),
        ghost=_ghost(entry),
        limits=tuple(limits(entry.metric)),
        worse=sign_of(entry.metric.direction),
        caption=_caption(entry),
    )


def limits(metric: Metric) -> Iterable[ThresholdLine]:
    """Warning, critical, and a promise that is not one of them already."""
    lines = metric.thresholds
    levels = (("warning", lines.warning), ("critical", lines.critical)) if lines else ()
    known = [ThresholdLine(level, value) for level, value in levels if value is not None]
    yield from known
    goal = metric.objective
    if goal is not None and all(one.value != goal.value for one in known):
        yield ThresholdLine("goal", goal.value)


def _range(others: tuple[SeriesSummary, ...]) -> tuple[ChartLine, ChartLine]:
    values = np.stack([one.values for one in others])
    nothing = np.isnan(values).all(axis=0)
    low: Values = np.where(nothing, np.nan, np.fmin.reduce(values, axis=0))
    high: Values = np.where(nothing, np.nan, np.fmax.reduce(values, axis=0))
    return ChartLine("", low), ChartLine("", high)


def _ghost(entry: ReportMetric) -> ChartLine | None:
    """Last week's same series, where there is one series and its steps are as many."""
    if len(entry.now.series) != 1:
        return None
    series = entry.now.series[0]
    before = same_series(series, entry.week)
    if before is None or before.values.shape != series.values.shape:
        return None
    return ChartLine("", before.values)


def _caption(entry: ReportMetric) -> Inline:
    figure, series = entry.now.figure, entry.now.headline
    if figure is None:
        return phrase("reports.chart.caption.plain", coverage=Share(entry.now.coverage))
    low = figure.fold is Fold.MINIMUM or entry.metric.direction is Direction.LOWER_IS_WORSE
    return phrase(
        "reports.chart.caption.low" if low else "reports.chart.caption.high",
        how=phrase(f"reports.how.{figure.fold.value}"),
        value=figure,
        at=Moment(series.stats.minimum_ms if low else series.stats.maximum_ms),
        coverage=Share(entry.now.coverage),
    )


def heat(entry: ReportMetric) -> HeatMap | None:
    """Each series' hourly mean as a table of colours, where the catalogue asks for it."""
    now = entry.now
    if Across.HEATMAP not in entry.metric.report.across or len(now.series) < _HEAT_FROM:
        return None
    ordered = sorted(now.series, key=lambda one: _natural(one.target))
    top = max(one.stats.maximum for one in ordered)
    return HeatMap(
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        rows=tuple(one.target for one in ordered),
        hours_ms=tuple(range(now.window.start_ms, now.window.end_ms, _HOUR_MS)),
        values=np.stack([hourly(one.values, now) for one in ordered]),
        low=0.0,
        high=100.0 if entry.metric.unit is Unit.PERCENT else top,
    )


def hourly(values: Values, reading: MetricSummary) -> Values:
    """The mean of each hour from the window's beginning; NaN where an hour has none."""
    size = _HOUR_MS // reading.window.step_ms
    short = -values.size % size
    hours = np.concatenate((values, np.full(short, np.nan))).reshape(-1, size)
    count = (~np.isnan(hours)).sum(axis=1)
    sums = np.nansum(hours, axis=1)
    mean: Values = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return mean


def _natural(name: str) -> tuple[str, int]:
    head = name.rstrip("0123456789")
    tail = name[len(head) :]
    return head, int(tail) if tail else -1
