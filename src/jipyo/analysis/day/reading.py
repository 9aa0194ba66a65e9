"""The last 24 hours of the catalogue, read from a source: states, lines, and the week before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.day.stretches import find_lane, list_stretches
from jipyo.analysis.thresholds import count_lead_steps
from jipyo.catalogue import Across, Direction
from jipyo.model.errors import QueryError
from jipyo.model.labels import EMPTY
from jipyo.model.result import Matrix
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jipyo.analysis.day.stretches import StateStretch
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

COLUMN_MS = 300_000
"""How far apart the values of a line are."""
COLUMNS = 288
DAY_MS = COLUMN_MS * COLUMNS
_WEEK_MS = 7 * DAY_MS
_AROUND_MS = 30 * 60_000
"""So much before and after the same moment a week ago makes the value that is compared with."""
_STEPS_MS = (60_000, COLUMN_MS)
_MOST_CELLS = 1_000_000
"""Values of a metric in memory at once; of more it is read in the coarser steps."""
_MOST_SERIES = 3_000
"""Of a metric with more only its states now are known."""


@dataclass(frozen=True, slots=True)
class SeriesDay:
    """The course of one series."""

    labels: Labels
    exporter: str
    values: Values
    """Shape (columns,), NaN where absent: the worst of each, the greatest where neither is."""
    week_ago: float | None
    """The mean around the same moment a week ago; None without data."""


@dataclass(frozen=True, slots=True)
class MetricDay:
    """One metric over the day."""

    whole: SeriesDay | None
    """All series as one, as the metric's value now is; None where its course was not asked for."""
    series: tuple[SeriesDay, ...]
    stretches: tuple[StateStretch, ...]
    is_whole: bool = True
    """Whether all of it could be read."""


@dataclass(frozen=True, slots=True)
class CatalogueDay:
    """The stretch (end - 24 h, end]."""

    end_ms: int
    """A multiple of `COLUMN_MS`."""
    metrics: Mapping[str, MetricDay]
    """By id, those that are judged or asked for and had data."""

    @property
    def start_ms(self) -> int:
        """Where the first column begins."""
        return self.end_ms - DAY_MS


def read_day(
    source: Source, catalogue: Catalogue, t_ms: int, drawn: Collection[str]
) -> CatalogueDay:
    """The 24 hours up to the last whole column at or before `t_ms`.

    Args:
        source: answers the queries; one that is refused leaves its metric out.
        catalogue: the metrics.
        t_ms: about now.
        drawn: the ids of metrics whose course is wanted; of the others only states.

    Raises:
        SourceError: the source failed.
    """
    end_ms = t_ms // COLUMN_MS * COLUMN_MS
    inventory = take_inventory(source, end_ms)
    found: dict[str, MetricDay] = {}
    for metric in catalogue.metrics:
        is_judged = metric.thresholds is not None and find_lane(metric) is not None
        if not (is_judged or metric.id in drawn):
            continue
        try:
            day = _read_metric_day(source, metric, end_ms, inventory, metric.id in drawn)
        except QueryError:
            continue
        if day is not None:
            found[metric.id] = day
    return CatalogueDay(end_ms, found)


def _read_metric_day(
    source: Source, metric: Metric, end_ms: int, inventory: Inventory, is_drawn: bool
) -> MetricDay | None:
    """None for a metric that had no data, or has more series than can be read."""
    step_ms = _choose_step(source, metric, end_ms, inventory)
    if step_ms is None:
        return None
    lead_ms = max(count_lead_steps(metric.thresholds, step_ms) * step_ms, COLUMN_MS)
    t_ms = np.arange(end_ms - DAY_MS - lead_ms + step_ms, end_ms + 1, step_ms, dtype=np.int64)
    data = read_series(source, metric, t_ms, step_ms, inventory)
    if not data.matrix.series:
        return None
    stretches = list_stretches(data, end_ms - DAY_MS, step_ms)
    if not is_drawn:
        return MetricDay(None, (), stretches, is_whole=not data.missing)
    before = _read_week_ago(source, metric, end_ms, inventory)
    whole = _draw(combine_series(data), step_ms, combine_series(before))
    return MetricDay(whole[0], _draw(data, step_ms, before), stretches, not data.missing)


def _choose_step(source: Source, metric: Metric, end_ms: int, inventory: Inventory) -> int | None:
    """How fine a metric is read, by its series of the last hours; None for too many."""
    t_ms = end_ms - np.arange(0, DAY_MS, DAY_MS // 4, dtype=np.int64)[::-1]
    count = len(read_series(source, metric, t_ms, COLUMN_MS, inventory).queries)
    if count > _MOST_SERIES:
        return None
    return next(one for one in _STEPS_MS if count * DAY_MS // one <= _MOST_CELLS)


def combine_series(data: MetricData) -> MetricData:
    """All series as one without labels: their sum, mean or worst, as health combines them."""
    matrix = data.matrix
    if not matrix.series:
        return data
    values = np.where(matrix.present, matrix.values, np.nan)
    present: Mask = np.asarray(matrix.present.any(axis=0))
    across = data.metric.report.across[0]
    if across is Across.SUM:
        one = np.nansum(values, axis=0)
    elif across is Across.AVG:
        one = np.nansum(values, axis=0) / np.maximum(matrix.present.sum(axis=0), 1)
    else:
        is_low = across is Across.MIN or data.metric.direction is Direction.LOWER_IS_WORSE
        one = (np.fmin if is_low else np.fmax).reduce(values, axis=0)
    joined = Matrix((EMPTY,), matrix.t_ms, one[None], present[None])
    return replace(data, matrix=joined, queries=data.queries[:1], n=None)


def _draw(data: MetricData, step_ms: int, before: MetricData) -> tuple[SeriesDay, ...]:
    """The course of each series, with its mean a week ago."""
    matrix = data.matrix
    values = np.where(matrix.present, matrix.values, np.nan)[:, -(DAY_MS // step_ms) :]
    is_low = data.metric.direction is Direction.LOWER_IS_WORSE
    worst = find_column_worst(values, COLUMN_MS // step_ms, is_low=is_low)
    earlier = before.matrix
    week_ago = {
        labels: float(earlier.values[row][earlier.present[row]].mean())
        for row, labels in enumerate(earlier.series)
        if earlier.present[row].any()
    }
    pairs = zip(matrix.series, data.exporters, strict=True)
    return tuple(
        SeriesDay(labels, exporter, worst[row], week_ago.get(labels))
        for row, (labels, exporter) in enumerate(pairs)
    )


def find_column_worst(values: Values, steps: int, *, is_low: bool) -> Values:
    """The worst value of each `steps` columns, NaN where there is none.

    Args:
        values: shape (series, columns), NaN where absent; the columns are a multiple of `steps`.
        steps: how many columns become one.
        is_low: whether lower is worse; else the greatest is taken.
    """
    blocks = values.reshape(len(values), -1, steps)
    worst: Values = (np.fmin if is_low else np.fmax).reduce(blocks, axis=2)
    return worst


def _read_week_ago(source: Source, metric: Metric, end_ms: int, inventory: Inventory) -> MetricData:
    """From half an hour before the same moment a week ago to half an hour after it."""
    first_ms, last_ms = end_ms - _WEEK_MS - _AROUND_MS, end_ms - _WEEK_MS + _AROUND_MS
    t_ms = np.arange(first_ms, last_ms + 1, COLUMN_MS, dtype=np.int64)
    return read_series(source, metric, t_ms, COLUMN_MS, inventory)
