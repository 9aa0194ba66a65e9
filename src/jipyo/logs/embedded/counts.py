"""Counts over many blocks: by time, by value, percentiles; from stored counts where they do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from jipyo.logs.answer import LogCount, LogHistogram, LogTerms
from jipyo.logs.embedded.groups import LEVEL_NAMES, group_rows
from jipyo.logs.embedded.scan import Context, OpenBlock, Scan
from jipyo.logs.evaluate.source import MAX_GROUPS, list_starts
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, All, Contains
from jipyo.logs.store.segment_counts import (
    HOUR_NS,
    LEVEL_BITS,
    LEVEL_MASK,
    MINUTE_NS,
    SKELETON_BITS,
    SegmentCounts,
)
from jipyo.logs.store.skeleton import NO_SKELETON
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.query import LogQuery
    from jipyo.logs.store.integers import Integers
    from jipyo.logs.store.segment_counts import Counts

_FEW: Final = 1 << 17
"""As many different numbers as this are counted without sorting them."""
_FEW_TIMES: Final = 4
_PARTS: Final = 16
"""Blocks whose counts are kept apart before they are added up."""

_Counted: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.int64]]"
"""Different numbers, and how many records have each."""
_Placed: TypeAlias = "Sequence[tuple[str, NDArray[np.int64], NDArray[np.int64]]]"
"""For each group places among intervals, and how many records each has."""
_NO_FIELD: Final[Sequence[tuple[str, _Counted]]] = ()


def count_records(context: Context, query: LogQuery) -> LogCount:
    """See `LogSource.count`."""
    scan = Scan(context, query)
    if isinstance(query.where, Contains) and query.where.field == MESSAGE:
        total = _count_with_text(scan, query.where)
    else:
        total = sum(scan.map(OpenBlock.count))
    return LogCount(n=total, missing=tuple(scan.missing))


def _count_with_text(scan: Scan, condition: Contains) -> int:
    """Records with a text in their message, those by skeleton where it is in the fixed text."""
    inner, edges = scan.split(HOUR_NS)
    total = sum(sum(edge.map(OpenBlock.count)) for edge in edges)
    if inner is None or inner.search is None:
        return total
    needle, query, skeletons = inner.search.needle(condition), inner.query, inner.skeletons

    def count_by_skeleton(counts: SegmentCounts, service: str) -> int | None:
        """None where it depends on values of the messages."""
        hours = None if counts.has_lines(service) else counts.read_hours(service)
        if hours is None:
            return None
        keys, numbers = take_hours(query, *hours)
        ids, places = np.unique(keys & NO_SKELETON, return_inverse=True)
        if NO_SKELETON in ids:
            return None
        ways = [needle.ways_over(number, skeletons) for number in ids.tolist()]
        if any(ways):
            return None
        is_in_fixed_text = np.array([way is None for way in ways], bool)
        return int(numbers[is_in_fixed_text[places]].sum())

    found, left = inner.read_counts(count_by_skeleton)
    return total + sum(n for _, _, n in found) + sum(inner.map(OpenBlock.count, left))


def take_hours(query: LogQuery, keys: Integers, counts: Integers) -> Counts:
    """Of counts by hour, level and skeleton those of the query's levels and whole hours."""
    hours = keys >> SKELETON_BITS + LEVEL_BITS
    is_asked = np.isin(keys >> SKELETON_BITS & LEVEL_MASK, sorted(query.levels))
    is_asked &= (hours >= -(-query.start_ns // HOUR_NS)) & (hours < query.end_ns // HOUR_NS)
    return keys[is_asked], counts[is_asked]


def count_by_time(
    context: Context, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None
) -> LogHistogram:
    """See `LogSource.histogram`."""
    scan = Scan(context, query)
    starts = np.array(list_starts(query.start_ns, query.end_ns, interval_ns, zone), np.int64)
    counter = _TimeCounter(starts, by)
    counts: dict[str, NDArray[np.int64]] = {}
    if by is None:
        counts[""] = np.zeros(len(starts), np.int64)
    is_counted = query.where == All() and by in (None, SERVICE, LEVEL)
    has_minutes = is_counted and not (starts[1:] % MINUTE_NS).any()
    for found in counter.count_minutes(scan) if has_minutes else scan.map(counter.count):
        for group, places, numbers in found:
            if group not in counts:
                counts[group] = np.zeros(len(starts), np.int64)
            np.add.at(counts[group], places, numbers)
        if len(counts) > MAX_GROUPS:
            raise LogQueryError("logs_query.too_many_groups", field=by, limit=MAX_GROUPS)
    found_groups = {name: counts[name] for name in sorted(counts)}
    return LogHistogram(starts_ns=starts, counts=found_groups, missing=tuple(scan.missing))


class _TimeCounter:
    """Counts records by interval and group."""

    def __init__(self, starts: NDArray[np.int64], by: str | None) -> None:
        self._starts = starts
        self._by = by

    def count_minutes(self, scan: Scan) -> Iterator[_Placed]:
        """From the counts of segments, and of blocks at the edges of the range."""
        inner, edges = scan.split(MINUTE_NS)
        for edge in edges:
            yield from edge.map(self.count)
        if inner is not None:
            found, left = inner.read_counts(SegmentCounts.read_minutes)
            for _, service, minutes in found:
                yield self._place_minutes(inner.query, service, minutes)
            yield from inner.map(self._count_minutes, left)

    def count(self, block: OpenBlock) -> _Placed:
        """For each group places among the intervals, and how many records each has."""
        if block.query.where == All() and self._by in (None, SERVICE, LEVEL) and block.is_within:
            first, last = self._find([block.summary.first_ns, block.summary.last_ns]).tolist()
            if first == last:
                levels = np.array([block.summary.levels])
                return self._by_level(block.query, block.summary.service, np.array([first]), levels)
        return self._count_rows(block)

    def _count_minutes(self, block: OpenBlock) -> _Placed:
        counts = block.reader.minute_counts()
        return self._place_minutes(block.query, block.summary.service, counts)

    def _place_minutes(self, query: LogQuery, service: str, minutes: Counts) -> _Placed:
        keys, counts = minutes
        t_ns = (keys >> LEVEL_BITS) * MINUTE_NS
        is_asked = (t_ns >= query.start_ns) & (t_ns < query.end_ns)
        places, inverse = np.unique(self._find(t_ns[is_asked]), return_inverse=True)
        table = np.zeros((len(places), 1 << LEVEL_BITS), np.int64)
        np.add.at(table, (inverse, keys[is_asked] & LEVEL_MASK), counts[is_asked])
        return self._by_level(query, service, places, table)

    def _by_level(
        self, query: LogQuery, service: str, places: NDArray[np.int64], table: NDArray[np.int64]
    ) -> _Placed:
        """From counts by interval and level, of shape (places, levels)."""
        levels = sorted(query.levels)
        if self._by == LEVEL:
            return [
                (LEVEL_NAMES[level], places, table[:, level])
                for level in levels
                if table[:, level].any()
            ]
        total = table[:, levels].sum(axis=1)
        name = service if self._by == SERVICE else ""
        return [(name, places, total)] if total.any() else []

    def _count_rows(self, block: OpenBlock) -> _Placed:
        rows = block.rows
        if not len(rows):
            return []
        groups = group_rows(block, rows, self._by)
        places = self._find(block.times[rows])
        keys, counts = np.unique(groups.codes * len(self._starts) + places, return_counts=True)
        codes, found = np.divmod(keys, len(self._starts))
        return [
            (groups.values[code] or "", found[codes == code], counts[codes == code])
            for code in np.unique(codes).tolist()
        ]

    def _find(self, t_ns: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self._starts, t_ns, "right") - 1


def count_values(context: Context, query: LogQuery, field: str, limit: int) -> LogTerms:
    """See `LogSource.terms`."""
    scan = Scan(context, query)
    counts: Counter[str | None] = Counter()
    for found in scan.map(lambda block: _count_values(block, field)):
        counts.update(found)
    absent = counts.pop(None, 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return LogTerms(
        counts=tuple((str(value), n) for value, n in ordered[:limit]),
        others=sum(n for _, n in ordered[limit:]),
        absent=absent,
        missing=tuple(scan.missing),
    )


def _count_values(block: OpenBlock, field: str) -> dict[str | None, int]:
    if field == SERVICE:
        return {block.summary.service: n} if (n := block.count()) else {}
    groups = group_rows(block, block.some_rows, field)
    counts = np.bincount(groups.codes, minlength=len(groups.values)).tolist()
    found: Counter[str | None] = Counter()
    for value, n in zip(groups.values, counts, strict=True):
        if n:
            found[value] += n
    return found
