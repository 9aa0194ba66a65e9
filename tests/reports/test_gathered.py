"""Local days in UTC, the days compared with, and what a change is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from jipyo.model.errors import ReportError
from jipyo.model.figure import Delta, Figure, Fold
from jipyo.reports.gathered import difference, earlier, midnight, period_of

HOUR = 3_600_000
LATE = 4_000_000_000_000


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Asia/Seoul", date(2026, 11, 21), "2026-11-20T15:00", 24),
        ("UTC", date(2026, 12, 31), "2026-12-31T00:00", 24),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00", 23),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", 25),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00", 23),  # 00:00 is skipped
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", 23.5),
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, day: date, begins: str, hours: float) -> None:
    period = period_of(day, ZoneInfo(zone), LATE)
    begin = datetime.fromtimestamp(period.start_ms / 1000, UTC)
    assert begin.strftime("%Y-%m-%dT%H:%M") == begins
    assert (period.end_ms - period.start_ms) / HOUR == hours
    assert period.cut_ms == period.end_ms


def test_a_running_day_is_cut_at_the_last_whole_step() -> None:
    seoul = ZoneInfo("Asia/Seoul")
    start = midnight(date(2026, 11, 21), seoul)
    period = period_of(date(2026, 11, 21), seoul, start + 20 * 60_000 + 59_999)
    assert period.cut_ms == start + 20 * 60_000


@pytest.mark.parametrize("now_ms", [-HOUR, 0, 59_999])
def test_a_day_that_has_not_begun_cannot_be_reported(now_ms: int) -> None:
    seoul = ZoneInfo("Asia/Seoul")
    start = midnight(date(2026, 11, 21), seoul)
    with pytest.raises(ReportError) as error:
        period_of(date(2026, 11, 21), seoul, start + now_ms)
    assert error.value.values == {"day": "2026-11-21"}


def test_an_earlier_day_is_whole_or_as_far_as_this_one_has_come() -> None:
    york = ZoneInfo("America/New_York")
    whole = earlier(period_of(date(2026, 11, 8), york, LATE), york, 7)
    assert (whole.end_ms - whole.start_ms) / HOUR == 25
    start = midnight(date(2026, 11, 8), york)
    running = earlier(period_of(date(2026, 11, 8), york, start + 5 * HOUR), york, 7)
    assert (running.end_ms - running.start_ms) / HOUR == 5


def figure(value: float | None, unit: str) -> Figure:
    return Figure(
        metric="m", value=value, unit=unit, fold=Fold.AVERAGE, expr="m", series="{}",
        exporter="e", start_ms=0, end_ms=HOUR, step_ms=60_000, samples=60, coverage=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "before", "unit", "delta"),
    [
        (54.0, 50.5, "percent", Delta(3.5, "point")),
        (60.0, 55.0, "celsius", Delta(5.0, "celsius")),
        (150.0, 100.0, "bytes", Delta(50.0, "percent")),
        (50.0, 100.0, "seconds", Delta(-50.0, "percent")),
        (270.0, 10.0, "count", Delta(27.0, "factor")),
        (0.0, 0.0, "count", Delta(0.0, "percent")),
        (3.0, 0.0, "count", None),  # no share of nothing
        (None, 1.0, "count", None),
        (1.0, None, "count", None),
    ],
)
def test_a_change_is_told_as_its_unit_wants(
    now: float | None, before: float | None, unit: str, delta: Delta | None
) -> None:
    found = difference(figure(now, unit), figure(before, unit))
    assert found == delta or (found is not None and delta is not None
                              and found.value == pytest.approx(delta.value)
                              and found.unit == delta.unit)  # fmt: skip
