"""Which period a report is about, as people write it on the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.window import STEP_MS
from jipyo.cli.moments import parse_moment
from jipyo.model.calendar import (
    PeriodKind,
    local_day,
    name_period,
    parse_period,
    period_containing,
    range_between,
    start_of_day,
)
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.calendar import Period

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMPLETED = {
    PeriodKind.DAY: 31,
    PeriodKind.WEEK: 13,
    PeriodKind.MONTH: 24,
    PeriodKind.QUARTER: 8,
    PeriodKind.YEAR: 5,
}
"""How many periods before the one that runs a shell offers."""


def read_period(kind: PeriodKind, text: str | None, zone: ZoneInfo) -> Period | None:
    """The period of a name; None without one.

    Raises:
        ConfigError: there is no such period.
    """
    if text is None:
        return None
    try:
        return parse_period(kind, text, zone)
    except ValueError as error:
        raise ConfigError(f"cli.report.not_a.{kind.value}", value=text) from error


def read_range(start: str, end: str | None, zone: ZoneInfo, now_ms: int) -> Period:
    """From a day or moment to another, or to now; days are whole days, the last one too.

    It begins with a whole minute: figures are by the minute, and a day begins with one of them.

    Raises:
        ConfigError: one of them is no time, or the range ends before it begins.
    """
    start_ms = parse_moment(start, zone, now_ms) // STEP_MS * STEP_MS
    end_ms = now_ms if end is None else parse_moment(end, zone, now_ms)
    if end is not None and _DAY.fullmatch(end):
        end_ms = start_of_day(local_day(end_ms, zone) + timedelta(days=1), zone)
    if end_ms <= start_ms:
        raise ConfigError("cli.report.backwards", start=start, end=end or "now")
    return range_between(start_ms, end_ms, zone)


def complete_period(kind: PeriodKind, incomplete: str) -> list[str]:
    """The names of the last periods of a kind that begin so, the newest first."""
    return [name for name in _list_names(kind) if name.startswith(incomplete)]


def _list_names(kind: PeriodKind) -> Iterator[str]:
    zone = ZoneInfo("UTC")
    period = period_containing(kind, local_day(SystemClock().now_ms(), zone), zone)
    for _ in range(_COMPLETED[kind]):
        yield name_period(period)
        period = period.previous()
