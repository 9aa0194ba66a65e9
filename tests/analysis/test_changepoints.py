"""Changepoints beside an exhaustive search, and how often noise is taken for a change."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.made_series import MONDAY_MS, ar_noise, hourly, wave
from jipyo.analysis.changepoints import (
    Changepoint,
    detect_changepoints,
    estimate_long_run_variance,
    find_segments,
)
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import HOUR_MS

HOURS = 28 * 24
LEAST = 3


def changes_of(values: np.ndarray) -> tuple[Changepoint, ...]:
    changes = detect_changepoints(hourly(values))
    assert not isinstance(changes, NoResult)
    return changes


def cost(values: np.ndarray, penalty: float) -> float:
    """Of one stretch, by the textbook: a level, or a line for half as much again."""
    at = np.arange(len(values))
    line = np.polyval(np.polyfit(at, values, 1), at)
    flat = float(((values - values.mean()) ** 2).sum()) + penalty
    return min(flat, float(((values - line) ** 2).sum()) + 1.5 * penalty)


@given(
    st.lists(st.integers(-20, 20), min_size=LEAST, max_size=14),
    st.floats(0.5, 200),
)
@settings(max_examples=60)
def test_no_other_division_is_cheaper(numbers: list[int], penalty: float) -> None:
    values = np.array(numbers, np.float64)
    size = len(values)

    def total(ends: tuple[int, ...]) -> float:
        return sum(cost(values[a:b], penalty) for a, b in pairwise((0, *ends, size)))

    divisions = (
        cuts
        for count in range(size // LEAST)
        for cuts in combinations(range(LEAST, size - LEAST + 1), count)
        if all(b - a >= LEAST for a, b in pairwise((0, *cuts, size)))
    )
    found = find_segments(values, penalty, LEAST)
    assert [found[0][0], found[-1][1]] == [0, size]
    assert total(tuple(end for _, end in found[:-1])) == pytest.approx(min(map(total, divisions)))


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8, 0.9, 0.95])
def test_noise_with_memory_rarely_changes(memory: float) -> None:
    rng = np.random.default_rng(41)
    found = [changes_of(wave(HOURS) + ar_noise(HOURS, memory, rng)) for _ in range(100)]
    assert sum(bool(changes) for changes in found) <= 8


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_a_shift_of_three_standard_deviations_is_found_where_it_is(memory: float) -> None:
    rng = np.random.default_rng(42)
    shift = np.where(np.arange(HOURS) >= 420, 3.0, 0) + wave(HOURS)
    found = [changes_of(ar_noise(HOURS, memory, rng) + shift) for _ in range(60)]
    assert sum(bool(changes) for changes in found) >= 57
    hours = [(changes[0].t_ms - MONDAY_MS) / HOUR_MS for changes in found if changes]
    assert np.median(np.abs(np.array(hours) - 420)) <= 6
    assert np.median([changes[0].jump for changes in found if changes]) == pytest.approx(3, abs=0.3)


def test_a_shift_that_ends_is_two_changes() -> None:
    at = np.arange(HOURS)
    noise = ar_noise(HOURS, 0.5, np.random.default_rng(5))
    changes = changes_of(noise + np.where((at >= 240) & (at < 420), 4.0, 0))
    assert [round((change.t_ms - MONDAY_MS) / HOUR_MS / 6) for change in changes] == [40, 70]
    assert [change.jump for change in changes] == pytest.approx([4, -4], abs=0.6)


def test_steady_growth_is_no_change_and_where_it_begins_is_one() -> None:
    noise = ar_noise(HOURS, 0.5, np.random.default_rng(6))
    at = np.arange(HOURS)
    assert changes_of(noise + at / 40) == ()
    (change,) = changes_of(noise + np.maximum(at - 400, 0) / 12)
    assert (change.t_ms - MONDAY_MS) / HOUR_MS == pytest.approx(400, abs=24)
    assert change.slope_before == pytest.approx(0, abs=0.3)
    assert change.slope_after == pytest.approx(2, abs=0.3)


def test_a_clean_step_has_its_levels() -> None:
    (change,) = changes_of(np.where(np.arange(HOURS) < 24 * 9, 10.0, 20.0))
    assert (change.before, change.after, change.jump) == pytest.approx((10, 20, 10))
    assert change.t_ms == MONDAY_MS + 24 * 9 * HOUR_MS
    assert change.noise == pytest.approx(0)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_the_long_run_variance_is_that_of_means_times_their_size(memory: float) -> None:
    rng = np.random.default_rng(8)
    found = [estimate_long_run_variance(ar_noise(400, memory, rng)) for _ in range(40)]
    assert np.median(found) == pytest.approx((1 + memory) / (1 - memory), rel=0.25)


def test_a_week_is_too_short() -> None:
    result = detect_changepoints(hourly(np.zeros(24 * 7 + 5)))
    assert result == NoResult("analysis.no_changepoints.short", {"days": 7, "least": 8})
