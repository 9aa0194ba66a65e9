"""What another threshold of a metric would have come to, beside the one in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.tuning import DAY_MS, count_firings, read_history
from jipyo.analysis.thresholds import find_breaches, judge_history
from jipyo.model.errors import QueryError
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.tuning import FiringCount, MetricHistory
    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Metric
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source

TRIAL_MS = 30 * DAY_MS
"""So much of the past is judged again."""
_STEPS_MS = (60_000, 300_000)
_MOST_CELLS = 6_000_000
"""Values in memory at once: 54 MB. Of more series the past is judged in longer steps."""


@dataclass(frozen=True, slots=True)
class TriedThreshold:
    """A threshold with its alert duration."""

    value: float
    for_ms: int


@dataclass(frozen=True, slots=True)
class ThresholdTrial:
    """What the past of a metric comes to by its thresholds, and by another one."""

    start_ms: int
    end_ms: int
    step_ms: int
    """How far apart the moments are that were judged."""
    seen_ms: int
    """For how long any series has values."""
    current: FiringCount | None
    """By the mildest threshold in force; None for a metric without any."""
    tried: FiringCount | None
    breaches: tuple[tuple[Labels, Breach], ...]
    """By the thresholds in force: those that lasted, the newest first."""


def run_trial(
    source: Source,
    metric: Metric,
    end_ms: int,
    interval_ms: int,
    keep_firing_ms: int,
    tried: TriedThreshold | None,
) -> ThresholdTrial:
    """Judge the last 30 days again.

    Args:
        source: has the samples.
        metric: which one.
        end_ms: the end of the past.
        interval_ms: how often the rule is evaluated.
        keep_firing_ms: how long an alert is kept firing after its condition is over.
        tried: the threshold that is tried; None to look at those in force alone.

    Raises:
        QueryError: an expression was rejected, or the metric has too many series.
        SourceError: the source failed, or did so in part.
    """
    step_ms = _choose_step(source, metric, end_ms, interval_ms)
    history = read_history(source, metric, end_ms - TRIAL_MS, end_ms, step_ms)
    thresholds = metric.thresholds
    current = None
    if thresholds is not None:
        first = thresholds.critical if thresholds.warning is None else thresholds.warning
        assert first is not None, f"BUG: {metric.id} has thresholds without any level"
        current = count_firings(history, first, thresholds.for_ms, keep_firing_ms)
    return ThresholdTrial(
        start_ms=int(history.t_ms[0]),
        end_ms=int(history.t_ms[-1]),
        step_ms=step_ms,
        seen_ms=history.seen_ms,
        current=current,
        tried=None
        if tried is None
        else count_firings(history, tried.value, tried.for_ms, keep_firing_ms),
        breaches=tuple(_list_breaches(history)),
    )


def _choose_step(source: Source, metric: Metric, end_ms: int, interval_ms: int) -> int:
    """How far apart the moments may be so that the history of all series can be held."""
    newest = read_series(source, metric, np.array([end_ms]), interval_ms)
    series = max(1, len(newest.matrix.series))
    for step_ms in (interval_ms, *_STEPS_MS):
        if series * (TRIAL_MS // step_ms) <= _MOST_CELLS:
            return step_ms
    raise QueryError.bad_data(f"{metric.id} has {series:,} series, too many to judge 30 days again")


def _list_breaches(history: MetricHistory) -> Sequence[tuple[Labels, Breach]]:
    """The breaches that lasted for the alert duration."""
    metric = history.metric
    if metric.thresholds is None or not history.series:
        return ()
    judged = judge_history(
        history.t_ms, history.values, history.present, metric.thresholds, metric.direction
    )
    found = [
        (labels, breach)
        for row, labels in enumerate(history.series)
        for breach in find_breaches(judged, row, history.step_ms)
        if not breach.is_pending
    ]
    return sorted(found, key=lambda one: -one[1].start_ms)
