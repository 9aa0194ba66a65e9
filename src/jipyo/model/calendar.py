"""Local days, weeks, months, quarters, years and other ranges as [start, end) in milliseconds.

A day lasts from the first moment that the zone's clocks show its date to the first moment of
the next one: 23 or 25 hours where the clocks are moved. Where they skip midnight it begins
right after the gap; where they show midnight twice it begins at the first. (As java.time's
`LocalDate.atStartOfDay(ZoneId)`.) Weeks begin on Monday (ISO 8601).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_MONTHS = 3
_DAYS_A_WEEK = 7
_MONTHS_A_YEAR = 12


class PeriodKind(Enum):
    """What a period is of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    RANGE = "range"
    """From any moment to any other."""


_NAMES = {
    PeriodKind.DAY: re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})"),
    PeriodKind.WEEK: re.compile("([0-9]{4})-W([0-9]{2})"),
    PeriodKind.MONTH: re.compile("([0-9]{4})-([0-9]{2})"),
    PeriodKind.QUARTER: re.compile("([0-9]{4})-Q([1-4])"),
    PeriodKind.YEAR: re.compile("([0-9]{4})"),
}
_FIRST_DAYS: Mapping[PeriodKind, Callable[..., date]] = {
    PeriodKind.DAY: date,
    PeriodKind.WEEK: lambda year, week: date.fromisocalendar(year, week, 1),
    PeriodKind.MONTH: lambda year, month: date(year, month, 1),
    PeriodKind.QUARTER: lambda year, quarter: date(year, _QUARTER_MONTHS * quarter - 2, 1),
    PeriodKind.YEAR: lambda year: date(year, 1, 1),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time of the calendar: [start, end)."""

    kind: PeriodKind
    first_day: date
    """The local day that it begins on."""
    start_ms: int
    end_ms: int
    zone: str
    """The name of the time zone whose days these are."""

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def next_day(self) -> date:
        """The local day that follows: the first that is not in it, or not as a whole."""
        return local_day(self.end_ms, ZoneInfo(self.zone))

    def days(self) -> Iterator[Period]:
        """Its local days, cut to it where it does not begin or end at midnight."""
        zone, day, start_ms = ZoneInfo(self.zone), self.first_day, self.start_ms
        while start_ms < self.end_ms:
            day += _DAY
            end_ms = min(start_of_day(day, zone), self.end_ms)
            if start_ms < end_ms:
                yield Period(PeriodKind.DAY, day - _DAY, start_ms, end_ms, self.zone)
                start_ms = end_ms

    def previous(self) -> Period:
        """The period of the same kind that ends where this one begins.

        Before a range of whole days come as many days, before any other as much time.
        """
        zone = ZoneInfo(self.zone)
        if self.kind is not PeriodKind.RANGE:
            return period_containing(self.kind, self.first_day - _DAY, zone)
        if not self.is_of_whole_days:
            return range_between(self.start_ms - self.duration_ms, self.start_ms, zone)
        days = self.next_day - self.first_day
        return range_between(start_of_day(self.first_day - days, zone), self.start_ms, zone)

    def earlier(self, days: int) -> Period:
        """The same so many days before: of a day the same weekday with 7.

        Of a week, month, quarter or year the one that holds its first day then; a range of
        whole days begins and ends as many days before, any other as much time.
        """
        zone, back = ZoneInfo(self.zone), timedelta(days=days)
        if self.kind is not PeriodKind.RANGE:
            return period_containing(self.kind, self.first_day - back, zone)
        if not self.is_of_whole_days:
            back_ms = back // _MILLISECOND
            return range_between(self.start_ms - back_ms, self.end_ms - back_ms, zone)
        return range_between(
            start_of_day(self.first_day - back, zone),
            start_of_day(self.next_day - back, zone),
            zone,
        )

    @property
    def is_of_whole_days(self) -> bool:
        """Whether it begins and ends with a local day."""
        zone = ZoneInfo(self.zone)
        return self.start_ms == start_of_day(self.first_day, zone) and self.end_ms == start_of_day(
            self.next_day, zone
        )


def local_time(t_ms: int, zone: ZoneInfo) -> datetime:
    """What the zone's clocks and calendar show at a moment."""
    return (_EPOCH + t_ms * _MILLISECOND).astimezone(zone)


def local_day(t_ms: int, zone: ZoneInfo) -> date:
    """The date that the zone's clocks show at a moment."""
    return local_time(t_ms, zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> int:
    """The first moment at which the zone's clocks show this date, or a later one.

    A date that a zone skipped, as Samoa 2011-12-30, begins where the next one does.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    t_ms = _to_ms(midnight)
    if local_day(t_ms, zone) == day and local_day(t_ms - 1, zone) < day:
        return t_ms
    # The clocks skip midnight: look for the first moment after the gap around it.
    before_ms, after_ms = t_ms - 2 * _DAY // _MILLISECOND, t_ms + 2 * _DAY // _MILLISECOND
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if local_day(middle_ms, zone) < day:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def find_moment(day: date, minute: int, zone: ZoneInfo) -> int:
    """When the zone's clocks show a minute of a day: 1440 is the midnight that ends it.

    Of one that they show twice the first; one that they skip is as much later as they skip.
    """
    at = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall
    return _to_ms(at.replace(tzinfo=zone))


def _to_ms(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND


def period_containing(kind: PeriodKind, day: date, zone: ZoneInfo) -> Period:
    """The period of a kind that a local day lies in; a range is the day itself."""
    if kind is PeriodKind.WEEK:
        first = day - timedelta(days=day.weekday())
        following = first + timedelta(days=_DAYS_A_WEEK)
    elif kind is PeriodKind.MONTH:
        first = day.replace(day=1)
        following = _add_months(first, 1)
    elif kind is PeriodKind.QUARTER:
        first = day.replace(month=(day.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, day=1)
        following = _add_months(first, _QUARTER_MONTHS)
    elif kind is PeriodKind.YEAR:
        first = day.replace(month=1, day=1)
        following = _add_months(first, _MONTHS_A_YEAR)
    else:
        first, following = day, day + _DAY
    return Period(kind, first, start_of_day(first, zone), start_of_day(following, zone), zone.key)


def list_months(period: Period) -> list[Period]:
    """The calendar months of a quarter or a year; none of any other period."""
    if period.kind not in (PeriodKind.QUARTER, PeriodKind.YEAR):
        return []
    firsts = dict.fromkeys(day.first_day.replace(day=1) for day in period.days())
    return [period_containing(PeriodKind.MONTH, first, ZoneInfo(period.zone)) for first in firsts]


def parse_month(text: str, zone: ZoneInfo) -> Period:
    """The month that is written `2027-01`.

    Raises:
        ValueError: it is something else.
    """
    return parse_period(PeriodKind.MONTH, text, zone)


def name_period(period: Period) -> str:
    """The period in a few characters that sort by time: ISO 8601 where that has it.

    `2026-11-21`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`; a range `2026-11-01_2026-11-15`.
    """
    first = period.first_day
    last = max(first, period.next_day - _DAY)
    year, week, _ = first.isocalendar()
    quarter = (first.month - 1) // _QUARTER_MONTHS + 1
    return {
        PeriodKind.DAY: first.isoformat(),
        PeriodKind.WEEK: f"{year}-W{week:02}",
        PeriodKind.MONTH: f"{first:%Y-%m}",
        PeriodKind.QUARTER: f"{first.year}-Q{quarter}",
        PeriodKind.YEAR: f"{first.year}",
        PeriodKind.RANGE: f"{first}_{last}",
    }[period.kind]


def parse_period(kind: PeriodKind, text: str, zone: ZoneInfo) -> Period:
    """The period of a kind that `name_period` gives this name: `2026-W47`, `2026-Q4`.

    Raises:
        ValueError: it is something else, or a range.
    """
    pattern = _NAMES.get(kind)
    found = pattern and pattern.fullmatch(text)
    if not found:
        raise ValueError(f"not a {kind.value}: {text!r}")
    numbers = [int(part) for part in found.groups()]
    try:
        return period_containing(kind, _FIRST_DAYS[kind](*numbers), zone)
    except (ValueError, OverflowError) as error:  # there is none, or it ends in the year 10000
        raise ValueError(f"not a {kind.value}: {text!r}") from error


def _add_months(first: date, months: int) -> date:
    """The first day of the month so many months after that of `first`."""
    count = first.year * _MONTHS_A_YEAR + first.month - 1 + months
    return date(count // _MONTHS_A_YEAR, count % _MONTHS_A_YEAR + 1, 1)


def range_between(start_ms: int, end_ms: int, zone: ZoneInfo) -> Period:
    """The range from one moment to another, read on the zone's clocks.

    Raises:
        ValueError: it ends before it begins.
    """
    if end_ms < start_ms:
        raise ValueError(f"a range cannot end at {end_ms}, before it begins at {start_ms}")
    return Period(PeriodKind.RANGE, local_day(start_ms, zone), start_ms, end_ms, zone.key)
