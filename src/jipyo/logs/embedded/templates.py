"""Records under their templates: from counts by hour and skeleton, and exactly at the edges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.answer import LogTemplate, LogTemplates
from jipyo.logs.embedded.counts import take_hours
from jipyo.logs.embedded.scan import Context, OpenBlock, Scan
from jipyo.logs.query import All
from jipyo.logs.store.segment_counts import (
    HOUR_NS,
    LEVEL_BITS,
    LEVEL_MASK,
    SKELETON_BITS,
    SegmentCounts,
)
from jipyo.logs.store.skeleton import NO_SKELETON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from jipyo.logs.query import LogQuery
    from jipyo.logs.store.segment_counts import Counts


@dataclass(slots=True)
class _Total:
    """What is known of a template."""

    text: str
    by_service: Counter[str] = field(default_factory=Counter)
    first_ns: int = (1 << 63) - 1
    last_ns: int = -(1 << 63)

    def add(self, service: str, n: int, first_ns: int, last_ns: int) -> None:
        self.by_service[service] += n
        self.first_ns = min(self.first_ns, first_ns)
        self.last_ns = max(self.last_ns, last_ns)


@dataclass(frozen=True, slots=True)
class _Part:
    """Records of one skeleton in a block, or of one message without a skeleton."""

    template: tuple[str, str]
    service: str
    n: int
    first_ns: int
    last_ns: int


def list_templates(context: Context, query: LogQuery) -> LogTemplates:
    """See `LogSource.templates`."""
    scan = Scan(context, query)
    totals: dict[str, _Total] = {}
    for parts in _count_hours(scan) if query.where == All() else scan.map(_count_rows):
        for part in parts:
            name, text = part.template
            total = totals.setdefault(name, _Total(text))
            total.add(part.service, part.n, part.first_ns, part.last_ns)
    found = [
        LogTemplate(
            id=name,
            text=total.text,
            n=total.by_service.total(),
            by_service=dict(total.by_service),
            first_ns=total.first_ns,
            last_ns=total.last_ns,
        )
        for name, total in totals.items()
    ]
    found.sort(key=lambda template: (-template.n, template.id))
    return LogTemplates(
        templates=tuple(found),
        total=sum(template.n for template in found),
        resolution_ns=HOUR_NS if query.where == All() else 1,
        missing=tuple(scan.missing),
    )


def _count_hours(scan: Scan) -> Iterator[list[_Part]]:
    """From the counts of segments by hour, and of blocks at the edges of the range."""
    inner, edges = scan.split(HOUR_NS)
    for edge in edges:
        yield from edge.map(_count_block)
    if inner is None:
        return
    query = inner.query

    def read_hours(counts: SegmentCounts, service: str) -> Counts | None:
        """None where some records have no skeleton in the table."""
        hours = counts.read_hours(service)
        found = hours and take_hours(query, *hours)
        return None if found is None or NO_SKELETON in found[0] & NO_SKELETON else found

    found, left = inner.read_counts(read_hours)
    for segment, service, hours in found:
        yield _sum_hours(scan, service, segment.ranges[service], hours)
    yield from inner.map(_count_block, left)


def _count_block(block: OpenBlock) -> list[_Part]:
    """From the counts of a block by hour, as far as its hours are in the range."""
    keys, counts = block.reader.hour_counts()
    hours = keys >> SKELETON_BITS + LEVEL_BITS
    is_asked = np.isin(keys >> SKELETON_BITS & LEVEL_MASK, sorted(block.query.levels))
    first, end = -(-block.query.start_ns // HOUR_NS), block.query.end_ns // HOUR_NS
    is_whole = (hours >= first) & (hours < end) | block.is_within
    is_known = is_whole & (keys & NO_SKELETON != NO_SKELETON)
    known, summary = is_asked & is_known, block.summary
    span = summary.first_ns, summary.last_ns
    parts = _sum_hours(block, summary.service, span, (keys[known], counts[known]))
    left = _find_left(block, keys[is_asked & ~is_known])
    return [*parts, *_count_rows(block, left)]


def _sum_hours(
    source: Scan | OpenBlock, service: str, span: tuple[int, int], hours: Counts
) -> list[_Part]:
    """The records of whole hours, whose skeletons are in the table; their times in the span."""
    keys, counts = hours
    ids, codes = np.unique(keys & NO_SKELETON, return_inverse=True)
    if not len(ids):
        return []
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(ids)))
    hour = (keys >> SKELETON_BITS + LEVEL_BITS)[order]
    sums = np.add.reduceat(counts[order], starts)
    firsts = np.maximum(np.minimum.reduceat(hour, starts) * HOUR_NS, span[0])
    lasts = (np.maximum.reduceat(hour, starts) + 1) * HOUR_NS - 1
    rows = zip(sums.tolist(), firsts.tolist(), lasts.tolist(), strict=True)
    return [
        _Part(template, service, n, first, min(last, span[1]))
        for template, (n, first, last) in zip(source.find_templates(ids), rows, strict=True)
    ]


def _find_left(block: OpenBlock, left: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of the query that have one of these keys."""
    if not len(left):
        return np.empty(0, np.int64)
    rows = block.rows
    hours = block.times[rows] // HOUR_NS << LEVEL_BITS | block.reader.levels()[rows]
    keys = hours << SKELETON_BITS | block.reader.skeleton_ids(rows)
    return rows[np.isin(keys, left)]


def _count_rows(block: OpenBlock, some: NDArray[np.int64] | None = None) -> list[_Part]:
    """The rows of the query, or some of them, one by one."""
    rows = block.rows if some is None else some
    if not len(rows):
        return []
    templates, codes = block.group_templates(rows)
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    ends = [*starts[1:].tolist(), len(rows)]
    times = block.times[rows][order]  # ascending within a code, as rows are in order of time
    return [
        _Part(
            templates[code],
            block.summary.service,
            end - start,
            int(times[start]),
            int(times[end - 1]),
        )
        for code, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True)
    ]
