"""How often other thresholds and durations of a metric would have fired on its past.

The history is read once; for each pair of a threshold and an alert duration it is judged as a
whole by `judge_history`, and the stretches become alerts as `state.advance` makes them: kept
firing, damped where they flap, not resolved by missing samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.state import FLAP_KEEP_MS, FLAP_OPENINGS, FLAP_WINDOW_MS
from jipyo.analysis.thresholds import Severity, judge_history
from jipyo.catalogue import Thresholds, Unit
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_stepwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.catalogue import Metric
    from jipyo.model.labels import Labels
    from jipyo.model.progress import Progress
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.base import Source

DAY_MS = 86_400_000
_MOST_STEPS = 6000
LEAST_MS = 7 * DAY_MS
"""Of samples that a recommendation needs: a week has all of its days."""
DURATIONS_MS = (0, 60_000, 300_000, 900_000)
_PERCENTS = (50.0, 60.0, 70.0, 80.0, 85.0, 90.0, 95.0, 98.0)
_QUANTILES = (0.5, 0.9, 0.99, 0.999, 1.0)
_OFTEN_MS = DAY_MS
"""Alerts that come more often than this are no longer looked at."""
_SELDOM_MS = 7 * DAY_MS
"""A rule that fires once a week is looked at every time."""


@dataclass(frozen=True, slots=True)
class MetricHistory:
    """The values of a metric at all moments of a range; `values` has shape (series, steps)."""

    metric: Metric
    t_ms: Times
    series: tuple[Labels, ...]
    values: Values
    present: Mask
    step_ms: int

    @property
    def seen_ms(self) -> int:
        """For how long any series has values."""
        return int(self.present.any(axis=0).sum()) * self.step_ms


@dataclass(frozen=True, slots=True)
class FiringCount:
    """What a threshold and an alert duration would have come to."""

    threshold: float
    for_ms: int
    fired: int
    """How many alerts would have begun to fire."""
    firing_ms: int
    """For how long any of them fired, all together."""
    series: int
    """Of how many series they were."""


class Advice(Enum):
    """What the history says about the thresholds in force."""

    TOO_LITTLE = "too_little"
    """It is too short to say anything."""
    NEVER = "never"
    """They were never reached for long enough."""
    FINE = "fine"
    """They fire seldom enough to be looked at every time."""
    OFTEN = "often"
    """They fire too often, and another pair would not."""
    ALL_OFTEN = "all_often"
    """They fire too often, and so does every other pair."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The counts of a grid of thresholds and durations."""

    history: MetricHistory
    counts: tuple[FiringCount, ...]
    """By threshold, the mildest first, then by duration."""
    current: FiringCount | None
    """With the first threshold in force; None for a metric without any."""
    worst: float | None
    """The worst value of all."""
    advice: Advice
    better: FiringCount | None = None
    """What to use instead, where the advice is that there is something better."""


def read_history(
    source: Source,
    metric: Metric,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    advance: Progress = lambda _done, _total: None,
) -> MetricHistory:
    """Read a metric at the moments of its rule.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed, or did so in part.
    """
    first_ms = -(-start_ms // step_ms) * step_ms
    t_ms = np.arange(first_ms, end_ms + 1, step_ms, dtype=np.int64)
    rows: dict[Labels, tuple[Values, Mask]] = {}
    parts = range(0, len(t_ms), _MOST_STEPS)
    for done, at in enumerate(parts):
        moments = t_ms[at : at + _MOST_STEPS]
        inventory = take_inventory(source, int(moments[-1]))
        data = read_stepwise(source, metric, moments, step_ms, inventory)
        for missing in data.missing:
            raise missing
        matrix = data.matrix
        for labels, values, present in zip(
            matrix.series, matrix.values, matrix.present, strict=True
        ):
            if labels not in rows:
                rows[labels] = np.zeros(len(t_ms)), np.zeros(len(t_ms), bool)
            rows[labels][0][at : at + len(moments)] = values
            rows[labels][1][at : at + len(moments)] = present
        advance(done + 1, len(parts))
    nothing = np.empty((0, len(t_ms)))
    all_values = np.vstack([nothing, *(values for values, _ in rows.values())])
    all_present = np.vstack([nothing > 0, *(present for _, present in rows.values())])
    return MetricHistory(metric, t_ms, tuple(rows), all_values, all_present, step_ms)


def count_firings(
    history: MetricHistory, threshold: float, for_ms: int, keep_firing_ms: int
) -> FiringCount:
    """How often one threshold with one alert duration would have fired.

    This is what `would have fired 3 times in the last 30 days` is made of.
    """
    thresholds = Thresholds(warning=threshold, for_ms=for_ms)
    fired = firing_ms = series = 0
    for row in range(len(history.series)):
        rows = slice(row, row + 1)
        judged = judge_history(
            history.t_ms,
            history.values[rows],
            history.present[rows],
            thresholds,
            history.metric.direction,
        )
        alerts = _find_alerts(history.t_ms, judged.severity[0].tolist(), keep_firing_ms)
        fired += len(alerts)
        firing_ms += sum(end_ms - start_ms for start_ms, end_ms in alerts)
        series += bool(alerts)
    return FiringCount(threshold, for_ms, fired, firing_ms, series)


def _find_alerts(
    t_ms: Times, severity: Sequence[int], keep_firing_ms: int
) -> list[tuple[int, int]]:
    """From when to when each alert of a series is open; of one that goes on, to the last moment."""
    times: list[int] = t_ms.tolist()
    alerts: list[tuple[int, int]] = []
    opened: list[int] = []
    """When it began to fire, or its condition came back while it recovered."""
    start_ms: int | None = None
    is_recovering = False
    for first, last in _find_stretches(severity):
        kind = severity[first]
        if start_ms is None and kind >= Severity.WARNING:
            start_ms = times[first]
            opened.append(start_ms)
        elif start_ms is not None and kind == Severity.OK:
            closed_ms = _find_close(times[first : last + 1], opened, keep_firing_ms)
            if closed_ms is not None:
                alerts.append((start_ms, closed_ms))
                start_ms = None
        elif is_recovering and kind != Severity.UNKNOWN:
            opened.append(times[first])
        is_recovering = start_ms is not None and kind == Severity.OK
    return alerts if start_ms is None else [*alerts, (start_ms, times[-1])]


def _find_stretches(severity: Sequence[int]) -> list[tuple[int, int]]:
    """First and last step of each stretch of one severity."""
    kinds = np.asarray(severity)
    bounds = np.flatnonzero(np.diff(kinds)).tolist()
    return list(zip([0, *(at + 1 for at in bounds)], [*bounds, len(kinds) - 1], strict=True))


def _find_close(moments: Sequence[int], opened: Sequence[int], keep_firing_ms: int) -> int | None:
    """When an alert ends whose condition is over at these moments; None where it comes back."""
    for t_ms in moments:
        recent = sum(t_ms - one < FLAP_WINDOW_MS for one in opened[-FLAP_OPENINGS:])
        keep_ms = keep_firing_ms
        if recent >= FLAP_OPENINGS:
            keep_ms = max(keep_firing_ms, FLAP_KEEP_MS)
        if t_ms - moments[0] >= keep_ms:
            return t_ms
    return None


# --- the grid


def tune(history: MetricHistory, keep_firing_ms: int) -> Tuning:
    """The counts of a grid around the thresholds in force and the values there were."""
    thresholds = history.metric.thresholds
    durations = sorted({*DURATIONS_MS, *([thresholds.for_ms] if thresholds else [])})
    levels = choose_thresholds(history)
    counts = tuple(
        count_firings(history, level, for_ms, keep_firing_ms)
        for level in levels
        for for_ms in durations
    )
    known = history.values[history.present]
    sign = history.metric.direction.sign
    worst = None if not known.size else float(known[np.argmax(sign * known)])
    current = None
    if thresholds is not None:
        first = thresholds.critical if thresholds.warning is None else thresholds.warning
        pair = (first, thresholds.for_ms)
        current = next((one for one in counts if (one.threshold, one.for_ms) == pair), None)
    advice, better = _advise(history, counts, current)
    return Tuning(history, counts, current, worst, advice, better)


def choose_thresholds(history: MetricHistory) -> list[float]:
    """The thresholds of the grid, the mildest first: those in force and others around them."""
    metric, sign = history.metric, history.metric.direction.sign
    own = metric.thresholds
    levels = {one for one in ((own.warning, own.critical) if own else ()) if one is not None}
    known = sign * history.values[history.present]
    if metric.unit is Unit.PERCENT and sign > 0:
        levels |= set(_PERCENTS)
    elif known.size:
        quantiles = np.quantile(known, _QUANTILES).tolist()
        levels |= {float(f"{sign * value:.2g}") for value in quantiles}
    return sorted(levels, key=lambda level: sign * level)


def _advise(
    history: MetricHistory, counts: Sequence[FiringCount], current: FiringCount | None
) -> tuple[Advice, FiringCount | None]:
    """What the data carry, and the mildest pair that fires seldom where those in force do not."""
    if history.seen_ms < LEAST_MS or current is None:
        return Advice.TOO_LITTLE, None
    if not current.fired:
        return Advice.NEVER, None
    if current.fired * _OFTEN_MS <= history.seen_ms:
        return Advice.FINE, None
    sign = history.metric.direction.sign
    quieter = [
        one
        for one in counts
        if sign * one.threshold >= sign * current.threshold
        and one.for_ms >= current.for_ms
        and one.fired * _SELDOM_MS <= history.seen_ms
    ]
    if not quieter:
        return Advice.ALL_OFTEN, None
    return Advice.OFTEN, min(quieter, key=lambda one: (sign * one.threshold, one.for_ms))
