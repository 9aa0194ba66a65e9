"""Moments of a cron schedule, on the clocks of a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo


def list_moments(schedule: str, zone: ZoneInfo, after_ms: int, until_ms: int) -> Iterator[int]:
    """The moments of a schedule in (after, until], in milliseconds.

    As cron has it, one that the clocks skip comes right after the gap, and one that they show
    twice comes once.
    """
    from cronsim import CronSim  # noqa: PLC0415 - only where there is a schedule

    for moment in CronSim(schedule, local_time(after_ms, zone)):
        t_ms = int(moment.timestamp()) * 1000
        if t_ms > until_ms:
            return
        if t_ms > after_ms:
            yield t_ms
