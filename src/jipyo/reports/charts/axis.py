"""Where the ticks of an axis are: round values, and the hours and midnights of a zone."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time, start_of_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

_DECIMAL = (1.0, 2.0, 2.5, 5.0, 10.0)
_CLOCK_MINUTES = (1, 5, 15, 30, 60, 120, 180, 360, 720, 1440)
_GRAIN_MINUTES = 15
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_FEW_DAYS = 9
_SEASON_DAYS = 70
_FROM_ZERO = 0.25
_TICKS = 4
_TINY = 1e-100


def choose_value_ticks(
    low: float, high: float, top: float | None = None
) -> tuple[list[float], float, float]:
    """Round ticks that enclose low to high, and the ends of the axis.

    The axis starts at zero where that costs little; equal values get room above and below.
    No axis goes past `top` unless a value does.
    """
    if low >= 0 and high - low >= _FROM_ZERO * high:
        low = 0.0
    if high - low <= max(abs(high), _TINY) * 1e-9:
        margin = abs(high) / 2 if abs(high) > _TINY else 1.0
        low, high = low - margin, high + margin
    step = _round_step((high - low) / _TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if top is not None and high <= top:
        last = min(last, max(math.floor(top / step + 1e-9), first + 1))
    ticks = [float(f"{index * step:.12g}") for index in range(first, last + 1)]
    return ticks, min(ticks[0], low), max(ticks[-1], high)


def _round_step(rough: float) -> float:
    """The smallest round step that is not below a rough one."""
    power = 10.0 ** math.floor(math.log10(max(rough, 1e-300)))
    return next(k for k in _DECIMAL if k * power >= rough * (1 - 1e-9)) * power


def choose_time_ticks(
    start_ms: int,
    end_ms: int,
    zone: ZoneInfo,
    most: int,
    name_day: Callable[[date], str] = "{:%m-%d}".format,
) -> list[tuple[int, str]]:
    """At most `most` round times of the zone's clock with their labels; the last midnight is 24:00.

    Over a few days and less the labels are times of day, over more they are dates: the first one
    and Mondays, over more than a season the first of each month.
    """
    for minutes in _CLOCK_MINUTES:
        if (end_ms - start_ms) / (minutes * _MINUTE_MS) <= most:
            return list(_find_clock_times(start_ms, end_ms, zone, minutes, name_day))
    days = _list_midnights(start_ms, end_ms, zone)
    chosen = [at for at, (_, day) in enumerate(days) if _is_round(day, len(days))]
    every = math.ceil(len(chosen) / max(most - 1, 1)) or 1
    # A label right after the first one would be written over it.
    apart = len(days) / most
    kept = [0, *(at for at in chosen[::every] if at >= apart)] if days else []
    return [(days[at][0], name_day(days[at][1])) for at in kept]


@lru_cache(maxsize=8)
def _list_midnights(start_ms: int, end_ms: int, zone: ZoneInfo) -> list[tuple[int, date]]:
    """The days that begin in the range, each with its first moment: the same in all charts."""
    day = local_time(start_ms, zone).date()
    if start_of_day(day, zone) < start_ms:
        day += timedelta(days=1)
    days: list[tuple[int, date]] = []
    while (t_ms := start_of_day(day, zone)) < end_ms:
        days.append((t_ms, day))
        day += timedelta(days=1)
    return days


def _is_round(day: date, days: int) -> bool:
    if days <= _FEW_DAYS:
        return True
    return day.weekday() == 0 if days <= _SEASON_DAYS else day.day == 1


def _find_clock_times(
    start_ms: int, end_ms: int, zone: ZoneInfo, minutes: int, name_day: Callable[[date], str]
) -> Iterator[tuple[int, str]]:
    """Every moment at which the zone's clock shows a multiple of so many minutes, labelled.

    Clocks are moved by multiples of 15 minutes, so steps of that length meet each of them.
    """
    grain = min(minutes, _GRAIN_MINUTES) * _MINUTE_MS
    several = end_ms - start_ms > 1.5 * _DAY_MS
    for t_ms in range(-(-start_ms // grain) * grain, end_ms + 1, grain):
        local = local_time(t_ms, zone)
        if (local.hour * 60 + local.minute) % minutes or local.second:
            continue
        if local.hour or local.minute:
            yield t_ms, f"{local:%H:%M}"
        elif several:
            yield t_ms, name_day(local.date())
        else:
            yield t_ms, "24:00" if t_ms == end_ms else "00:00"
