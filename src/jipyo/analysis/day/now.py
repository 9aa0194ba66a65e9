"""Every series of a metric as it is now, for a table that shows each of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.health import judge_newest, read_recent
from jipyo.analysis.thresholds import Severity
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.health import JudgedSeries
    from jipyo.analysis.thresholds import State
    from jipyo.catalogue import Metric
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Times
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory

    ListJudged = Callable[[str], "tuple[JudgedSeries, ...] | None"]

_LOOK_BACK_MS, _STEP_MS = 300_000, 60_000


@dataclass(frozen=True, slots=True)
class SeriesNow:
    """One series at a moment."""

    labels: Labels
    exporter: str
    value: float | None
    """None where it no longer reports."""
    state: State | None
    """None where no thresholds were applied."""
    since_ms: int
    """Since when it is in the state; of one that no longer reports when it last did."""
    seen_ms: int
    """When it last had a value."""


def read_series_now(
    source: Source,
    metric: Metric,
    t_ms: int,
    inventory: Inventory,
    list_judged: ListJudged = lambda _: None,
) -> tuple[SeriesNow, ...]:
    """The series of a metric at `t_ms`, by their labels.

    Args:
        source: answers the queries.
        metric: which one.
        t_ms: now.
        inventory: what the source has.
        list_judged: what a server has judged of a metric; None where that has to be read.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    if metric.thresholds is None:
        return _read_unjudged(source, metric, t_ms, inventory)
    judged = list_judged(metric.id)
    if judged is None:
        judged = judge_newest(read_recent(source, metric, t_ms, inventory))
    return tuple(_describe(one) for one in sorted(judged, key=lambda one: one.labels))


def _describe(one: JudgedSeries) -> SeriesNow:
    is_unknown = one.severity is Severity.UNKNOWN or math.isnan(one.value)
    return SeriesNow(
        one.labels,
        one.exporter,
        None if is_unknown else one.value,
        one.severity.state,
        one.seen_ms if is_unknown else one.since_ms,
        one.seen_ms,
    )


def _find_last(steps: Times, present: Mask) -> int | None:
    """The last step with a value."""
    return int(steps[present][-1]) if present.any() else None


def _read_unjudged(
    source: Source, metric: Metric, t_ms: int, inventory: Inventory
) -> tuple[SeriesNow, ...]:
    steps = np.arange(t_ms - _LOOK_BACK_MS, t_ms + 1, _STEP_MS, dtype=np.int64)
    data = read_series(source, metric, steps, _STEP_MS, inventory)
    matrix = data.matrix
    found = [
        SeriesNow(
            labels,
            data.exporters[row],
            float(matrix.values[row, -1]) if matrix.present[row, -1] else None,
            None,
            seen_ms,
            seen_ms,
        )
        for row, labels in enumerate(matrix.series)
        if (seen_ms := _find_last(steps, matrix.present[row])) is not None
    ]
    return tuple(sorted(found, key=lambda one: one.labels))
