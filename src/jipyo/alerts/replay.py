"""What rules would have made of the past: the transitions that live would have made.

The moments are those of live, the judge and the alerts are the same functions. Only the reading
differs: whole blocks of moments are asked for in one range query, and stretches in which nothing
can happen are passed over. `evaluate` at each moment is the plain form, and gives the same.

An expression that looks at what rules have written themselves (`ALERTS`, recorded series) sees
what was written then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.evaluation import (
    RuleMemory,
    SeriesMemory,
    SeriesSteps,
    advance_expression,
    find_silent,
    is_forgotten,
    read_reasons,
)
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.history import build_incidents
from jipyo.alerts.rule import ExpressionRule, MetricRule
from jipyo.alerts.rule_files.alert_texts import label_alert
from jipyo.alerts.state import NOTHING
from jipyo.analysis.health import look_back_ms
from jipyo.analysis.outages import identify_target
from jipyo.analysis.thresholds import JudgeState, LevelClock, Severity, is_reached, list_levels
from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_stepwise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.rule import AlertRule
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels
    from jipyo.model.progress import Progress
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

BLOCK_MS = 86_400_000
"""Read at once: long enough that reading costs little for each moment, short enough for memory."""
_MOST_STEPS = 6000
"""Of a range query: a day of every 15 s, less of rules that are evaluated more often."""
_NOTHING_REACHED = LevelClock()


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay came to."""

    start_ms: int
    end_ms: int
    transitions: tuple[Transition, ...]
    """In the order of time; of one moment in the order of the rules and their series."""
    problems: dict[str, QueryError] = field(default_factory=dict)
    """Why rules could not be evaluated, by their ids."""
    memories: dict[str, RuleMemory] = field(default_factory=dict)
    """What the rules have come to at the end, by their ids."""


def replay(
    rules: Sequence[AlertRule],
    source: Source,
    start_ms: int,
    end_ms: int,
    advance: Progress = lambda _done, _total: None,
    block_ms: int = BLOCK_MS,
) -> Replay:
    """The transitions that the rules would have made, had live begun at the start.

    Args:
        rules: those of metrics and of files.
        source: has the samples.
        start_ms: the moments begin at or after it.
        end_ms: they end at or before it.
        advance: is told the blocks that are done, and of how many.
        block_ms: the length of a block.

    Raises:
        SourceError: the source failed.
    """
    players = [
        _MetricPlayer(rule, source) if isinstance(rule, MetricRule) else _Player(rule, source)
        for rule in rules
    ]
    problems: dict[str, QueryError] = {}
    blocks = range(start_ms, end_ms + 1, block_ms)
    for done, block_start_ms in enumerate(blocks):
        block_end_ms = min(block_start_ms + block_ms - 1, end_ms)
        for first_ms, last_ms, inventory in _split_by_hosts(source, block_start_ms, block_end_ms):
            for player in players:
                if player.rule.id in problems:
                    continue
                try:
                    player.play(first_ms, last_ms, inventory)
                except QueryError as error:
                    problems[player.rule.id] = error
        advance(done + 1, len(blocks))
    found = [one for player in players for one in player.transitions]
    found.sort(key=lambda one: one.t_ms)
    memories = {player.rule.id: player.memory for player in players}
    return Replay(start_ms, end_ms, tuple(found), problems, memories)


def _split_by_hosts(
    source: Source, start_ms: int, end_ms: int
) -> Iterator[tuple[int, int, Inventory]]:
    """Stretches of a block in which the same hosts are seen twice at both ends."""
    pending = [(start_ms, end_ms)]
    while pending:
        first_ms, last_ms = pending.pop()
        before, after = take_inventory(source, first_ms), take_inventory(source, last_ms)
        if before.hosts == after.hosts or last_ms - first_ms < 1000:
            yield first_ms, last_ms, after
            continue
        middle_ms = (first_ms + last_ms) // 2
        pending += [(middle_ms + 1, last_ms), (first_ms, middle_ms)]


def _list_moments(start_ms: int, end_ms: int, interval_ms: int) -> Iterator[Times]:
    """The moments of a rule's grid in parts that one query may ask for."""
    first_ms = -(-start_ms // interval_ms) * interval_ms
    for at_ms in range(first_ms, end_ms + 1, interval_ms * _MOST_STEPS):
        last_ms = min(at_ms + interval_ms * (_MOST_STEPS - 1), end_ms)
        yield np.arange(at_ms, last_ms + 1, interval_ms, dtype=np.int64)


# --- expressions


class _Player:
    """Plays the rule of an expression."""

    def __init__(self, rule: AlertRule, source: Source) -> None:
        self.rule, self.source = rule, source
        self.memory = RuleMemory()
        self.transitions: list[Transition] = []

    def play(self, start_ms: int, end_ms: int, inventory: Inventory) -> None:
        """Go on over the moments of a block."""
        rule = self.rule
        assert isinstance(rule, ExpressionRule), f"BUG: {rule.id} is no expression"
        if not inventory.may_have_answer(rule.expression) and not self.memory.series:
            return
        for t_ms in _list_moments(start_ms, end_ms, rule.interval_ms):
            self._play(rule, t_ms)

    def _play(self, rule: ExpressionRule, t_ms: Times) -> None:
        first_ms, last_ms = int(t_ms[0]) - rule.offset_ms, int(t_ms[-1]) - rule.offset_ms
        result = self.source.range(rule.expression, first_ms, last_ms, rule.interval_ms)
        for missing in result.missing:
            raise missing
        matrix = result.value
        assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
        texts = _AlertLabels(rule, self.source)
        some: list[bool] = np.any(matrix.present, axis=0).tolist()
        for at, now_ms in enumerate(t_ms.tolist()):
            if not some[at] and not self.memory.series:
                continue
            values = texts.list_values(matrix, at, now_ms)
            silent = find_silent(self.source, now_ms, values, self.memory)
            evaluation = advance_expression(rule, now_ms, values, self.memory, silent=silent)
            if not 0 < rule.limit < len(evaluation.memory.series):
                self.memory = evaluation.memory
                self.transitions += evaluation.transitions


class _AlertLabels:
    """The labels of the alerts of series, computed once where no template depends on values."""

    def __init__(self, rule: ExpressionRule, source: Source) -> None:
        self.rule, self.source = rule, source
        self.is_fixed = not any("{{" in text for _, text in rule.labels)
        self.known: dict[Labels, Labels] = {}

    def list_values(self, matrix: Matrix, at: int, t_ms: int) -> dict[Labels, float | None]:
        """The values of the alerts at a step."""
        values: dict[Labels, float | None] = {}
        for row in np.flatnonzero(matrix.present[:, at]).tolist():
            value = float(matrix.values[row, at])
            identity = self._label(matrix.series[row], value, t_ms)
            if identity in values:
                raise QueryError.execution(
                    "vector contains metrics with the same labelset after applying alert labels"
                )
            values[identity] = value
        return values

    def _label(self, labels: Labels, value: float, t_ms: int) -> Labels:
        if not self.is_fixed:
            return label_alert(self.rule, labels, value, self.source, t_ms)
        if labels not in self.known:
            self.known[labels] = label_alert(self.rule, labels, value, self.source, t_ms)
        return self.known[labels]


# --- metrics


class _MetricPlayer(_Player):
    """Plays the rule of a metric."""

    def play(self, start_ms: int, end_ms: int, inventory: Inventory) -> None:
        """Go on over the moments of a block; before the first one, over what judges look at."""
        rule = self.rule
        assert isinstance(rule, MetricRule), f"BUG: {rule.id} is no metric"
        interval_ms = rule.interval_ms
        begins_ms = -(-start_ms // interval_ms) * interval_ms
        look_ms = 0 if self.memory.is_complete else look_back_ms(rule.metric)
        for t_ms in _list_moments(begins_ms - look_ms, end_ms, interval_ms):
            data = read_stepwise(self.source, rule.metric, t_ms, interval_ms, inventory)
            for missing in data.missing:
                raise missing
            self.memory = self._advance(rule, data, begins_ms)

    def _advance(self, rule: MetricRule, data: MetricData, begins_ms: int) -> RuleMemory:
        matrix, reasons = data.matrix, read_reasons(self.source, rule, data)
        nothing = np.zeros(len(matrix.t_ms))
        rows = dict.fromkeys(self.memory.series, (nothing, nothing > 0))
        rows |= zip(matrix.series, zip(matrix.values, matrix.present, strict=True), strict=True)
        known: dict[Labels, SeriesMemory] = {}
        for labels, (values, present) in rows.items():
            steps = SeriesSteps(rule, AlertKey(rule.id, labels), self.transitions)
            run = _SeriesRun(steps, matrix.t_ms, values, present, begins_ms)
            run.reasons = reasons.get(identify_target(labels))
            after = run.play(self.memory.series.get(labels))
            if after is not None:
                known[labels] = after
        return RuleMemory(int(matrix.t_ms[-1]), known, True)


@dataclass(slots=True)
class _SeriesRun:
    """One series over the moments of a block."""

    steps: SeriesSteps
    t_ms: Times
    values: Values
    present: Mask
    begins_ms: int
    """Before it only the judge goes on."""
    reasons: Sequence[FailureReason | None] | None = None

    def play(self, memory: SeriesMemory | None) -> SeriesMemory | None:
        """What is remembered after the block; None for a series that there is no more.

        A series begins with its first value, and one that is forgotten begins anew.
        """
        band = self._find_bands()
        changes = np.append(np.flatnonzero(np.diff(band)) + 1, len(band))
        there = np.flatnonzero(self.present)
        at, end = 0, len(self.t_ms)
        while at < end:
            if memory is None:
                following = int(np.searchsorted(there, at))
                if following == len(there):
                    return None
                at = int(there[following])
                memory = SeriesMemory(JudgeState(), NOTHING)
            elif _is_stable(memory, Severity(int(band[at]))) and self.reasons is None:
                last = int(changes[np.searchsorted(changes, at, "right")]) - 1
                if last - 1 > at:
                    memory, at = self._pass_over(memory, at, last - 1), last
            memory = self._step(memory, at)
            at += 1
        return memory

    def _find_bands(self) -> npt.NDArray[np.int8]:
        """The gravest level that each value reaches: OK for none, UNKNOWN where there is none."""
        thresholds, direction = self.steps.rule.metric.thresholds, self.steps.rule.metric.direction
        assert thresholds is not None, "BUG: a metric without thresholds is judged"
        band = np.full(len(self.t_ms), Severity.OK, np.int8)
        for level in list_levels(thresholds):
            band[is_reached(self.values, level.threshold, direction)] = level.severity
        band[~self.present] = Severity.UNKNOWN
        return band

    def _step(self, memory: SeriesMemory, at: int) -> SeriesMemory | None:
        now_ms = int(self.t_ms[at])
        value = float(self.values[at]) if self.present[at] else None
        reason = None if self.reasons is None else self.reasons[at]
        has_alert = now_ms >= self.begins_ms
        after = self.steps.step(memory, now_ms, value, reason, has_alert=has_alert)
        return None if is_forgotten(self.steps.rule, after, now_ms) else after

    def _pass_over(self, memory: SeriesMemory, first: int, last: int) -> SeriesMemory:
        """Go on over moments whose values are of one band, so that only value and peak change."""
        judged, alert = memory.judged, memory.alert.alert
        assert isinstance(judged, JudgeState), "BUG: a clock for a metric"
        value, seen_ms = float(self.values[last]), int(self.t_ms[last])
        passed = replace(memory, judged=replace(judged, value=value, seen_ms=seen_ms))
        if alert is None:
            return passed
        sign = self.steps.rule.metric.direction.sign
        worst = first + int(np.argmax(sign * self.values[first : last + 1]))
        peak, peak_ms = float(self.values[worst]), int(self.t_ms[worst])
        if alert.peak is not None and sign * peak <= sign * alert.peak:
            return passed
        raised = replace(memory.alert, alert=replace(alert, peak=peak, peak_ms=peak_ms))
        return replace(passed, alert=raised)


def _is_stable(memory: SeriesMemory, band: Severity) -> bool:
    """Whether values of a band change nothing but the value itself, however long they last."""
    judged, alert = memory.judged, memory.alert.alert
    assert isinstance(judged, JudgeState), "BUG: a clock for a metric"
    if judged.severity is not band or memory.alert.milder_ms is not None:
        return False
    if band is Severity.OK:
        return alert is None and judged.warning == judged.critical == _NOTHING_REACHED
    if band is Severity.UNKNOWN or alert is None or alert.state is not AlertState.FIRING:
        return False
    # Below critical its clock must stand, or it may be held by its recovery threshold.
    is_settled = band is Severity.CRITICAL or judged.critical == _NOTHING_REACHED
    clocks = (judged.warning, judged.critical)
    pending = any((one.reached_ms is None) != (one.firing_since_ms is None) for one in clocks)
    return alert.severity is band and is_settled and not pending


def find_incidents(played: Replay, grouping: IncidentGrouping) -> list[Incident]:
    """The incidents that the transitions make, in the order in which they began."""
    return [*build_incidents(fold({}, played.transitions, grouping, next_number=1)).values()]
