"""Percentiles of the numbers of a field by group: exactly, and without sorting all of them.

Numbers are counted by group and bucket. Where a bucket is one number, that is all; else the
blocks are read once more for the numbers of the buckets that have a percentile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import gcd
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from jipyo.logs.activity.latency import find_rank
from jipyo.logs.answer import LogPercentiles
from jipyo.logs.embedded.groups import Groups, group_rows, read_numbers, to_doubles
from jipyo.logs.embedded.scan import Context, OpenBlock, Scan
from jipyo.logs.evaluate.source import MAX_GROUPS
from jipyo.logs.store.values import StoredNumbers
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.query import LogQuery

_MOST_CELLS: Final = 1 << 22
_MOST_STEPS: Final = 1 << 17
_MOST_BUCKETS: Final = 1 << 12
"""By group, where a bucket has several numbers: a thousand groups fit into memory."""
_MOST_CANDIDATES: Final = 1 << 18
_MAGNITUDE: Final = np.int64((1 << 63) - 1)
_TEXTS: Final = "texts"

_Span: TypeAlias = "StoredNumbers | str"
_Row: TypeAlias = "tuple[str, int, tuple[float, ...]]"
"""A group, how many of its records have the number, and the percentiles."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Numbers of a block."""

    groups: Groups
    buckets: NDArray[np.int64]
    numbers: NDArray[np.float64] | None = None
    """Where the scale needs them."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """A bucket for each number: whole steps from a lowest one on."""

    field: str
    low: int
    unit: int
    width: int
    decimals: int

    def find(self, block: OpenBlock, by: str | None) -> _Found | None:
        """The numbers of a block; None without the field, or without records."""
        present = block.reader.present(self.field)
        rows = block.some_rows
        if not isinstance(present, bool):
            rows = np.flatnonzero(present) if rows is None else rows[present[rows]]
        if present is False or (rows is not None and not len(rows)):
            return None
        stored = block.reader.open_numbers(self.field)
        assert stored is not None, "BUG: steps over texts"
        steps = stored.read_steps()
        if rows is not None:
            place = rows if present is True else (np.cumsum(present) - 1)[rows]
            steps = steps[place]
        if stored.unit != self.unit:
            steps *= stored.unit // self.unit
        steps += (stored.low - self.low) // self.unit
        return _Found(group_rows(block, rows, by), steps)

    def read_values(self, buckets: NDArray[np.int64]) -> NDArray[np.float64]:
        """The numbers of buckets."""
        return to_doubles(buckets * self.unit + self.low, self.decimals)


@dataclass(frozen=True, slots=True)
class _Magnitudes:
    """Buckets of doubles that begin with the same bits: they are as far apart as they are large."""

    field: str
    low: int
    shift: int
    width: int

    @classmethod
    def over(cls, field: str, spans: Sequence[_Span]) -> _Magnitudes:
        """From the first to the last number that there can be, in as many buckets as allowed."""
        ends = [
            to_doubles(np.array([span.low, span.high]), span.decimals)
            for span in spans
            if isinstance(span, StoredNumbers)
        ]
        if len(ends) < len(spans):
            ends = [np.array([-np.inf, np.inf])]
        edges = _order_bits(np.array([min(e[0] for e in ends), max(e[1] for e in ends)]))
        distance = int(edges[1]) - int(edges[0])
        shift = max(distance.bit_length() - _MOST_BUCKETS.bit_length() + 1, 0)
        low, high = (int(edge) >> shift for edge in edges)
        return cls(field, low, shift, high - low + 1)

    def find(self, block: OpenBlock, by: str | None) -> _Found | None:
        """The numbers of a block; None without the field."""
        rows = block.rows
        column = block.reader.column(self.field, rows) if len(rows) else None
        if column is None or (column.present is not None and not column.present.any()):
            return None
        numbers = read_numbers(column)
        is_number = ~np.isnan(numbers)
        if not is_number.all():
            rows, numbers = rows[is_number], numbers[is_number]
        buckets = (_order_bits(numbers) >> self.shift) - self.low
        return _Found(group_rows(block, rows, by), buckets, numbers)


def _order_bits(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Integers in the order of the numbers: their bits, those of negative ones turned over."""
    bits = (numbers + 0.0).view(np.int64)  # no number is the other zero
    return np.where(bits < 0, bits ^ _MAGNITUDE, bits)


@dataclass(slots=True)
class _Table:
    """How many numbers each group has in each bucket."""

    width: int
    by: str | None
    names: dict[str, int] = field(default_factory=dict)
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    has_field: bool = False

    def number(self, groups: Groups) -> NDArray[np.int64]:
        """The place of each record's group; groups are given one at first sight."""
        used = np.bincount(groups.codes, minlength=len(groups.values)) > 0
        places = np.zeros(len(groups.values), np.int64)
        for code in np.flatnonzero(used).tolist():
            places[code] = self.names.setdefault(groups.values[code] or "", len(self.names))
        if len(self.names) > MAX_GROUPS:
            raise LogQueryError("logs_query.too_many_groups", field=self.by, limit=MAX_GROUPS)
        return places[groups.codes]

    def add(self, found: _Found) -> bool:
        """Count numbers; False where the table would be too large."""
        self.has_field = True
        groups = self.number(found.groups)
        size = len(self.names) * self.width
        if size > _MOST_CELLS:
            return False
        if size > len(self.cells):
            room = max(size, min(2 * len(self.cells), _MOST_CELLS)) - len(self.cells)
            self.cells = np.concatenate([self.cells, np.zeros(room, np.int64)])
        np.add.at(self.cells, groups * self.width + found.buckets, 1)
        return True

    def rows(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Each group, and how many of its numbers are in each bucket or one before."""
        for name, place in self.names.items():
            yield name, np.cumsum(self.cells[place * self.width : (place + 1) * self.width])


def find_percentiles(
    context: Context, query: LogQuery, field: str, percents: Sequence[float], by: str | None
) -> LogPercentiles:
    """See `LogSource.percentiles`.

    Raises:
        LogQueryError: the field has no numbers, or there are too many groups.
    """
    scan = Scan(context, query)
    spans: list[_Span] = list(scan.map(partial(_find_span, field=field)))
    rows: list[_Row] | None = []
    if spans:
        steps = _find_steps(field, spans)
        rows = None if steps is None else _rank_steps(scan, by, percents, steps)
    if rows is None:
        rows = _rank_magnitudes(scan, by, percents, _Magnitudes.over(field, spans))
    rows.sort(key=lambda row: (-row[1], row[0]))
    missing = tuple(dict.fromkeys(scan.missing))  # a damaged block may have been met twice
    return LogPercentiles(rows=tuple(rows), estimated=False, missing=missing)


def _find_span(block: OpenBlock, field: str) -> _Span | None:
    """Where its numbers are, if they are not texts; None without the field."""
    if field not in block.reader.meta["f"]:
        return None
    return block.reader.open_numbers(field) or _TEXTS


def _find_steps(field: str, spans: Sequence[_Span]) -> _Steps | None:
    """A step for each number; None where there would be too many, or not only numbers."""
    found = [span for span in spans if isinstance(span, StoredNumbers)]
    if len(found) < len(spans) or len({span.decimals for span in found}) > 1:
        return None
    low, high = min(span.low for span in found), max(span.high for span in found)
    units = [span.unit for span in found if span.high > span.low]
    unit = max(gcd(*units, *(span.low - low for span in found)), 1)
    width = (high - low) // unit + 1
    return _Steps(field, low, unit, width, found[0].decimals) if width <= _MOST_STEPS else None


def _rank_steps(
    scan: Scan, by: str | None, percents: Sequence[float], steps: _Steps
) -> list[_Row] | None:
    """The percentiles; None where there are too many groups for so many steps."""
    table = _count(scan, by, steps)
    if table is None:
        return None
    rows: list[_Row] = []
    for name, ends in table.rows():
        ranks = [find_rank(percent, int(ends[-1])) for percent in percents]
        values = steps.read_values(np.searchsorted(ends, ranks, "right"))
        rows.append((name, int(ends[-1]), tuple(values.tolist())))
    return rows


def _count(scan: Scan, by: str | None, scale: _Steps | _Magnitudes) -> _Table | None:
    """All numbers by group and bucket; None where the table would be too large."""
    table = _Table(scale.width, by)
    is_added = map(table.add, scan.map(lambda block: scale.find(block, by)))
    return table if all(is_added) else None


def _rank_magnitudes(
    scan: Scan, by: str | None, percents: Sequence[float], scale: _Magnitudes
) -> list[_Row]:
    """The percentiles from two readings: the second one of the buckets that have one."""
    table = _count(scan, by, scale)
    assert table is not None, "BUG: too many buckets for the groups that are allowed"
    if not table.names:
        if table.has_field:
            raise LogQueryError("logs_query.not_a_number", field=scale.field)
        return []
    ends_by_name = dict(table.rows())
    wanted = np.zeros(len(table.names) * scale.width, bool)
    for name, ends in ends_by_name.items():
        ranks = [find_rank(percent, int(ends[-1])) for percent in percents]
        buckets = np.searchsorted(ends, ranks, "right")
        wanted[table.names[name] * scale.width + buckets] = True
    counted = _CountedNumbers()
    for found in scan.map(lambda block: scale.find(block, by)):
        assert found.numbers is not None, "BUG: magnitudes without numbers"
        keys = table.number(found.groups) * scale.width + found.buckets
        chosen = wanted[keys]
        counted.add(keys[chosen], found.numbers[chosen])
    return [
        (name, int(ends[-1]), counted.pick(table.names[name] * scale.width, ends, percents))
        for name, ends in ends_by_name.items()
    ]


class _CountedNumbers:
    """Different numbers by bucket of a group, and how many of each there are."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        self._numbers = np.zeros(0)
        self._counts = np.zeros(0, np.int64)
        self._waiting: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._rows = 0

    def add(self, keys: NDArray[np.int64], numbers: NDArray[np.float64]) -> None:
        """Numbers with their buckets."""
        self._waiting.append((keys, numbers))
        self._rows += len(keys)
        if self._rows > _MOST_CANDIDATES:
            self._merge()

    def _merge(self) -> None:
        keys = np.concatenate([self._keys, *(part[0] for part in self._waiting)])
        numbers = np.concatenate([self._numbers, *(part[1] for part in self._waiting)])
        counts = np.concatenate([self._counts, np.ones(self._rows, np.int64)])
        order = np.lexsort((numbers, keys))
        keys, numbers = keys[order], numbers[order]
        is_first = np.append(True, (np.diff(keys) != 0) | (np.diff(numbers) != 0))[: len(keys)]
        starts = np.flatnonzero(is_first)
        self._counts = np.add.reduceat(counts[order], starts) if len(starts) else counts
        self._keys, self._numbers = keys[starts], numbers[starts]
        self._waiting, self._rows = [], 0

    def pick(
        self, first_key: int, ends: NDArray[np.int64], percents: Sequence[float]
    ) -> tuple[float, ...]:
        """The percentiles of a group, whose buckets end at these ranks.

        NaN where a block could be read once only.
        """
        if self._waiting:
            self._merge()
        found = []
        for percent in percents:
            rank = find_rank(percent, int(ends[-1]))
            bucket = int(np.searchsorted(ends, rank, "right"))
            before = int(ends[bucket - 1]) if bucket else 0
            start, end = np.searchsorted(self._keys, [first_key + bucket, first_key + bucket + 1])
            within = np.cumsum(self._counts[start:end])
            place = int(np.searchsorted(within, rank - before, "right"))
            is_there = place < len(within)
            found.append(float(self._numbers[start + place]) if is_there else np.nan)
        return tuple(found)
