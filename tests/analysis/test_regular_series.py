"""The grid of local time: days of 23 and 25 hours, gaps, duplicates, long series."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.regular_series import (
    DAY_MS,
    HOUR_MS,
    MOST_POINTS,
    make_regular,
    to_utc,
    utc_offsets_ms,
)

SEOUL, BERLIN, UTC = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Half an hour forward in summer."""
ZONES = [UTC, SEOUL, BERLIN, LORD_HOWE, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]


def at(zone: ZoneInfo, *moment: int) -> int:
    year, month, day, *rest = (*moment, 0, 0)
    return round(datetime(year, month, day, rest[0], rest[1], tzinfo=zone).timestamp() * 1000)


def hours_from(start_ms: int, count: int) -> np.ndarray:
    return start_ms + HOUR_MS * np.arange(count)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_offsets_are_those_of_the_zone(zone: ZoneInfo) -> None:
    times = hours_from(at(UTC, 2026, 1, 1), 9000)
    expected = [
        (datetime.fromtimestamp(t / 1000, zone).utcoffset() or timedelta()).total_seconds() * 1000
        for t in times.tolist()
    ]
    assert utc_offsets_ms(times, zone).tolist() == expected


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_local_times_lead_back_to_utc(zone: ZoneInfo) -> None:
    times = hours_from(at(UTC, 2026, 1, 1), 9000)
    local = times + utc_offsets_ms(times, zone)
    again = to_utc(local, zone)
    twice = np.flatnonzero(again != times)  # the hour that comes twice: its first
    assert (again[twice] < times[twice]).all()
    assert len(twice) == (1 if zone in (BERLIN, LORD_HOWE, ZoneInfo("America/New_York")) else 0)


def test_a_time_that_no_clock_shows_is_the_one_after_the_gap() -> None:
    half_past_two = at(UTC, 2026, 3, 29, 2, 30)
    assert to_utc(np.array([half_past_two]), BERLIN).tolist() == [at(BERLIN, 2026, 3, 29, 3, 30)]


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_are_set_forward() -> None:
    times = hours_from(at(BERLIN, 2026, 3, 20), 24 * 20 - 1)
    clock = [datetime.fromtimestamp(t / 1000, BERLIN).hour for t in times.tolist()]
    series = make_regular(times, np.array(clock, np.float64), HOUR_MS, BERLIN)
    assert series.values.tolist() == [float(hour) for hour in range(24)] * 20
    assert series.hours.tolist() == list(range(24)) * 20
    assert np.flatnonzero(~series.measured).tolist() == [9 * 24 + 2]
    assert series.values[9 * 24 + 2] == 2


def test_the_hour_that_comes_twice_is_averaged() -> None:
    times = hours_from(at(BERLIN, 2026, 10, 24), 49)
    values = np.zeros(49)
    values[26], values[27] = 4, 8
    series = make_regular(times, values, HOUR_MS, BERLIN)
    assert len(series.values) == 48
    assert series.measured.all()
    assert series.values[24 + 2] == 6


def test_times_ahead_are_evenly_spaced_over_a_change_of_the_clocks() -> None:
    last = at(BERLIN, 2026, 3, 29, 0)
    series = make_regular(hours_from(last - 71 * HOUR_MS, 72), np.zeros(72), HOUR_MS, BERLIN)
    times, ahead = series.future_ms(5)
    assert np.diff([last, *times]).tolist() == [HOUR_MS] * 5
    assert ahead.tolist() == [0, 2, 3, 4, 5]


def test_days_ahead_begin_at_midnight_over_a_change_of_the_clocks() -> None:
    days = np.array([at(BERLIN, 2026, 3, day) for day in range(1, 29)])
    series = make_regular(days, np.arange(28.0), DAY_MS, BERLIN)
    assert series.values.tolist() == list(range(28))
    assert series.utc_ms.tolist() == days.tolist()
    times, ahead = series.future_ms(3)
    assert times.tolist() == [
        at(BERLIN, *day) for day in ((2026, 3, 29), (2026, 3, 30), (2026, 3, 31))
    ]
    assert ahead.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("step_ms", "size", "periods"),
    [
        (HOUR_MS, 49, ()),
        (HOUR_MS, 50, (24,)),
        (HOUR_MS, 337, (24,)),
        (HOUR_MS, 338, (24, 168)),
        (DAY_MS, 15, ()),
        (DAY_MS, 16, (7,)),
        (5 * HOUR_MS, 400, ()),
        (7 * 60_000, 4000, (1440,)),
    ],
)
def test_periods_are_those_that_fit_twice(step_ms: int, size: int, periods: tuple[int]) -> None:
    times = step_ms * np.arange(size)
    assert make_regular(times, np.zeros(size), step_ms).periods == periods


def test_a_short_gap_is_a_line_and_a_long_one_has_the_usual_shape() -> None:
    day = 10 * np.sin(2 * np.pi * np.arange(24) / 24)
    true = np.tile(day, 10) + 20
    seen = true.copy()
    seen[100:102] = np.nan
    seen[130:150] = np.nan
    series = make_regular(hours_from(0, 240), seen, HOUR_MS)
    assert series.values[100:102] == pytest.approx(np.interp([1, 2], [0, 3], true[[99, 102]]))
    assert series.values[130:150] == pytest.approx(true[130:150])
    assert series.filled_share == pytest.approx(22 / 240)
    assert np.flatnonzero(~series.measured).tolist() == [100, 101, *range(130, 150)]


def test_absent_ends_are_no_part_of_the_series() -> None:
    values = np.array([np.nan, 1.0, np.nan, 3.0, np.inf])
    series = make_regular(hours_from(0, 5), values, HOUR_MS)
    assert series.utc_ms.tolist() == [HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]
    assert series.values.tolist() == [1, 2, 3]


def test_points_that_share_a_step_are_averaged() -> None:
    times = np.array([0, HOUR_MS - 40_000, HOUR_MS + 40_000, 2 * HOUR_MS])
    series = make_regular(times, np.array([1.0, 2.0, 6.0, 5.0]), HOUR_MS)
    assert series.values.tolist() == [1, 4, 5]


def test_of_a_very_long_series_the_newest_points_are_used() -> None:
    end_ms = 10 * MOST_POINTS * HOUR_MS
    series = make_regular(np.array([0, end_ms - HOUR_MS, end_ms]), np.array([1.0, 2, 3]), HOUR_MS)
    assert series.values.tolist() == [2, 3]
    assert series.utc_ms.tolist() == [end_ms - HOUR_MS, end_ms]


def test_the_newest_points_keep_their_times() -> None:
    series = make_regular(hours_from(0, 100), np.arange(100.0), HOUR_MS, SEOUL)
    assert series.last(3).values.tolist() == [97, 98, 99]
    assert series.last(3).utc_ms.tolist() == series.utc_ms[97:].tolist()
    assert series.last(200).values.tolist() == series.values.tolist()


def test_weekdays_and_hours_are_local() -> None:
    monday = at(SEOUL, 2026, 6, 1, 5)
    series = make_regular(hours_from(monday, 30), np.zeros(30), HOUR_MS, SEOUL)
    assert (series.weekdays[0], series.hours[0]) == (0, 5)
    assert (series.weekdays[19], series.hours[19]) == (1, 0)


@given(
    st.lists(st.one_of(st.floats(-100, 100), st.just(float("nan"))), max_size=200),
    st.sampled_from(ZONES),
    st.integers(0, 20_000),
)
def test_what_was_measured_is_there_and_what_is_filled_lies_within(
    values: list[float], zone: ZoneInfo, start_hour: int
) -> None:
    given_values = np.array(values, np.float64)
    series = make_regular(
        hours_from(start_hour * HOUR_MS, len(values)), given_values, HOUR_MS, zone
    )
    real = given_values[~np.isnan(given_values)]
    assert np.isfinite(series.values).all()
    assert len(real) - 1 <= series.measured.sum() <= len(real)
    if len(real):
        assert real.min() <= series.values.min() <= series.values.max() <= real.max()
        assert series.measured[0]
        assert series.measured[-1]
