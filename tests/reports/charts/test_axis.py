"""Ticks: round values around the data, local hours and midnights."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.calendar import start_of_day
from jipyo.reports.charts.axis import choose_time_ticks, choose_value_ticks

finite = st.floats(-1e12, 1e12)


@pytest.mark.parametrize(
    ("low", "high", "top", "ticks"),
    [
        (0, 97, 100, [0, 25, 50, 75, 100]),
        (10, 62, 100, [0, 20, 40, 60, 80]),  # from zero where that costs little
        (99.2, 100, 100, [99.2, 99.4, 99.6, 99.8, 100]),
        (-5, 5, None, [-5, -2.5, 0, 2.5, 5]),
        (-80, -20, None, [-80, -60, -40, -20]),
        (7, 7, None, [2, 4, 6, 8, 10, 12]),  # equal values get room
        (0, 0, None, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_value_ticks_are_round_and_enclose_the_data(
    low: float, high: float, top: float | None, ticks: list[float]
) -> None:
    found, _, _ = choose_value_ticks(low, high, top)
    assert found == pytest.approx(ticks)


@given(finite, finite, st.sampled_from((None, 100.0)))
def test_an_axis_always_holds_its_data(a: float, b: float, top: float | None) -> None:
    low, high = sorted((a, b))
    ticks, bottom, upper = choose_value_ticks(low, high, top)
    assert bottom <= low <= high <= upper
    assert bottom < upper
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 9
    assert all(map(math.isfinite, ticks))


@pytest.mark.parametrize(
    ("zone", "day", "labels"),
    [
        ("Asia/Seoul", date(2026, 11, 21), "00 06 12 18 24"),
        ("Asia/Kolkata", date(2026, 11, 21), "00 06 12 18 24"),  # half an hour off UTC
        ("Asia/Kathmandu", date(2026, 11, 21), "00 06 12 18 24"),
        ("Europe/Berlin", date(2026, 3, 29), "00 06 12 18 24"),  # 23 hours
        ("Europe/Berlin", date(2026, 10, 25), "00 06 12 18 24"),  # 25 hours
        ("Africa/Cairo", date(2026, 4, 24), "06 12 18 24"),  # begins at 01:00
    ],
)
def test_a_day_is_ticked_at_hours_of_its_own_clock(zone: str, day: date, labels: str) -> None:
    where = ZoneInfo(zone)
    start, end = (
        start_of_day(day, where),
        start_of_day(date.fromordinal(day.toordinal() + 1), where),
    )
    ticks = choose_time_ticks(start, end, where, 5)
    assert [label for _, label in ticks] == [f"{hour}:00" for hour in labels.split()]
    for t_ms, label in ticks:
        local = datetime.fromtimestamp(t_ms / 1000, UTC).astimezone(where)
        assert f"{local:%H}" == label[:2].replace("24", "00")


def test_days_are_named_over_more_than_one() -> None:
    seoul = ZoneInfo("Asia/Seoul")
    start = start_of_day(date(2026, 11, 1), seoul)
    two = choose_time_ticks(start, start + 2 * 86_400_000, seoul, 5)
    assert [label for _, label in two] == ["11-01", "12:00", "11-02", "12:00", "11-03"]
    month = choose_time_ticks(start, start + 30 * 86_400_000, seoul, 6)
    # The first day, and Mondays but the one right after it, whose label would cover the first.
    assert [label for _, label in month] == ["11-01", "11-09", "11-16", "11-23", "11-30"]
    year = choose_time_ticks(start, start + 365 * 86_400_000, seoul, 8)
    assert [label for _, label in year] == [
        "11-01", "01-01", "03-01", "05-01", "07-01", "09-01",
    ]  # fmt: skip


@pytest.mark.parametrize(("minutes", "step"), [(4, 1), (20, 5), (50, 15), (100, 30)])
def test_short_stretches_are_ticked_in_minutes(minutes: int, step: int) -> None:
    start = start_of_day(date(2026, 11, 21), ZoneInfo("UTC")) + 61_000
    ticks = [t for t, _ in choose_time_ticks(start, start + minutes * 60_000, ZoneInfo("UTC"), 5)]
    assert {b - a for a, b in itertools.pairwise(ticks)} <= {step * 60_000}
    assert ticks
