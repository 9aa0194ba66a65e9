"""Maintenance windows that the configuration lets come again: their next and their past ones."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from jipyo.alerts.silence import MaintenanceWindow
from jipyo.model.calendar import local_time, start_of_day
from jipyo.model.cron import list_moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from jipyo.alerts.options import Maintenance

_MOST = 10_000
"""Windows of one schedule in an answer: one a minute for a week."""


def expand_maintenance(
    schedules: Iterable[Maintenance], start_ms: int, end_ms: int, zone: ZoneInfo
) -> tuple[MaintenanceWindow, ...]:
    """The windows of schedules that touch [start, end), by their beginning.

    As cron has it, a window whose time the clocks skip begins right after the gap, and one whose
    time they show twice begins once.
    """
    windows = [window for one in schedules for window in _expand(one, start_ms, end_ms, zone)]
    return tuple(sorted(windows, key=lambda one: (one.start_ms, one.id)))


def _expand(
    schedule: Maintenance, start_ms: int, end_ms: int, zone: ZoneInfo
) -> Iterator[MaintenanceWindow]:
    announced_ms = None if schedule.announced is None else start_of_day(schedule.announced, zone)
    # One that began before may still last.
    after_ms = start_ms - schedule.duration_ms
    moments = list_moments(schedule.schedule, zone, after_ms, end_ms - 1)
    for begins_ms in islice(moments, _MOST):
        yield MaintenanceWindow(
            id=f"{schedule.name} {local_time(begins_ms, zone):%Y-%m-%d %H:%M}",
            name=schedule.name,
            matchers=schedule.matchers,
            start_ms=begins_ms,
            end_ms=begins_ms + schedule.duration_ms,
            announced_ms=announced_ms,
            approval=schedule.approval,
        )
