"""Local days in UTC, the days compared with, and what a change is."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.model.calendar import Period, PeriodKind, period_containing
from jipyo.model.errors import ReportError
from jipyo.model.figure import Delta
from jipyo.reports.gathered import difference, earlier, find_cut
from reports.documents import build_figure

HOUR = 3_600_000


SEOUL, YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")


def day_of(day: date, zone: ZoneInfo) -> Period:
    return period_containing(PeriodKind.DAY, day, zone)


@pytest.mark.parametrize(
    ("now_ms", "cut_ms"),
    [
        (60_000, 60_000),
        (20 * 60_000 + 59_999, 20 * 60_000),
        (24 * HOUR - 1, 24 * HOUR - 60_000),
        (24 * HOUR, 24 * HOUR),
        (99 * HOUR, 24 * HOUR),
    ],
)
def test_a_running_day_is_cut_at_the_last_whole_step(now_ms: int, cut_ms: int) -> None:
    period = day_of(date(2026, 11, 21), SEOUL)
    assert find_cut(period, period.start_ms + now_ms) == period.start_ms + cut_ms


@pytest.mark.parametrize("now_ms", [-HOUR, 0, 59_999])
def test_a_day_that_has_not_begun_cannot_be_reported(now_ms: int) -> None:
    period = day_of(date(2026, 11, 21), SEOUL)
    with pytest.raises(ReportError) as error:
        find_cut(period, period.start_ms + now_ms)
    assert error.value.values == {"day": "2026-11-21"}


@pytest.mark.parametrize(
    ("passed_h", "hours"),
    [(24, 25), (5, 5), (0.5, 0.5)],  # of a whole day all of the day before, 25 hours in autumn
)
def test_an_earlier_day_is_whole_or_as_far_as_this_one_has_come(
    passed_h: float, hours: float
) -> None:
    period = day_of(date(2026, 11, 8), YORK)
    window = earlier(period, period.start_ms + int(passed_h * HOUR), 7)
    assert window.start_ms == day_of(date(2026, 11, 1), YORK).start_ms
    assert (window.end_ms - window.start_ms) / HOUR == hours


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
    found = difference(build_figure(now, unit), build_figure(before, unit))
    assert found == delta or (found is not None and delta is not None
                              and found.value == pytest.approx(delta.value)
                              and found.unit == delta.unit)  # fmt: skip
