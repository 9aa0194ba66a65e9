"""How long requests took, and how many there were, by route."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.logs.activity.columns import DURATION, ROUTE, STATUS
from jipyo.logs.activity.visitors import is_monitor_route
from jipyo.logs.query import All, Between, Exists
from jipyo.logs.record import encode_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.answer import LogPercentiles
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.model.errors import JipyoError

MOST_ROUTES = 1000
"""Requests of rarer ones are only counted."""
_SERVER_ERROR = 500
_NS = 10**9
_UNTIMED: tuple[int, tuple[float, ...]] = (0, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLatency:
    """The requests of one route."""

    route: str
    requests: int
    per_second: float
    """Requests a second, over the whole range."""
    errors: int
    """Answers of status 500 and above."""
    timed: int
    """Requests whose duration is in the log."""
    percentiles_s: tuple[float, ...]
    """Of those; empty without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSummary:
    """The requests of all routes."""

    routes: tuple[RouteLatency, ...]
    """The most requests first; without those that only monitors ask for."""
    percents: tuple[float, ...]
    total: RouteLatency
    """Of all requests, those of monitors and of rare routes too; its route is empty."""
    monitors: int
    """Requests for health and metrics."""
    others: int
    """Requests of routes that are not listed."""
    estimated: bool
    """The source estimates the percentiles."""
    missing: tuple[JipyoError, ...] = ()


def summarise_routes(
    source: LogSource, query: LogQuery, percents: Sequence[float] = (50, 95, 99)
) -> RouteSummary:
    """The requests of a query, by route; percentiles by nearest rank, where exact.

    Raises:
        LogQueryError: the query is rejected.
        LogSourceError: the source failed.
    """
    requests = replace(query, where=All((query.where, Exists(ROUTE))))
    failed = replace(query, where=All((requests.where, Between(STATUS, _SERVER_ERROR))))
    # A log that has no durations has no such field, which is no mistake.
    timed = replace(query, where=All((requests.where, Exists(DURATION))))
    counts = source.terms(requests, ROUTE, MOST_ROUTES)
    errors = source.terms(failed, ROUTE, MOST_ROUTES)
    by_route = source.percentiles(timed, DURATION, percents, ROUTE)
    overall = source.percentiles(timed, DURATION, percents)
    seconds = max(query.end_ns - query.start_ns, 1) / _NS
    failures, times = dict(errors.counts), _read_times(by_route)
    rows = [
        _build_row(route, n, seconds, failures.get(route, 0), times.get(route, _UNTIMED))
        for route, n in counts.counts
    ]
    shown = [row for row in rows if not is_monitor_route(encode_text(row.route))]
    n_all = sum(row.requests for row in rows) + counts.others
    n_failed = sum(failures.values()) + errors.others
    timing = next(iter(_read_times(overall).values()), _UNTIMED)
    answers = (counts, errors, by_route, overall)
    return RouteSummary(
        routes=tuple(shown),
        percents=tuple(percents),
        total=_build_row("", n_all, seconds, n_failed, timing),
        monitors=sum(row.requests for row in rows) - sum(row.requests for row in shown),
        others=counts.others,
        estimated=by_route.estimated or overall.estimated,
        missing=tuple(dict.fromkeys(error for answer in answers for error in answer.missing)),
    )


def _read_times(found: LogPercentiles) -> dict[str, tuple[int, tuple[float, ...]]]:
    """By route, how many requests have a duration, and its percentiles in seconds."""
    return {route: (n, tuple(ns / _NS for ns in values)) for route, n, values in found.rows}


def _build_row(
    route: str, n: int, seconds: float, errors: int, timing: tuple[int, tuple[float, ...]]
) -> RouteLatency:
    return RouteLatency(
        route=route,
        requests=n,
        per_second=n / seconds,
        errors=errors,
        timed=timing[0],
        percentiles_s=timing[1],
    )
