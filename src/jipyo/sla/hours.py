"""The service time: when the clocks on the wall show hours in which the service is promised.

An hour that the clocks show twice is promised twice; one that they skip is not there. Hours
belong to the day that they begin on, so that those of the evening before a holiday run on into
it, and those of the holiday's own evening do not begin.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time
from jipyo.sla.profile import DAY_MINUTES, ShiftHours
from jipyo.sla.spans import intersect, unite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from jipyo.sla.profile import ServiceHours
    from jipyo.sla.spans import Spans

_MINUTE_MS = 60_000
_DAY_MS = DAY_MINUTES * _MINUTE_MS
_EPOCH_DAY = date(1970, 1, 1)
_ALL_DAY = ShiftHours(frozenset(range(7)), 0, 0)


def find_service_time(
    hours: ServiceHours,
    start_ms: int,
    end_ms: int,
    zone: ZoneInfo,
    is_day_off: Callable[[date], bool],
) -> Spans:
    """The service time within [start, end); `is_day_off` is asked of local days around it."""
    open_ms: list[tuple[int, int]] = []
    for first_ms, last_ms, offset_ms in find_offsets(start_ms, end_ms, zone):
        local = (first_ms + offset_ms, last_ms + offset_ms)
        shifts = unite(_find_shifts(hours, *local, is_day_off))
        open_ms.extend(
            (start - offset_ms, end - offset_ms) for start, end in intersect(shifts, (local,))
        )
    return unite(open_ms)


def _find_shifts(
    hours: ServiceHours, start_ms: int, end_ms: int, is_day_off: Callable[[date], bool]
) -> Iterator[tuple[int, int]]:
    """The promised hours of all days that reach into a stretch, in milliseconds by the clock."""
    for number in range(start_ms // _DAY_MS - 1, (end_ms - 1) // _DAY_MS + 1):
        day = _EPOCH_DAY + timedelta(days=number)
        if is_day_off(day):
            continue
        for shift in hours.shifts or (_ALL_DAY,):
            if day.weekday() in shift.weekdays:
                opens_ms = number * _DAY_MS + shift.start_minute * _MINUTE_MS
                yield opens_ms, opens_ms + shift.length_minutes * _MINUTE_MS


def find_offsets(start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """The stretches of [start, end) in which the zone keeps one offset, with it: milliseconds."""
    first_ms, offset_ms = start_ms, _find_offset(start_ms, zone)
    for probe_ms in (*range(start_ms + _DAY_MS, end_ms, _DAY_MS), end_ms - 1):
        while _find_offset(probe_ms, zone) != offset_ms:
            low_ms, high_ms = max(probe_ms - _DAY_MS, first_ms), probe_ms
            while high_ms - low_ms > 1:
                middle_ms = (low_ms + high_ms) // 2
                if _find_offset(middle_ms, zone) == offset_ms:
                    low_ms = middle_ms
                else:
                    high_ms = middle_ms
            yield first_ms, high_ms, offset_ms
            first_ms, offset_ms = high_ms, _find_offset(high_ms, zone)
    yield first_ms, end_ms, offset_ms


def _find_offset(t_ms: int, zone: ZoneInfo) -> int:
    offset = local_time(t_ms, zone).utcoffset()
    assert offset is not None, "BUG: a local time knows its offset"
    return offset // timedelta(milliseconds=1)
