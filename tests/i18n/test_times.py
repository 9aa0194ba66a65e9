from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.i18n.times import split_units
from jipyo.model.calendar import local_time

SEOUL = ZoneInfo("Asia/Seoul")
MIDNIGHT_IN_SEOUL_MS = 1_795_186_800_000  # 2026-11-20T15:00:00Z


def test_a_day_in_both_languages() -> None:
    day = date(2026, 11, 21)
    assert texts("ko").day(day) == "2026년 11월 21일 (토)"
    assert texts("en").day(day) == "Sat 21 November 2026"


def test_a_moment_is_in_the_readers_zone() -> None:
    assert texts("ko").moment(MIDNIGHT_IN_SEOUL_MS, SEOUL) == "2026년 11월 21일 (토) 00:00"
    assert texts("en").moment(MIDNIGHT_IN_SEOUL_MS, ZoneInfo("UTC")) == (
        "Fri 20 November 2026 15:00"
    )
    assert texts("en").clock(MIDNIGHT_IN_SEOUL_MS + 3_599_999, SEOUL) == "00:59"


@pytest.mark.parametrize(
    ("ms", "ko", "en"),
    [
        (0, "0초", "0 s"),
        (250, "250ms", "250 ms"),
        (999, "999ms", "999 ms"),
        (1_000, "1초", "1 s"),
        (45_000, "45초", "45 s"),
        (59_999, "59초", "59 s"),
        (61_000, "1분 1초", "1 min 1 s"),
        (3_600_000, "1시간", "1 h"),
        (3_605_000, "1시간", "1 h"),
        (300_000, "5분", "5 min"),
        (11_100_000, "3시간 5분", "3 h 5 min"),
        (86_400_000 + 59_000, "1일", "1 d"),
        (2 * 86_400_000 + 4 * 3_600_000, "2일 4시간", "2 d 4 h"),
        (-60_000, "-1분", "-1 min"),
    ],
)
def test_a_span_has_its_two_largest_units(ms: int, ko: str, en: str) -> None:
    assert texts("ko").span(ms) == ko
    assert texts("en").span(ms) == en


HOUR_MS = 3_600_000
NOW_MS = MIDNIGHT_IN_SEOUL_MS + 10 * HOUR_MS


@pytest.mark.parametrize(
    ("t_ms", "ko", "en"),
    [
        (NOW_MS, "10:00", "10:00"),
        (MIDNIGHT_IN_SEOUL_MS, "00:00", "00:00"),  # the first moment of today
        (MIDNIGHT_IN_SEOUL_MS - 1, "11월 20일 23:59", "20 November 23:59"),
        (NOW_MS + 24 * HOUR_MS, "11월 22일 10:00", "22 November 10:00"),
        (NOW_MS - 300 * 24 * HOUR_MS, "1월 25일 10:00", "25 January 10:00"),
        (NOW_MS - 365 * 24 * HOUR_MS, "2025년 11월 21일 (금) 10:00", "Fri 21 November 2025 10:00"),
    ],
)
def test_a_recent_moment_is_dated_only_where_it_is_not_today(t_ms: int, ko: str, en: str) -> None:
    assert texts("ko").recent_moment(t_ms, SEOUL, NOW_MS) == ko
    assert texts("en").recent_moment(t_ms, SEOUL, NOW_MS) == en


def test_today_is_the_readers_day() -> None:
    utc = ZoneInfo("UTC")
    assert texts("en").recent_moment(MIDNIGHT_IN_SEOUL_MS, utc, NOW_MS) == "20 November 15:00"


def test_the_clock_follows_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before_ms = 1_774_745_999_000  # 2026-03-29T00:59:59Z, a second before clocks go forward
    assert local_time(before_ms, berlin).strftime("%H:%M:%S") == "01:59:59"
    assert local_time(before_ms + 1000, berlin).strftime("%H:%M:%S") == "03:00:00"


SIZES_MS = {"day": 86_400_000, "hour": HOUR_MS, "minute": 60_000, "second": 1000, "millisecond": 1}


@given(st.integers(min_value=0, max_value=10**13))
def test_the_units_of_a_span_never_exceed_it_and_miss_less_than_the_smaller(ms: int) -> None:
    parts = split_units(ms)
    total = sum(n * SIZES_MS[unit] for n, unit in parts)
    rest_below = {"day": HOUR_MS, "hour": 60_000, "minute": 1000, "second": 1000}
    assert total <= ms < total + rest_below.get(parts[0][1], 1)
    assert ms < 1000 or all(n > 0 for n, _ in parts)
