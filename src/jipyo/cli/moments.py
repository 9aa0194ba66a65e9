"""Times as people write them on the command line."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.calendar import parse_month as read_month
from jipyo.model.duration import parse_duration
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.model.calendar import Period

END_OF_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
_CLOCK = re.compile(r"\d\d:\d\d(?::\d\d)?")
_RELATIVE = re.compile(r"(?:now)?(?:-(\d.*[a-z]))?")


def parse_moment(text: str, zone: ZoneInfo, now_ms: int) -> int:
    """`now`, `-1h`, `09:00`, `2026-11-21`, `2026-11-21T09:00` or Unix seconds, in milliseconds.

    Args:
        text: as given on the command line.
        zone: of a date or a time without a zone; a time without a date is of its today.
        now_ms: what `now` is and `-1h` counts from.

    Raises:
        ConfigError: it is something else.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative and text:
        return now_ms - (parse_length(relative[1]) if relative[1] else 0)
    try:
        return int(float(text) * 1000)
    except (ValueError, OverflowError):
        pass
    today = f"{local_day(now_ms, zone)}T" if _CLOCK.fullmatch(text) else ""
    try:
        moment = datetime.fromisoformat(today + text)
    except ValueError as error:
        raise ConfigError("cli.query.not_a_time", value=text) from error
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(local.timestamp() * 1000)


def parse_month(text: str | None, zone: ZoneInfo, now_ms: int) -> Period:
    """A month, such as `2026-10`; without a text the last one that is over.

    Raises:
        ConfigError: it is none, or has not begun.
    """
    if text is None:
        this = period_containing(PeriodKind.MONTH, local_day(now_ms, zone), zone)
        return this.previous()
    try:
        period = read_month(text, zone)
    except ValueError as error:
        raise ConfigError("cli.not_a_month", value=text) from error
    if period.start_ms > now_ms:
        raise ConfigError("cli.month_not_begun", value=text)
    return period


def parse_length(text: str) -> int:
    """A length of time such as `1h30m`, in milliseconds.

    Raises:
        ConfigError: it is something else.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError("cli.query.not_a_duration", value=text) from error


def parse_span(start: str | None, end: str | None, zone: ZoneInfo, now_ms: int) -> tuple[int, int]:
    """From and to in Unix milliseconds; by default everything, what lies ahead of `now` too.

    Raises:
        ConfigError: one of them is not a time.
    """
    first = parse_moment(start, zone, now_ms) if start else 0
    return first, parse_moment(end, zone, now_ms) if end else END_OF_TIME_MS


def parse_end(
    start_ms: int, length: str | None, end: str | None, zone: ZoneInfo, now_ms: int
) -> int:
    """Where something ends that begins at a moment: at `end`, or after a length of time.

    Raises:
        ConfigError: one of them is something else, or both are missing.
    """
    if end:
        return parse_moment(end, zone, now_ms)
    if not length:
        raise ConfigError("cli.no_end")
    return start_ms + parse_length(length)
