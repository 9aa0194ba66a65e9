"""Maintenance windows that the configuration lets come again: their next and their past ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.alerts.silence import MaintenanceWindow
from jipyo.model.calendar import local_time, start_of_day

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
    from cronsim import CronSim  # noqa: PLC0415 - only where there is a schedule

    # One that began before may still last.
    before = local_time(start_ms - schedule.duration_ms, zone) - timedelta(minutes=1)
    moments = CronSim(schedule.schedule, before)
    announced_ms = None if schedule.announced is None else start_of_day(schedule.announced, zone)
    for _, moment in zip(range(_MOST), moments, strict=False):
        begins_ms = int(moment.timestamp()) * 1000
        if begins_ms >= end_ms:
            return
        if begins_ms + schedule.duration_ms > start_ms:
            yield MaintenanceWindow(
                id=f"{schedule.name} {moment:%Y-%m-%d %H:%M}",
                name=schedule.name,
                matchers=schedule.matchers,
                start_ms=begins_ms,
                end_ms=begins_ms + schedule.duration_ms,
                announced_ms=announced_ms,
                approval=schedule.approval,
            )
