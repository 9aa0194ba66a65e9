"""The states of a metric over a day: those that the one judge finds at each of its steps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.shaped import MINUTE_MS, T0_MS, levels, measured, metric
from jipyo import catalogue
from jipyo.analysis.day.stretches import (
    LaneGroup,
    LaneMark,
    StateStretch,
    find_lane,
    list_stretches,
    merge_stretches,
)
from jipyo.analysis.health import assess, judge_steps
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction

LOW = Direction.LOWER_IS_WORSE
ROWS = st.lists(
    st.lists(st.sampled_from(["60", "75", "90", "."]), min_size=12, max_size=12),
    min_size=1,
    max_size=3,
)


def minute(number: int) -> int:
    return T0_MS + number * MINUTE_MS


@given(ROWS, st.integers(0, 4))
def test_each_step_has_the_state_that_health_gives_there(rows: list[list[str]], wait: int) -> None:
    of, names = (
        metric(thresholds=levels(minutes=wait)),
        [{"instance": f"host{i}"} for i in range(3)],
    )
    gravest = judge_steps(measured(*map(" ".join, rows), of=of))
    assert gravest is not None
    for step, severity in enumerate(gravest.tolist()):
        # A series that has not begun by then is in no answer of that moment.
        begun = [at for at, row in enumerate(rows) if set(row[: step + 1]) != {"."}]
        if not begun:
            assert severity == -1
            continue
        until = [" ".join(rows[at][: step + 1]) for at in begun]
        data = measured(*until, of=of, names=tuple(names[at] for at in begun))
        assert severity == assess(data, minute(step)).state.severity


@pytest.mark.parametrize(
    ("values", "wait", "expected"),
    [
        ("60 60 60", 0, []),
        ("60 75 75 60", 0, [(State.WARNING, 0, 2)]),
        ("60 75 60 60", 5, [(State.PENDING, 0, 1)]),
        ("60 90 90 90 60", 2, [(State.CRITICAL, 0, 3)]),  # as the report's breach begins
        (
            "60 75 90 75 60",
            0,
            [(State.WARNING, 0, 1), (State.CRITICAL, 1, 2), (State.WARNING, 2, 3)],
        ),
        ("60 60 . . . 60", 0, [(State.UNKNOWN, 2, 4)]),  # a minute is carried over
        (". . 60 60", 0, []),
    ],
)
def test_stretches_begin_a_step_before_their_first(
    values: str, wait: int, expected: list[tuple[State, int, int]]
) -> None:
    data = measured(values, of=metric(thresholds=levels(minutes=wait)))
    found = list_stretches(data, minute(-60), MINUTE_MS)
    assert [(one.state, one.start_ms, one.end_ms) for one in found] == [
        (state, minute(start), minute(end)) for state, start, end in expected
    ]


def test_what_is_before_the_day_is_judged_and_cut_off() -> None:
    data = measured("75 75 75 60 75", of=metric(thresholds=levels(minutes=0)))
    found = list_stretches(data, minute(1), MINUTE_MS)
    assert [(one.start_ms, one.end_ms) for one in found] == [
        (minute(1), minute(2)),
        (minute(3), minute(4)),
    ]


def test_silence_of_what_may_be_quiet_is_no_stretch() -> None:
    quiet = metric(idle_without_data=True, thresholds=levels(minutes=0))
    assert list_stretches(measured("60 . . . .", of=quiet), minute(-9), MINUTE_MS) == ()


def test_a_metric_without_thresholds_has_no_states() -> None:
    assert (
        list_stretches(measured("60 99", of=metric(thresholds=None)), minute(-9), MINUTE_MS) == ()
    )


# --- lanes


STRETCHES = st.lists(
    st.builds(
        lambda name, state, start, length: StateStretch(name, state, start, start + length),
        st.sampled_from("abc"),
        st.sampled_from([State.PENDING, State.UNKNOWN, State.WARNING, State.CRITICAL]),
        st.integers(0, 30),
        st.integers(1, 12),
    ),
    max_size=8,
)


@given(STRETCHES)
def test_a_lane_has_the_gravest_state_of_each_moment(stretches: list[StateStretch]) -> None:
    marks = merge_stretches(stretches)
    for moment in range(45):
        there = [one for one in stretches if one.start_ms <= moment < one.end_ms]
        shown = [one for one in marks if one.start_ms <= moment < one.end_ms]
        if not there:
            assert not shown
            continue
        (mark,) = shown
        assert mark.state is max((one.state for one in there), key=lambda one: one.severity)
        assert {one.metric_id for one in there if one.state is mark.state} <= set(mark.metrics)
    for before, after in pairwise(marks):
        assert before.end_ms <= after.start_ms
        assert before.end_ms < after.start_ms or before.state is not after.state


def test_stretches_that_touch_are_one_mark() -> None:
    found = merge_stretches(
        [StateStretch("a", State.WARNING, 0, 5), StateStretch("b", State.WARNING, 5, 9)]
    )
    assert found == (LaneMark(State.WARNING, 0, 9, ("a", "b")),)


def test_every_metric_has_a_lane_but_those_that_look_ahead() -> None:
    lanes = {metric.id: find_lane(metric) for metric in catalogue.load().metrics}
    assert {one for one, lane in lanes.items() if lane is None} == {
        "system.outlook.days_to_critical",
        "system.outlook.unusual_metrics",
    }
    assert lanes["system.gpu.lost"] is lanes["ai.gpu_memory"] is LaneGroup.GPU
    assert lanes["system.collection.failed"] is LaneGroup.COLLECTION
    assert lanes["system.cpu.utilization"] is LaneGroup.SERVER
    assert lanes["app.error_rate"] is LaneGroup.API
    assert lanes["db.query.time"] is LaneGroup.DATABASE
