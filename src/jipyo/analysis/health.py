"""The health of each metric at a moment: its state, since when, and its worst series.

No data is `unknown`, never `ok`. What a threshold means is decided in `thresholds`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.outages import find_outages
from jipyo.analysis.proportion import estimate_proportion
from jipyo.analysis.thresholds import (
    GRACE_MS,
    Pending,
    Severity,
    State,
    carry_over,
    find_last_true,
    find_run_starts,
    find_threshold,
    judge_history,
    list_levels,
    widen_step,
)
from jipyo.analysis.unknown_servers import find_unknown_servers
from jipyo.catalogue import Across, Direction, Statistic
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate
from jipyo.model.result import Matrix, Vector
from jipyo.source.combined import list_remotes
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import Target, find_target, read_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jipyo.analysis.outages import Outage
    from jipyo.analysis.thresholds import Indices, Severities, StateHistory
    from jipyo.analysis.unknown_servers import UnknownServer
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import HostKey, Inventory
    from jipyo.source.metric_data import MetricData

STEP_MS = 60_000
READERS = 4
"""Metrics read at the same time where servers are asked."""
NOTHING_KNOWN: Mapping[str, MetricHealth] = MappingProxyType({})
_HOUR_MS = 3_600_000
_AHEAD_MIN, _TOLERANCE_MIN = 10 * 365 * 24 * 60, 5
_AHEAD = f"count(count_over_time(up[{_AHEAD_MIN - _TOLERANCE_MIN}m] offset -{_AHEAD_MIN}m))"
"""Counts targets with samples from five minutes to ten years after the moment of the query."""


class Reason(Enum):
    """Why a metric's state is what it is."""

    WITHIN = "within"
    """Below the thresholds, in the good direction."""
    PENDING = "pending"
    """Beyond a threshold, but not yet for the alert duration."""
    BREACH = "breach"
    """Beyond a threshold for the alert duration, or not yet recovered."""
    NO_THRESHOLDS = "no_thresholds"
    """It has none, so it is only shown."""
    MEAN_ONLY = "mean_only"
    """Its source gives only a mean, which says nothing about the promised percentile."""
    STALE = "stale"
    """It stopped reporting: it had data and has none now."""
    IDLE = "idle"
    """It has no value now, as while nothing happens; a loss would look the same."""
    ABSENT = "absent"
    """It had no data in the whole window."""
    REFUSED = "refused"
    """Its query was refused."""
    INCOMPLETE = "incomplete"
    """A source of it could not be read, so that there may be worse values than those known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHealth:
    """The health of one metric at a moment."""

    metric: Metric
    state: State
    judged: bool
    """Whether thresholds were applied."""
    reason: Reason
    value: float | None = None
    threshold: float | None = None
    """The threshold that the reason speaks of."""
    pending: Pending | None = None
    """The level that fires if it lasts: with a state of pending, or critical
    beside one of warning."""
    since_ms: int | None = None
    """When the state began: for a breach, when the value first reached the threshold."""
    since_open: bool = False
    """It began before the window that was looked at."""
    worst: Labels | None = None
    exporter: str | None = None
    proportion: ProportionEstimate | None = None
    """Of how many cases the value is a share; None where it is no share of counted cases."""
    gravest: tuple[Labels, ...] = ()
    """All series that are in this state, where thresholds were applied."""
    outages: tuple[Outage, ...] = ()
    """The targets that do not answer, where this is what a breach means."""
    problem: str = ""
    """The source's message where the query was refused."""
    missing: tuple[JipyoError, ...] = ()
    """Why there may be more series or values than those it was assessed by."""

    @property
    def is_absent(self) -> bool:
        """Whether there was no data in the whole window."""
        return self.reason is Reason.ABSENT

    @property
    def is_inconclusive(self) -> bool:
        """Whether so few cases were counted that the true value may lie on the other side."""
        return (
            self.proportion is not None
            and self.threshold is not None
            and self.proportion.straddles(self.threshold)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSeries:
    """What was judged of one series of a metric at a moment."""

    labels: Labels
    exporter: str
    severity: Severity
    since_ms: int
    """As `StateHistory.since`."""
    value: float
    """NaN where it is unknown."""
    pending: Pending | None
    seen_ms: int
    """When it last had a value."""
    n: float | None = None
    """Of how many cases that is a share, NaN where they are not counted; None for no share."""


@dataclass(frozen=True, slots=True)
class StateCourse:
    """Since when a metric, as the gravest of its series, has been in its state."""

    severity: Severity
    since_ms: int
    first_ms: int
    """The first moment that was looked at."""

    @property
    def is_open(self) -> bool:
        """Whether it may have begun before what was looked at."""
        return self.since_ms <= self.first_ms


@dataclass(frozen=True, slots=True)
class Health:
    """The health of all metrics at a moment."""

    t_ms: int
    state: State
    metrics: tuple[MetricHealth, ...]
    is_ahead: bool = False
    """Whether there are samples later than now, as a clock that was ahead leaves them."""
    unknown_servers: tuple[UnknownServer, ...] = ()
    """Targets that look like a model server and have no metric of the catalogue."""
    missing: tuple[JipyoError, ...] = ()
    """What could not be read; then the state is unknown at best."""
    hosts: Mapping[HostKey, HostKey] = field(default_factory=dict)
    """Hosts that are seen twice, and counted as the one that they stand beside."""

    def in_state(self, state: State) -> tuple[MetricHealth, ...]:
        """The metrics in a state; those that never had data are in none."""
        return tuple(one for one in self.metrics if one.state is state and not one.is_absent)

    @property
    def judged(self) -> tuple[MetricHealth, ...]:
        """The metrics that thresholds were applied to."""
        return tuple(one for one in self.metrics if one.judged)

    @property
    def absent(self) -> tuple[MetricHealth, ...]:
        """The metrics that had no data in the whole window."""
        return tuple(one for one in self.metrics if one.is_absent)


def look_back_ms(metric: Metric) -> int:
    """How far back to read, so that an alert duration and an hour before it are seen."""
    return _HOUR_MS + (metric.thresholds.for_ms if metric.thresholds else 0)


def assess_catalogue(
    source: Source,
    catalogue: Catalogue,
    t_ms: int,
    *,
    step_ms: int = STEP_MS,
    known: Mapping[str, MetricHealth] = NOTHING_KNOWN,
) -> Health:
    """The health of every metric of the catalogue at `t_ms`.

    A query that is refused makes its own metric unknown and no other. Metrics whose health is
    `known`, by their ids, are not read while all sources answer.

    Raises:
        SourceError: the source failed.
    """
    inventory = take_inventory(source, t_ms)

    def read(metric: Metric) -> MetricHealth:
        health = known.get(metric.id)
        # What was judged a moment ago does not show what cannot be read by now.
        if health is None or inventory.missing:
            return _read_and_assess(source, metric, t_ms, step_ms, inventory)
        return health

    if list_remotes(source):  # while one is judged here, a server works on the next
        with ThreadPoolExecutor(READERS, "health") as pool:
            metrics = list(pool.map(read, catalogue.metrics))
    else:
        metrics = list(map(read, catalogue.metrics))
    return replace(
        combine(t_ms, metrics, inventory.missing),
        hosts=inventory.hosts,
        is_ahead=_has_samples_ahead(source, t_ms),
        unknown_servers=find_unknown_servers(source, catalogue, t_ms, inventory.names),
    )


def _has_samples_ahead(source: Source, t_ms: int) -> bool:
    """Whether a target has samples of more than five minutes after `t_ms`, up to ten years."""
    try:
        value = source.instant(_AHEAD, t_ms).value
    except QueryError:  # a source that has no negative offsets
        return False
    return isinstance(value, Vector) and bool(value.series)


def _read_and_assess(
    source: Source, metric: Metric, t_ms: int, step_ms: int, inventory: Inventory
) -> MetricHealth:
    try:
        health = assess(read_recent(source, metric, t_ms, inventory, step_ms=step_ms), t_ms)
        return add_outages(source, health, t_ms)
    except QueryError as error:
        return build_refused(metric, error.message)


def read_recent(
    source: Source, metric: Metric, t_ms: int, inventory: Inventory, *, step_ms: int = STEP_MS
) -> MetricData:
    """The values that a metric's health at `t_ms` is judged by.

    The steps end at `t_ms` itself, so that the last value is the newest there is. They are
    wider than `step_ms` where an alert duration has too many.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    step_ms = widen_step(look_back_ms(metric), step_ms)
    start_ms = t_ms - look_back_ms(metric) // step_ms * step_ms
    return read_metric(source, metric, start_ms, t_ms, step_ms, inventory)


def add_outages(source: Source, health: MetricHealth, t_ms: int) -> MetricHealth:
    """The health with the targets that do not answer, where this is what its breach means."""
    if not health.metric.outage or health.reason is not Reason.BREACH:
        return health
    return replace(health, outages=find_outages(source, health.gravest, t_ms))


def combine(
    t_ms: int, metrics: Iterable[MetricHealth], missing: Iterable[JipyoError] = ()
) -> Health:
    """All metrics together: as grave as the gravest that was judged.

    Unknown where nothing was judged, or something that could not be read may be worse; ok where
    the gravest is pending, as nothing is firing.
    """
    metrics = tuple(metrics)
    missing = tuple(dict.fromkeys((*missing, *(each for one in metrics for each in one.missing))))
    gravest = max((one.state.severity for one in metrics if one.judged), default=Severity.UNKNOWN)
    if missing:
        gravest = max(gravest, Severity.UNKNOWN)
    state = State.OK if gravest is Severity.PENDING else gravest.state
    return Health(t_ms, state, metrics, missing=missing)


def mark_incomplete(health: MetricHealth, missing: tuple[JipyoError, ...]) -> MetricHealth:
    """The health of a metric that could not be read as a whole.

    What is beyond a threshold stays so; all else is unknown, since what is missing may be worse.
    """
    if not missing:
        return health
    if health.state.severity > Severity.UNKNOWN:
        return replace(health, missing=missing)
    return replace(
        health,
        state=State.UNKNOWN,
        judged=health.metric.thresholds is not None,
        reason=Reason.INCOMPLETE,
        pending=None,
        since_ms=min(filter(None, map(find_since, missing)), default=None),
        since_open=False,
        missing=missing,
    )


def find_since(error: JipyoError) -> int | None:
    """Since when something is missing, where its error knows it."""
    since_ms = error.values.get("since_ms")
    return since_ms if isinstance(since_ms, int) else None


def build_refused(metric: Metric, problem: str) -> MetricHealth:
    """The health of a metric whose query was refused: unknown."""
    return MetricHealth(
        metric=metric,
        state=State.UNKNOWN,
        judged=metric.thresholds is not None,
        reason=Reason.REFUSED,
        problem=problem,
    )


def build_absent(metric: Metric) -> MetricHealth:
    """The health of a metric that had no data in the whole window."""
    return MetricHealth(metric=metric, state=State.UNKNOWN, judged=False, reason=Reason.ABSENT)


def assess(data: MetricData, t_ms: int, *, grace_ms: int = GRACE_MS) -> MetricHealth:
    """The health of a metric at the last step at or before `t_ms`."""
    return mark_incomplete(_assess_known(data, t_ms, grace_ms), data.missing)


def _assess_known(data: MetricData, t_ms: int, grace_ms: int) -> MetricHealth:
    """The health by the data that could be read."""
    metric, all_steps = data.metric, data.matrix
    steps = int(np.searchsorted(all_steps.t_ms, t_ms, "right"))
    matrix = Matrix(
        all_steps.series,
        all_steps.t_ms[:steps],
        all_steps.values[:, :steps],
        all_steps.present[:, :steps],
    )
    if not matrix.present.any():
        return build_absent(metric)
    full = np.array([query.statistic is Statistic.FULL for query in data.queries], bool)
    if metric.thresholds is None or not full.any():
        return _assess_without_thresholds(data, matrix, grace_ms)
    return _assess_by_thresholds(data, matrix, np.flatnonzero(full), grace_ms)


def _assess_without_thresholds(data: MetricData, matrix: Matrix, grace_ms: int) -> MetricHealth:
    metric = data.metric
    values, seen = carry_over(matrix.t_ms, matrix.values, matrix.present, grace_ms)
    now = np.flatnonzero(seen[:, -1])
    if not now.size:
        last = find_last_true(matrix.present)[:, -1]
        newest = int(last.argmax())
        labels, exporter = matrix.series[newest], data.exporters[newest]
        return _build_stale(metric, labels, exporter, int(matrix.t_ms[last[newest]]), judged=False)
    row, value = _combine_values(metric, now, values[now, -1])
    return MetricHealth(
        metric=metric,
        state=State.OK,
        judged=False,
        reason=Reason.NO_THRESHOLDS if metric.thresholds is None else Reason.MEAN_ONLY,
        value=value,
        worst=None if row is None else matrix.series[row],
        exporter=data.exporters[now[0] if row is None else row],
        proportion=_estimate_newest_proportion(data, matrix, row),
    )


def _combine_values(metric: Metric, rows: Indices, values: Values) -> tuple[int | None, float]:
    """One value for all series, and the series it is of where it is of one."""
    across = metric.report.across[0]
    if across is Across.SUM and len(rows) > 1:
        return None, float(values.sum())
    if across is Across.AVG and len(rows) > 1:
        return None, float(values.mean())
    lowest = across is Across.MIN or metric.direction is Direction.LOWER_IS_WORSE
    at = int(values.argmin() if lowest else values.argmax())
    return int(rows[at]), float(values[at])


def _assess_by_thresholds(
    data: MetricData, matrix: Matrix, rows: Indices, grace_ms: int
) -> MetricHealth:
    history, series = _judge_rows(data, matrix, rows, grace_ms)
    targets = [find_target(data.metric, matrix.series[row]) for row in rows]
    last = find_last_true(matrix.present)[rows]
    return assess_series(data.metric, series, _find_course(history, rows, targets, last))


def _judge_rows(
    data: MetricData, matrix: Matrix, rows: Indices, grace_ms: int
) -> tuple[StateHistory, list[JudgedSeries]]:
    """The history of all series, and what it says of some of them at the last step."""
    metric = data.metric
    assert metric.thresholds is not None, f"BUG: {metric.id} has no thresholds"
    history = judge_history(
        matrix.t_ms, matrix.values, matrix.present, metric.thresholds, metric.direction, grace_ms
    )
    last = find_last_true(matrix.present)[:, -1]
    return history, [
        JudgedSeries(
            labels=matrix.series[row],
            exporter=data.exporters[row],
            severity=Severity(int(history.severity[row, -1])),
            since_ms=int(matrix.t_ms[history.since[row, -1]]),
            value=float(history.values[row, -1]),
            pending=history.find_pending(row, -1),
            seen_ms=int(matrix.t_ms[last[row]]),
            n=None if data.n is None else float(data.n[row, last[row]]),
        )
        for row in rows.tolist()
    ]


def judge_newest(data: MetricData, *, grace_ms: int = GRACE_MS) -> tuple[JudgedSeries, ...]:
    """What is judged of each series at the last step; none of a metric without thresholds."""
    full = np.array([query.statistic is Statistic.FULL for query in data.queries], bool)
    if data.metric.thresholds is None or not full.any():
        return ()
    return tuple(_judge_rows(data, data.matrix, np.flatnonzero(full), grace_ms)[1])


def assess_series(
    metric: Metric, series: Iterable[JudgedSeries], course: StateCourse
) -> MetricHealth:
    """The health of a metric by its judged series at a moment, of which there is at least one.

    It is that of the gravest, and of several that of the one with the worst value.
    """
    counted = select_counted(metric, sorted(series, key=lambda one: one.labels))
    severity = max(one.severity for one in counted)
    gravest = [one for one in counted if one.severity is severity]
    if severity is Severity.UNKNOWN:
        newest = max(gravest, key=lambda one: one.seen_ms)
        return _build_stale(metric, newest.labels, newest.exporter, newest.seen_ms, judged=True)
    worst = max(gravest, key=lambda one: metric.direction.sign * one.value)
    reason, threshold = _explain(metric, severity, worst.pending)
    return MetricHealth(
        metric=metric,
        state=severity.state,
        judged=True,
        reason=reason,
        value=worst.value,
        threshold=threshold,
        pending=worst.pending,
        since_ms=course.since_ms,
        since_open=course.is_open,
        worst=worst.labels,
        exporter=worst.exporter,
        proportion=None
        if worst.n is None
        else estimate_proportion(worst.value, worst.n, metric.unit),
        gravest=tuple(one.labels for one in gravest),
    )


def select_counted(metric: Metric, series: Sequence[JudgedSeries]) -> list[JudgedSeries]:
    """The series that count: one that ended while its target lives is not a loss of data.

    Such is a disk that was taken out.
    """
    alive = {
        find_target(metric, one.labels) for one in series if one.severity is not Severity.UNKNOWN
    }
    return [
        one
        for one in series
        if one.severity is not Severity.UNKNOWN or find_target(metric, one.labels) not in alive
    ]


def advance_course(
    course: StateCourse | None,
    t_ms: int,
    metric: Metric,
    series: Sequence[JudgedSeries],
    first_ms: int,
) -> StateCourse:
    """How long a metric has been in its state, after the next moment.

    Args:
        course: before it; None where there was none.
        t_ms: the moment.
        metric: whose series they are.
        series: the judged series at the moment, of which there is at least one.
        first_ms: the first moment that was looked at, whether there were series or not.
    """
    counted = select_counted(metric, series)
    severity = max(one.severity for one in counted)
    if course is not None and course.severity is severity:
        return course
    since_ms = t_ms
    if severity is not Severity.OK:
        since_ms = min(one.since_ms for one in counted if one.severity is severity)
    return StateCourse(severity, since_ms, first_ms)


def _build_stale(
    metric: Metric, labels: Labels, exporter: str, seen_ms: int, *, judged: bool
) -> MetricHealth:
    idle = metric.idle_without_data
    return MetricHealth(
        metric=metric,
        state=State.UNKNOWN,
        judged=judged and not idle,
        reason=Reason.IDLE if idle else Reason.STALE,
        since_ms=seen_ms,
        worst=labels,
        exporter=exporter,
    )


def _explain(
    metric: Metric, severity: Severity, pending: Pending | None
) -> tuple[Reason, float | None]:
    """The reason, and the threshold it speaks of."""
    thresholds = metric.thresholds
    assert thresholds is not None, f"BUG: {metric.id} has no thresholds"
    if severity > Severity.UNKNOWN:
        return Reason.BREACH, find_threshold(thresholds, severity)
    if pending is not None:
        return Reason.PENDING, pending.threshold
    return Reason.WITHIN, next(list_levels(thresholds)).threshold


def _estimate_newest_proportion(
    data: MetricData, matrix: Matrix, row: int | None
) -> ProportionEstimate | None:
    """The estimate for a series' newest value; a value of several series has no n."""
    if data.n is None:
        return None
    if row is None:
        return UNKNOWN_PROPORTION
    last = int(np.flatnonzero(matrix.present[row])[-1])
    value, n = float(matrix.values[row, last]), float(data.n[row, last])
    return estimate_proportion(value, n, data.metric.unit)


def _find_course(
    history: StateHistory, rows: Indices, targets: Sequence[Target], last: Indices
) -> StateCourse:
    """How long the gravest of these series has been what it is; as `advance_course` finds it.

    `last` has for each series and step the last one before with a value, -1 for none: a series
    that has not begun is no more a loss of data than one that ended while its target lives.
    """
    severity, is_counted = _select_counted_steps(history, rows, targets, last)
    gravest = np.where(is_counted, severity, -1).max(axis=0, keepdims=True)
    entered = int(find_run_starts(gravest)[0, -1])
    now = Severity(int(gravest[0, -1]))
    began = entered
    if now is not Severity.OK:
        same = is_counted[:, entered] & (severity[:, entered] == now)
        began = int(history.since[rows[same], entered].min())
    return StateCourse(now, int(history.t_ms[began]), int(history.t_ms[0]))


def _select_counted_steps(
    history: StateHistory, rows: Indices, targets: Sequence[Target], last: Indices
) -> tuple[Severities, Mask]:
    """The states of these series, and at which steps each counts; see `select_counted`."""
    severity = history.severity[rows]
    is_unseen = severity == Severity.UNKNOWN
    is_counted = last >= 0
    members: dict[Target, list[int]] = {}
    for row, target in enumerate(targets):
        members.setdefault(target, []).append(row)
    for same in members.values():
        is_counted[same] &= ~is_unseen[same] | is_unseen[same].all(axis=0)
    return severity, is_counted


def judge_steps(data: MetricData, *, grace_ms: int = GRACE_MS) -> Severities | None:
    """The state of a metric at each of its steps, as `assess` finds it at the last.

    Shape (steps,); -1 before the first value. None for a metric that is not judged, because it
    has no thresholds, no data, or only a mean.
    """
    metric, matrix = data.metric, data.matrix
    full = np.array([query.statistic is Statistic.FULL for query in data.queries], bool)
    if metric.thresholds is None or not full.any():
        return None
    rows = np.flatnonzero(full)
    history = judge_history(
        matrix.t_ms, matrix.values, matrix.present, metric.thresholds, metric.direction, grace_ms
    )
    targets = [find_target(metric, matrix.series[row]) for row in rows]
    last = find_last_true(matrix.present)[rows]
    severity, is_counted = _select_counted_steps(history, rows, targets, last)
    gravest: Severities = np.where(is_counted, severity, np.int8(-1)).max(axis=0)
    return gravest
