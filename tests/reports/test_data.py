"""The part of a day that can be reported, and the days that it is compared with."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.catalogue import load
from jipyo.model.calendar import Period, PeriodKind, period_containing
from jipyo.model.errors import ReportError
from jipyo.reports import sections
from jipyo.reports.data import COMPARED, find_earlier_window, find_window
from jipyo.reports.sections.metric_section import MetricSection

HOUR = 3_600_000
LATE = 4_000_000_000_000
SEOUL, YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")


def day(text: str, zone: ZoneInfo = SEOUL) -> Period:
    return period_containing(PeriodKind.DAY, date.fromisoformat(text), zone)


def test_a_day_that_is_over_is_reported_whole() -> None:
    period = day("2026-11-01", YORK)  # of 25 hours
    window = find_window(period, LATE)
    assert (window.start_ms, window.end_ms) == (period.start_ms, period.end_ms)
    assert window.steps == 25 * 60


def test_a_running_day_is_cut_at_the_last_whole_step() -> None:
    period = day("2026-11-21")
    window = find_window(period, period.start_ms + 20 * 60_000 + 59_999)
    assert window.end_ms == period.start_ms + 20 * 60_000


@pytest.mark.parametrize("now_ms", [-HOUR, 0, 59_999])
def test_a_day_that_has_not_begun_cannot_be_reported(now_ms: int) -> None:
    period = day("2026-11-21")
    with pytest.raises(ReportError) as error:
        find_window(period, period.start_ms + now_ms)
    assert error.value.values == {"period": "2026-11-21"}


@pytest.mark.parametrize(
    ("text", "ran_ms", "days", "hours"),
    [
        ("2026-11-08", LATE, 7, 25),  # whole, though that day was longer
        ("2026-11-08", 5 * HOUR, 7, 5),  # as far as this one has come
        ("2026-11-08", 24 * HOUR, 7, 25),
        ("2026-11-01", 24 * HOUR, 1, 24),  # an hour before the end of a day of 25
        ("2026-03-09", 23.5 * HOUR, 1, 23),  # never further than that day went
    ],
)
def test_an_earlier_day_is_whole_or_as_far_as_this_one_has_come(
    text: str, ran_ms: float, days: int, hours: float
) -> None:
    period = day(text, YORK)
    window = find_window(period, int(period.start_ms + ran_ms))
    earlier = find_earlier_window(period, window, period.earlier(days))
    assert earlier.start_ms == period.earlier(days).start_ms
    assert earlier.duration_ms == hours * HOUR


def test_whatever_a_chapter_always_shows_is_compared() -> None:
    """A section that shows another metric would have no column beside it."""
    found: set[str] = set()
    for module in pkgutil.iter_modules(sections.__path__):
        members = vars(importlib.import_module(f"{sections.__name__}.{module.name}")).values()
        found |= {name for one in members if isinstance(one, MetricSection) for name in one.metrics}
    assert found
    assert found <= COMPARED
    assert {name for name in COMPARED if load().get(name) is None} == set()
