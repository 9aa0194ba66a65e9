"""Profiles by weekday and hour, and stretches of days beside earlier ones."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.made_series import SEOUL, daily, hourly
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.weekly_profile import (
    PeriodChange,
    WeeklyProfile,
    compare_month,
    compare_weekday,
    find_weekly_profile,
)

WEEK = 7 * 24


def test_a_cell_is_the_median_of_its_weekday_and_hour() -> None:
    weeks = np.random.default_rng(1).normal(size=(5, WEEK))
    profile = find_weekly_profile(hourly(weeks.ravel()))
    assert isinstance(profile, WeeklyProfile)
    assert profile.median.ravel() == pytest.approx(np.median(weeks, axis=0))
    assert profile.low.ravel() == pytest.approx(np.quantile(weeks, 0.1, axis=0))
    assert profile.high.ravel() == pytest.approx(np.quantile(weeks, 0.9, axis=0))
    assert (profile.count == 5).all()


def test_weekdays_and_hours_are_local() -> None:
    values = np.zeros(3 * WEEK)
    values[24 + 1 :: WEEK] = 9  # Tuesday 01:00 UTC is 10:00 in Seoul
    profile = find_weekly_profile(hourly(values, SEOUL))
    assert isinstance(profile, WeeklyProfile)
    assert profile.peak == (1, 10)


def test_what_was_not_measured_is_no_part_of_it() -> None:
    values = np.tile(np.arange(float(WEEK)), 2)
    values[30] = np.nan
    values[[40, 40 + WEEK]] = np.nan
    profile = find_weekly_profile(hourly(values))
    assert isinstance(profile, WeeklyProfile)
    assert profile.count.ravel()[[30, 40, 41]].tolist() == [1, 0, 2]
    assert np.isnan(profile.median.ravel()[40])


def test_the_last_day_is_compared_with_its_weekday() -> None:
    days = np.arange(5 * 7.0)
    days[-1] = 100
    change = compare_weekday(hourly(np.repeat(days, 24)))
    assert change == PeriodChange(100, 16.5, 1, 4, 6, 27)
    assert isinstance(change, PeriodChange)
    assert (change.difference, change.is_unusual) == (83.5, True)


def test_four_weeks_are_compared_with_the_four_before() -> None:
    change = compare_month(daily(np.r_[np.full(28, 5.0), np.full(28, 8.0)]))
    assert change == PeriodChange(8, 5, 28, 28, 5, 5)


@pytest.mark.parametrize(
    ("result", "key"),
    [
        (find_weekly_profile(hourly(np.zeros(100))), "analysis.no_profile.short"),
        (find_weekly_profile(daily(np.zeros(100))), "analysis.no_profile.step"),
        (compare_month(daily(np.zeros(30))), "analysis.no_comparison.short"),
        (compare_weekday(hourly(np.zeros(24 * 14))), "analysis.no_comparison.short"),
    ],
)
def test_there_is_a_reason_where_there_is_no_result(result: object, key: str) -> None:
    assert isinstance(result, NoResult)
    assert result.key == key
