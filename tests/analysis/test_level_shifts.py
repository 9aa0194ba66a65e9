"""Histories moved to the level that holds now."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.made_series import ar_noise, daily, hourly, wave
from jipyo.analysis.forecast.level_shifts import remove_level_shifts

HOURS = 28 * 24
AT = np.arange(HOURS)


def noise(seed: int = 1) -> np.ndarray:
    return ar_noise(HOURS, 0.5, np.random.default_rng(seed))


def away(values: np.ndarray) -> np.ndarray:
    """All but what is within six hours of a shift: it is not known more exactly."""
    return values[(np.abs(AT - 400) > 6) & (np.abs(AT - 200) > 6) & (np.abs(AT - 440) > 6)]


def test_what_is_never_negative_moves_in_proportion() -> None:
    steady = 50 + wave(HOURS, 20) + noise()
    series = remove_level_shifts(hourly(steady * np.where(AT < 400, 1, 0.5)))
    assert away(series.values) == pytest.approx(away(steady / 2), rel=0.1)
    assert series.values[408:].tolist() == (steady / 2)[408:].tolist()


def test_other_values_move_by_the_difference() -> None:
    steady = wave(HOURS, 3) + noise()
    series = remove_level_shifts(hourly(steady + np.where(AT < 400, 0, 8)))
    assert away(series.values) == pytest.approx(away(steady + 8), abs=0.7)


def test_from_zero_there_is_no_proportion() -> None:
    series = remove_level_shifts(hourly(np.where(AT < 400, 0.0, 10 + np.abs(noise()))))
    assert np.median(series.values[:400]) == pytest.approx(np.median(series.values[400:]), abs=0.5)


def test_two_shifts_are_both_removed() -> None:
    steady = 20 + np.abs(noise())
    levels = np.where(AT < 200, 1.0, np.where(AT < 440, 2.0, 3.0))
    series = remove_level_shifts(hourly(steady * levels))
    assert away(series.values) == pytest.approx(away(3 * steady), rel=0.1)


@pytest.mark.parametrize(
    "values",
    [
        10 + noise(),
        10 + noise() + AT / 10,
        10 + noise() + np.where(AT < HOURS - 40, 0, 9),
        10 + noise() + np.where(AT < 400, 0, 0.3),
        (10 + noise())[:150],
    ],
    ids=["noise", "growth", "a new level for too short a time", "a small step", "a short history"],
)
def test_nothing_else_is_moved(values: np.ndarray) -> None:
    series = hourly(values)
    assert remove_level_shifts(series) is series


def test_days_are_left_alone() -> None:
    series = daily(np.where(np.arange(90) < 50, 1.0, 9.0))
    assert remove_level_shifts(series) is series
