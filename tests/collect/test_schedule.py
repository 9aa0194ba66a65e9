"""When a target is due, and which timestamp its scrape gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.schedule import next_due_ms, phase_ms, timestamp_ms

INTERVALS = st.integers(1, 3_600_000)
MOMENTS = st.integers(0, 2_000_000_000_000)


@pytest.mark.parametrize(
    ("now", "interval", "phase", "due"),
    [
        (1000, 100, 0, 1100),
        (1001, 100, 0, 1100),
        (1000, 100, 30, 1030),
        (1030, 100, 30, 1130),
        (1029, 100, 30, 1030),
    ],
)
def test_the_next_reading_lies_at_the_phase(now: int, interval: int, phase: int, due: int) -> None:
    assert next_due_ms(now, interval, phase) == due


@pytest.mark.parametrize(
    ("now", "due", "interval", "written"),
    [
        (1004, 1000, 1000, 1000),
        (1011, 1000, 1000, 1011),
        (15_040, 15_000, 15_000, 15_000),
        (15_060, 15_000, 15_000, 15_060),
    ],
)
def test_a_reading_that_is_hardly_late_has_the_time_planned(
    now: int, due: int, interval: int, written: int
) -> None:
    assert timestamp_ms(now, due, interval) == written


def test_phases_are_spread_and_stay_the_same() -> None:
    phases = {phase_ms(f"target {n}", 15_000) for n in range(100)}
    assert len(phases) > 90
    assert all(0 <= phase < 15_000 for phase in phases)
    assert phase_ms("a", 15_000) == phase_ms("a", 15_000)


@given(MOMENTS, INTERVALS, st.text(max_size=20))
def test_the_next_due_moment_is_after_now_by_at_most_an_interval_and_at_the_phase(
    now_ms: int, interval_ms: int, name: str
) -> None:
    phase = phase_ms(name, interval_ms)
    due_ms = next_due_ms(now_ms, interval_ms, phase)
    assert 0 < due_ms - now_ms <= interval_ms
    assert (due_ms - phase) % interval_ms == 0
    assert next_due_ms(due_ms, interval_ms, phase) == due_ms + interval_ms


@given(MOMENTS, st.integers(-200, 200), INTERVALS)
def test_a_timestamp_is_the_planned_moment_or_the_true_one(
    due_ms: int, late_ms: int, interval_ms: int
) -> None:
    written = timestamp_ms(due_ms + late_ms, due_ms, interval_ms)
    assert written in {due_ms, due_ms + late_ms}
    assert abs(written - (due_ms + late_ms)) <= min(interval_ms / 100, 50)
