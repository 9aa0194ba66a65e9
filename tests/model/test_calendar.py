"""Local days and longer periods, over zones that move their clocks in every way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jipyo.model.calendar import (
    Period,
    PeriodKind,
    local_day,
    local_time,
    name_period,
    parse_period,
    period_containing,
    range_between,
    start_of_day,
)

HOUR_MS = 3_600_000
DAY = timedelta(days=1)
SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Asia/Seoul",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Sao_Paulo",  # midnight is skipped
        "America/Havana",  # midnight is shown twice
        "America/St_Johns",  # moved at one minute past midnight until 2011
        "Asia/Beirut",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Australia/Lord_Howe",  # moved by half an hour
        "Antarctica/Troll",  # moved by two hours
        "Asia/Pyongyang",
        "America/Caracas",
        "Pacific/Apia",  # 2011-12-30 is skipped
        "Pacific/Kiritimati",
    )
]
zones = st.sampled_from(ZONES)
days = st.dates(date(1972, 1, 1), date(2037, 12, 1))
kinds = st.sampled_from([kind for kind in PeriodKind if kind is not PeriodKind.RANGE])


def at(text: str, zone: tzinfo = SEOUL) -> int:
    """A local time such as `2026-11-21 00:00`, in milliseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def utc(text: str) -> int:
    return at(text, UTC)


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-11-21", "Asia/Seoul", "2026-11-20 15:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28 23:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00"),  # 01:00, as 00:00 is skipped
        ("2020-11-01", "America/Havana", "2020-11-01 04:00"),  # the first 00:00 of two
        ("2010-11-07", "America/St_Johns", "2010-11-07 02:30"),  # before 00:01 became 23:01
        ("1919-03-31", "America/Toronto", "1919-03-31 04:30"),  # 00:30, as 23:30 became 00:30
        ("2011-12-30", "Pacific/Apia", "2011-12-30 10:00"),  # a day that never was
        ("2011-12-31", "Pacific/Apia", "2011-12-30 10:00"),
    ],
)
def test_a_day_begins_when_its_date_is_first_shown(day: str, zone: str, start: str) -> None:
    assert start_of_day(date.fromisoformat(day), ZoneInfo(zone)) == utc(start)


@given(days, zones)
@example(date(2011, 12, 29), ZoneInfo("Pacific/Apia"))
@example(date(2018, 11, 3), ZoneInfo("America/Sao_Paulo"))
@example(date(2010, 11, 6), ZoneInfo("America/St_Johns"))
def test_days_follow_one_another_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    start_ms, end_ms = start_of_day(day, zone), start_of_day(day + DAY, zone)
    assert 0 <= end_ms - start_ms <= 26 * HOUR_MS
    period = period_containing(PeriodKind.DAY, day, zone)
    assert (period.start_ms, period.end_ms, period.first_day) == (start_ms, end_ms, day)
    if start_ms < end_ms:
        assert local_day(start_ms, zone) == day
        assert local_day(start_ms - 1, zone) < day
        assert period.previous().end_ms == start_ms
        assert list(period.days()) == [period]


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-11-21", "Asia/Seoul", 24),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2011-12-30", "Pacific/Apia", 0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(day: str, zone: str, hours: float) -> None:
    period = period_containing(PeriodKind.DAY, date.fromisoformat(day), ZoneInfo(zone))
    assert period.duration_ms == hours * HOUR_MS


@pytest.mark.parametrize(
    ("kind", "day", "first", "following"),
    [
        (PeriodKind.DAY, "2026-11-21", "2026-11-21", "2026-11-22"),
        (PeriodKind.DAY, "2024-02-28", "2024-02-28", "2024-02-29"),
        (PeriodKind.WEEK, "2026-11-21", "2026-11-16", "2026-11-23"),  # a Saturday
        (PeriodKind.WEEK, "2026-11-23", "2026-11-23", "2026-11-30"),  # a Monday
        (PeriodKind.WEEK, "2026-01-01", "2025-12-29", "2026-01-05"),
        (PeriodKind.MONTH, "2026-11-21", "2026-11-01", "2026-12-01"),
        (PeriodKind.MONTH, "2024-02-29", "2024-02-01", "2024-03-01"),
        (PeriodKind.MONTH, "2026-12-31", "2026-12-01", "2027-01-01"),
        (PeriodKind.QUARTER, "2026-11-21", "2026-10-01", "2027-01-01"),
        (PeriodKind.QUARTER, "2026-03-31", "2026-01-01", "2026-04-01"),
        (PeriodKind.QUARTER, "2026-04-01", "2026-04-01", "2026-07-01"),
        (PeriodKind.YEAR, "2024-12-31", "2024-01-01", "2025-01-01"),
        (PeriodKind.RANGE, "2026-11-21", "2026-11-21", "2026-11-22"),
    ],
)
def test_a_period_holds_its_days_from_midnight_to_midnight(
    kind: PeriodKind, day: str, first: str, following: str
) -> None:
    period = period_containing(kind, date.fromisoformat(day), SEOUL)
    assert (period.kind, period.zone) == (kind, "Asia/Seoul")
    assert period.first_day == date.fromisoformat(first)
    assert period.next_day == date.fromisoformat(following)
    assert (period.start_ms, period.end_ms) == (at(f"{first} 00:00"), at(f"{following} 00:00"))


@given(kinds, days, zones)
def test_periods_tile_the_calendar(kind: PeriodKind, day: date, zone: ZoneInfo) -> None:
    period = period_containing(kind, day, zone)
    assert period.first_day <= day
    assert period.start_ms <= start_of_day(day, zone)
    assert start_of_day(day + DAY, zone) <= period.end_ms
    before = period.previous()
    assert (before.kind, before.end_ms) == (kind, period.start_ms)
    inside = list(period.days())
    edges = [one.start_ms for one in inside] + [period.end_ms]
    assert edges[0] == period.start_ms
    assert [one.end_ms for one in inside] == edges[1:]
    assert all(one.start_ms == start_of_day(one.first_day, zone) for one in inside)


@pytest.mark.parametrize(
    ("kind", "day", "first"),
    [
        (PeriodKind.DAY, "2026-03-01", "2026-02-28"),
        (PeriodKind.DAY, "2024-03-01", "2024-02-29"),
        (PeriodKind.WEEK, "2026-11-25", "2026-11-16"),
        (PeriodKind.MONTH, "2026-03-31", "2026-02-01"),
        (PeriodKind.MONTH, "2026-01-15", "2025-12-01"),
        (PeriodKind.QUARTER, "2026-02-01", "2025-10-01"),
        (PeriodKind.YEAR, "2026-07-01", "2025-01-01"),
    ],
)
def test_the_previous_period_is_of_the_same_kind(kind: PeriodKind, day: str, first: str) -> None:
    before = period_containing(kind, date.fromisoformat(day), SEOUL).previous()
    assert (before.kind, before.first_day) == (kind, date.fromisoformat(first))


@given(days, zones, st.integers(0, 60))
def test_a_week_earlier_is_the_same_weekday(day: date, zone: ZoneInfo, weeks: int) -> None:
    earlier = period_containing(PeriodKind.DAY, day, zone).earlier(7 * weeks)
    assert earlier == period_containing(PeriodKind.DAY, day - weeks * 7 * DAY, zone)
    assert earlier.first_day.weekday() == day.weekday()


def test_earlier_months_hold_the_first_day_then() -> None:
    march = period_containing(PeriodKind.MONTH, date(2026, 3, 31), SEOUL)
    assert march.earlier(1).first_day == date(2026, 2, 1)
    assert march.earlier(365).first_day == date(2025, 3, 1)


# --- ranges


def whole_days(first: str, following: str, zone: ZoneInfo) -> Period:
    start_ms, end_ms = (start_of_day(date.fromisoformat(day), zone) for day in (first, following))
    return range_between(start_ms, end_ms, zone)


def test_before_a_range_of_days_come_as_many_days() -> None:
    """Though the clocks were moved in it."""
    period = whole_days("2026-03-27", "2026-03-31", BERLIN)
    assert period.duration_ms == 95 * HOUR_MS
    assert period.previous() == whole_days("2026-03-23", "2026-03-27", BERLIN)
    assert period.earlier(7) == whole_days("2026-03-20", "2026-03-24", BERLIN)
    assert [one.duration_ms // HOUR_MS for one in period.days()] == [24, 24, 23, 24]


def test_before_any_other_range_comes_as_much_time() -> None:
    period = range_between(at("2026-11-21 09:30"), at("2026-11-22 18:00"), SEOUL)
    assert (period.first_day, period.next_day) == (date(2026, 11, 21), date(2026, 11, 22))
    before = period.previous()
    assert (before.start_ms, before.end_ms) == (at("2026-11-20 01:00"), period.start_ms)
    earlier = period.earlier(7)
    assert (earlier.start_ms, earlier.end_ms) == (at("2026-11-14 09:30"), at("2026-11-15 18:00"))


def test_the_days_of_a_range_are_cut_to_it() -> None:
    start_ms, end_ms = at("2026-11-21 09:30"), at("2026-11-23 00:00")
    first, second = range_between(start_ms, end_ms, SEOUL).days()
    assert (first.start_ms, first.end_ms) == (start_ms, at("2026-11-22 00:00"))
    assert (second.first_day, second.end_ms) == (date(2026, 11, 22), end_ms)


def test_a_range_over_a_skipped_day_leaves_it_out() -> None:
    week = period_containing(PeriodKind.WEEK, date(2011, 12, 30), ZoneInfo("Pacific/Apia"))
    assert [one.first_day.day for one in week.days()] == [26, 27, 28, 29, 31, 1]


def test_an_empty_range_has_no_days_and_one_turned_around_is_none() -> None:
    assert list(range_between(5, 5, SEOUL).days()) == []
    with pytest.raises(ValueError, match="cannot end at 4, before it begins at 5"):
        range_between(5, 4, SEOUL)


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        ("2026-11-20 15:00", "Asia/Seoul", "2026-11-21 00:00:00"),
        ("2026-10-25 00:30", "Europe/Berlin", "2026-10-25 02:30:00"),
        ("2026-10-25 01:30", "Europe/Berlin", "2026-10-25 02:30:00"),  # shown a second time
        ("1969-12-31 23:59", "UTC", "1969-12-31 23:59:00"),
    ],
)
def test_a_moment_is_shown_by_the_clocks_of_its_zone(moment: str, zone: str, shown: str) -> None:
    local = local_time(utc(moment), ZoneInfo(zone))
    assert f"{local:%Y-%m-%d %H:%M:%S}" == shown
    assert local_day(utc(moment), ZoneInfo(zone)) == local.date()


def test_milliseconds_are_exact() -> None:
    assert local_time(1_795_186_800_001, SEOUL).microsecond == 1000
    assert local_time(-1, ZoneInfo("UTC")).microsecond == 999_000


@given(kind=kinds, day=days, zone=zones)
def test_the_name_of_a_period_is_read_back(kind: PeriodKind, day: date, zone: ZoneInfo) -> None:
    period = period_containing(kind, day, zone)
    assert parse_period(kind, name_period(period), zone) == period


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (PeriodKind.DAY, "2026-02-30"),
        (PeriodKind.DAY, "20261121"),
        (PeriodKind.DAY, "9999-12-31"),
        (PeriodKind.WEEK, "2026-W54"),
        (PeriodKind.WEEK, "2025-W53"),
        (PeriodKind.MONTH, "2026-13"),
        (PeriodKind.MONTH, "9999-12"),
        (PeriodKind.QUARTER, "2026-Q0"),
        (PeriodKind.YEAR, "0000"),
        (PeriodKind.YEAR, "９９９９"),
        (PeriodKind.RANGE, "2026-11-21_2026-11-22"),
    ],
)
def test_what_names_no_period_is_refused(kind: PeriodKind, text: str) -> None:
    with pytest.raises(ValueError, match=f"not a {kind.value}"):
        parse_period(kind, text, SEOUL)
