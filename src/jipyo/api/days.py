"""Days and moments as arguments: values of `datetime`, or ISO text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from jipyo.model.calendar import parse_period as read_period
from jipyo.model.calendar import period_containing, start_of_day
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.model.calendar import Period, PeriodKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def parse_day(day: date | str) -> date:
    """A day, such as `2026-11-21`.

    Raises:
        ConfigError: the text is not a date.
    """
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise ConfigError("api.not_a_day", value=day) from error


def parse_period(period: date | str, kind: PeriodKind, zone: ZoneInfo) -> Period:
    """The period of a kind that a day lies in, or that is written as `2026-11`.

    Raises:
        ConfigError: the text is neither a date nor such a period.
    """
    if isinstance(period, date):
        return period_containing(kind, parse_day(period), zone)
    try:
        return read_period(kind, period, zone)
    except ValueError:
        return period_containing(kind, parse_day(period), zone)


def parse_moment(moment: date | str, zone: ZoneInfo) -> int:
    """A moment in milliseconds UTC; one without a zone is in `zone`, a day is its beginning.

    Raises:
        ConfigError: the text is neither a date nor a time.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError as error:
            raise ConfigError("api.not_a_day", value=moment) from error
    if not isinstance(moment, datetime):
        return start_of_day(moment, zone)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return (aware - _EPOCH) // _MILLISECOND
