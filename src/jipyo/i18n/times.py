"""Moments in a time zone, and lengths of time in the units that people use."""

from __future__ import annotations

_UNITS = (
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
)


def split_units(ms: int) -> tuple[tuple[int, str], ...]:
    """The two largest neighbouring units of a length, without zeros; the rest is cut off.

    >>> split_units(11_100_000), split_units(86_400_000), split_units(250)
    (((3, 'hour'), (5, 'minute')), ((1, 'day'),), ((250, 'millisecond'),))
    """
    if ms == 0:
        return ((0, "second"),)
    if ms < _UNITS[-1][1]:
        return ((ms, "millisecond"),)
    first = next(i for i, (_, size) in enumerate(_UNITS) if ms >= size)
    parts = []
    for name, size in _UNITS[first : first + 2]:
        count, ms = divmod(ms, size)
        parts.append((count, name))
    return tuple(part for part in parts if part[0])
