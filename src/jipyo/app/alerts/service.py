"""The part of the server that evaluates the rules and keeps what they come to."""

from __future__ import annotations

import logging
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.evaluation import (
    OVERDUE_MS,
    Evaluation,
    RuleMemory,
    assess_memory,
    describe_series,
    evaluate,
    rewind,
)
from jipyo.alerts.incident.records import read_recent_incidents
from jipyo.alerts.rule import MetricRule, RecordingRule, list_metric_rules
from jipyo.alerts.saved import forget_rules, load_memories, save_memories
from jipyo.analysis.health import READERS, build_refused, mark_incomplete
from jipyo.app.alerts.counts import EvaluationCounts
from jipyo.app.alerts.ended import close_orphans, close_without_data, is_known_as_over
from jipyo.app.alerts.recorder import Recorder
from jipyo.app.alerts.rule_files import RuleFiles
from jipyo.app.alerts.series import METADATA, build_alert_series
from jipyo.app.insight.series import SeriesWriter
from jipyo.loops import Periodic
from jipyo.model.errors import JipyoError, QueryError
from jipyo.model.labels import Labels
from jipyo.source.combined import list_remotes
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from jipyo.alerts.alert import Alert, Transition
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.rule import Rule
    from jipyo.alerts.store import AlertStore
    from jipyo.analysis.health import JudgedSeries, MetricHealth
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory

    Follower = Callable[[sqlite3.Connection, int, Sequence[Transition]], None]

_LOG = logging.getLogger(__name__)
LAG_MS = 1000
"""After a moment of the grid, so that its samples have been stored."""
_AGAIN_MS = 3000.0
"""After the start, and after an evaluation that could not be kept."""
_CLOCK_WAS_AHEAD_MS = 60_000
_LONGEST_LOGGED = 500
"""Letters of an alert in the log: labels may be of any length."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a configuration asks for."""

    source: Source
    metric_rules: tuple[MetricRule, ...]
    files: RuleFiles
    rules: tuple[Rule, ...]
    """All, those of files in their order."""
    interval_ms: int
    base_ms: int
    """The finest grid of its rules."""
    own: Labels
    removed: tuple[Mapping[str, str], ...]
    """Labels of what was removed on purpose."""


def _make_setting(
    source: Source,
    metric_rules: tuple[MetricRule, ...],
    files: RuleFiles,
    interval_ms: int,
    own: Labels,
    removed: tuple[Mapping[str, str], ...],
) -> _Setting:
    rules = (*metric_rules, *files.rules)
    # The greatest distance that hits the moments of all rules.
    base_ms = math.gcd(interval_ms, *(rule.interval_ms for rule in rules))
    return _Setting(source, metric_rules, files, rules, interval_ms, base_ms, own, removed)


def _log_transition(transition: Transition) -> None:
    """Log what begins, gets worse and ends."""
    alert, before = transition.alert, transition.before
    about = f"{alert.key.rule}{alert.key.labels}"[:_LONGEST_LOGGED]
    if alert.state is AlertState.FIRING and not before.is_open:
        reason = f": {alert.reason.value}" if alert.reason else ""
        _LOG.warning("%s fires: %s%s", alert.severity.state.value, about, reason)
    elif before.is_open and not alert.state.is_open:
        _LOG.info("resolved: %s", about)


@dataclass(slots=True)
class _Known:
    """What the rules have come to, as it is on disk."""

    memories: dict[str, RuleMemory] = field(default_factory=dict)
    rows: dict[tuple[str, str], str] = field(default_factory=dict)
    problems: dict[str, Exception] = field(default_factory=dict)
    """Of rules whose last evaluation failed."""
    missing: dict[str, tuple[JipyoError, ...]] = field(default_factory=dict)
    """What the last answers were without, by rule."""


class Alerting:
    """Runs from the start of the server to its end, by the configuration in force."""

    def __init__(
        self, store: AlertStore, appender: Appender, clock: Clock, followers: Sequence[Follower]
    ) -> None:
        """Nothing is evaluated before `start`.

        Args:
            store: keeps the states; it is closed at the end.
            appender: gets `ALERTS` and `ALERTS_FOR_STATE`.
            clock: tells when a moment of the grid has come.
            followers: called in the transaction of each evaluation, with its transitions, whether
                there are any or not.
        """
        self._store, self._appender, self._clock = store, appender, clock
        self._followers = followers
        self._lock = threading.RLock()
        self._setting: _Setting | None = None
        self._known = _Known()
        self._counts = EvaluationCounts()
        self._writer = SeriesWriter()
        self._recorder = Recorder(appender)
        self._last_ms: int | None = None
        self._inventory: tuple[int, _Setting, Inventory] | None = None
        self._written_ms = 0
        self._loop = Periodic("alerts", self.tick, interval_ms=_AGAIN_MS, clock=clock)

    def apply(
        self,
        config: Config,
        source: Source,
        catalogue: Catalogue,
        files: RuleFiles | None = None,
    ) -> None:
        """Evaluate by this configuration from the next moment on; states stay as they are.

        The alerts of a rule that is there no more are closed. `files` are the rule files of the
        configuration, where they have been read already.

        Raises:
            ConfigError: a rule file is wrong; nothing has changed.
        """
        options = config.settings.alerts
        setting = None
        if options is not None:
            asks_servers = bool(list_remotes(source))
            metric_rules = tuple(list_metric_rules(catalogue, options, asks_servers=asks_servers))
            own = Labels.of({"job": "jipyo", "instance": config.instance})
            files = files or RuleFiles(config)
            setting = _make_setting(
                source, metric_rules, files, options.interval_ms, own, catalogue.removed
            )
        self._setting = setting

    def start(self) -> None:
        """See `ServerPart.start`; states go on from where the file has them."""
        self._appender.describe(METADATA)
        with self._lock, self._store.reading() as db:
            memories = load_memories(db)
            self._known = _Known(memories)
            self._known.rows = {
                (rule, labels): text
                for rule, labels, text in db.execute("SELECT rule, labels, memory FROM alert")
            }
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`; the file is closed."""
        self._loop.stop()
        self._store.close()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are evaluated."""
        return () if self._setting is None else self._setting.rules

    @property
    def is_evaluating(self) -> bool:
        """Whether rules are evaluated, and not overdue."""
        last_ms = self._last_ms
        return last_ms is not None and self._clock.now_ms() - last_ms <= OVERDUE_MS

    def count_transitions(self) -> int:
        """How many changes of alerts there were since the start."""
        return self._counts.transitions

    def list_rules(self) -> list[tuple[Rule, RuleMemory, Exception | None]]:
        """The rules with what they have come to and why their last evaluation failed."""
        memories, problems = self._known.memories, self._known.problems
        return [
            (rule, memories.get(rule.id, RuleMemory()), problems.get(rule.id))
            for rule in self.rules
        ]

    def list_alerts(self) -> list[Alert]:
        """The alerts that are not inactive."""
        return [
            series.alert.alert
            for memory in self._known.memories.values()
            for series in memory.series.values()
            if series.alert.alert is not None
        ]

    def list_health(self) -> dict[str, MetricHealth]:
        """The health of the metrics that rules are evaluated of, by their ids.

        Without those that have no series to judge, and none where evaluations are overdue: then
        it is read from the source.
        """
        # Without the lock, which an evaluation holds while servers are asked.
        setting, known, last_ms = self._setting, self._known, self._last_ms
        if setting is None or last_ms is None or self._clock.now_ms() - last_ms > OVERDUE_MS:
            return {}
        memories, problems, missing = known.memories, known.problems, known.missing
        found: dict[str, MetricHealth] = {}
        for rule in setting.rules:
            if not isinstance(rule, MetricRule):
                continue
            health = assess_memory(rule, memories.get(rule.id, RuleMemory()))
            problem = problems.get(rule.id)
            if isinstance(problem, QueryError):
                found[rule.id] = build_refused(rule.metric, problem.message)
            elif health is not None:
                lost = (problem,) if isinstance(problem, JipyoError) else missing.get(rule.id, ())
                found[rule.id] = mark_incomplete(health, lost)
        return found

    def list_series(self, metric_id: str) -> tuple[JudgedSeries, ...] | None:
        """What was judged of each series of a metric; None where no rule is evaluated of it."""
        setting, known, last_ms = self._setting, self._known, self._last_ms
        if setting is None or last_ms is None or self._clock.now_ms() - last_ms > OVERDUE_MS:
            return None
        rule = next((one for one in setting.metric_rules if one.id == metric_id), None)
        memory = known.memories.get(metric_id)
        if rule is None or memory is None or memory.evaluated_ms is None or not memory.is_complete:
            return None
        t_ms = memory.evaluated_ms
        return tuple(
            describe_series(rule, labels, one, t_ms) for labels, one in memory.series.items()
        )

    def tick(self) -> float:
        """Evaluate what is due, and return when to come again.

        Raises:
            StoreError: nothing can be kept; nothing has changed, and the next evaluation makes
                up for this one.
            SourceError: the source cannot even be asked what it has.
        """
        with self._lock:
            setting = self._setting
            if setting is None:
                return _AGAIN_MS
            if setting.files.refresh():
                parts = setting.source, setting.metric_rules, setting.files, setting.interval_ms
                read_again = _make_setting(*parts, setting.own, setting.removed)
                if self._setting is setting:  # else a reload came in between
                    self._setting = read_again
                setting = read_again
            t_ms = (self._clock.now_ms() - LAG_MS) // setting.base_ms * setting.base_ms
            if self._last_ms is None or not t_ms <= self._last_ms <= t_ms + _CLOCK_WAS_AHEAD_MS:
                self._evaluate(setting, t_ms)
        return self._find_delay(setting)

    def _find_delay(self, setting: _Setting) -> float:
        past_ms = self._clock.now_ms() - LAG_MS
        return float(setting.base_ms - past_ms % setting.base_ms)

    def _evaluate(self, setting: _Setting, t_ms: int) -> None:
        started_ms = self._clock.monotonic_ms()
        if self._last_ms is not None and t_ms > self._last_ms:
            self._counts.missed += (t_ms - self._last_ms) // setting.base_ms - 1
        due = list(self._select_due(setting, t_ms))
        inventory = self._take_inventory(setting, t_ms)
        memories = dict(self._known.memories)
        transitions: list[Transition] = []
        for rule, evaluation in self._evaluate_rules(setting, due, inventory):
            memories[rule.id] = evaluation.memory
            transitions += evaluation.transitions
        transitions += close_orphans(memories, setting.rules, t_ms)
        is_over = partial(is_known_as_over, self._list_incidents(memories, t_ms), setting.removed)
        transitions += close_without_data(memories, is_over, t_ms)
        self._recorder.end_others({rule.id for rule in setting.rules}, t_ms)
        transitions.sort(key=lambda one: one.t_ms)
        self._keep(memories, t_ms, transitions)
        self._last_ms = t_ms
        if transitions or t_ms - self._written_ms >= setting.interval_ms:
            self._write_series(setting, t_ms)
        seconds = (self._clock.monotonic_ms() - started_ms) / 1000
        self._counts.add_run(seconds, len(transitions))

    def _take_inventory(self, setting: _Setting, t_ms: int) -> Inventory:
        """What the source has, asked once an interval."""
        known = self._inventory
        is_old = known is None or not 0 <= t_ms - known[0] < setting.interval_ms
        if known is None or is_old or known[1] is not setting:
            known = t_ms, setting, take_inventory(setting.source, t_ms)
            self._inventory = known
        return known[2]

    def _select_due(self, setting: _Setting, t_ms: int) -> Iterator[tuple[Rule, int]]:
        """The rules that have a moment since their last one, and the latest of these."""
        for rule in setting.rules:
            moment_ms = t_ms // rule.interval_ms * rule.interval_ms
            memory = self._known.memories.get(rule.id, RuleMemory())
            evaluated_ms = memory.evaluated_ms
            if evaluated_ms is not None and evaluated_ms > moment_ms + _CLOCK_WAS_AHEAD_MS:
                # The clock was ahead, so what follows is later than anything that is known.
                evaluated_ms = moment_ms - rule.interval_ms
                self._known.memories[rule.id] = rewind(memory, evaluated_ms)
            if evaluated_ms is None or moment_ms > evaluated_ms:
                yield rule, moment_ms

    def _evaluate_rules(
        self,
        setting: _Setting,
        due: Sequence[tuple[Rule, int]],
        inventory: Inventory | None,
    ) -> Iterator[tuple[Rule, Evaluation]]:
        """The evaluations that succeeded, in the order of the rules."""

        def run(one: tuple[Rule, int]) -> Evaluation | Exception:
            rule, moment_ms = one
            memory = self._known.memories.get(rule.id, RuleMemory())
            try:
                if isinstance(rule, RecordingRule):
                    return self._recorder.record(rule, setting.source, moment_ms)
                return evaluate(rule, setting.source, moment_ms, memory, inventory)
            except Exception as error:  # noqa: BLE001  # an edge: one rule must not stop the others
                return error

        if list_remotes(setting.source):  # while one is judged here, a server works on the next
            with ThreadPoolExecutor(READERS, "alerts") as pool:
                of_metrics = [one for one in due if isinstance(one[0], MetricRule)]
                outcomes: Iterable[Evaluation | Exception] = list(pool.map(run, of_metrics))
            # Those of files come after them, one after the other: one may read what another wrote.
            outcomes = chain(outcomes, map(run, due[len(of_metrics) :]))
        else:
            outcomes = map(run, due)
        for (rule, _), outcome in zip(due, outcomes, strict=True):
            self._counts.evaluations += 1
            if isinstance(outcome, Evaluation):
                if self._known.problems.pop(rule.id, None) is not None:
                    _LOG.info("rule %s works again", rule.id)
                self._known.missing[rule.id] = () if outcome.data is None else outcome.data.missing
                yield rule, outcome
            else:
                self._note_failure(rule, outcome)

    def _note_failure(self, rule: Rule, error: Exception) -> None:
        self._counts.failures += 1
        if rule.id not in self._known.problems:
            trace = None if isinstance(error, JipyoError) else error
            _LOG.warning("rule %s fails: %s", rule.id, error, exc_info=trace)
        self._known.problems[rule.id] = error

    def _list_incidents(
        self, memories: Mapping[str, RuleMemory], t_ms: int
    ) -> Collection[Incident]:
        """Recent incidents, where there are alerts without data that may be theirs."""
        series = (one for memory in memories.values() for one in memory.series.values())
        if all(one.alert.state is not AlertState.NO_DATA for one in series):
            return ()
        with self._store.reading() as db:
            return read_recent_incidents(db, t_ms).values()

    def _keep(
        self, memories: dict[str, RuleMemory], t_ms: int, transitions: Sequence[Transition]
    ) -> None:
        """Save the states, and what the followers make of the transitions, or nothing."""
        with self._store.transaction() as db:
            forget_rules(db, iter(self._known.memories.keys() - memories.keys()))
            rows = save_memories(db, memories, self._known.rows)
            for follow in self._followers:
                follow(db, t_ms, transitions)
        self._known.memories, self._known.rows = memories, rows
        for transition in transitions:
            _log_transition(transition)

    def _write_series(self, setting: _Setting, t_ms: int) -> None:
        rules = {rule.id: rule for rule in setting.rules if not isinstance(rule, RecordingRule)}
        samples = dict(build_alert_series(self.list_alerts(), rules, setting.own))
        self._written_ms = t_ms // setting.interval_ms * setting.interval_ms
        scrapes = self._writer.build(t_ms, samples)
        if scrapes:
            self._appender.append(scrapes)

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._loop.families()
        failing = len(self._known.problems)
        yield from self._counts.families(len(self.rules), failing, self.list_alerts())
