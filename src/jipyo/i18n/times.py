"""Moments and lengths of time, cut as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_UNITS = (
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
)


def local(t_ms: int, zone: ZoneInfo) -> datetime:
    """The moment as the clocks of that zone show it."""
    return datetime.fromtimestamp(t_ms / 1000, UTC).astimezone(zone)


def largest_units(ms: int) -> tuple[tuple[int, str], ...]:
    """The two largest neighbouring units of a length, the rest cut off; none is a bare zero.

    >>> largest_units(11_100_000), largest_units(86_400_000), largest_units(250)
    (((3, 'hour'), (5, 'minute')), ((1, 'day'),), ((250, 'millisecond'),))
    """
    if ms < _UNITS[-1][1]:
        return ((ms, "millisecond"),)
    first = next(i for i, (_, size) in enumerate(_UNITS) if ms >= size)
    parts = []
    for name, size in _UNITS[first : first + 2]:
        count, ms = divmod(ms, size)
        parts.append((count, name))
    return tuple(part for part in parts if part[0])
