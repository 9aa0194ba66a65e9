"""Records under their templates: from counts by hour and skeleton, and exactly at the edges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.answer import LogTemplate, LogTemplates
from jipyo.logs.embedded.scan import Context, OpenBlock, Scan
from jipyo.logs.query import All
from jipyo.logs.store.block import HOUR_NS, LEVEL_BITS, SKELETON_BITS
from jipyo.logs.store.skeleton import NO_SKELETON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.logs.query import LogQuery

LEVEL_MASK: Final = (1 << LEVEL_BITS) - 1


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
    for parts in scan.map(_count_templates):
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


def _count_templates(block: OpenBlock) -> list[_Part]:
    if block.query.where != All():
        return _count_rows(block, block.rows)
    keys, counts = block.reader.hour_counts()
    hours = _Hours(keys >> SKELETON_BITS + LEVEL_BITS, keys & NO_SKELETON, counts)
    is_asked = np.isin(keys >> SKELETON_BITS & LEVEL_MASK, sorted(block.query.levels))
    first = -(-block.query.start_ns // HOUR_NS)
    end = block.query.end_ns // HOUR_NS
    is_whole = (hours.hours >= first) & (hours.hours < end) | block.is_within
    is_known = hours.skeletons != NO_SKELETON
    parts = _sum_hours(block, hours.take(is_asked & is_whole & is_known))
    is_left = is_asked & ~(is_whole & is_known)
    return [*parts, *_count_rows(block, _find_left(block, hours.take(is_left)))]


@dataclass(frozen=True, slots=True)
class _Hours:
    """Records by hour and skeleton."""

    hours: NDArray[np.int64]
    skeletons: NDArray[np.int64]
    counts: NDArray[np.int64]

    def take(self, chosen: NDArray[np.bool_]) -> _Hours:
        return _Hours(self.hours[chosen], self.skeletons[chosen], self.counts[chosen])


def _sum_hours(block: OpenBlock, counted: _Hours) -> list[_Part]:
    """The records of whole hours, whose skeletons are in the table."""
    ids, codes = np.unique(counted.skeletons, return_inverse=True)
    if not len(ids):
        return []
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(ids)))
    hours, summary = counted.hours[order], block.summary
    sums = np.add.reduceat(counted.counts[order], starts)
    firsts = np.maximum(np.minimum.reduceat(hours, starts) * HOUR_NS, summary.first_ns)
    lasts = (np.maximum.reduceat(hours, starts) + 1) * HOUR_NS - 1
    rows = zip(sums.tolist(), firsts.tolist(), lasts.tolist(), strict=True)
    return [
        _Part(template, summary.service, n, first, min(last, summary.last_ns))
        for template, (n, first, last) in zip(block.find_templates(ids), rows, strict=True)
    ]


def _find_left(block: OpenBlock, left: _Hours) -> NDArray[np.int64]:
    """The rows of the query that the counts by hour do not tell."""
    if not len(left.hours):
        return np.empty(0, np.int64)
    rows = block.rows
    is_left = np.isin(block.times[rows] // HOUR_NS, left.hours)
    rows = rows[is_left]
    keys = (block.times[rows] // HOUR_NS << SKELETON_BITS) + block.reader.skeleton_ids(rows)
    return rows[np.isin(keys, (left.hours << SKELETON_BITS) + left.skeletons)]


def _count_rows(block: OpenBlock, rows: NDArray[np.int64]) -> list[_Part]:
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
