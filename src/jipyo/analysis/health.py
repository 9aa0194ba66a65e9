"""Is it well? The state of each metric at a moment, since when, and its worst series.

No data is `unknown`, never `ok`. A level is reached at the threshold itself, holds once it
lasted for the threshold's `for`, and where a recovery level is given is left only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.analysis.proportion import certainty
from jipyo.catalogue import Across, Direction, Statistic
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.catalogue import Metric, Thresholds
    from jipyo.model.labels import Labels
    from jipyo.model.result import Matrix
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.metric_data import MetricData

GRACE_MS = 60_000
"""How long a series may miss steps before its state is unknown.

It is short because whoever answered has already looked back for a value at each step.
"""

Indices = npt.NDArray[np.intp]


class State(Enum):
    """How a metric is."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> Severity:
        """How grave it is."""
        return Severity[self.name]


class Severity(IntEnum):
    """States by gravity, as arrays hold them."""

    OK = 0
    UNKNOWN = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def state(self) -> State:
        """The state of this gravity."""
        return State[self.name]


class Reason(Enum):
    """Why a metric's state is what it is."""

    WITHIN = "within"
    """Below the thresholds, in the good direction."""
    PENDING = "pending"
    """Beyond a threshold, but not for long enough yet."""
    BEYOND = "beyond"
    """Beyond a threshold for long enough, or not yet recovered."""
    UNJUDGED = "unjudged"
    """It has no thresholds."""
    MEAN_ONLY = "mean_only"
    """Its source gives only a mean, which says nothing about the promised percentile."""
    LOST = "lost"
    """It had data and has none now."""
    QUIET = "quiet"
    """It has no value now, as while nothing happens; a loss would look the same."""
    ABSENT = "absent"
    """It had no data in the whole window."""
    REFUSED = "refused"
    """Its question was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHealth:
    """How one metric is at a moment."""

    metric: Metric
    state: State
    judged: bool
    """Whether thresholds were applied."""
    reason: Reason
    value: float | None = None
    limit: float | None = None
    """The threshold that the reason speaks of."""
    since_ms: int | None = None
    """When the state began: for a level, when the value first reached it."""
    since_open: bool = False
    """It began before the window that was looked at."""
    worst: Labels | None = None
    exporter: str | None = None
    certainty: ProportionEstimate | None = None
    """Of how many cases the value is a share; None where it is no share of counted cases."""
    problem: str = ""
    """What was said when the question was refused."""

    @property
    def absent(self) -> bool:
        """Whether there was no data in the whole window."""
        return self.reason is Reason.ABSENT

    @property
    def unsure(self) -> bool:
        """Whether so few cases were counted that the value may lie beyond the limit or within."""
        return (
            self.certainty is not None
            and self.limit is not None
            and self.certainty.straddles(self.limit)
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How all metrics are at a moment."""

    t_ms: int
    state: State
    metrics: tuple[MetricHealth, ...]

    def of(self, state: State) -> tuple[MetricHealth, ...]:
        """The metrics in a state; those that never had data are in none."""
        return tuple(one for one in self.metrics if one.state is state and not one.absent)

    @property
    def judged(self) -> tuple[MetricHealth, ...]:
        """The metrics that thresholds were applied to."""
        return tuple(one for one in self.metrics if one.judged)

    @property
    def absent(self) -> tuple[MetricHealth, ...]:
        """The metrics that had no data in the whole window."""
        return tuple(one for one in self.metrics if one.absent)


@dataclass(frozen=True, slots=True)
class StateHistory:
    """How series went through the states; every array has shape (series, steps)."""

    rank: npt.NDArray[np.int8]
    begun: Indices
    """The step at which the condition of that step's state began."""
    values: Values
    """The values, carried over missing steps within the grace."""


def overall(t_ms: int, metrics: Iterable[MetricHealth]) -> Health:
    """All metrics together: as grave as the gravest; unknown where nothing was judged."""
    metrics = tuple(metrics)
    ranks = [one.state.rank for one in metrics if one.judged]
    return Health(t_ms, max(ranks, default=Severity.UNKNOWN).state, metrics)


def refused(metric: Metric, problem: str) -> MetricHealth:
    """A metric whose question was refused: nobody knows how it is."""
    return MetricHealth(
        metric=metric,
        state=State.UNKNOWN,
        judged=metric.thresholds is not None,
        reason=Reason.REFUSED,
        problem=problem,
    )


def assess(measured: MetricData, t_ms: int, *, grace_ms: int = GRACE_MS) -> MetricHealth:
    """How a metric is at the last step at or before `t_ms`."""
    metric, matrix = measured.metric, _until(measured.matrix, t_ms)
    if not matrix.present.any():
        return MetricHealth(
            metric=metric,
            state=State.UNKNOWN,
            judged=False,
            reason=Reason.ABSENT,
        )
    judgeable = _judgeable(measured)
    if metric.thresholds is None or not judgeable.any():
        return _unjudged(measured, matrix, grace_ms)
    return _judged(measured, matrix, np.flatnonzero(judgeable), grace_ms)


def _until(matrix: Matrix, t_ms: int) -> Matrix:
    steps = int(np.searchsorted(matrix.t_ms, t_ms, "right"))
    return type(matrix)(
        matrix.series, matrix.t_ms[:steps], matrix.values[:, :steps], matrix.present[:, :steps]
    )


def _judgeable(measured: MetricData) -> Mask:
    """Series whose value is what the thresholds are about, shape (series,)."""
    return np.array([one.statistic is Statistic.FULL for one in measured.alternatives], bool)


def _unjudged(measured: MetricData, matrix: Matrix, grace_ms: int) -> MetricHealth:
    metric = measured.metric
    values, seen = _carried(matrix, grace_ms)
    now = np.flatnonzero(seen[:, -1])
    reason = Reason.UNJUDGED if metric.thresholds is None else Reason.MEAN_ONLY
    if not now.size:
        return _lost(measured, matrix, np.arange(len(matrix.series)), judged=False)
    row, value = _across(metric, now, values[now, -1])
    return MetricHealth(
        metric=metric,
        state=State.OK,
        judged=False,
        reason=reason,
        value=value,
        worst=None if row is None else matrix.series[row],
        exporter=measured.exporters[now[0] if row is None else row],
        certainty=_certainty(measured, matrix, row),
    )


def _across(metric: Metric, rows: Indices, values: Values) -> tuple[int | None, float]:
    """One value for all series, and the series it is of where it is of one."""
    across = metric.report.across[0]
    if across is Across.SUM and len(rows) > 1:
        return None, float(values.sum())
    if across is Across.AVG and len(rows) > 1:
        return None, float(values.mean())
    lowest = across is Across.MIN or metric.direction is Direction.LOWER_IS_WORSE
    at = int(values.argmin() if lowest else values.argmax())
    return int(rows[at]), float(values[at])


def _judged(measured: MetricData, matrix: Matrix, rows: Indices, grace_ms: int) -> MetricHealth:
    metric = measured.metric
    assert metric.thresholds is not None
    course = course_of(matrix, metric.thresholds, metric.direction, grace_ms)
    ranks = course.rank[rows, -1].astype(np.intp)
    gone = _gone_targets(metric, matrix, rows, ranks)
    # A series that ended while its target lives (a disk taken out) is not a loss of data.
    counted = rows[(ranks != Severity.UNKNOWN) | gone]
    if course.rank[counted, -1].max() == Severity.UNKNOWN:
        unseen = counted[course.rank[counted, -1] == Severity.UNKNOWN]
        return _lost(measured, matrix, unseen, judged=True)
    return _at_level(measured, matrix, course, counted)


def _gone_targets(metric: Metric, matrix: Matrix, rows: Indices, ranks: Indices) -> Mask:
    """Which series belong to a target of which nothing is seen now, shape (rows,)."""
    targets = [
        matrix.series[row].get(metric.labels[0], "") if metric.labels else "" for row in rows
    ]
    alive = {
        target for target, rank in zip(targets, ranks, strict=True) if rank != Severity.UNKNOWN
    }
    return np.array([target not in alive for target in targets], bool)


def _lost(measured: MetricData, matrix: Matrix, rows: Indices, *, judged: bool) -> MetricHealth:
    last = last_true(matrix.present[rows])[:, -1]
    latest = int(last.argmax())
    row = int(rows[latest])
    return MetricHealth(
        metric=measured.metric,
        state=State.UNKNOWN,
        judged=judged and not measured.metric.idle_without_data,
        reason=Reason.QUIET if measured.metric.idle_without_data else Reason.LOST,
        since_ms=int(matrix.t_ms[last[latest]]),
        worst=matrix.series[row],
        exporter=measured.exporters[row],
    )


def _at_level(
    measured: MetricData, matrix: Matrix, course: StateHistory, rows: Indices
) -> MetricHealth:
    metric = measured.metric
    limits = metric.thresholds
    assert limits is not None
    ranks = course.rank[rows]
    rank = Severity(int(ranks[:, -1].max()))
    gravest = rows[ranks[:, -1] == rank]
    sign = _sign(metric.direction)
    row = int(gravest[(course.values[gravest, -1] * sign).argmax()])
    value = float(course.values[row, -1])
    reason, limit = _why(limits, sign, value, rank)
    begun = _begun(course, rows, rank)
    return MetricHealth(
        metric=metric,
        state=rank.state,
        judged=True,
        reason=reason,
        value=value,
        limit=limit,
        since_ms=int(matrix.t_ms[begun]),
        since_open=begun == 0,
        worst=matrix.series[row],
        exporter=measured.exporters[row],
        certainty=_certainty(measured, matrix, row),
    )


def _certainty(measured: MetricData, matrix: Matrix, row: int | None) -> ProportionEstimate | None:
    """How sure the newest value of a series is; a value of several series has no n."""
    if measured.n is None:
        return None
    if row is None:
        return UNKNOWN_PROPORTION
    last = int(np.flatnonzero(matrix.present[row])[-1])
    value, n = float(matrix.values[row, last]), float(measured.n[row, last])
    return certainty(value, n, measured.metric.unit)


def _begun(course: StateHistory, rows: Indices, rank: Severity) -> int:
    """The step at which the condition of the present state of these series began."""
    together = course.rank[rows].max(axis=0, keepdims=True)
    entered = int(_run_start(together)[0, -1])
    if rank is Severity.OK:
        return entered
    first = rows[course.rank[rows, entered] == rank]
    return int(course.begun[first, entered].min())


def _why(
    limits: Thresholds, sign: int, value: float, rank: Severity
) -> tuple[Reason, float | None]:
    """The reason, and the threshold it speaks of."""
    if rank is not Severity.OK:
        limit = limits.critical if rank is Severity.CRITICAL else limits.warning
        return Reason.BEYOND, limit
    levels = [level for level in (limits.critical, limits.warning) if level is not None]
    reached = next((level for level in levels if sign * (value - level) >= 0), None)
    return (Reason.WITHIN, levels[-1]) if reached is None else (Reason.PENDING, reached)


def _sign(direction: Direction) -> int:
    return -1 if direction is Direction.LOWER_IS_WORSE else 1


def course_of(
    matrix: Matrix, limits: Thresholds, direction: Direction, grace_ms: int = GRACE_MS
) -> StateHistory:
    """How each series went through the states over all steps."""
    values, seen = _carried(matrix, grace_ms)
    sign = _sign(direction)
    rank = np.where(seen, Severity.OK, Severity.UNKNOWN).astype(np.int8)
    began: list[tuple[Severity, Indices]] = []
    for level, line, recover in (
        (Severity.WARNING, limits.warning, limits.recover_warning),
        (Severity.CRITICAL, limits.critical, limits.recover_critical),
    ):
        if line is not None:
            reached = seen & (sign * (values - line) >= 0)
            cleared = ~reached if recover is None else ~seen | (sign * (values - recover) <= 0)
            active, begun = _held(matrix.t_ms, reached, cleared, limits.for_ms)
            rank[active] = level
            began.append((level, begun))
    begun = _run_start(rank)
    for level, at in began:
        begun = np.where(rank == level, at, begun)
    return StateHistory(rank, begun, values)


def _held(t_ms: Times, reached: Mask, cleared: Mask, for_ms: int) -> tuple[Mask, Indices]:
    """Where a level holds, and since which step its condition does."""
    start = last_true(~reached) + 1
    first = np.minimum(start, len(t_ms) - 1)
    lasted = reached & (t_ms - t_ms[first] >= for_ms)
    active = last_true(lasted) > last_true(cleared & ~lasted)
    entered = np.minimum(last_true(~active) + 1, len(t_ms) - 1)
    return active, np.take_along_axis(first, entered, axis=1)


def _carried(matrix: Matrix, grace_ms: int) -> tuple[Values, Mask]:
    """Values carried over missing steps within the grace, and where there is one at all."""
    last = last_true(matrix.present)
    at = np.maximum(last, 0)
    seen = (last >= 0) & (matrix.t_ms - matrix.t_ms[at] <= grace_ms)
    return np.take_along_axis(matrix.values, at, axis=1), seen


def _run_start(rank: npt.NDArray[np.int8]) -> Indices:
    """The step at which the run of equal ranks began that each step is in."""
    new = np.ones(rank.shape, bool)
    new[:, 1:] = rank[:, 1:] != rank[:, :-1]
    return last_true(new)


def last_true(mask: Mask) -> Indices:
    """The last step up to each step at which the mask holds, -1 before the first."""
    steps = np.where(mask, np.arange(mask.shape[1]), -1)
    found: Indices = np.maximum.accumulate(steps, axis=1)
    return found
