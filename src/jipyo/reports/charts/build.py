"""The charts of a report as data: from a metric's series to blocks of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.summary import MetricSummary, SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.model.sample import Values
    from jipyo.reports.data import ReportMetric

LINES = 6
"""Most series drawn one by one; the others become a band."""
_HOUR_MS = 3_600_000
_HEAT_FROM = 4


def build_chart(entry: ReportMetric) -> Chart:
    """The metric's gravest series over the period, the others as a band, last week behind."""
    now = entry.now
    shown, others = now.series[:LINES], now.series[LINES:]
    if len(others) == 1:
        shown, others = now.series, ()
    if not others:
        shown = tuple(sorted(shown, key=lambda series: series.name))
    return Chart(
        id=f"chart-{entry.metric.id.replace('.', '-')}",
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        start_ms=now.window.start_ms,
        step_ms=now.window.step_ms,
        lines=tuple(ChartLine(series.name, series.values) for series in shown),
        others=_find_range(others) if others else None,
        others_count=len(others),
        ghost=_find_ghost(entry),
        thresholds=tuple(list_threshold_lines(entry.metric)),
        worse=entry.metric.direction.sign,
        caption=_write_caption(entry),
    )


def list_threshold_lines(metric: Metric) -> Iterator[ThresholdLine]:
    """Warning, critical, and an objective that is not one of them already."""
    thresholds, objective = metric.thresholds, metric.objective
    values = (thresholds.warning, thresholds.critical) if thresholds else (None, None)
    if values[0] is not None:
        yield ThresholdLine("warning", values[0])
    if values[1] is not None:
        yield ThresholdLine("critical", values[1])
    if objective is not None and objective.value not in values:
        yield ThresholdLine("objective", objective.value)


def _find_range(others: Sequence[SeriesSummary]) -> tuple[ChartLine, ChartLine]:
    """Lowest and highest of these series at each step; NaN where none has a value."""
    values = np.stack([series.values for series in others])
    # fmin and fmax skip NaN, and without a warning where all are NaN.
    low: Values = np.fmin.reduce(values, axis=0)
    high: Values = np.fmax.reduce(values, axis=0)
    return ChartLine("", low), ChartLine("", high)


def _find_ghost(entry: ReportMetric) -> ChartLine | None:
    """Last week's same series, where there is one series and its steps are as many."""
    if len(entry.now.series) != 1:
        return None
    series = entry.now.series[0]
    before = entry.week.gravest if entry.week else None
    if before is None or before.values.shape != series.values.shape:
        return None
    return ChartLine("", before.values)


def _write_caption(entry: ReportMetric) -> Inline:
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


def build_heat_map(entry: ReportMetric) -> HeatMap | None:
    """Each series' hourly means as a table of colours, where the catalogue asks for it."""
    now = entry.now
    if Across.HEATMAP not in entry.metric.report.across or len(now.series) < _HEAT_FROM:
        return None
    ordered = sorted(now.series, key=lambda series: _split_number(series.name))
    top = max(series.stats.maximum for series in ordered)
    return HeatMap(
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        rows=tuple(series.name for series in ordered),
        hours_ms=tuple(range(now.window.start_ms, now.window.end_ms, _HOUR_MS)),
        values=np.stack([average_hours(series.values, now) for series in ordered]),
        low=0.0,
        high=100.0 if entry.metric.unit is Unit.PERCENT else top,
    )


def average_hours(values: Values, summary: MetricSummary) -> Values:
    """The mean of each hour from the window's beginning, shape (hours,); NaN where none is."""
    size = _HOUR_MS // summary.window.step_ms
    padding = np.full(-values.size % size, np.nan)
    hours = np.concatenate((values, padding)).reshape(-1, size)
    count = (~np.isnan(hours)).sum(axis=1)
    sums = np.nansum(hours, axis=1)
    mean: Values = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return mean


def _split_number(name: str) -> tuple[str, int]:
    """A name and the number at its end, so that `cpu 10` sorts after `cpu 9`."""
    head = name.rstrip("0123456789")
    tail = name[len(head) :]
    return head, int(tail) if tail else -1
