"""On random histories incident minutes, the report's breaches and a plain count are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alerts.incident.alert_stories import MINUTE_MS, T0_MS, fold_all, key
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.state import NOTHING, advance, read_condition
from jipyo.analysis.thresholds import JudgeState, Severity, find_breaches, judge_history, step
from jipyo.catalogue import Direction, Thresholds

if TYPE_CHECKING:
    from numpy.random import Generator

    from jipyo.alerts.alert import AlertKey, Transition
    from jipyo.alerts.incident.incident import Incident, Stretch

STEPS = 90
GROUPING = IncidentGrouping(interval_ms=MINUTE_MS)
HISTORIES = 1000
DAMPED_HISTORIES = 300


def draw_thresholds(random: Generator, *, may_recover: bool) -> Thresholds:
    recovers = may_recover and random.random() < 0.5
    return Thresholds(
        warning=70.0,
        critical=85.0,
        for_ms=int(random.integers(0, 4)) * MINUTE_MS,
        recover_warning=60.0 if recovers else None,
        recover_critical=80.0 if recovers else None,
    )


def draw_values(random: Generator, *, missing: float) -> list[float | None]:
    """Stretches of good, bad and missing values."""
    values: list[float | None] = []
    while len(values) < STEPS:
        value = float((20, 65, 75, 90)[int(random.integers(0, 4))])
        length = int(random.integers(1, 12))
        values += [None if random.random() < missing else value] * length
    return values[:STEPS]


def list_changes(
    alert_key: AlertKey, values: list[float | None], thresholds: Thresholds, *, damping: bool
) -> list[Transition]:
    """What evaluations a minute make of the values, as the server does it."""
    judged, memory, changes = JudgeState(), NOTHING, []
    for minute, value in enumerate(values):
        t_ms = T0_MS + minute * MINUTE_MS
        judged = step(judged, t_ms, value, thresholds, Direction.HIGHER_IS_WORSE)
        now = read_condition(judged, t_ms, thresholds, 1)
        keep_ms = 5 * MINUTE_MS if damping else 0
        memory, change = advance(memory, alert_key, t_ms, now, keep_ms, damps_flapping=damping)
        changes += [] if change is None else [change]
    return changes


def list_report_breaches(
    values: list[float | None], thresholds: Thresholds
) -> dict[Stretch, Severity]:
    """The report's breaches, with their severities; one that is open at the end has no end."""
    t_ms = T0_MS + np.arange(STEPS, dtype=np.int64) * MINUTE_MS
    present = np.array([[value is not None for value in values]])
    row = np.array([[0.0 if value is None else value for value in values]])
    history = judge_history(t_ms, row, present, thresholds, Direction.HIGHER_IS_WORSE)
    return {
        (one.start_ms, None if one.open else one.end_ms): one.severity
        for one in find_breaches(history, 0, MINUTE_MS)
    }


def count_minutes(values: list[float | None], thresholds: Thresholds) -> set[int]:
    """The minutes at which a value was beyond 70, in runs that lasted for the alert duration."""
    fired: set[int] = set()
    run: list[int] = []
    for minute, value in enumerate([*values, None]):
        if value is not None and value >= 70:
            run.append(minute)
            continue
        if run and (run[-1] - run[0]) * MINUTE_MS >= thresholds.for_ms:
            fired.update(run)
        run = []
    return fired


def list_minutes(incidents: dict[int, Incident]) -> set[int]:
    """The minutes of the stretches of incidents, each by the step that covers it."""
    end_ms = T0_MS + (STEPS - 1) * MINUTE_MS
    return {
        (at - T0_MS) // MINUTE_MS + 1
        for one in incidents.values()
        for start, end in one.stretches
        for at in range(start, end_ms if end is None else end, MINUTE_MS)
    }


def test_incident_minutes_are_those_of_the_report_and_of_a_plain_count() -> None:
    """Of several series of one host, each minute once."""
    random = np.random.default_rng(16)
    for _ in range(HISTORIES):
        thresholds = draw_thresholds(random, may_recover=False)
        changes: list[Transition] = []
        fired: set[Stretch] = set()
        minutes: set[int] = set()
        for core in range(int(random.integers(1, 4))):
            values = draw_values(random, missing=0)
            alert_key = key("system.cpu", instance="a", cpu=str(core))
            changes += list_changes(alert_key, values, thresholds, damping=False)
            breaches = list_report_breaches(values, thresholds)
            fired |= {each for each, one in breaches.items() if one >= Severity.WARNING}
            minutes |= count_minutes(values, thresholds)
        incidents = fold_all(sorted(changes, key=lambda one: one.t_ms), GROUPING)
        parts = [alert for one in incidents.values() for alert in one.alerts]
        assert {each for part in parts for each in part.stretches} == fired
        assert list_minutes(incidents) == minutes
        end_ms = T0_MS + (STEPS - 1) * MINUTE_MS
        total_ms = sum(one.breached_ms(end_ms) for one in incidents.values())
        assert total_ms >= len(minutes) * MINUTE_MS
        if len(incidents) == 1:
            assert total_ms == len(minutes) * MINUTE_MS


def test_what_is_kept_firing_or_without_samples_counts_no_other_minutes() -> None:
    """Each stretch of an incident is a breach of the report, and each that fired is one of them.

    The others were too short to fire, in an incident that was open already.
    """
    random = np.random.default_rng(17)
    short = 0
    for _ in range(DAMPED_HISTORIES):
        thresholds = draw_thresholds(random, may_recover=True)
        values = draw_values(random, missing=0.15)
        changes = list_changes(key("system.cpu", instance="a"), values, thresholds, damping=True)
        incidents = fold_all(changes, GROUPING)
        stretches = {each for one in incidents.values() for each in one.stretches}
        breaches = list_report_breaches(values, thresholds)
        fired = {each for each, one in breaches.items() if one >= Severity.WARNING}
        assert fired <= stretches <= set(breaches)
        for start_ms, end_ms in stretches - fired:
            short += 1
            assert end_ms is None or end_ms - start_ms <= thresholds.for_ms
    assert short
