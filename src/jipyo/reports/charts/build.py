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
    from collections.abc import Iterator

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.reports.data import ReportMetric

_HOUR_MS = 3_600_000
_HEAT_FROM = 4


def build_chart(entry: ReportMetric) -> Chart:
    """The metric's gravest series over the period, the others as a band, last week behind."""
    now, shown = entry.now, entry.now.drawn
    if now.band is None:
        shown = tuple(sorted(shown, key=lambda series: series.name))
    return Chart(
        id=f"chart-{entry.metric.id.replace('.', '-')}",
        title=entry.metric.name,
        unit=entry.metric.unit.value,
        start_ms=now.window.start_ms,
        step_ms=now.window.drawn_ms,
        lines=tuple(
            ChartLine(series.name, series.values) for series in shown if series.values is not None
        ),
        others=None
        if now.band is None
        else (ChartLine("", now.band[0]), ChartLine("", now.band[1])),
        others_count=len(now.series) - len(shown),
        ghost=find_ghost(entry, entry.now.series[0]) if len(entry.now.series) == 1 else None,
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


def find_ghost(entry: ReportMetric, series: SeriesSummary) -> ChartLine | None:
    """The same series some weeks before, where its steps are as many."""
    before = entry.ghost.get(series.labels)
    if series.values is None or before is None or before.shape != series.values.shape:
        return None
    return ChartLine("", before)


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
        values=np.stack([series.hours for series in ordered if series.hours is not None]),
        low=0.0,
        high=100.0 if entry.metric.unit is Unit.PERCENT else top,
    )


def _split_number(name: str) -> tuple[str, int]:
    """A name and the number at its end, so that `cpu 10` sorts after `cpu 9`."""
    head = name.rstrip("0123456789")
    tail = name[len(head) :]
    return head, int(tail) if tail else -1
