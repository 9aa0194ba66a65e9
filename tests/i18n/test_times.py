from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.i18n import texts

SEOUL = ZoneInfo("Asia/Seoul")
MIDNIGHT_IN_SEOUL_MS = 1_795_186_800_000  # 2026-11-20T15:00:00Z


def test_a_day_is_said_in_both_languages() -> None:
    day = date(2026, 11, 21)
    assert texts("ko").day(day) == "2026년 11월 21일 (토)"
    assert texts("en").day(day) == "Sat 21 November 2026"


def test_a_moment_is_said_in_the_readers_zone() -> None:
    assert texts("ko").moment(MIDNIGHT_IN_SEOUL_MS, SEOUL) == "2026년 11월 21일 (토) 00:00"
    assert texts("en").moment(MIDNIGHT_IN_SEOUL_MS, ZoneInfo("UTC")) == (
        "Fri 20 November 2026 15:00"
    )
    assert texts("en").clock(MIDNIGHT_IN_SEOUL_MS + 3_599_999, SEOUL) == "00:59"


@pytest.mark.parametrize(
    ("ms", "ko", "en"),
    [
        (0, "0 ms", "0 ms"),
        (250, "250 ms", "250 ms"),
        (45_000, "45초", "45 s"),
        (300_000, "5분", "5 min"),
        (11_100_000, "3시간 5분", "3 h 5 min"),
        (86_400_000 + 59_000, "1일", "1 d"),
        (2 * 86_400_000 + 4 * 3_600_000, "2일 4시간", "2 d 4 h"),
        (-60_000, "-1분", "-1 min"),
    ],
)
def test_a_span_is_said_by_its_two_largest_units(ms: int, ko: str, en: str) -> None:
    assert texts("ko").span(ms) == ko
    assert texts("en").span(ms) == en
