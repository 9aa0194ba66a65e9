"""Rules at the moments of a grid: the same as over the whole history, and as the verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.alert import AlertState
from jipyo.alerts.evaluation import (
    CATCH_UP_MS,
    RuleMemory,
    advance_expression,
    advance_metric,
    assess_memory,
    evaluate,
    find_silent,
    plan_moments,
    restore_clock,
)
from jipyo.alerts.rule import ExpressionRule, MetricRule
from jipyo.analysis.health import assess, build_absent, look_back_ms
from jipyo.analysis.thresholds import JudgeState, LevelClock, Severity
from jipyo.catalogue import (
    Direction,
    Metric,
    MetricGroup,
    MetricQuery,
    Statistic,
    Thresholds,
    Unit,
)
from jipyo.model.bilingual import Bilingual
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import MetricData
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.alerts.alert import Transition

STEP_MS = 15_000
START_MS = 1_700_000_000_000 // STEP_MS * STEP_MS
NAME = Bilingual(ko="x", en="x")
QUERY = MetricQuery(exporter="one", promql="x")
METRIC = Metric(
    id="system.x",
    group=MetricGroup.SYSTEM,
    name=NAME,
    description=NAME,
    unit=Unit.PERCENT,
    direction=Direction.HIGHER_IS_WORSE,
    labels=("instance", "gpu"),
    thresholds=Thresholds(warning=70, critical=85, for_ms=30_000, recover_warning=60),
    queries=(QUERY,),
)
RULE = MetricRule(metric=METRIC, interval_ms=STEP_MS, keep_firing_ms=45_000)
SERIES = tuple(
    Labels.of({"instance": instance, "gpu": gpu})
    for instance, gpu in (("a", "0"), ("a", "1"), ("b", "0"))
)


def make_data(values: np.ndarray, steps: slice = slice(None)) -> MetricData:
    """The data of some steps, of which NaN is missing; without series that have no value."""
    t_ms = START_MS + np.arange(values.shape[1], dtype=np.int64)[steps] * STEP_MS
    part = values[:, steps]
    rows = [row for row in range(len(values)) if not np.isnan(part[row]).all()]
    matrix = Matrix(tuple(SERIES[row] for row in rows), t_ms, part[rows], ~np.isnan(part[rows]))
    return MetricData(METRIC, matrix, (QUERY,) * len(rows), (), n=np.full(part[rows].shape, 50.0))


def evaluate_all(values: np.ndarray, cuts: list[int]) -> tuple[RuleMemory, list[Transition]]:
    """Evaluated in pieces that end before these steps."""
    memory = RuleMemory(START_MS - STEP_MS, {}, True, None, START_MS)
    transitions: list[Transition] = []
    bounds = [0, *cuts, values.shape[1]]
    for start, end in pairwise(bounds):
        if start < end:
            done = advance_metric(RULE, make_data(values, slice(start, end)), memory, {})
            memory = done.memory
            transitions += done.transitions
    return memory, transitions


RUNS = st.lists(
    st.tuples(st.sampled_from([50.0, 50.0, 65.0, 75.0, 90.0, math.nan]), st.integers(1, 9)),
    min_size=8,
    max_size=8,
)
"""Values that last for some steps."""


@st.composite
def draw_history(draw: st.DrawFn) -> np.ndarray:
    runs = draw(st.lists(RUNS, min_size=1, max_size=3))
    rows = [np.repeat([value for value, _ in row], [count for _, count in row]) for row in runs]
    steps = min(len(row) for row in rows)
    return np.array([row[:steps] for row in rows])


HISTORIES = draw_history()


@given(HISTORIES)
def test_the_states_give_the_same_verdict_as_the_history(values: np.ndarray) -> None:
    """The contract of the verdict: a server with rules and an offline command are equal."""
    memory, _ = evaluate_all(values, list(range(1, values.shape[1])))
    end_ms = START_MS + (values.shape[1] - 1) * STEP_MS
    assert assess_memory(RULE, memory) == assess(make_data(values), end_ms)


@given(HISTORIES, st.lists(st.integers(0, 50), max_size=5))
def test_moments_that_were_missed_give_the_same_alerts(values: np.ndarray, cuts: list[int]) -> None:
    """However late, and in however large pieces, a moment is evaluated."""
    steps = values.shape[1]
    one_by_one = evaluate_all(values, list(range(1, steps)))
    memory, transitions = evaluate_all(values, sorted(cut for cut in cuts if cut < steps))
    order = lambda one: (one.t_ms, one.alert.key.labels)  # noqa: E731
    assert sorted(transitions, key=order) == sorted(one_by_one[1], key=order)
    alerts = {labels: one.alert for labels, one in memory.series.items()}
    assert alerts == {labels: one.alert for labels, one in one_by_one[0].series.items()}


def test_a_metric_of_which_there_may_be_means_is_read_where_nothing_is_judged() -> None:
    mean = replace(QUERY, exporter="other", statistic=Statistic.MEAN)
    rule = replace(RULE, metric=replace(METRIC, queries=(QUERY, mean)))
    memory, _ = evaluate_all(np.full((1, 3), math.nan), [])
    assert assess_memory(RULE, memory) == build_absent(METRIC)
    assert assess_memory(rule, memory) is None
    assert assess_memory(RULE, RuleMemory()) is None


def test_a_series_that_stays_away_is_forgotten_unless_its_alert_is_open() -> None:
    steps = (look_back_ms(METRIC) + 120_000) // STEP_MS
    values = np.full((3, steps), math.nan)
    values[0, :5], values[1, :5], values[2] = 90.0, 50.0, 50.0
    memory, _ = evaluate_all(values, [])
    assert set(memory.series) == {SERIES[0], SERIES[2]}
    assert memory.series[SERIES[0]].alert.state is AlertState.NO_DATA


def test_after_a_gap_longer_than_is_made_up_for_nothing_is_known_of_it() -> None:
    values = np.full((1, 10), 90.0)
    memory, _ = evaluate_all(values, [])
    evaluated_ms = memory.evaluated_ms or 0
    t_ms = evaluated_ms + CATCH_UP_MS + 3_600_000
    moments = plan_moments(RULE, t_ms, memory)
    assert (int(moments[0]), int(moments[-1])) == (t_ms - CATCH_UP_MS, t_ms)
    matrix = Matrix(
        SERIES[:1], moments, np.full((1, len(moments)), 90.0), np.ones((1, len(moments)), bool)
    )
    done = advance_metric(RULE, MetricData(METRIC, matrix, (QUERY,), ()), memory, {})
    assert [(one.t_ms - evaluated_ms, one.alert.state.value) for one in done.transitions] == [
        (75_000, "no_data"),
        (int(moments[0]) - evaluated_ms, "firing"),
    ]


def test_the_first_evaluation_judges_the_past_and_alerts_now() -> None:
    values = np.full((1, 20), 90.0)
    done = advance_metric(RULE, make_data(values), RuleMemory(), {})
    (change,) = done.transitions
    assert change.t_ms == START_MS + 19 * STEP_MS
    assert change.alert.active_ms == START_MS


@pytest.mark.parametrize(
    ("hours", "interval_ms"), [(3, 1000), (10 * 24, 15_000), (24, 1000), (3, 15_000)]
)
def test_an_alert_duration_of_any_length_is_judged_after_a_restart(
    hours: int, interval_ms: int
) -> None:
    """A query has no more steps than the engine allows, whatever the interval of the rules."""
    minutes, moved = np.arange(hours * 60 + 30), {"__name__": "x", **dict(SERIES[0].pairs)}
    store = MemoryStore()
    store.put(Labels.of(moved), START_MS + minutes * 60_000, np.full(len(minutes), 90.0))
    thresholds = Thresholds(warning=70, critical=85, for_ms=hours * 3_600_000)
    rule = replace(RULE, metric=replace(METRIC, thresholds=thresholds), interval_ms=interval_ms)
    t_ms = START_MS + int(minutes[-1]) * 60_000
    saved = RuleMemory(t_ms - 60_000, {})
    apart = np.unique(np.diff(plan_moments(rule, t_ms, saved)))
    assert len(apart) == 1
    assert apart[0] % interval_ms == 0
    done = evaluate(rule, Embedded(store, Engine()), t_ms, saved)
    assert [one.alert.state for one in done.transitions] == [AlertState.FIRING]
    assert done.memory.evaluated_ms == t_ms
    (series,) = done.memory.series.values()
    assert isinstance(series.judged, JudgeState)
    assert series.judged.since_ms is not None
    assert abs(series.judged.since_ms - START_MS) <= apart[0]
    then = plan_moments(rule, t_ms + interval_ms, done.memory)
    assert then.tolist() == [t_ms + interval_ms]


# --- expressions, as Prometheus: rules/alerting_test.go


ALERT = ExpressionRule(
    id="f/g/A",
    name="A",
    expression="x > 1",
    for_ms=30_000,
    keep_firing_ms=30_000,
    labels=(("severity", "page"),),
)
THERE = Labels.of({"instance": "a"})
DEAD = Labels.of({"job": "web", "instance": "b", "severity": "page"})


@pytest.mark.parametrize(
    ("answers", "states"),
    [
        (".xxx.", ".ppfr"),  # kept firing from the first answer without it
        ("xxx...x", "ppfrr.p"),
        ("xxx.xx...", "ppfrffrr."),  # back while it was kept firing: no new alert duration
        ("xx.xx", "pp.pp"),  # an interruption starts the clock again
        ("xxx??..", "ppfffrr"),  # an incomplete answer leaves it as it is
        ("xxxdd..", "ppfnnrr"),  # its target is down: it has no data, and has not recovered
        ("xxxddx", "ppfnnf"),
        ("xxdd", "pp.."),  # what was pending ends
    ],
)
def test_an_alert_of_an_expression_is_what_its_answer_has(answers: str, states: str) -> None:
    memory, letters = RuleMemory(), ""
    for at, answer in enumerate(answers):
        values = {THERE: 2.0} if answer == "x" else {}
        t_ms = at * STEP_MS
        silent = {THERE} if answer == "d" and "f" in letters else set()
        done = advance_expression(
            ALERT, t_ms, values, memory, is_whole=answer != "?", silent=silent
        )
        memory = done.memory
        state = memory.series[THERE].alert.state.value if THERE in memory.series else "."
        letters += state[0]
    assert letters == states


@pytest.mark.parametrize(("up", "found"), [(0.0, {DEAD}), (1.0, set()), (None, set())])
def test_an_alert_of_a_target_that_is_down_is_silent(up: float | None, found: set[Labels]) -> None:
    store = MemoryStore()
    if up is not None:
        series = Labels.of({"__name__": "up", "job": "web", "instance": "b"})
        store.append([Scrape(START_MS, (series,), np.array([up]))])
    source = Embedded(store, Engine())
    fired = replace(ALERT, for_ms=0, labels=())
    memory = advance_expression(fired, START_MS, {THERE: 2.0, DEAD: 2.0}, RuleMemory()).memory
    assert find_silent(source, START_MS, {THERE: 2.0}, memory) == found
    assert find_silent(source, START_MS, {THERE: 2.0, DEAD: 2.0}, memory) == set()


def test_what_wakes_a_person_is_critical() -> None:
    assert ALERT.severity is Severity.CRITICAL
    assert replace(ALERT, labels=()).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("reached_s", "down_s", "t_s", "for_s", "restored_s"),
    [
        (0, 900, 2000, 1800, 1100),  # the pause of 1100 s does not count
        (0, 1500, 1700, 1800, 500),  # 300 s are left: it waits for 600 s
        (0, 100, 200, 300, 200),  # a short duration begins anew
        (0, 900, 5000, 1800, 5000),  # after more than an hour every one does
        (0, 1800, 2000, 1800, 0),  # it had lasted
    ],
)
def test_a_pending_alert_is_restored_after_a_pause(
    reached_s: int, down_s: int, t_s: int, for_s: int, restored_s: int
) -> None:
    clock = LevelClock(reached_s * 1000)
    restored = restore_clock(clock, down_s * 1000, t_s * 1000, for_s * 1000)
    assert restored == LevelClock(restored_s * 1000)
    firing = LevelClock(0, 0)
    assert restore_clock(firing, down_s * 1000, t_s * 1000, for_s * 1000) is firing
