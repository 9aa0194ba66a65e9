"""The health of each metric at a moment: its state, since when, and its worst series.

No data is `unknown`, never `ok`. What a threshold means is decided in `thresholds`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
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
)
from jipyo.analysis.unknown_servers import find_unknown_servers
from jipyo.catalogue import Across, Direction, Statistic
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate
from jipyo.model.result import Matrix, Vector
from jipyo.source.combined import list_remotes
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import find_target, read_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.analysis.outages import Outage
    from jipyo.analysis.thresholds import Indices, StateHistory
    from jipyo.analysis.unknown_servers import UnknownServer
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import HostKey, Inventory
    from jipyo.source.metric_data import MetricData

STEP_MS = 60_000
READERS = 4
"""Metrics read at the same time where servers are asked."""
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
    source: Source, catalogue: Catalogue, t_ms: int, *, step_ms: int = STEP_MS
) -> Health:
    """The health of every metric of the catalogue at `t_ms`.

    A query that is refused makes its own metric unknown and no other.

    Raises:
        SourceError: the source failed.
    """
    inventory = take_inventory(source, t_ms)

    def read(metric: Metric) -> MetricHealth:
        return _read_and_assess(source, metric, t_ms, step_ms, inventory)

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

    The steps end at `t_ms` itself, so that the last value is the newest there is.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
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
        return MetricHealth(metric=metric, state=State.UNKNOWN, judged=False, reason=Reason.ABSENT)
    full = np.array([query.statistic is Statistic.FULL for query in data.queries], bool)
    if metric.thresholds is None or not full.any():
        return _assess_without_thresholds(data, matrix, grace_ms)
    return _assess_by_thresholds(data, matrix, np.flatnonzero(full), grace_ms)


def _assess_without_thresholds(data: MetricData, matrix: Matrix, grace_ms: int) -> MetricHealth:
    metric = data.metric
    values, seen = carry_over(matrix.t_ms, matrix.values, matrix.present, grace_ms)
    now = np.flatnonzero(seen[:, -1])
    if not now.size:
        return _assess_stale(data, matrix, np.arange(len(matrix.series)), judged=False)
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
    metric = data.metric
    assert metric.thresholds is not None, f"BUG: {metric.id} has no thresholds"
    history = judge_history(
        matrix.t_ms, matrix.values, matrix.present, metric.thresholds, metric.direction, grace_ms
    )
    seen = history.severity[rows, -1] != Severity.UNKNOWN
    # A series that ended while its target lives (a disk taken out) is not a loss of data.
    targets = [find_target(metric, matrix.series[row]) for row in rows]
    alive = {target for target, is_seen in zip(targets, seen, strict=True) if is_seen}
    counted = rows[seen | np.array([target not in alive for target in targets], bool)]
    if history.severity[counted, -1].max() == Severity.UNKNOWN:
        unseen = counted[history.severity[counted, -1] == Severity.UNKNOWN]
        return _assess_stale(data, matrix, unseen, judged=True)
    return _assess_worst(data, matrix, history, counted)


def _assess_stale(data: MetricData, matrix: Matrix, rows: Indices, *, judged: bool) -> MetricHealth:
    last = find_last_true(matrix.present[rows])[:, -1]
    latest = int(last.argmax())
    row = int(rows[latest])
    idle = data.metric.idle_without_data
    return MetricHealth(
        metric=data.metric,
        state=State.UNKNOWN,
        judged=judged and not idle,
        reason=Reason.IDLE if idle else Reason.STALE,
        since_ms=int(matrix.t_ms[last[latest]]),
        worst=matrix.series[row],
        exporter=data.exporters[row],
    )


def _assess_worst(
    data: MetricData, matrix: Matrix, history: StateHistory, rows: Indices
) -> MetricHealth:
    """The health by the gravest of these series; of several the one with the worst value."""
    metric = data.metric
    severity = Severity(int(history.severity[rows, -1].max()))
    gravest = rows[history.severity[rows, -1] == severity]
    values = history.values[gravest, -1]
    lower = metric.direction is Direction.LOWER_IS_WORSE
    row = int(gravest[values.argmin() if lower else values.argmax()])
    began = _find_begin_of_state(history, rows, severity)
    pending = history.find_pending(row, -1)
    reason, threshold = _explain(history, severity, pending)
    return MetricHealth(
        metric=metric,
        state=severity.state,
        judged=True,
        reason=reason,
        value=float(history.values[row, -1]),
        threshold=threshold,
        pending=pending,
        since_ms=int(matrix.t_ms[began]),
        since_open=began == 0,
        worst=matrix.series[row],
        exporter=data.exporters[row],
        proportion=_estimate_newest_proportion(data, matrix, row),
        gravest=tuple(matrix.series[row] for row in gravest),
    )


def _explain(
    history: StateHistory, severity: Severity, pending: Pending | None
) -> tuple[Reason, float | None]:
    """The reason, and the threshold it speaks of."""
    if severity > Severity.UNKNOWN:
        return Reason.BREACH, find_threshold(history.thresholds, severity)
    if pending is not None:
        return Reason.PENDING, pending.threshold
    return Reason.WITHIN, next(list_levels(history.thresholds)).threshold


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


def _find_begin_of_state(history: StateHistory, rows: Indices, severity: Severity) -> int:
    """The step at which the condition of the present state of these series began."""
    gravest = history.severity[rows].max(axis=0, keepdims=True)
    entered = int(find_run_starts(gravest)[0, -1])
    if severity is Severity.OK:
        return entered
    first = rows[history.severity[rows, entered] == severity]
    return int(history.since[first, entered].min())
