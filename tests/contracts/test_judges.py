"""One judge: over arrays and step by step, and what health and reports make of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from analysis.shaped import MINUTE_MS, T0_MS, levels, metric
from jipyo.analysis.health import assess
from jipyo.analysis.summary import summarise_metric
from jipyo.analysis.thresholds import (
    GRACE_MS,
    Breach,
    JudgeState,
    Severity,
    count_lead_steps,
    find_breaches,
    judge_history,
    step,
)
from jipyo.analysis.window import Window
from jipyo.catalogue import Direction, MetricQuery
from jipyo.i18n import texts
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import MetricData, read_metric
from jipyo.web.api.metrics import build_range
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import StateHistory
    from jipyo.catalogue import Thresholds
    from jipyo.model.sample import Mask, Times, Values

HIGH, LOW = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE
SERIES, STEPS = 500, 30
QUERY = MetricQuery(exporter="node_exporter", promql="cpu")

# Twenty ways to be judged of 500 histories each: 10,000 histories in all.
WAYS: list[tuple[Thresholds, Direction, int]] = [
    (levels(), HIGH, GRACE_MS),
    (levels(), HIGH, 0),
    (levels(minutes=1), HIGH, GRACE_MS),
    (levels(minutes=2), HIGH, GRACE_MS),
    (levels(minutes=2), HIGH, 0),
    (levels(minutes=5), HIGH, 3 * MINUTE_MS),
    (levels(70, None, minutes=1), HIGH, GRACE_MS),
    (levels(None, 85, minutes=1), HIGH, GRACE_MS),
    (levels(minutes=1, recover_warning=65), HIGH, GRACE_MS),
    (levels(minutes=1, recover_critical=75), HIGH, GRACE_MS),
    (levels(minutes=2, recover_warning=65, recover_critical=75), HIGH, 0),
    (levels(minutes=0, recover_warning=65, recover_critical=60), HIGH, GRACE_MS),
    (levels(70, None, minutes=3, recover_warning=60), HIGH, 2 * MINUTE_MS),
    (levels(75, 75, minutes=1), HIGH, GRACE_MS),
    (levels(85, 70), LOW, GRACE_MS),
    (levels(85, 70, minutes=2), LOW, 0),
    (levels(85, 70, minutes=1, recover_warning=90), LOW, GRACE_MS),
    (levels(85, 70, minutes=2, recover_warning=90, recover_critical=85), LOW, GRACE_MS),
    (levels(None, 70, minutes=1, recover_critical=76), LOW, 2 * MINUTE_MS),
    (levels(85, None, minutes=4), LOW, GRACE_MS),
]


@dataclass(frozen=True)
class Histories:
    t_ms: Times
    values: Values
    present: Mask

    def cell(self, row: int, at: int) -> float | None:
        return float(self.values[row, at]) if self.present[row, at] else None


def random_histories(seed: int) -> Histories:
    """Values at, beside and between the thresholds, in runs, with gaps and some NaN."""
    random = np.random.default_rng(seed)
    shape = (SERIES, STEPS)
    values = random.choice([55.0, 60, 65, 69.9, 70, 75, 76, 84, 85, 90, 95], shape)
    stays = random.random(shape) < random.random((SERIES, 1)) * 0.9
    for at in range(1, STEPS):
        values[:, at] = np.where(stays[:, at], values[:, at - 1], values[:, at])
    values[random.random(shape) < 0.01] = np.nan
    present = random.random(shape) >= random.random((SERIES, 1)) * 0.5
    t_ms = T0_MS + MINUTE_MS * np.arange(STEPS, dtype=np.int64)
    return Histories(t_ms, values, present)


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_the_history_is_what_single_steps_give(way: int) -> None:
    thresholds, direction, grace_ms = WAYS[way]
    all_of = random_histories(way)
    history = judge_history(
        all_of.t_ms, all_of.values, all_of.present, thresholds, direction, grace_ms
    )
    times = all_of.t_ms.tolist()
    for row in range(SERIES):
        state = JudgeState()
        for at, t_ms in enumerate(times):
            state = step(state, t_ms, all_of.cell(row, at), thresholds, direction, grace_ms)
            seen = (history.severity[row, at], times[history.since[row, at]])
            assert seen == (state.severity, state.since_ms), (row, at, all_of.values[row])
            assert history.find_pending(row, at) == state.find_pending(t_ms, thresholds)


@pytest.mark.parametrize("way", range(0, len(WAYS), 3))
def test_a_state_that_was_saved_goes_on_as_if_it_had_not_been(way: int) -> None:
    thresholds, direction, grace_ms = WAYS[way]
    all_of = random_histories(way)
    for row in range(40):
        kept = saved = JudgeState()
        for at, t_ms in enumerate(all_of.t_ms.tolist()):
            value = all_of.cell(row, at)
            kept = step(kept, t_ms, value, thresholds, direction, grace_ms)
            saved = JudgeState.from_dict(orjson.loads(orjson.dumps(asdict(saved))))
            saved = step(saved, t_ms, value, thresholds, direction, grace_ms)
            assert saved == kept


def plain_breaches(history: StateHistory, row: int) -> list[tuple[int, int, Severity, bool]]:
    """Start, end, gravest severity and openness, by walking over the states."""
    breaches: list[tuple[int, int, Severity, bool]] = []
    beyond = (Severity.PENDING, Severity.WARNING, Severity.CRITICAL)
    began, gravest = None, Severity.OK
    times = history.t_ms.tolist()
    for at, number in enumerate(history.severity[row].tolist()):
        severity = Severity(number)
        if severity in beyond:
            began = at if began is None else began
            gravest = max(gravest, severity)
        if began is not None and (severity not in beyond or at == len(times) - 1):
            last = at if severity in beyond else at - 1
            breaches.append((times[began] - MINUTE_MS, times[last], gravest, severity in beyond))
            began, gravest = None, Severity.OK
    return breaches


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_breaches_are_the_runs_of_states_beyond_a_threshold(way: int) -> None:
    thresholds, direction, grace_ms = WAYS[way]
    all_of = random_histories(way)
    history = judge_history(
        all_of.t_ms, all_of.values, all_of.present, thresholds, direction, grace_ms
    )
    for row in range(0, SERIES, 4):
        breaches = find_breaches(history, row, MINUTE_MS)
        drawn = [(one.start_ms, one.end_ms, one.severity, one.open) for one in breaches]
        assert drawn == plain_breaches(history, row)
        for one in breaches:
            check_inside(history, row, one)


def check_inside(history: StateHistory, row: int, breach: Breach) -> None:
    within = (history.t_ms > breach.start_ms) & (history.t_ms <= breach.end_ms)
    values = history.values[row, within]
    worst = values.min() if history.direction is LOW else values.max()
    assert breach.peak == worst
    assert breach.peak_ms == history.t_ms[within][int(np.flatnonzero(values == worst)[0])]
    assert breach.warning_ms + breach.critical_ms <= breach.duration_ms
    assert breach.start_ms <= breach.gravest[0] < breach.gravest[1] <= breach.end_ms
    firing = history.severity[row, within] == Severity.CRITICAL
    drawn = np.zeros(firing.shape, bool)
    for start_ms, end_ms in breach.critical:
        drawn |= (history.t_ms[within] > start_ms) & (history.t_ms[within] <= end_ms)
    assert not (firing & ~drawn).any()


@pytest.mark.parametrize("way", [0, 2, 8, 10, 14, 17])
def test_health_at_any_moment_is_the_last_of_the_steps(way: int) -> None:
    thresholds, direction, grace_ms = WAYS[way]
    all_of = random_histories(way)
    of = metric(thresholds=thresholds, direction=direction)
    for row in range(60):
        at = 5 + row % (STEPS - 5)
        part = slice(row, row + 1)
        present = all_of.present[part] & ~np.isnan(all_of.values[part])
        matrix = Matrix((Labels.of({"instance": "a"}),), all_of.t_ms, all_of.values[part], present)
        data = MetricData(of, matrix, (QUERY,), (), ())
        one = assess(data, int(all_of.t_ms[at]), grace_ms=grace_ms)
        state = JudgeState()
        for before in range(at + 1):
            t_ms = int(all_of.t_ms[before])
            state = step(state, t_ms, all_of.cell(row, before), thresholds, direction, grace_ms)
        assert one.state is state.severity.state
        if one.state.severity is not Severity.UNKNOWN:
            assert (one.value, one.since_ms) == (state.value, state.since_ms)
            assert one.pending == state.find_pending(int(all_of.t_ms[at]), thresholds)


# --- the report's breaches and the dashboard's strip

WINDOW = Window(T0_MS + 120 * MINUTE_MS, T0_MS + 240 * MINUTE_MS)
RULES: list[tuple[Thresholds, Direction]] = [
    (levels(), HIGH),
    (levels(minutes=2), HIGH),
    (levels(minutes=5), HIGH),
    (levels(minutes=3, recover_warning=65), HIGH),
    (levels(85, 70, minutes=2), LOW),
]


def stored_histories(seed: int) -> Embedded:
    """Four hours of five hosts, a value a minute, with pauses longer than the lookback."""
    random = np.random.default_rng(seed)
    store = MemoryStore()
    for host in range(5):
        values = np.repeat(random.choice([55.0, 65, 70, 84, 90], 80), 3)
        kept = np.repeat(random.random(24) > 0.15, 10)
        times = T0_MS + MINUTE_MS * np.arange(240)
        labels = Labels.of({"__name__": "cpu", "instance": f"host{host}"})
        store.put(labels, (times[kept] + 1).tolist(), values[kept].tolist())
    return Embedded(store, Engine())


def fold_breaches(data: MetricData, row: int) -> list[tuple[int, int, Severity]]:
    """Start, end and severity within the window, from single steps since long before it."""
    metric, matrix = data.metric, data.matrix
    assert metric.thresholds is not None
    state, breaches = JudgeState(), list[tuple[int, int, Severity]]()
    was_beyond = False
    for at, t_ms in enumerate(matrix.t_ms.tolist()):
        value = float(matrix.values[row, at]) if matrix.present[row, at] else None
        state = step(state, t_ms, value, metric.thresholds, metric.direction)
        is_beyond = state.severity in (Severity.PENDING, Severity.WARNING, Severity.CRITICAL)
        if is_beyond and t_ms > WINDOW.start_ms:
            start_ms, gravest = t_ms - MINUTE_MS, state.severity
            if was_beyond and breaches:
                start_ms, _, before = breaches.pop()
                gravest = max(before, gravest)
            breaches.append((start_ms, t_ms, gravest))
            was_beyond = True
        else:
            was_beyond = False
    return breaches


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rule", range(len(RULES)))
def test_reports_and_the_dashboard_tell_what_single_steps_give(rule: int, seed: int) -> None:
    thresholds, direction = RULES[rule]
    source = stored_histories(seed)
    of = metric(thresholds=thresholds, direction=direction)
    everything = read_metric(source, of, T0_MS, WINDOW.end_ms, MINUTE_MS)
    expected = {
        labels: fold_breaches(everything, row)
        for row, labels in enumerate(everything.matrix.series)
    }
    assert sum(map(len, expected.values())) >= 5, "too quiet to prove anything"
    summary = summarise_metric(source, of, WINDOW)
    for series in summary.series:
        reported = [(one.start_ms, one.end_ms, one.severity) for one in series.breaches]
        assert reported == expected[series.labels]
    lead = count_lead_steps(thresholds, MINUTE_MS)
    first_ms = WINDOW.start_ms + MINUTE_MS
    data = read_metric(source, of, first_ms - lead * MINUTE_MS, WINDOW.end_ms, MINUTE_MS)
    for shown in build_range(data, lead, MINUTE_MS, texts("en")).series:
        # A chart shows from when a breach is, though that lies before it.
        drawn = [(max(one.start * 1000, WINDOW.start_ms), one.end * 1000) for one in shown.breaches]
        labels = Labels.of(dict(shown.labels))
        assert drawn == [(start_ms, end_ms) for start_ms, end_ms, _ in expected[labels]]
