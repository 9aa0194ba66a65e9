"""Sessions of a source's records, service by service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.logs.activity.columns import AGENT, CLIENT, ROUTE, STATUS, USER
from jipyo.logs.activity.session_summary import SessionSummary, summarise_sessions
from jipyo.logs.activity.sessions import GAP_NS, Sessions, SessionTracker
from jipyo.logs.query import All, Equals, Exists, Not

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.model.errors import JipyoError

_IS_NAMED = All((Exists(USER), Not(Equals(USER, "-"))))
_READINGS = (
    (_IS_NAMED, (USER, ROUTE, STATUS)),
    (All((Exists(CLIENT), Not(_IS_NAMED))), (CLIENT, AGENT, ROUTE, STATUS)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVisits:
    """The sessions of a service."""

    service: str
    summary: SessionSummary
    active: tuple[bytes, ...]
    """Who sent a request in the last minutes of the range, the latest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The sessions of all services of which records name a visitor."""

    services: tuple[ServiceVisits, ...]
    """The most sessions first."""
    missing: tuple[JipyoError, ...] = ()


def summarise_visits(
    source: LogSource,
    query: LogQuery,
    zone: ZoneInfo,
    lookback_ns: int,
    gap_ns: int = GAP_NS,
    limit: int = 10,
) -> Visits:
    """The sessions that begin in the query's range.

    Records of `lookback_ns` before it show which sessions go on from there, and who was here
    before: without them every visitor would be new.

    Raises:
        LogQueryError: the query is rejected.
        LogSourceError: the source failed.
    """
    wanted = replace(query, start_ns=max(query.start_ns - lookback_ns, 0))
    trackers, missing = track_sessions(source, wanted, gap_ns)
    found = []
    for service, tracker in trackers.items():
        sessions = select_beginning(tracker.build(), query.start_ns)
        if len(sessions):
            summary = summarise_sessions(sessions, zone, limit)
            active = tracker.list_active(query.end_ns)
            found.append(ServiceVisits(service=service, summary=summary, active=active))
    found.sort(key=lambda each: (-each.summary.sessions, each.service))
    return Visits(services=tuple(found), missing=missing)


def track_sessions(
    source: LogSource, query: LogQuery, gap_ns: int = GAP_NS
) -> tuple[dict[str, SessionTracker], tuple[JipyoError, ...]]:
    """The sessions of each service with visitors, and what of their records is missing.

    Records of named users come first, for which no addresses and agents are read, and then
    those of others: no visitor is among both.
    """
    trackers: dict[str, SessionTracker] = {}
    missing: dict[JipyoError, None] = {}
    for condition, fields in _READINGS:
        wanted = replace(query, where=All((query.where, condition)))
        for batch in source.batches(wanted, fields):
            tracker = trackers.get(batch.service)
            if tracker is None:
                tracker = trackers[batch.service] = SessionTracker(gap_ns)
            tracker.add(batch)
        missing.update(dict.fromkeys(source.find_missing()))
    return trackers, tuple(missing)


def select_beginning(sessions: Sessions, start_ns: int) -> Sessions:
    """Those that begin at a moment or later."""
    chosen = sessions.start_ns >= start_ns
    return replace(
        sessions,
        visitor=sessions.visitor[chosen],
        start_ns=sessions.start_ns[chosen],
        end_ns=sessions.end_ns[chosen],
        requests=sessions.requests[chosen],
        pages=sessions.pages[chosen],
        errors=sessions.errors[chosen],
        entry=sessions.entry[chosen],
        exit=sessions.exit[chosen],
        is_returning=sessions.is_returning[chosen],
        is_automatic=sessions.is_automatic[chosen],
    )
