"""Trends beside a plain Mann-Kendall, and how often chance is taken for one."""

from __future__ import annotations

from itertools import combinations
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.made_series import SEOUL, ar_noise, daily, hourly, wave
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS
from jipyo.analysis.theil_sen import theil_sen_slope
from jipyo.analysis.trend import (
    Trend,
    TrendDirection,
    detect_trend,
    find_daily_medians,
    find_memory,
)

HOURS = 28 * 24


def trend_of(values: np.ndarray) -> Trend:
    trend = detect_trend(hourly(values))
    assert isinstance(trend, Trend)
    return trend


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30))
def test_the_slope_is_the_median_of_all_pairs(values: list[int]) -> None:
    pairs = combinations(enumerate(values), 2)
    expected = median((late - early) / (j - i) for (i, early), (j, late) in pairs)
    assert theil_sen_slope(np.array(values, np.float64)) == pytest.approx(expected)


def test_a_rise_is_found_with_its_slope_through_a_daily_rhythm() -> None:
    noise = ar_noise(HOURS, 0.8, np.random.default_rng(1))
    trend = trend_of(50 + wave(HOURS) + noise + 0.5 * np.arange(HOURS) / 24)
    assert trend.direction is TrendDirection.RISING
    assert trend.low < 0.5 < trend.high
    assert trend.slope == pytest.approx(0.5, abs=0.1)
    assert (trend.days, trend.end_ms - trend.start_ms) == (28, 28 * DAY_MS - HOUR_MS)


def test_a_fall_is_a_rise_turned_over() -> None:
    values = ar_noise(HOURS, 0.5, np.random.default_rng(2)) + np.arange(HOURS) / 100
    up, down = trend_of(values), trend_of(-values)
    assert (up.direction, down.direction) == (TrendDirection.RISING, TrendDirection.FALLING)
    assert (down.slope, down.low, down.high) == pytest.approx((-up.slope, -up.high, -up.low))
    assert down.p_value == pytest.approx(up.p_value)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8, 0.9, 0.95, 0.98])
@pytest.mark.parametrize("rhythm", [0.0, 2.0])
def test_noise_with_memory_is_rarely_a_trend(memory: float, rhythm: float) -> None:
    rng = np.random.default_rng(31)
    found = [
        trend_of(ar_noise(HOURS, memory, rng) + wave(HOURS, rhythm)).direction for _ in range(100)
    ]
    assert sum(direction is not TrendDirection.NONE for direction in found) <= 8


def test_a_rise_of_two_standard_deviations_in_four_weeks_is_mostly_found() -> None:
    rng = np.random.default_rng(32)
    rise = 2 * np.arange(HOURS) / HOURS + wave(HOURS, 2)
    found = [trend_of(ar_noise(HOURS, 0.8, rng) + rise).direction for _ in range(100)]
    assert sum(direction is TrendDirection.RISING for direction in found) >= 87


def test_outliers_do_not_turn_the_line() -> None:
    values = np.arange(HOURS) / 24.0
    values[100:124] = 1e6
    assert trend_of(values).slope == pytest.approx(1, rel=0.05)


def test_a_constant_series_has_no_trend() -> None:
    trend = trend_of(np.full(HOURS, 7.0))
    assert (trend.direction, trend.slope, trend.p_value) == (TrendDirection.NONE, 0, 1)


def test_days_mostly_absent_do_not_count() -> None:
    values = np.arange(HOURS, dtype=np.float64)
    values[24 * 5 : 24 * 6 - 10] = np.nan
    at, medians = find_daily_medians(hourly(values, SEOUL))
    assert at.tolist() == [day for day in range(-27, 1) if day != -22]
    assert medians[0] == np.median(values[:24])
    assert trend_of(values).days == 27


def test_daily_values_have_trends_too() -> None:
    trend = detect_trend(daily(np.arange(30.0)))
    assert isinstance(trend, Trend)
    assert (trend.slope, trend.days) == (1, 30)


@pytest.mark.parametrize(
    ("series", "key"),
    [
        (hourly(np.zeros(24 * 7)), "analysis.no_trend.short"),
        (hourly(np.empty(0)), "analysis.no_trend.short"),
    ],
)
def test_there_is_a_reason_where_there_is_no_trend(series, key: str) -> None:
    result = detect_trend(series)
    assert isinstance(result, NoResult)
    assert result.key == key


def test_the_memory_of_noise_is_near_the_true_one() -> None:
    rng = np.random.default_rng(4)
    found = [find_memory(ar_noise(60, 0.6, rng)) for _ in range(60)]
    assert np.median(found) == pytest.approx(0.6, abs=0.06)
    assert find_memory(np.zeros(30)) == 0
