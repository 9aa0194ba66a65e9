"""What a threshold means, case by case. That both forms of the judge agree is in contracts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.shaped import MINUTE_MS, T0_MS, levels, matrix, measured, metric
from jipyo.analysis.thresholds import (
    JudgeState,
    LevelClock,
    Pending,
    Severity,
    State,
    count_lead_steps,
    find_breaches,
    find_metric_breaches,
    find_threshold,
    has_recovered,
    is_reached,
    judge_history,
    list_levels,
    may_be_firing,
    step,
)
from jipyo.catalogue import Direction

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import Breach, StateHistory
    from jipyo.catalogue import Thresholds

HIGH, LOW = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE
LETTERS = {
    Severity.OK: "o",
    Severity.PENDING: "p",
    Severity.UNKNOWN: "?",
    Severity.WARNING: "w",
    Severity.CRITICAL: "c",
}


def judge(row: str, thresholds: Thresholds, direction: Direction = HIGH) -> StateHistory:
    """The history of one series, a value a minute, `.` where it is missing."""
    one = matrix(row)
    return judge_history(one.t_ms, one.values, one.present, thresholds, direction)


def states(row: str, thresholds: Thresholds, direction: Direction = HIGH) -> str:
    severities = judge(row, thresholds, direction).severity[0]
    return "".join(LETTERS[Severity(severity)] for severity in severities)


@pytest.mark.parametrize(
    ("row", "thresholds", "expected"),
    [
        ("69 70 84 85 90 60", levels(), "owwcco"),  # a threshold is reached at the value itself
        ("90 90 90 90", levels(minutes=2), "ppcc"),  # firing once it lasted
        ("90 60 90 90 90", levels(minutes=2), "popp" "c"),  # an interruption starts again
        ("75 75 90 90 90", levels(minutes=2), "ppwwc"),  # each level has its own clock
        ("90 75 90 75 90", levels(minutes=2), "ppwww"),  # and its own interruptions
        ("90 . 90 90", levels(minutes=2), "ppc" "c"),  # one missing step is carried over
        ("90 . . 90 90 90", levels(minutes=2), "pp?ppc"),  # a gap starts the clock again
        ("90 nan 90", levels(minutes=2), "ppc"),  # NaN is missing
        (". . 60 .", levels(), "??o" "o"),
        ("60 . . .", levels(), "oo??"),  # no data is unknown, never ok
        ("90 . . .", levels(minutes=1), "pc??"),  # and leaves every level
        ("90 80 75 70 69", levels(recover_critical=75), "cc" "w" "w" "o"),
        ("90 80 80 . . 80", levels(None, 85, recover_critical=75), "cccc?o"),
        ("80 86 80 74 80", levels(None, 85, recover_critical=75), "occ" "oo"),
        ("70 66 64 66", levels(70, None, recover_warning=65), "ww" "oo"),
        # A recovery threshold holds what is firing, and keeps nothing pending alive.
        ("90 80 90 80 90 80 70", levels(None, 85, minutes=1, recover_critical=75), "popopoo"),
        ("90 90 80 70", levels(None, 85, minutes=1, recover_critical=75), "pcc" "o"),
        ("75", levels(70, None), "w"),
        ("99", levels(None, None), "o"),
    ],
)  # fmt: skip
def test_a_series_goes_through_the_states(row: str, thresholds: Thresholds, expected: str) -> None:
    assert states(row, thresholds) == expected


@pytest.mark.parametrize(
    ("row", "thresholds", "expected"),
    [
        ("99 95 91 90 96", levels(95, 90), "owwco"),
        ("99 95 91 90 96", levels(95, 90, minutes=1), "opwwo"),
        ("90 93 96 97 99", levels(95, 90, recover_warning=97, recover_critical=94), "cc" "woo"),
    ],
)  # fmt: skip
def test_where_low_is_worse_all_is_the_other_way_round(
    row: str, thresholds: Thresholds, expected: str
) -> None:
    assert states(row, thresholds, LOW) == expected


@pytest.mark.parametrize(
    ("row", "thresholds", "since"),
    [
        ("60 60 90 90 90", levels(), [0, 0, 2, 2, 2]),
        (
            "60 90 90 90 90",
            levels(minutes=2),
            [0, 1, 1, 1, 1],
        ),  # since the first one beyond
        ("75 75 90 90 90", levels(minutes=2), [0, 0, 0, 0, 2]),  # critical since its own
        ("60 60 . . . 60", levels(), [0, 0, 0, 3, 3, 5]),
        ("90 80 90 60", levels(None, 85, recover_critical=75), [0, 0, 0, 3]),
    ],
)
def test_a_state_began_where_its_condition_did(
    row: str, thresholds: Thresholds, since: list[int]
) -> None:
    assert judge(row, thresholds).since[0].tolist() == since


@pytest.mark.parametrize(
    ("row", "thresholds", "pending"),
    [
        ("60", levels(minutes=5), None),
        ("75", levels(minutes=5), Pending(Severity.WARNING, 70, 0, 5 * MINUTE_MS)),
        (
            "60 75 75",
            levels(minutes=5),
            Pending(Severity.WARNING, 70, MINUTE_MS, 5 * MINUTE_MS),
        ),
        # The gravest that is reached, with its own clock.
        ("75 75 90", levels(minutes=5), Pending(Severity.CRITICAL, 85, 0, 5 * MINUTE_MS)),
        # A warning is firing, critical on its way.
        (
            "75 90 90",
            levels(minutes=2),
            Pending(Severity.CRITICAL, 85, MINUTE_MS, 2 * MINUTE_MS),
        ),
        ("75 75 75", levels(minutes=2), None),
        ("90 90 90", levels(minutes=2), None),
        ("90 . .", levels(minutes=5), None),
    ],
)
def test_what_is_pending_says_for_how_long_and_what_it_becomes(
    row: str, thresholds: Thresholds, pending: Pending | None
) -> None:
    history = judge(row, thresholds)
    assert history.find_pending(0, -1) == pending


def test_no_step_and_no_series_have_no_states() -> None:
    t_ms = np.empty(0, np.int64)
    none = judge_history(t_ms, np.empty((2, 0)), np.empty((2, 0), bool), levels(), HIGH)
    assert none.severity.shape == (2, 0)
    assert find_breaches(none, 1, MINUTE_MS) == ()
    two = np.array([T0_MS, T0_MS + 1], np.int64)
    assert judge_history(
        two, np.empty((0, 2)), np.empty((0, 2), bool), levels(), HIGH
    ).severity.shape == (0, 2)


# --- breaches


def breaches(row: str, thresholds: Thresholds, direction: Direction = HIGH) -> tuple[Breach, ...]:
    return find_breaches(judge(row, thresholds, direction), 0, MINUTE_MS)


def draw(row: str, thresholds: Thresholds, direction: Direction = HIGH) -> str:
    return draw_breaches(breaches(row, thresholds, direction))


def draw_breaches(some: tuple[Breach, ...]) -> str:
    """Each breach as from-to in minutes, its warning and critical minutes, its severity."""

    def minute(t_ms: int) -> int:
        return (t_ms - T0_MS) // MINUTE_MS + 1

    return " ".join(
        f"{minute(one.start_ms)}-{minute(one.end_ms)}:{one.warning_ms // MINUTE_MS}"
        f"+{one.critical_ms // MINUTE_MS}{LETTERS[one.severity]}{'…' if one.open else ''}"
        for one in some
    )


@pytest.mark.parametrize(
    ("row", "thresholds", "drawn"),
    [
        ("50 60 69.9", levels(), ""),
        ("50 70 50", levels(), "1-2:1+0w"),  # reached at the value itself
        ("50 70 85 84 50", levels(), "1-4:2+1c"),
        ("90 90", levels(), "0-2:0+2c…"),
        ("71 50 71", levels(), "0-1:1+0w 2-3:1+0w…"),
        ("71 . 71", levels(), "0-3:3+0w…"),  # one missing step is carried over
        ("71 . . 71", levels(), "0-2:2+0w 3-4:1+0w…"),  # nobody saw it go on
        (". .", levels(), ""),
        ("71 72 73 50", levels(minutes=2), "0-3:3+0w"),  # lasted for two minutes
        ("71 72 50", levels(minutes=2), "0-2:2+0p"),  # too short to fire
        ("50 71", levels(minutes=2), "1-2:1+0p…"),
        ("71 90 90 90 71", levels(minutes=2), "0-5:2+3c…"),
        ("71 90 90 71", levels(minutes=2), "0-4:2+2w…"),
        ("90 50", levels(warning=None), "0-1:0+1c"),
        ("90 50", levels(critical=None), "0-1:1+0w"),
        ("71 68 71 64 68", levels(recover_warning=65), "0-3:2+0w"),  # 68 is not recovered
        ("68 71 50", levels(recover_warning=65), "1-2:1+0w"),
        ("71 68 71", levels(minutes=2, recover_warning=65), "0-1:1+0p 2-3:1+0p…"),
        ("90 82 90 75 50", levels(recover_critical=80), "0-4:2+2c"),
    ],
)
def test_a_breach_lasts_from_the_threshold_to_recovery(
    row: str, thresholds: Thresholds, drawn: str
) -> None:
    assert draw(row, thresholds) == drawn


@pytest.mark.parametrize(
    ("row", "thresholds", "drawn"),
    [
        ("71 71 71 71 50", levels(minutes=2), "2-4:2+0w"),  # firing thanks to the lead
        ("71 71 50 50 50", levels(minutes=2), ""),  # over before
        ("71 71 71 50 50", levels(minutes=2), "2-3:1+0w"),
        ("50 71 71 50 50", levels(minutes=2), "2-3:1+0p"),
        ("71 68 68 68 50", levels(recover_warning=65), "2-4:0+0w"),  # held by recovery
        ("71 . . 71 50", levels(minutes=2), "3-4:1+0p"),
        ("90 90 90 71 71", levels(minutes=2), "2-5:2+1c…"),
    ],
)
def test_steps_before_are_judged_and_told_of_only_where_they_go_on(
    row: str, thresholds: Thresholds, drawn: str
) -> None:
    history = judge(row, thresholds)
    assert draw_breaches(find_breaches(history, 0, MINUTE_MS, lead=2)) == drawn


@pytest.mark.parametrize(
    ("thresholds", "step_ms", "steps"),
    [
        (None, MINUTE_MS, 0),
        (levels(), MINUTE_MS, 1),  # a missing step takes over the value before it
        (levels(minutes=5), MINUTE_MS, 6),
        (levels(minutes=5), 7_000, 52),  # never less than the alert duration
        (levels(minutes=5), 3_600_000, 1),
        (levels(minutes=5, recover_warning=65), MINUTE_MS, 66),
        (levels(recover_critical=75), MINUTE_MS, 61),
    ],
)
def test_as_many_steps_before_count_as_an_alert_needs(
    thresholds: Thresholds | None, step_ms: int, steps: int
) -> None:
    assert count_lead_steps(thresholds, step_ms) == steps


def test_where_low_is_worse_breaches_are_turned_around() -> None:
    assert draw("99 95 89 96", levels(95, 90), LOW) == "1-3:1+1c"
    (one,) = breaches("99 95 89 96", levels(95, 90), LOW)
    assert (one.peak, one.peak_ms) == (89, T0_MS + 2 * MINUTE_MS)


def test_the_gravest_stretch_of_a_critical_breach_is_its_longest_critical_one() -> None:
    (one,) = breaches("71 90 71 90 90 71", levels())
    start_ms = T0_MS - MINUTE_MS
    assert one.critical == (
        (start_ms + MINUTE_MS, start_ms + 2 * MINUTE_MS),
        (start_ms + 3 * MINUTE_MS, start_ms + 5 * MINUTE_MS),
    )
    assert one.gravest == one.critical[1]
    assert (one.start_ms, one.duration_ms, one.is_pending) == (start_ms, 6 * MINUTE_MS, False)
    (mild,) = breaches("71 71 50", levels())
    assert mild.gravest == (start_ms, start_ms + 2 * MINUTE_MS)


def test_of_equal_peaks_the_first_is_the_peak() -> None:
    (one,) = breaches("90 95 91 95", levels())
    assert (one.peak, one.peak_ms) == (95, T0_MS + MINUTE_MS)


def test_a_day_of_a_hundred_series_is_judged_in_whole_arrays() -> None:
    values = np.tile(60 + 30 * np.sin(np.arange(1440) / 60), (100, 1))
    t_ms = T0_MS + MINUTE_MS * np.arange(1440, dtype=np.int64)
    history = judge_history(t_ms, values, np.ones(values.shape, bool), levels(minutes=5), HIGH)
    assert set(np.unique(history.severity)) == {
        Severity.OK, Severity.PENDING, Severity.WARNING, Severity.CRITICAL
    }  # fmt: skip


# --- single values


@pytest.mark.parametrize(
    ("value", "direction", "at", "back"),
    [
        (69.9, HIGH, False, True),
        (70.0, HIGH, True, True),
        (70.1, HIGH, True, False),
        (69.9, LOW, True, False),
        (70.0, LOW, True, True),
        (70.1, LOW, False, True),
        (math.inf, HIGH, True, False),
        (-math.inf, HIGH, False, True),
        (math.nan, HIGH, False, False),
        (math.nan, LOW, False, False),
    ],
)
def test_a_threshold_and_a_recovery_threshold_are_met_at_the_value_itself(
    value: float, direction: Direction, at: bool, back: bool
) -> None:
    assert is_reached(value, 70, direction) is at
    assert has_recovered(value, 70, direction) is back
    assert is_reached(np.array([value]), 70, direction).tolist() == [at]
    assert has_recovered(np.array([value]), 70, direction).tolist() == [back]


def test_levels_are_those_that_have_a_threshold() -> None:
    both = levels(recover_warning=65)
    assert [tuple(one) for one in list_levels(both)] == [
        (Severity.WARNING, 70, 65),
        (Severity.CRITICAL, 85, None),
    ]
    assert find_threshold(both, Severity.CRITICAL) == 85
    assert find_threshold(levels(70, None), Severity.CRITICAL) is None
    assert list(list_levels(levels(None, None))) == []


def test_every_state_has_its_severity() -> None:
    assert [state.severity.state for state in State] == list(State)
    assert sorted(State, key=lambda state: state.severity) == [
        State.OK, State.PENDING, State.UNKNOWN, State.WARNING, State.CRITICAL
    ]  # fmt: skip


# --- step by step


def test_a_step_remembers_what_the_next_one_needs() -> None:
    thresholds = levels(minutes=2)
    state = step(JudgeState(), T0_MS, 90.0, thresholds, HIGH)
    clock = LevelClock(T0_MS, None)
    assert state == JudgeState(Severity.PENDING, T0_MS, 90.0, T0_MS, clock, clock)
    assert state.find_pending(T0_MS, thresholds) == Pending(Severity.CRITICAL, 85, 0, 2 * MINUTE_MS)
    state = step(state, T0_MS + 2 * MINUTE_MS, 80.0, thresholds, HIGH)
    assert (state.severity, state.since_ms) == (Severity.WARNING, T0_MS)
    assert state.critical == LevelClock()


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_missing_step_takes_over_the_value_within_the_grace_only(missing: float | None) -> None:
    first = step(JudgeState(), T0_MS, 90.0, levels(), HIGH)
    within = step(first, T0_MS + MINUTE_MS, missing, levels(), HIGH)
    assert (within.severity, within.value, within.seen_ms) == (Severity.CRITICAL, 90.0, T0_MS)
    after = step(within, T0_MS + MINUTE_MS + 1, missing, levels(), HIGH)
    assert (after.severity, after.value) == (Severity.UNKNOWN, None)
    assert after.find_pending(T0_MS + MINUTE_MS + 1, levels()) is None


def test_a_series_without_any_value_is_unknown_from_its_first_step() -> None:
    state = step(JudgeState(), T0_MS, None, levels(), HIGH)
    assert (state.severity, state.since_ms, state.seen_ms) == (Severity.UNKNOWN, T0_MS, None)


@pytest.mark.parametrize("direction", [HIGH, LOW])
@pytest.mark.parametrize("recovers", [False, True])
def test_where_nothing_may_be_firing_the_steps_before_decide_nothing(
    direction: Direction, recovers: bool
) -> None:
    random = np.random.default_rng((direction is HIGH, recovers))
    sign = 1 if direction is HIGH else -1
    thresholds = levels(
        sign * 70,
        sign * 85,
        minutes=3,
        recover_warning=sign * 60 if recovers else None,
        recover_critical=sign * 75 if recovers else None,
    )
    of = metric(thresholds=thresholds, direction=direction)
    lead, steps, decided = count_lead_steps(thresholds, MINUTE_MS), 12, 0
    for _ in range(300):
        values = sign * random.choice([50.0, 65.0, 72.0, 80.0, 90.0], lead + steps)
        values = np.repeat(values, random.integers(1, 5, values.size))[: lead + steps]
        cells = [f"{value:g}" if random.random() > 0.1 else "." for value in values]
        window = measured(" ".join(cells[lead:]), of=of)
        if may_be_firing(window).any():
            continue
        decided += 1
        whole = measured(" ".join(cells), of=of)
        t_ms = window.matrix.t_ms + lead * MINUTE_MS
        alone = replace(window, matrix=replace(window.matrix, t_ms=t_ms))
        expected = find_metric_breaches(whole, MINUTE_MS, lead)
        assert find_metric_breaches(alone, MINUTE_MS) == expected
    assert decided > 30
