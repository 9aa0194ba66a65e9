"""The one judge of thresholds: reached, pending, firing, left.

Health, reports, the dashboard's strip and alerts all ask here, in one of two forms that give
equal answers: `judge_history` over arrays, and `step` from a saved state to the next.

The rules, for each of the two levels warning and critical:

- A threshold is *reached* at the value itself.
- The level is *pending* from the first step that reaches it, and *firing* once the value
  has reached it without interruption for the alert duration (`for`). An interruption starts
  the clock again; each level has its own clock.
- It is *left* at the first step that no longer reaches the threshold or, where a recovery
  threshold is given, at the first one that reaches that. Recovery thresholds hold a level
  that is firing; they do not keep a pending one alive.
- A missing step (or NaN) takes over the value before it for `grace_ms`. After that the state
  is unknown, every clock stops and every level is left, as nothing shows that it went on.

A *breach* is a maximal run of steps that are pending or worse. One that never fired is of
severity pending: it is reported, but the period stays ok. A missing step does not split a
breach that an alert would have kept firing, and a recovery threshold does not lengthen one
that an alert would not have seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from jipyo.catalogue import Direction, Statistic
from jipyo.model.arrays import find_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.catalogue import Thresholds
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.metric_data import MetricData

GRACE_MS = 60_000
"""How long a series may miss steps before its state is unknown.

It is short because the source has already looked back for a value at each step.
"""
MOST_STEPS = 10_000
"""Steps that are judged at once; a source may refuse 1,000 more."""
_HOUR_MS = 3_600_000

Indices = npt.NDArray[np.intp]
Severities = npt.NDArray[np.int8]


class State(Enum):
    """The state of a metric or series, by the name that the API uses."""

    OK = "ok"
    PENDING = "pending"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return Severity[self.name]


class Severity(IntEnum):
    """States by gravity, as arrays hold them."""

    OK = 0
    PENDING = 1
    UNKNOWN = 2
    WARNING = 3
    CRITICAL = 4

    @property
    def state(self) -> State:
        """The state of this gravity."""
        return State[self.name]


class SeverityLevel(NamedTuple):
    """One level of a metric's thresholds."""

    severity: Severity
    threshold: float
    recovery: float | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A threshold that is reached, but not yet for the alert duration."""

    severity: Severity
    """What it becomes if it lasts."""
    threshold: float
    elapsed_ms: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A stretch beyond a threshold, pending or worse at every step of it.

    It begins one step before the first such step, as a step at t covers (t - step, t].
    """

    start_ms: int
    end_ms: int
    severity: Severity
    """The gravest it came to: PENDING, WARNING or CRITICAL."""
    open: bool
    """Whether the last step of the history is within it."""
    peak: float
    peak_ms: int
    """The time of the peak; of several equal ones the first."""
    warning_ms: int
    """Time at which the value reached the warning threshold and not the critical one."""
    critical_ms: int
    """Time at which the value reached the critical threshold."""
    critical: tuple[tuple[int, int], ...]
    """The stretches in which the critical threshold was reached or not yet left."""

    @property
    def duration_ms(self) -> int:
        """From its start to its end."""
        return self.end_ms - self.start_ms

    @property
    def is_pending(self) -> bool:
        """Whether it was too short to fire."""
        return self.severity is Severity.PENDING

    @property
    def gravest(self) -> tuple[int, int]:
        """From when to when it was at its severity: of several such stretches the longest."""
        if self.severity is not Severity.CRITICAL:
            return self.start_ms, self.end_ms
        return max(self.critical, key=lambda stretch: stretch[1] - stretch[0])


@dataclass(frozen=True, slots=True)
class StateHistory:
    """The states of series over steps; every array but `t_ms` has shape (series, steps)."""

    t_ms: Times
    """Shape (steps,)."""
    thresholds: Thresholds
    direction: Direction
    severity: Severities
    since: Indices
    """The step at which the condition of the step's state began: for warning and critical
    the first step of the run that made the level fire."""
    reached: Severities
    """The gravest level whose threshold the value reaches, firing or not: OK for none."""
    reached_since: Indices
    """The first step of the run of steps that reach that level; the step itself for none."""
    values: Values
    """The values, taken over at missing steps within the grace."""

    def find_pending(self, series: int, step: int) -> Pending | None:
        """The level that is about to fire at a step, if any.

        There can be one beside a state of warning: critical.
        """
        reached = Severity(int(self.reached[series, step]))
        if reached is Severity.OK or self.severity[series, step] >= reached:
            return None
        began = self.reached_since[series, step]
        threshold = find_threshold(self.thresholds, reached)
        assert threshold is not None, f"BUG: {reached.name} was reached without a threshold"
        elapsed_ms = int(self.t_ms[step] - self.t_ms[began])
        return Pending(reached, threshold, elapsed_ms, self.thresholds.for_ms)


@overload
def is_reached(value: float, threshold: float, direction: Direction) -> bool: ...
@overload
def is_reached(value: Values, threshold: float, direction: Direction) -> Mask: ...
def is_reached(value: float | Values, threshold: float, direction: Direction) -> bool | Mask:
    """Whether a value is at a threshold or beyond it; NaN never is."""
    if direction is Direction.LOWER_IS_WORSE:
        return value <= threshold
    return value >= threshold


@overload
def has_recovered(value: float, recovery: float, direction: Direction) -> bool: ...
@overload
def has_recovered(value: Values, recovery: float, direction: Direction) -> Mask: ...
def has_recovered(value: float | Values, recovery: float, direction: Direction) -> bool | Mask:
    """Whether a value is at a recovery threshold or on its good side."""
    if direction is Direction.LOWER_IS_WORSE:
        return value >= recovery
    return value <= recovery


def list_levels(thresholds: Thresholds) -> Iterator[SeverityLevel]:
    """The levels that have a threshold, the gravest last."""
    if thresholds.warning is not None:
        yield SeverityLevel(Severity.WARNING, thresholds.warning, thresholds.recover_warning)
    if thresholds.critical is not None:
        yield SeverityLevel(Severity.CRITICAL, thresholds.critical, thresholds.recover_critical)


def find_threshold(thresholds: Thresholds, severity: Severity) -> float | None:
    """The threshold of a level; None where the metric has none of it."""
    return next(
        (one.threshold for one in list_levels(thresholds) if one.severity is severity), None
    )


# --- over arrays


def judge_history(
    t_ms: Times,
    values: Values,
    present: Mask,
    thresholds: Thresholds,
    direction: Direction,
    grace_ms: int = GRACE_MS,
) -> StateHistory:
    """The states of series over all steps.

    `t_ms` has shape (steps,), `values` and `present` have shape (series, steps).
    """
    values, seen = carry_over(t_ms, values, present, grace_ms)
    severity = np.where(seen, Severity.OK, Severity.UNKNOWN).astype(np.int8)
    gravest = np.zeros(values.shape, np.int8)
    gravest_since = np.broadcast_to(np.arange(len(t_ms)), values.shape).copy()
    firing: list[tuple[Severity, Mask, Indices]] = []
    for level in list_levels(thresholds):
        at_level = seen & is_reached(values, level.threshold, direction)
        if level.recovery is None:
            left = ~at_level
        else:
            left = ~seen | has_recovered(values, level.recovery, direction)
        began = _find_true_run_starts(at_level)
        active, entered = _find_firing(t_ms, at_level, left, began, thresholds.for_ms)
        gravest[at_level] = level.severity
        gravest_since[at_level] = began[at_level]
        firing.append((level.severity, active, entered))
    severity[gravest > Severity.OK] = Severity.PENDING
    for level_severity, active, _ in firing:
        severity[active] = level_severity
    since = find_run_starts(severity)
    for level_severity, _, entered in firing:
        since = np.where(severity == level_severity, entered, since)
    return StateHistory(
        t_ms, thresholds, direction, severity, since, gravest, gravest_since, values
    )


def _find_firing(
    t_ms: Times, at_level: Mask, left: Mask, began: Indices, for_ms: int
) -> tuple[Mask, Indices]:
    """Where a level is firing, and the first step of the run that made it fire."""
    lasted = at_level & (t_ms - t_ms[began] >= for_ms)
    active = find_last_true(lasted) > find_last_true(left & ~lasted)
    entered = _find_true_run_starts(active)
    return active, np.take_along_axis(began, entered, axis=1)


def carry_over(t_ms: Times, values: Values, present: Mask, grace_ms: int) -> tuple[Values, Mask]:
    """Values taken over at missing steps within the grace, and where there is one at all."""
    last = find_last_true(present & ~np.isnan(values))
    at = np.maximum(last, 0)
    seen = (last >= 0) & (t_ms - t_ms[at] <= grace_ms)
    return np.take_along_axis(values, at, axis=1), seen


def find_last_true(mask: Mask) -> Indices:
    """The last step up to each step at which the mask holds, -1 before the first."""
    steps = np.where(mask, np.arange(mask.shape[1]), -1)
    last: Indices = np.maximum.accumulate(steps, axis=1)
    return last


def find_run_starts(values: npt.NDArray[np.int8]) -> Indices:
    """For each step the first step of the run of equal values that it is in."""
    new = np.ones(values.shape, bool)
    new[:, 1:] = values[:, 1:] != values[:, :-1]
    return find_last_true(new)


def _find_true_run_starts(mask: Mask) -> Indices:
    """For each step of a run of true ones the run's first step; any step elsewhere."""
    starts: Indices = np.minimum(find_last_true(~mask) + 1, mask.shape[1] - 1)
    return starts


def count_lead_steps(thresholds: Thresholds | None, step_ms: int) -> int:
    """How many steps before a window must be judged to know the state at its first one.

    As many as the alert duration has, and those of the grace, for the first of them may have
    taken over its value. Where a recovery threshold can keep a level firing for any time, an
    hour more is looked at, as health does.
    """
    if thresholds is None:
        return 0
    lead_ms = thresholds.for_ms + GRACE_MS
    if thresholds.recover_warning is not None or thresholds.recover_critical is not None:
        lead_ms += _HOUR_MS
    return -(-lead_ms // step_ms)


def widen_step(span_ms: int, step_ms: int) -> int:
    """The shortest multiple of a step of which a span has no more than can be judged at once.

    An alert duration of days would otherwise have millions of steps of a second.

    >>> widen_step(4 * 3_600_000, 15_000), widen_step(4 * 3_600_000, 1000)
    (15000, 2000)
    """
    return step_ms * max(1, -(-span_ms // (step_ms * MOST_STEPS)))


def may_be_firing(data: MetricData) -> Mask:
    """Which series may be firing at the first step for what was before it; shape (series,).

    None that has a value there at which every level is left.
    """
    thresholds, direction = data.metric.thresholds, data.metric.direction
    judged = np.array([query.statistic is Statistic.FULL for query in data.queries], bool)
    if thresholds is None or not judged.any():
        return np.zeros(len(judged), bool)
    first, decided = data.matrix.values[:, 0], data.matrix.present[:, 0].copy()
    for level in list_levels(thresholds):
        if level.recovery is None:
            decided &= ~is_reached(first, level.threshold, direction)
        else:
            decided &= has_recovered(first, level.recovery, direction)
    return judged & ~decided


def find_breaches(
    history: StateHistory, series: int, step_ms: int, lead: int = 0
) -> tuple[Breach, ...]:
    """The breaches of one series after the first `lead` steps, in the order of time.

    One that began before is cut at the first step after them.
    """
    severity = history.severity[series, lead:]
    beyond = (severity != Severity.OK) & (severity != Severity.UNKNOWN)
    return tuple(
        _describe_breach(history, series, slice(lead + start, lead + end), step_ms)
        for start, end in find_runs(beyond)
    )


def find_metric_breaches(
    data: MetricData, step_ms: int, lead: int = 0
) -> tuple[tuple[Breach, ...] | None, ...]:
    """The breaches of each series of a metric; None for one that is not judged.

    A metric without thresholds is not, nor is a series that is only a mean of what they
    are about. The first `lead` steps are judged, and reported only where a breach
    continues after them.
    """
    matrix, thresholds = data.matrix, data.metric.thresholds
    judged = [query.statistic is Statistic.FULL for query in data.queries]
    if thresholds is None or not any(judged):
        return (None,) * len(judged)
    history = judge_history(
        matrix.t_ms, matrix.values, matrix.present, thresholds, data.metric.direction
    )
    return tuple(
        find_breaches(history, series, step_ms, lead) if is_judged else None
        for series, is_judged in enumerate(judged)
    )


def _describe_breach(history: StateHistory, series: int, steps: slice, step_ms: int) -> Breach:
    t_ms, values = history.t_ms[steps], history.values[series, steps]
    severity, at_level = history.severity[series, steps], history.reached[series, steps]
    lower = history.direction is Direction.LOWER_IS_WORSE
    peak = int(values.argmin() if lower else values.argmax())
    critical = (severity == Severity.CRITICAL) | (at_level == Severity.CRITICAL)
    return Breach(
        start_ms=int(t_ms[0]) - step_ms,
        end_ms=int(t_ms[-1]),
        severity=Severity(int(severity.max())),
        open=steps.stop == len(history.t_ms),
        peak=float(values[peak]),
        peak_ms=int(t_ms[peak]),
        warning_ms=int((at_level == Severity.WARNING).sum()) * step_ms,
        critical_ms=int((at_level == Severity.CRITICAL).sum()) * step_ms,
        critical=tuple(
            (int(t_ms[start]) - step_ms, int(t_ms[end - 1])) for start, end in find_runs(critical)
        ),
    )


# --- step by step


@dataclass(frozen=True, slots=True)
class LevelClock:
    """One level of one series between two steps."""

    reached_ms: int | None = None
    """The first step of the run that reaches the threshold; None while it is not reached."""
    firing_since_ms: int | None = None
    """While the level is firing, the first step of the run that made it fire."""

    def advance(self, t_ms: int, at_level: bool, left: bool, for_ms: int) -> LevelClock:
        """The clock after the next step; `left` counts only where the level has not lasted."""
        began_ms = t_ms if self.reached_ms is None else self.reached_ms
        reached_ms = began_ms if at_level else None
        firing_since_ms = self.firing_since_ms
        if at_level and t_ms - began_ms >= for_ms:
            firing_since_ms = began_ms if firing_since_ms is None else firing_since_ms
        elif left:
            firing_since_ms = None
        return LevelClock(reached_ms, firing_since_ms)


@dataclass(frozen=True, slots=True)
class JudgeState:
    """All that must be remembered of one series to judge its next value.

    `dataclasses.asdict` gives plain numbers, `from_dict` reads them back.
    """

    severity: Severity = Severity.UNKNOWN
    since_ms: int | None = None
    """As `StateHistory.since`; None before the first step."""
    value: float | None = None
    """The value judged last; None once there is none within the grace."""
    seen_ms: int | None = None
    """The time of the last value that was given."""
    warning: LevelClock = field(default_factory=LevelClock)
    critical: LevelClock = field(default_factory=LevelClock)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> JudgeState:
        """The state that `dataclasses.asdict` has turned into plain numbers."""
        return cls(
            **{
                **saved,
                "severity": Severity(saved["severity"]),
                "warning": LevelClock(**saved["warning"]),
                "critical": LevelClock(**saved["critical"]),
            }
        )

    def find_pending(self, t_ms: int, thresholds: Thresholds) -> Pending | None:
        """The level that is about to fire at the step of `t_ms`, if any."""
        for level in reversed(tuple(list_levels(thresholds))):
            clock = self.critical if level.severity is Severity.CRITICAL else self.warning
            if clock.reached_ms is not None:
                if self.severity >= level.severity:
                    return None
                elapsed_ms = t_ms - clock.reached_ms
                return Pending(level.severity, level.threshold, elapsed_ms, thresholds.for_ms)
        return None


def step(
    state: JudgeState,
    t_ms: int,
    value: float | None,
    thresholds: Thresholds,
    direction: Direction,
    grace_ms: int = GRACE_MS,
) -> JudgeState:
    """The state after the value of the next step; None or NaN where it is missing.

    Steps come in the order of time.
    """
    seen_ms = state.seen_ms
    if value is not None and not math.isnan(value):
        seen_ms = t_ms
    elif seen_ms is not None and t_ms - seen_ms <= grace_ms:
        value = state.value
    else:
        value = None
    clocks = {Severity.WARNING: state.warning, Severity.CRITICAL: state.critical}
    for level in list_levels(thresholds):
        at_level, left = False, True
        if value is not None:
            at_level = is_reached(value, level.threshold, direction)
            left = not at_level
            if level.recovery is not None:
                left = has_recovered(value, level.recovery, direction)
        clock = clocks[level.severity]
        clocks[level.severity] = clock.advance(t_ms, at_level, left, thresholds.for_ms)
    warning, critical = clocks[Severity.WARNING], clocks[Severity.CRITICAL]
    severity = Severity.UNKNOWN if value is None else _severity_of(warning, critical)
    since_ms = state.since_ms if severity is state.severity else None
    if severity is Severity.CRITICAL:
        since_ms = critical.firing_since_ms
    elif severity is Severity.WARNING:
        since_ms = warning.firing_since_ms
    return JudgeState(
        severity, t_ms if since_ms is None else since_ms, value, seen_ms, warning, critical
    )


def _severity_of(warning: LevelClock, critical: LevelClock) -> Severity:
    if critical.firing_since_ms is not None:
        return Severity.CRITICAL
    if warning.firing_since_ms is not None:
        return Severity.WARNING
    is_reached = warning.reached_ms is not None or critical.reached_ms is not None
    return Severity.PENDING if is_reached else Severity.OK
