"""How long requests took, and how many there were: by route and by time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.activity.columns import (
    DURATION,
    NO_CODE,
    ROUTE,
    CodeTable,
    encode_column,
    read_numbers,
    read_statuses,
)
from jipyo.logs.activity.visitors import is_monitor_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

_SERVER_ERROR = 500
_NS = 10**9


@dataclass(frozen=True, slots=True)
class GroupPercentiles:
    """Percentiles by group, in the order of the groups' numbers."""

    groups: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: NDArray[np.int64]
    """Shape (groups, percents)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLatency:
    """The requests of one route."""

    route: bytes
    requests: int
    per_second: float
    """Requests a second, over the whole range."""
    errors: int
    """Answers of status 500 and above."""
    timed: int
    """Requests whose duration is in the log."""
    percentiles_s: tuple[float, ...]
    """Of those, by nearest rank; empty without any."""


def find_percentiles(
    groups: NDArray[np.int64], values: NDArray[np.int64], percents: Sequence[float]
) -> GroupPercentiles:
    """Percentiles by nearest rank of the values of each group.

    Args:
        groups: the group of each value, shape (values,).
        values: shape (values,).
        percents: from 0 to 100.
    """
    numbers, places = _number(groups)
    order = _sort_within(places, values)
    counts = np.bincount(places, minlength=len(numbers)).astype(np.int64)
    starts = np.cumsum(counts) - counts
    ranks = np.array([[find_rank(p, int(n)) for p in percents] for n in counts], np.int64)
    ranks = ranks.reshape(len(numbers), len(percents))
    return GroupPercentiles(numbers, counts, order[starts[:, None] + ranks])


def find_rank(percent: float, n: int) -> int:
    """The place, from 0, of the smallest of n values that so many percent do not exceed."""
    return max(ceil(Fraction(str(percent)) * n / 100), 1) - 1


def _number(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct groups, and of each value the place of its group among them."""
    if not len(groups):
        return groups, groups
    low = int(groups.min())
    if int(groups.max()) - low > len(groups):
        return np.unique(groups, return_inverse=True)
    shifted = groups - low
    present = np.flatnonzero(np.bincount(shifted))
    places = np.zeros(int(present[-1]) + 1, np.int64)
    places[present] = np.arange(len(present))
    return present + low, places[shifted]


def _sort_within(places: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values in the order of their group, and in order within it."""
    if not len(values):
        return values
    low = int(values.min())
    bits = (int(values.max()) - low).bit_length()
    if bits + int(places.max()).bit_length() > 63:
        return values[np.lexsort((values, places))]
    keys = np.sort(places << bits | (values - low))
    return (keys & ((1 << bits) - 1)) + low


def summarise_routes(
    batches: Iterable[LogBatch], start_ns: int, end_ns: int, percents: Sequence[float] = (50, 95)
) -> tuple[RouteLatency, ...]:
    """Of every route the requests in [start, end), without those of monitors; most first."""
    table = CodeTable()
    parts = [_read_requests(batch, table) for batch in batches]
    empty = np.zeros(0, np.int64)
    routes, statuses, durations = (
        np.concatenate([empty, *(part[place] for part in parts)]) for place in range(3)
    )
    requests = np.bincount(routes, minlength=len(table.texts))
    errors = np.bincount(routes[statuses >= _SERVER_ERROR], minlength=len(table.texts))
    timed = durations >= 0
    found = find_percentiles(routes[timed], durations[timed], percents)
    values = dict(zip(found.groups.tolist(), (found.values / _NS).tolist(), strict=True))
    counts = dict(zip(found.groups.tolist(), found.counts.tolist(), strict=True))
    rows = [
        RouteLatency(
            route=text,
            requests=int(requests[code]),
            per_second=int(requests[code]) * _NS / max(end_ns - start_ns, 1),
            errors=int(errors[code]),
            timed=counts.get(code, 0),
            percentiles_s=tuple(values.get(code, ())),
        )
        for code, text in enumerate(table.texts)
        if requests[code] and not is_monitor_route(text)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.requests, row.route)))


def _read_requests(batch: LogBatch, table: CodeTable) -> tuple[NDArray[np.int64], ...]:
    """Route, status and duration (-1 for none) of the records with a route."""
    routes = encode_column(batch, ROUTE, table)
    durations, present = read_numbers(batch, DURATION)
    durations = np.where(present & (durations >= 0), durations, -1)
    has_route = routes != NO_CODE
    return routes[has_route], read_statuses(batch)[has_route], durations[has_route]
