"""Alerts from one state to the next: a table of cases, and a slow reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.state import (
    FLAP_KEEP_MS,
    FLAP_OPENINGS,
    FLAP_WINDOW_MS,
    NOTHING,
    Condition,
    advance,
    close,
    read_condition,
)
from jipyo.analysis.thresholds import JudgeState, Severity, judge_history, step
from jipyo.catalogue import Direction, Thresholds
from jipyo.model.failure import FailureReason
from jipyo.model.labels import EMPTY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.alert import Transition

MINUTE_MS = 60_000
KEY = AlertKey("system.cpu.utilization", EMPTY)
VALUES = {".": 50.0, "h": 65.0, "w": 75.0, "c": 90.0, "-": None}
"""Below the thresholds, between recovery and threshold, warning, critical, missing."""
QUIET = {Severity.OK, Severity.UNKNOWN}
HIGHER = Direction.HIGHER_IS_WORSE


def make_thresholds(for_minutes: int, *, recovers: bool = False) -> Thresholds:
    return Thresholds(
        warning=70,
        critical=85,
        for_ms=for_minutes * MINUTE_MS,
        recover_warning=60 if recovers else None,
    )


def run(
    thresholds: Thresholds, values: Sequence[float | None], keep_minutes: int, step_ms: int
) -> tuple[str, list[Transition]]:
    """The states as letters, a capital one where it is critical, and the transitions."""
    judged, memory = JudgeState(), NOTHING
    letters, transitions = "", []
    for at, value in enumerate(values):
        judged = step(judged, at * step_ms, value, thresholds, HIGHER)
        now = read_condition(judged, at * step_ms, thresholds, 1)
        memory, change = advance(memory, KEY, at * step_ms, now, keep_minutes * MINUTE_MS)
        transitions += [] if change is None else [change]
        letters += show(memory.state, None if memory.alert is None else memory.alert.severity)
    return letters, transitions


def show(state: AlertState, severity: Severity | None) -> str:
    letter = {"inactive": ".", "no_data": "n"}.get(state.value, state.value[0])
    return letter.upper() if severity is Severity.CRITICAL and state.is_open else letter


@pytest.mark.parametrize(
    ("for_minutes", "keep", "values", "states"),
    [
        (0, 0, ".w..", ".f.."),  # fires at once, resolves at once
        (0, 0, ".c..", ".F.."),
        (2, 0, "ww.w.", "pp.p."),  # too short, each time
        (2, 0, "wwwww.", "ppfff."),  # from the first minute for two
        (2, 0, "wwwwcccww..", "ppffffFff.."),  # critical has a clock of its own
        (0, 2, ".w....", ".frr.."),  # kept firing for two minutes
        (0, 2, ".w.w...", ".frfrr."),  # comes back before they are over: the same alert
        (2, 2, "www.w...w..", "ppfrfrr.p.."),  # over, then begins anew
        (2, 3, "www.w.www...", "ppfrfrfffrrr"),  # pending is enough to fire on
        (0, 2, "ccw....", "FFFRR.."),  # milder for less than two minutes
        (0, 2, "ccwww...", "FFFFfrr."),  # milder for two minutes: a warning
        (0, 2, "ccwcww..", "FFFFFFRR"),  # critical again starts the clock of that anew
        (0, 0, "ccww..", "FFff.."),
        (0, 5, "c..wwww...", "FRRFFFfrrr"),  # what was recovering counts as milder, too
        (0, 0, "w---w", "ffnnf"),  # one minute is carried over; then no data, not resolved
        (0, 0, "w---.", "ffnn."),  # a good value resolves
        (0, 2, "w---....", "ffnnrr.."),  # and is waited for as ever
        (5, 0, "wwwwww---w..", "pppppffnnf.."),  # beyond the threshold is enough to fire on
        (5, 0, "ww---ww.", "ppp..pp."),  # a pending one ends with its samples
        (0, 3, "w.---...", "frrnnrrr"),  # its recovery is begun anew, too
        (0, 0, "------", "......"),
        (0, 0, "..---.", "......"),  # what never fired has no alert about its samples
    ],
)
def test_an_alert_goes_from_state_to_state(
    for_minutes: int, keep: int, values: str, states: str
) -> None:
    made, _ = run(make_thresholds(for_minutes), [VALUES[v] for v in values], keep, MINUTE_MS)
    assert made == states


@pytest.mark.parametrize(
    ("values", "states"),
    [
        ("wwwhhh.", "ppffff."),  # left only at the recovery threshold
        ("whwh.", "p.p.."),  # which keeps no pending one alive
    ],
)
def test_a_recovery_threshold_is_where_an_alert_ends(values: str, states: str) -> None:
    thresholds = make_thresholds(2, recovers=True)
    assert run(thresholds, [VALUES[v] for v in values], 0, MINUTE_MS)[0] == states


def test_transitions_name_the_times_of_the_condition() -> None:
    values = [VALUES[v] for v in ".wwwc...."]
    _, changes = run(make_thresholds(2), values, 3, MINUTE_MS)
    assert [
        (one.t_ms // MINUTE_MS, one.before.value, one.alert.state.value) for one in changes
    ] == [
        (1, "inactive", "pending"),
        (3, "pending", "firing"),
        (5, "firing", "recovering"),
        (8, "recovering", "inactive"),
    ]
    last = changes[-1].alert
    assert (last.active_ms, last.firing_ms, last.ended_ms) == (60_000, 180_000, 300_000)
    assert (last.value, last.threshold) == (50.0, 70)
    assert (last.peak, last.peak_ms) == (90.0, 240_000)


def test_warning_to_critical_is_a_change_of_one_alert() -> None:
    _, changes = run(make_thresholds(0), [VALUES[v] for v in "wc."], 0, MINUTE_MS)
    assert [(one.alert.state.value, one.alert.severity.name) for one in changes] == [
        ("firing", "WARNING"),
        ("firing", "CRITICAL"),
        ("inactive", "CRITICAL"),
    ]
    assert changes[1].alert.threshold == 85
    assert changes[1].alert.firing_ms == 0


def test_an_oscillation_of_two_hours_opens_and_closes_once() -> None:
    """Every three minutes across the threshold, with gaps in between."""
    wave = "wwwww" + "...wwww--wwww..w" * 15 + "." * 40
    letters, changes = run(make_thresholds(1), [VALUES[v] for v in wave], 5, MINUTE_MS // 2)
    assert letters.endswith(".")
    openings = [one for one in changes if not one.before.is_open and one.alert.state.is_open]
    closings = [one for one in changes if one.before.is_open and not one.alert.state.is_open]
    assert (len(openings), len(closings)) == (1, 1)


def test_an_alert_that_flaps_is_held_for_a_quarter_of_an_hour() -> None:
    """Two minutes each way, without any time that it is kept firing."""
    letters, changes = run(make_thresholds(0), [VALUES[v] for v in "ww.." * 30], 0, MINUTE_MS)
    openings = [one for one in changes if not one.before.is_open and one.alert.state.is_open]
    assert len(openings) == FLAP_OPENINGS
    assert letters[8:] == "ffrr" * 28


def test_a_changed_reason_is_a_transition_and_a_missing_one_is_none() -> None:
    memory, reasons = NOTHING, []
    refused, timeout = FailureReason.CONNECTION_REFUSED, FailureReason.TIMEOUT
    for at, reason in enumerate((refused, refused, None, timeout)):
        now = Condition(
            severity=Severity.CRITICAL, becomes=Severity.CRITICAL, since_ms=0, reason=reason
        )
        memory, change = advance(memory, KEY, at, now, 0)
        reasons.append(None if change is None else change.alert.reason)
    assert reasons == [refused, None, None, timeout]


def test_a_person_closes_an_alert_that_has_no_data() -> None:
    judged, memory = JudgeState(), NOTHING
    for at, value in enumerate((90.0, None, None, None)):
        judged = step(judged, at * MINUTE_MS, value, make_thresholds(0), HIGHER)
        now = read_condition(judged, at * MINUTE_MS, make_thresholds(0), 1)
        memory, _ = advance(memory, KEY, at * MINUTE_MS, now, 0)
    assert memory.state is AlertState.NO_DATA
    memory, change = close(memory, 9 * MINUTE_MS)
    assert change is not None
    assert (change.before, change.alert.state) == (AlertState.NO_DATA, AlertState.INACTIVE)
    assert change.alert.ended_ms == 9 * MINUTE_MS
    assert close(memory, 10 * MINUTE_MS) == (NOTHING, None)


# --- a slow reference


def find_states(severities: Sequence[Severity], step_ms: int, keep_ms: int) -> str:
    """The states by the rules as the module's text has them, looking back at every step."""
    letters: list[str] = []
    openings: list[int] = []
    while len(letters) < len(severities):
        start = len(letters)
        if severities[start] < Severity.WARNING:
            letters.append("p" if severities[start] is Severity.PENDING else ".")
            continue
        openings.append(start)
        held, grade = start, severities[start]
        for at in range(start, len(severities)):
            if at > start and severities[at - 1] is Severity.OK and severities[at] not in QUIET:
                openings.append(at)
            recent = [one for one in openings if (at - one) * step_ms < FLAP_WINDOW_MS]
            keep = max(keep_ms, FLAP_KEEP_MS) if len(recent) >= FLAP_OPENINGS else keep_ms
            severity = severities[at]
            held, grade = find_grade(severity, at, held, grade, -(-keep // step_ms))
            if severity is Severity.OK:
                good = at
                while severities[good - 1] is Severity.OK and good - 1 > start:
                    good -= 1
                if (at - good) * step_ms >= keep:
                    break
            letter = {Severity.UNKNOWN: "n", Severity.OK: "r"}.get(severity, "f")
            letters.append(letter.upper() if grade is Severity.CRITICAL else letter)
        else:
            break
        letters.append(".")
    return "".join(letters)


def find_grade(
    severity: Severity, at: int, held: int, grade: Severity, keep_steps: int
) -> tuple[int, Severity]:
    """The last step that was as severe as the alert, or unknown, and how severe that is."""
    if severity is Severity.UNKNOWN:
        return at, grade
    if severity >= grade:
        return at, severity
    if severity >= Severity.WARNING and at - held - 1 >= keep_steps:
        return at, severity
    return held, grade


@given(
    st.lists(st.sampled_from(".....hwwwcc-"), max_size=80),
    st.integers(0, 3),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from([MINUTE_MS // 4, MINUTE_MS, 5 * MINUTE_MS]),
)
def test_states_are_those_of_the_slow_reference(
    values: list[str], for_minutes: int, keep: int, recovers: bool, step_ms: int
) -> None:
    thresholds = make_thresholds(for_minutes, recovers=recovers)
    given_values = [VALUES[v] for v in values]
    letters, changes = run(thresholds, given_values, keep, step_ms)
    row = np.array([[np.nan if v is None else v for v in given_values]], float).reshape(1, -1)
    t_ms = np.arange(row.shape[1], dtype=np.int64) * step_ms
    judged = judge_history(t_ms, row, ~np.isnan(row), thresholds, HIGHER)
    severities = [Severity(one) for one in judged.severity[0].tolist()]
    assert letters == find_states(severities, step_ms, keep * MINUTE_MS)
    shown = "." + letters
    kinds = [i for i in range(len(letters)) if shown[i] != shown[i + 1]]
    assert [one.t_ms // step_ms for one in changes] == kinds
