"""Evaluates rules at moments of their grid: answers of a source in, alerts and transitions out.

A replay calls the same functions for past moments, and comes to the same alerts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.alert import AlertKey
from jipyo.alerts.rule import ExpressionRule, MetricRule
from jipyo.alerts.rule_files.alert_texts import label_alert
from jipyo.alerts.rule_files.answers import list_samples
from jipyo.alerts.state import NOTHING, AlertMemory, Condition, advance, read_clock, read_condition
from jipyo.analysis.health import (
    JudgedSeries,
    Reason,
    advance_course,
    assess_series,
    build_absent,
    look_back_ms,
)
from jipyo.analysis.outages import Outage, identify_target
from jipyo.analysis.thresholds import (
    GRACE_MS,
    JudgeState,
    LevelClock,
    Severity,
    is_reached,
    list_levels,
    step,
    widen_step,
)
from jipyo.catalogue import Statistic
from jipyo.model.errors import QueryError
from jipyo.model.failure import FAILURES, parse_reason
from jipyo.model.result import Matrix
from jipyo.source.metric_data import read_metric

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.rule import AlertRule
    from jipyo.analysis.health import MetricHealth, StateCourse
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

    Reasons = Mapping[tuple[str, str], Sequence[FailureReason | None]]

FOR_GRACE_MS = 600_000
"""Prometheus' `rules.alert.for-grace-period`."""
OUTAGE_TOLERANCE_MS = 3_600_000
"""Prometheus' `rules.alert.for-outage-tolerance`."""
_DOWN = "up == 0"
CATCH_UP_MS = 3_600_000
"""Missed moments of so long are evaluated later; of a longer gap the last of them."""
OVERDUE_MS = 120_000
"""States that are so old are not those of now."""


@dataclass(frozen=True, slots=True)
class SeriesMemory:
    """What must be remembered of one series of a rule."""

    judged: JudgeState | LevelClock
    """A clock where that it is in the answer is the condition."""
    alert: AlertMemory = NOTHING
    exporter: str = ""
    """Of a metric, who gave its newest value."""
    n: float | None = None
    """Of how many cases that is a share, NaN where they are not counted; None for no share."""


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What a rule has come to; a rule that was never evaluated has an empty one."""

    evaluated_ms: int | None = None
    """The last moment at which its alerts went on."""
    series: Mapping[Labels, SeriesMemory] = field(default_factory=dict)
    is_complete: bool = False
    """Whether series without an alert are in it, which are not saved."""
    course: StateCourse | None = None
    """Since when its metric has been in its state, if it has series."""
    first_ms: int = 0
    """The first moment at which they were judged."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation came to."""

    memory: RuleMemory
    transitions: tuple[Transition, ...]
    """In the order of time."""
    data: MetricData | None = None
    """The values of a metric at its moments; None for an expression."""


def evaluate(
    rule: AlertRule,
    source: Source,
    t_ms: int,
    memory: RuleMemory,
    inventory: Inventory | None = None,
) -> Evaluation:
    """Evaluate a rule at a moment of its grid, and at those before that were missed.

    The first time its series are judged by what they were before, so that an alert duration
    that has begun goes on; alerts begin at `t_ms`.

    Raises:
        QueryError: an expression was rejected; nothing has changed.
        SourceError: the source failed; nothing has changed.
    """
    if isinstance(rule, ExpressionRule):
        return _evaluate_expression(rule, source, t_ms, memory)
    moments = plan_moments(rule, t_ms, memory)
    start_ms, end_ms = int(moments[0]), int(moments[-1])
    data = read_metric(source, rule.metric, start_ms, end_ms, _find_step(rule, moments), inventory)
    return advance_metric(rule, data, memory, read_reasons(source, rule, data))


def plan_moments(rule: MetricRule, t_ms: int, memory: RuleMemory) -> Times:
    """The moments to read: of one that goes on those after its last, else those before too.

    They are evenly spaced and end at `t_ms`, and are multiples of the rule's interval apart
    where they would be too many to be judged at once.
    """
    interval_ms = rule.interval_ms
    evaluated_ms = memory.evaluated_ms
    if evaluated_ms is None:
        evaluated_ms = t_ms - interval_ms
    start_ms = max(evaluated_ms + interval_ms, t_ms - CATCH_UP_MS)
    if not memory.is_complete:
        start_ms -= look_back_ms(rule.metric)
    step_ms = widen_step(t_ms - start_ms, interval_ms)
    first_ms = t_ms - (t_ms - start_ms) // step_ms * step_ms
    return np.arange(first_ms, t_ms + 1, step_ms, dtype=np.int64)


def _find_step(rule: AlertRule, t_ms: Times) -> int:
    """How far moments are apart."""
    return int(t_ms[1] - t_ms[0]) if len(t_ms) > 1 else rule.interval_ms


def rewind(memory: RuleMemory, evaluated_ms: int) -> RuleMemory:
    """What is left where the clock was ahead: open alerts, and no time that is yet to come."""
    series: dict[Labels, SeriesMemory] = {}
    for labels, one in memory.series.items():
        alert = one.alert.alert
        if alert is not None and alert.state.is_open:
            active_ms = min(alert.active_ms, evaluated_ms)
            alert = replace(alert, active_ms=active_ms, firing_ms=active_ms, ended_ms=None)
            series[labels] = replace(one, judged=type(one.judged)(), alert=AlertMemory(alert))
    return RuleMemory(evaluated_ms, series)


# --- metrics


def advance_metric(
    rule: MetricRule, data: MetricData, memory: RuleMemory, reasons: Reasons
) -> Evaluation:
    """The series of a metric after the moments of its data.

    Args:
        rule: whose metric it is.
        data: at the moments of `plan_moments`, or at those of a replay.
        memory: as the last evaluation left it.
        reasons: why targets fail, by job and instance, at each moment.
    """
    t_ms = data.matrix.t_ms.tolist()
    transitions: list[Transition] = []
    known: dict[Labels, SeriesMemory] = {}
    moments: list[list[JudgedSeries]] = [[] for _ in t_ms]
    for row in _list_rows(data, memory):
        key = AlertKey(rule.id, row.labels)
        series = _Series(rule, key, transitions, row, reasons.get(identify_target(row.labels)))
        after = series.advance(t_ms, memory.series.get(row.labels), memory, moments)
        if not is_forgotten(rule, after, t_ms[-1]):
            known[row.labels] = after
    course = memory.course if known else None
    first_ms = memory.first_ms if memory.is_complete else t_ms[0]
    for now_ms, judged in zip(t_ms, moments, strict=True):
        if known and judged:
            course = advance_course(course, now_ms, rule.metric, judged, first_ms)
    transitions.sort(key=lambda one: one.t_ms)
    after_all = RuleMemory(t_ms[-1], known, True, course, first_ms)
    return Evaluation(after_all, tuple(transitions), data)


@dataclass(frozen=True, slots=True)
class _Row:
    """The values of a series at the moments, None where there is none."""

    labels: Labels
    values: Sequence[float | None]
    exporter: str
    n: float | None


def _list_rows(data: MetricData, memory: RuleMemory) -> Iterator[_Row]:
    """The judged series with values, and those that have none any more."""
    matrix = data.matrix
    left = dict(memory.series)
    rows = zip(matrix.series, data.queries, matrix.values.tolist(), matrix.present, strict=True)
    for row, (labels, query, values, present) in enumerate(rows):
        if query.statistic is Statistic.FULL:
            left.pop(labels, None)
            n = None if data.n is None else float(data.n[row, np.flatnonzero(present)[-1]])
            pairs = zip(values, present.tolist(), strict=True)
            seen = [value if is_there else None for value, is_there in pairs]
            yield _Row(labels, seen, query.exporter, n)
    nothing = [None] * len(matrix.t_ms)
    for labels, series in left.items():
        yield _Row(labels, nothing, series.exporter, series.n)


@dataclass(frozen=True, slots=True)
class SeriesSteps:
    """Takes one series of a rule from moment to moment."""

    rule: MetricRule
    key: AlertKey
    transitions: list[Transition]
    """Gets those of this series."""

    def step(
        self,
        before: SeriesMemory,
        now_ms: int,
        value: float | None,
        reason: FailureReason | None,
        *,
        has_alert: bool,
    ) -> SeriesMemory:
        """What is remembered after a moment; the alert goes on only where it `has_alert`."""
        metric, alert = self.rule.metric, before.alert
        thresholds = metric.thresholds
        assert thresholds is not None, f"BUG: {metric.id} has no thresholds"
        assert isinstance(before.judged, JudgeState), "BUG: a clock for a metric"
        judged = step(before.judged, now_ms, value, thresholds, metric.direction)
        if has_alert and (alert is not NOTHING or judged.severity not in _QUIET):
            now = read_condition(judged, now_ms, thresholds, metric.direction.sign, reason)
            alert, change = advance(alert, self.key, now_ms, now, self.rule.keep_firing_ms)
            if change is not None:
                self.transitions.append(change)
        return SeriesMemory(judged, alert, before.exporter, before.n)


@dataclass(frozen=True, slots=True)
class _Series(SeriesSteps):
    row: _Row
    reasons: Sequence[FailureReason | None] | None

    def advance(
        self,
        t_ms: Sequence[int],
        saved: SeriesMemory | None,
        memory: RuleMemory,
        moments: Sequence[list[JudgedSeries]],
    ) -> SeriesMemory:
        """Judge the moments that were not judged yet; the alert goes on after the last time.

        Before that only the judge goes on, of a series that was not saved. `moments` get what
        was judged.
        """
        evaluated_ms = t_ms[-1] - 1 if memory.evaluated_ms is None else memory.evaluated_ms
        after = SeriesMemory(JudgeState(), NOTHING, self.row.exporter, self.row.n)
        if saved is not None:
            after = replace(after, judged=saved.judged, alert=saved.alert)
            gap_ms = self._find_gap(evaluated_ms, t_ms)
            if gap_ms is not None:
                after = self.step(after, gap_ms, None, None, has_alert=True)
        for at, (now_ms, value) in enumerate(zip(t_ms, self.row.values, strict=True)):
            is_new = now_ms > evaluated_ms
            if is_new or saved is None:
                reason = None if self.reasons is None else self.reasons[at]
                after = self.step(after, now_ms, value, reason, has_alert=is_new)
                moments[at].append(describe_series(self.rule, self.key.labels, after, now_ms))
        return after

    def _find_gap(self, evaluated_ms: int, t_ms: Sequence[int]) -> int | None:
        """The moment at which nothing is known any more, where so many moments were missed."""
        interval_ms = self.rule.interval_ms
        gap_ms = -(-(evaluated_ms + GRACE_MS + 1) // interval_ms) * interval_ms
        first_ms = next(one for one in t_ms if one > evaluated_ms)
        return gap_ms if gap_ms < first_ms and first_ms - evaluated_ms > interval_ms else None


_QUIET = frozenset({Severity.OK, Severity.UNKNOWN})


def describe_series(
    rule: MetricRule, labels: Labels, series: SeriesMemory, t_ms: int
) -> JudgedSeries:
    """What was judged of a series, as the health of its metric needs it."""
    judged, thresholds = series.judged, rule.metric.thresholds
    assert thresholds is not None, f"BUG: {rule.id} has no thresholds"
    assert isinstance(judged, JudgeState), "BUG: a clock for a metric"
    return JudgedSeries(
        labels=labels,
        exporter=series.exporter,
        severity=judged.severity,
        since_ms=t_ms if judged.since_ms is None else judged.since_ms,
        value=math.nan if judged.value is None else judged.value,
        pending=None if judged.severity in _QUIET else judged.find_pending(t_ms, thresholds),
        seen_ms=t_ms if judged.seen_ms is None else judged.seen_ms,
        n=series.n,
    )


def assess_memory(rule: MetricRule, memory: RuleMemory) -> MetricHealth | None:
    """The health of a metric by what its rule has come to.

    None where nothing was evaluated yet, or where only series may be there that are a mean.
    """
    if memory.evaluated_ms is None or not memory.is_complete:
        return None
    if memory.course is None or not memory.series:
        queries = rule.metric.queries
        is_absent = all(query.statistic is Statistic.FULL for query in queries)
        return build_absent(rule.metric) if is_absent else None
    t_ms = memory.evaluated_ms
    series = [describe_series(rule, labels, one, t_ms) for labels, one in memory.series.items()]
    health = assess_series(rule.metric, series, memory.course)
    if not rule.metric.outage or health.reason is not Reason.BREACH:
        return health
    outages = tuple(_describe_outage(labels, memory.series[labels]) for labels in health.gravest)
    return replace(health, outages=tuple(dict.fromkeys(outages)))


def complete_memory(rule: MetricRule, memory: RuleMemory) -> RuleMemory:
    """What a file has of a rule, as if its series were all there are; there is at least one."""
    t_ms = memory.evaluated_ms
    assert t_ms is not None, f"BUG: {rule.id} has series and was not evaluated"
    series = [describe_series(rule, labels, one, t_ms) for labels, one in memory.series.items()]
    course = advance_course(None, t_ms, rule.metric, series, 0)
    return replace(memory, course=course, is_complete=True)


def _describe_outage(labels: Labels, series: SeriesMemory) -> Outage:
    alert = series.alert.alert
    return Outage(*identify_target(labels), None if alert is None else alert.reason)


def is_forgotten(rule: MetricRule, memory: SeriesMemory, t_ms: int) -> bool:
    """Whether a series without an alert has had no value for as long as health looks back."""
    judged = memory.judged
    assert isinstance(judged, JudgeState), "BUG: a clock for a metric"
    seen_ms = t_ms if judged.seen_ms is None else judged.seen_ms
    return memory.alert.alert is None and t_ms - seen_ms > look_back_ms(rule.metric)


def read_reasons(source: Source, rule: MetricRule, data: MetricData) -> Reasons:
    """Why targets fail at each moment, by job and instance, where an outage is beyond a threshold.

    Raises:
        SourceError: the source failed.
    """
    metric, matrix = data.metric, data.matrix
    if not metric.outage or metric.thresholds is None:
        return {}
    least = next(list_levels(metric.thresholds)).threshold
    if not (matrix.present & is_reached(matrix.values, least, metric.direction)).any():
        return {}
    start_ms, end_ms = int(matrix.t_ms[0]), int(matrix.t_ms[-1])
    failures = source.range(FAILURES, start_ms, end_ms, _find_step(rule, matrix.t_ms)).value
    assert isinstance(failures, Matrix), "BUG: a range query is answered by a Matrix"
    reasons: dict[tuple[str, str], list[FailureReason | None]] = {}
    for labels, present in zip(failures.series, failures.present.tolist(), strict=True):
        reason = parse_reason(labels)
        known = reasons.setdefault(identify_target(labels), [None] * len(present))
        for at, is_there in enumerate(present):
            if is_there and reason is not None:
                known[at] = reason
    return reasons


# --- expressions


def _evaluate_expression(
    rule: ExpressionRule, source: Source, t_ms: int, memory: RuleMemory
) -> Evaluation:
    result = source.instant(rule.expression, t_ms - rule.offset_ms)
    values: dict[Labels, float | None] = {}
    for labels, value in list_samples(result.value):
        identity = label_alert(rule, labels, value, source, t_ms)
        if identity in values:
            raise QueryError.execution(
                "vector contains metrics with the same labelset after applying alert labels"
            )
        values[identity] = value
    silent = find_silent(source, t_ms, values, memory)
    evaluation = advance_expression(
        rule, t_ms, values, memory, is_whole=not result.missing, silent=silent
    )
    count = len(evaluation.memory.series)
    if 0 < rule.limit < count:
        raise QueryError.execution(f"exceeded limit of {rule.limit} with {count} alerts")
    return evaluation


def restore_clock(
    clock: LevelClock, down_ms: int, t_ms: int, for_ms: int, grace_ms: int = FOR_GRACE_MS
) -> LevelClock:
    """The clock of a pending alert after a pause in which nothing was evaluated.

    Prometheus: rules/group.go, `RestoreForState`. The pause does not count, and what is about to
    fire waits for `grace_ms`, so that the samples of after a restart have a say; a short duration
    begins anew, as does every one after a long pause. What fires goes on firing, other than with
    Prometheus, which tells of it anew.

    Args:
        clock: as the last evaluation left it.
        down_ms: when that was.
        t_ms: the first evaluation after the pause.
        for_ms: the alert duration.
        grace_ms: how long to wait at least.
    """
    if clock.reached_ms is None or clock.firing_since_ms is not None:
        return clock
    left_ms = for_ms - (down_ms - clock.reached_ms)
    if left_ms <= 0:
        return clock
    if t_ms - down_ms > OUTAGE_TOLERANCE_MS or for_ms < grace_ms:
        return LevelClock(t_ms)
    if left_ms < grace_ms:
        return LevelClock(t_ms + grace_ms - for_ms)
    return LevelClock(clock.reached_ms + t_ms - down_ms)


def find_silent(
    source: Source, t_ms: int, values: Mapping[Labels, float | None], memory: RuleMemory
) -> frozenset[Labels]:
    """The open alerts that are missing from an answer because their target cannot be read.

    An expression that compares has no answer below its threshold, nor where samples end, so
    `up` decides: what is missing of a target that is down has not recovered.
    """
    gone = {
        labels: identify_target(labels)
        for labels, series in memory.series.items()
        if series.alert.state.is_open and labels not in values
    }
    if not any(map(all, gone.values())):
        return frozenset()
    down = {
        identify_target(labels) for labels, _ in list_samples(source.instant(_DOWN, t_ms).value)
    }
    return frozenset(labels for labels, target in gone.items() if target in down)


def advance_expression(
    rule: ExpressionRule,
    t_ms: int,
    values: Mapping[Labels, float | None],
    memory: RuleMemory,
    *,
    is_whole: bool = True,
    silent: Collection[Labels] = (),
) -> Evaluation:
    """The alerts of an expression after an answer, which has its series with their values.

    Prometheus: rules/alerting.go, `AlertingRule.Eval`. Of an answer that is not whole, what is
    not in it may be missing only. Other than with Prometheus, alerts that are `silent` have no
    data and are not resolved.
    """
    known: dict[Labels, SeriesMemory] = {}
    transitions: list[Transition] = []
    pause_ms = max(GRACE_MS, rule.interval_ms)
    for labels in dict.fromkeys((*values, *memory.series)):
        saved = memory.series.get(labels, SeriesMemory(LevelClock()))
        is_there = labels in values
        if not is_there and not is_whole:
            known[labels] = saved
            continue
        assert isinstance(saved.judged, LevelClock), "BUG: a metric's state for an expression"
        before = saved.judged
        if memory.evaluated_ms is not None and t_ms - memory.evaluated_ms > pause_ms:
            before = restore_clock(before, memory.evaluated_ms, t_ms, rule.for_ms)
        if labels in silent:
            clock, now = before, Condition(severity=Severity.UNKNOWN)
        else:
            clock = before.advance(t_ms, is_there, not is_there, rule.for_ms)
            now = read_clock(clock, rule.severity, values.get(labels))
        alert, transition = advance(
            saved.alert,
            AlertKey(rule.id, labels),
            t_ms,
            now,
            rule.keep_firing_ms,
            damps_flapping=False,
        )
        if transition is not None:
            transitions.append(transition)
        if alert.alert is not None:
            known[labels] = SeriesMemory(clock, alert)
    return Evaluation(RuleMemory(t_ms, known, True), tuple(transitions))
