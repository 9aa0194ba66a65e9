"""How long the intervals of a chart are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_S = 10**9
_NS_PER_MS = 10**6
_STEPS_NS = tuple(
    seconds * _S
    for seconds in (
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    )
)  # fmt: skip


def choose_interval(start_ns: int, end_ns: int, most: int, zone: ZoneInfo) -> int | None:
    """The shortest round interval of which a range has at most so many; None for whole days.

    Intervals are aligned to the epoch, so that only those fit that also begin at full hours of
    the zone's days: in Seoul every three hours, and not every two.
    """
    offset = local_time(start_ns // _NS_PER_MS, zone).utcoffset() or timedelta()
    offset_ns = round(offset.total_seconds()) * _S
    fitting = (step for step in _STEPS_NS if offset_ns % step == 0)
    return next((step for step in fitting if end_ns - start_ns <= step * most), None)
