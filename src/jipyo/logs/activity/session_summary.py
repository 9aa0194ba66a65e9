"""Sessions -> the figures of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.activity.sessions import Sessions

_HOUR_NS = 3600 * 10**9
_QUARTER_NS = _HOUR_NS // 4
"""No zone's clocks differ from UTC by less."""
_QUARTER_MS = _QUARTER_NS // 10**6
_NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """Sessions of people; those of machines are a number only."""

    sessions: int
    visitors: int
    automatic_sessions: int
    new_visitors: int
    """Whose first session is among these."""
    returning_sessions: int
    requests: int
    pages: int
    errors: int
    median_duration_s: float
    """NaN without sessions, as are the two below."""
    mean_duration_s: float
    bounce_percent: float
    """Sessions of at most one page."""
    by_hour: NDArray[np.int64]
    """Beginnings by local hour; shape (24,)."""
    by_weekday: NDArray[np.int64]
    """Beginnings by local weekday, from Monday; shape (7,)."""
    entries: tuple[tuple[bytes, int], ...]
    """The most frequent first routes."""
    exits: tuple[tuple[bytes, int], ...]


def summarise_sessions(sessions: Sessions, zone: ZoneInfo, limit: int = 10) -> SessionSummary:
    """The figures of the sessions; `limit` routes for entry and exit."""
    people = ~sessions.is_automatic
    durations_s = (sessions.end_ns - sessions.start_ns)[people] / _NS
    pages = sessions.pages[people]
    n = len(pages)
    hours, weekdays = find_local_hours(sessions.start_ns[people], zone)
    return SessionSummary(
        sessions=n,
        visitors=len(np.unique(sessions.visitor[people])),
        automatic_sessions=int(sessions.is_automatic.sum()),
        new_visitors=int((people & ~sessions.is_returning).sum()),
        returning_sessions=int((people & sessions.is_returning).sum()),
        requests=int(sessions.requests[people].sum()),
        pages=int(pages.sum()),
        errors=int(sessions.errors[people].sum()),
        median_duration_s=float(np.median(durations_s)) if n else np.nan,
        mean_duration_s=float(durations_s.mean()) if n else np.nan,
        bounce_percent=100 * float((pages <= 1).mean()) if n else np.nan,
        by_hour=np.bincount(hours, minlength=24),
        by_weekday=np.bincount(weekdays, minlength=7),
        entries=_count_routes(sessions.entry[people], sessions.routes, limit),
        exits=_count_routes(sessions.exit[people], sessions.routes, limit),
    )


def find_local_hours(
    t_ns: NDArray[np.int64], zone: ZoneInfo
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the zone's clocks show: the hour, and the weekday from Monday."""
    quarters, places = np.unique(t_ns // _QUARTER_NS, return_inverse=True)
    shown = [local_time(quarter * _QUARTER_MS, zone) for quarter in quarters.tolist()]
    hours = np.array([moment.hour for moment in shown], np.int64)
    weekdays = np.array([moment.weekday() for moment in shown], np.int64)
    return hours[places], weekdays[places]


def _count_routes(
    codes: NDArray[np.int64], routes: tuple[bytes, ...], limit: int
) -> tuple[tuple[bytes, int], ...]:
    counts = np.bincount(codes[codes >= 0], minlength=len(routes)).tolist()
    found = [(route, n) for route, n in zip(routes, counts, strict=True) if n]
    return tuple(sorted(found, key=lambda row: (-row[1], row[0]))[:limit])
