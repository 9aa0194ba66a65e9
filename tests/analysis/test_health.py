from __future__ import annotations

import pytest

from analysis.shaped import (
    FULL,
    MEAN,
    MINUTE_MS,
    T0_MS,
    levels,
    measured,
    metric,
)
from jipyo.analysis.health import Health, Reason, assess, build_refused, combine
from jipyo.analysis.thresholds import Pending, Severity, State
from jipyo.catalogue import Across, Direction, ReportShape, Summary
from jipyo.model.figure import UNKNOWN_PROPORTION
from jipyo.model.labels import Labels

LATER_MS = T0_MS + 10**9
HIGH, LOW = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE


def test_a_level_began_when_its_value_was_first_reached() -> None:
    one = assess(measured("60 75 90 90 90", of=metric(thresholds=levels(minutes=2))), LATER_MS)
    assert (one.state, one.since_ms, one.since_open) == (
        State.CRITICAL,
        T0_MS + 2 * MINUTE_MS,
        False,
    )
    assert (one.value, one.threshold, one.reason) == (90, 85, Reason.BREACH)
    assert one.worst == Labels.of({"instance": "host0"})
    assert one.exporter == "node_exporter"


def test_what_began_before_the_window_says_so() -> None:
    assert assess(measured("90 90"), LATER_MS).since_open
    assert assess(measured("60 60"), LATER_MS).since_open
    recovered = assess(measured("90 60 60"), LATER_MS)
    assert (recovered.since_ms, recovered.since_open) == (T0_MS + MINUTE_MS, False)


def test_the_state_of_a_metric_is_as_old_as_its_gravest_run() -> None:
    """Two hosts relieve each other: the metric was critical all the time."""
    one = assess(measured("60 90 90 60", "60 60 90 90"), LATER_MS)
    assert (one.state, one.since_ms) == (State.CRITICAL, T0_MS + MINUTE_MS)
    assert one.worst == Labels.of({"instance": "host1"})


def test_the_worst_series_is_the_gravest_then_the_farthest() -> None:
    worst = assess(measured("86 86", "95 95", "60 99"), LATER_MS).worst
    assert worst == Labels.of({"instance": "host2"})
    low = metric(direction=LOW, thresholds=levels(95, 90))
    assert assess(measured("99", "93", of=low), LATER_MS).worst == Labels.of({"instance": "host1"})


def test_only_steps_up_to_the_moment_count() -> None:
    assert assess(measured("60 90"), T0_MS + MINUTE_MS - 1).state is State.OK
    assert assess(measured("60 90"), T0_MS + MINUTE_MS).state is State.CRITICAL
    assert assess(measured("60 90"), T0_MS - 1).reason is Reason.ABSENT


@pytest.mark.parametrize(
    ("value", "reason", "limit"),
    [(60, Reason.WITHIN, 70), (75, Reason.PENDING, 70), (90, Reason.PENDING, 85)],
)
def test_a_metric_that_is_well_says_how_far_from_what(
    value: float, reason: Reason, limit: float
) -> None:
    one = assess(measured(f"60 {value}", of=metric(thresholds=levels(minutes=5))), LATER_MS)
    expected = State.PENDING if reason is Reason.PENDING else State.OK
    assert (one.state, one.reason, one.threshold) == (expected, reason, limit)


def test_a_metric_that_had_data_and_lost_it_is_unknown() -> None:
    one = assess(measured("60 60 . . ."), LATER_MS)
    assert (one.state, one.reason, one.judged) == (State.UNKNOWN, Reason.STALE, True)
    assert (one.since_ms, one.value) == (T0_MS + MINUTE_MS, None)


def test_a_metric_that_may_be_quiet_is_unknown_but_not_judged_then() -> None:
    one = assess(measured("60 60 . . .", of=metric(idle_without_data=True)), LATER_MS)
    assert (one.state, one.reason, one.judged) == (State.UNKNOWN, Reason.IDLE, False)


def test_one_lost_target_makes_the_metric_unknown_unless_another_is_worse() -> None:
    assert assess(measured("60 60 60", "60 . ."), LATER_MS).worst == Labels.of(
        {"instance": "host1"}
    )
    assert assess(measured("60 60 60", "60 . ."), LATER_MS).state is State.UNKNOWN
    assert assess(measured("60 75 75", "60 . ."), LATER_MS).state is State.WARNING


def test_a_series_that_ends_while_its_target_lives_is_no_loss() -> None:
    names = ({"instance": "a", "device": "sda"}, {"instance": "a", "device": "sdb"})
    one = assess(measured("60 60 60 60", "90 . . .", names=names), LATER_MS)
    assert one.state is State.OK
    assert (
        assess(measured("60 60 60 60", "90 . . .", of=metric(labels=())), LATER_MS).state
        is State.OK
    )


def test_no_data_at_all_is_absent_and_not_judged() -> None:
    one = assess(measured(". . .", names=({"instance": "a"},)), LATER_MS)
    assert (one.state, one.reason, one.judged, one.is_absent) == (
        State.UNKNOWN,
        Reason.ABSENT,
        False,
        True,
    )
    assert assess(measured(), LATER_MS).is_absent


def across(*kinds: Across) -> ReportShape:
    return ReportShape(summaries=(Summary.MAX,), across=kinds)


@pytest.mark.parametrize(
    ("how", "direction", "value", "worst"),
    [
        (Across.SUM, HIGH, 30, None),
        (Across.AVG, HIGH, 15, None),
        (Across.MAX, HIGH, 20, "host1"),
        (Across.MIN, HIGH, 10, "host0"),
        (Across.TOPK10, HIGH, 20, "host1"),
        (Across.MAX, LOW, 10, "host0"),
    ],
)
def test_a_metric_without_thresholds_has_one_value(
    how: Across, direction: Direction, value: float, worst: str | None
) -> None:
    of = metric(thresholds=None, report=across(how), direction=direction)
    one = assess(measured("10", "20", of=of), LATER_MS)
    assert (one.state, one.judged, one.reason) == (State.OK, False, Reason.NO_THRESHOLDS)
    assert one.value == value
    assert one.worst == (Labels.of({"instance": worst}) if worst else None)


@pytest.mark.parametrize("how", [Across.SUM, Across.AVG])
def test_the_value_of_one_series_is_its_own(how: Across) -> None:
    one = assess(measured("10", of=metric(thresholds=None, report=across(how))), LATER_MS)
    assert (one.value, one.worst) == (10, Labels.of({"instance": "host0"}))


def test_a_metric_without_thresholds_can_be_lost_too() -> None:
    one = assess(measured("10 . . .", of=metric(thresholds=None)), LATER_MS)
    assert (one.state, one.reason, one.judged) == (State.UNKNOWN, Reason.STALE, False)


def test_no_verdict_is_given_on_a_mean() -> None:
    one = assess(measured("99 99", given=(MEAN,)), LATER_MS)
    assert (one.state, one.judged, one.reason) == (State.OK, False, Reason.MEAN_ONLY)
    both = assess(measured("99 99", "60 60", given=(MEAN, FULL)), LATER_MS)
    assert (both.state, both.value, both.judged) == (State.OK, 60, True)


def health(*states: str) -> Health:
    rows = {"o": "60 60 60", "w": "75 75 75", "c": "90 90 90", "?": "60 . .", ".": ". . ."}
    return combine(LATER_MS, (assess(measured(rows[state]), LATER_MS) for state in states))


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ("ooo", State.OK),
        ("o.", State.OK),
        ("o?", State.UNKNOWN),
        ("o?w", State.WARNING),
        ("o?wc", State.CRITICAL),
        ("..", State.UNKNOWN),
        ("", State.UNKNOWN),
    ],
)
def test_all_together_are_as_grave_as_the_gravest_that_was_judged(
    states: str, state: State
) -> None:
    assert health(*states).state is state


def test_metrics_are_counted_by_state_apart_from_those_that_never_had_data() -> None:
    whole = health(*"oow?..")
    assert [len(whole.in_state(state)) for state in State] == [2, 0, 1, 1, 0]
    assert (len(whole.judged), len(whole.absent)) == (4, 2)


def test_a_refused_question_leaves_its_metric_unknown() -> None:
    one = build_refused(metric(), "many-to-many matching not allowed")
    assert (one.state, one.judged, one.reason) == (State.UNKNOWN, True, Reason.REFUSED)
    assert not build_refused(metric(thresholds=None), "x").judged
    assert combine(LATER_MS, [one]).state is State.UNKNOWN


SHARE = metric(
    direction=LOW,
    thresholds=levels(90, 85),
    report=ReportShape(summaries=(Summary.LAST,), across=(Across.MIN,)),
)


@pytest.mark.parametrize(
    ("value", "n", "state", "inconclusive"),
    [
        ("94.2", "1203", State.OK, False),
        ("92", "50", State.OK, True),  # the truth may be below 90 just as well
        ("88", "50", State.WARNING, True),
        ("88", "5000", State.WARNING, False),
        ("80", "40", State.CRITICAL, True),
        ("92", ".", State.OK, False),  # nobody counted, so nobody knows
    ],
)
def test_few_cases_make_a_verdict_unsure_and_never_another(
    value: str, n: str, state: State, inconclusive: bool
) -> None:
    one = assess(measured(value, of=SHARE, n=(n,)), LATER_MS)
    assert (one.state, one.is_inconclusive) == (state, inconclusive)
    assert one.proportion is not None
    assert one.proportion.n == (None if n == "." else int(n))


def test_the_number_of_cases_is_that_of_the_value_shown() -> None:
    one = assess(measured("91 92 .", of=SHARE, n=("100 200 .",)), T0_MS + 2 * MINUTE_MS)
    assert one.proportion is not None
    assert (one.value, one.proportion.n) == (92, 200)


def test_a_value_of_several_series_has_no_number_of_cases() -> None:
    shape = ReportShape(summaries=(Summary.AVG,), across=(Across.AVG,))
    of = metric(thresholds=None, report=shape)
    several = assess(measured("90", "80", of=of, n=("10", "20")), LATER_MS)
    assert several.proportion == UNKNOWN_PROPORTION
    assert assess(measured("90", of=of), LATER_MS).proportion is None


def test_a_pending_metric_says_what_it_becomes_and_when() -> None:
    one = assess(measured("60 90 90 90", of=metric(thresholds=levels(minutes=5))), LATER_MS)
    assert (one.state, one.reason, one.judged) == (State.PENDING, Reason.PENDING, True)
    assert one.pending == Pending(Severity.CRITICAL, 85, 2 * MINUTE_MS, 5 * MINUTE_MS)
    assert (one.since_ms, one.since_open) == (T0_MS + MINUTE_MS, False)


def test_a_warning_may_have_a_critical_pending_beside_it() -> None:
    one = assess(measured("75 75 90", of=metric(thresholds=levels(minutes=2))), LATER_MS)
    assert (one.state, one.threshold) == (State.WARNING, 70)
    assert one.pending == Pending(Severity.CRITICAL, 85, 0, 2 * MINUTE_MS)


def test_a_pending_target_is_graver_than_one_that_is_well_and_less_than_a_lost_one() -> None:
    of = metric(thresholds=levels(minutes=5))
    assert assess(measured("60 60 60", "60 75 75", of=of), LATER_MS).state is State.PENDING
    assert assess(measured("60 . .", "60 75 75", of=of), LATER_MS).state is State.UNKNOWN


def test_what_is_only_pending_leaves_all_together_ok() -> None:
    of = metric(thresholds=levels(minutes=5))
    pending = assess(measured("60 75 75", of=of), LATER_MS)
    well = assess(measured("60 60 60", of=of), LATER_MS)
    assert combine(LATER_MS, [pending, well]).state is State.OK
    assert combine(LATER_MS, [pending]).in_state(State.PENDING) == (pending,)
