"""A contract's month counted second by second, from the words of docs/sla.md alone.

It shares no code with `jipyo.sla` but the values that go in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.analysis.slo.objective import MissingData
from jipyo.model.attribution import Attribution
from jipyo.sla.profile import OutageMonth, RestoreClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.sla.profile import Profile, ServiceHours
    from jipyo.sla.records import ContractOutage, MonthRecords


@dataclass
class Counts:
    """Seconds of the month's part, and what the outages came to."""

    outside: int = 0
    planned: int = 0
    unmeasured: int = 0
    outage: int = 0
    not_counted: int = 0
    up: int = 0
    counted: int = 0
    """Outage seconds of this month by the profile's rule."""
    restores: tuple[int, ...] = ()
    """Seconds of each outage that counts in this month."""
    charged: float = 0.0
    availability: tuple[int, int] = (0, 0)


def count_month(
    profile: Profile,
    window: tuple[int, int],
    contract_start_s: int,
    zone: ZoneInfo,
    records: MonthRecords,
    is_day_off: Callable[[date], bool],
) -> Counts:
    """Every second asked what it is; `window` and the contract's start in seconds."""
    first_s, last_s = window
    outages = [_cut(one, contract_start_s) for one in records.outages]
    ours = [one for one in outages if one and one[2] in profile.counted]
    theirs = [one for one in outages if one and one[2] not in profile.counted]
    begin_s = min([first_s, *(one[0] for one in ours)])
    seconds = range(begin_s, last_s)
    served = _list_service(profile.hours, seconds, zone, is_day_off)
    work = [
        (one.start_ms // 1000, one.end_ms // 1000)
        for one in records.planned
        if one.approval
        and one.announced_ms is not None
        and one.announced_ms // 1000 < one.start_ms // 1000
        and one.announced_ms // 1000 * 1000 + profile.notice_ms <= one.start_ms // 1000 * 1000
    ]
    excluded = _mark(work, seconds)
    down, other = _mark(ours, seconds), _mark(theirs, seconds)
    dark = _mark([(a // 1000, b // 1000) for a, b in records.gaps], seconds)
    left = np.arange(begin_s, last_s) >= first_s
    counts = Counts()
    for name, marks in (
        ("outside", ~served),
        ("planned", excluded),
        ("outage", down),
        ("not_counted", other),
        ("unmeasured", dark),
        ("up", np.ones(len(seconds), bool)),
    ):
        setattr(counts, name, int(np.count_nonzero(left & marks)))
        left &= ~marks
    _count_outages(counts, profile, ours, window, seconds, served, excluded)
    promised = last_s - first_s - counts.outside - counts.planned
    lost = counts.counted
    if profile.missing is MissingData.IGNORE:
        promised -= counts.unmeasured
    elif profile.missing is MissingData.BAD:
        lost += counts.unmeasured
    counts.availability = max(promised - lost, 0), promised
    return counts


def _cut(one: ContractOutage, contract_s: int) -> tuple[int, int, Attribution] | None:
    start_s = max(one.start_ms // 1000, contract_s)
    end_s = 1 << 60 if one.end_ms is None else one.end_ms // 1000
    return (start_s, end_s, one.attribution or Attribution.OURS) if start_s < end_s else None


def _mark(spans: Sequence[tuple[Any, ...]], seconds: range) -> NDArray[np.bool_]:
    marks = np.zeros(len(seconds), bool)
    for start, end, *_ in spans:
        first, last = max(start - seconds.start, 0), max(end - seconds.start, 0)
        marks[first:last] = True
    return marks


def _list_service(
    hours: ServiceHours, seconds: range, zone: ZoneInfo, is_day_off: Callable[[date], bool]
) -> NDArray[np.bool_]:
    """Whether the clock on the wall shows service hours: each minute is asked once.

    Clocks are moved at whole minutes in the zones of these tests, so a minute is of one kind.
    """
    first, last = seconds.start // 60, (seconds.stop - 1) // 60
    is_open = [
        _is_open(
            hours,
            datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).replace(tzinfo=None),
            is_day_off,
        )
        for minute in range(first, last + 1)
    ]
    return np.repeat(is_open, 60)[seconds.start - first * 60 :][: len(seconds)]


def _is_open(hours: ServiceHours, local: datetime, is_day_off: Callable[[date], bool]) -> bool:
    now = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    if not hours.shifts:
        return not is_day_off(today)
    for shift in hours.shifts:
        across = shift.end_minute <= shift.start_minute
        is_today = today.weekday() in shift.weekdays and not is_day_off(today)
        was_yesterday = yesterday.weekday() in shift.weekdays and not is_day_off(yesterday)
        if not across and is_today and shift.start_minute <= now < shift.end_minute:
            return True
        if across and is_today and now >= shift.start_minute:
            return True
        if across and was_yesterday and now < shift.end_minute:
            return True
    return False


def _count_outages(  # noqa: PLR0917 - what each second was found to be
    counts: Counts,
    profile: Profile,
    ours: Sequence[tuple[int, int, Attribution]],
    window: tuple[int, int],
    seconds: range,
    served: NDArray[np.bool_],
    excluded: NDArray[np.bool_],
) -> None:
    """Runs of seconds without a pause are one outage; their last second says of which month."""
    restores = []
    edges = sorted({edge for one in ours for edge in one[:2]})
    runs: list[list[int]] = []
    for start, end in pairwise(edges):
        if any(one[0] <= start < one[1] for one in ours):
            if runs and runs[-1][1] == start:
                runs[-1][1] = end
            else:
                runs.append([start, end])
    for start, end in runs:
        is_here = window[0] <= end - 1 < window[1]
        times = np.arange(start, min(end, window[1]))
        at = times - seconds.start
        promised = times[served[at] & ~excluded[at]]
        inside, here = len(promised), int(np.count_nonzero(promised >= window[0]))
        if profile.outage_month is OutageMonth.MINUTE:
            counts.counted += here
        elif is_here:
            counts.counted += inside
        if is_here and inside:
            by_clock = profile.restore and profile.restore.clock is RestoreClock.ELAPSED
            restores.append(end - start if by_clock else inside)
    counts.restores = tuple(restores)
    if profile.restore:
        allowed = profile.restore.allowed_ms // 1000
        counts.charged = profile.restore.factor * sum(max(one - allowed, 0) for one in restores)
