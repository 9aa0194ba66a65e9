"""The periods that the tests of chapters are about."""

from __future__ import annotations

from datetime import date

from jipyo.model.calendar import PeriodKind, period_containing, range_between, start_of_day
from reports.chapter_data import Month
from reports.days import SEOUL

FIVE_MINUTES = 300_000
MONTH = Month(period_containing(PeriodKind.MONTH, date(2026, 10, 1), SEOUL), FIVE_MINUTES)
DAY = Month(period_containing(PeriodKind.DAY, date(2026, 10, 14), SEOUL), FIVE_MINUTES)
WEEK = Month(period_containing(PeriodKind.WEEK, date(2026, 10, 14), SEOUL), FIVE_MINUTES)
PERIODS = {
    "day": DAY,
    "week": WEEK,
    "month": MONTH,
    "quarter": Month(period_containing(PeriodKind.QUARTER, date(2026, 10, 14), SEOUL), 1_800_000),
    "year": Month(period_containing(PeriodKind.YEAR, date(2026, 10, 14), SEOUL), 3_600_000),
    "range": Month(
        range_between(
            start_of_day(date(2026, 10, 3), SEOUL), start_of_day(date(2026, 10, 8), SEOUL), SEOUL
        ),
        FIVE_MINUTES,
    ),
}
