"""A consistent snapshot of the file: head and chunks, within one read transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jipyo.model.arrays import group_equal_rows
from jipyo.model.sample import SeriesBlock
from jipyo.tsdb import codec
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.cache import ChunkCache
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.damage import DamageLog
from jipyo.tsdb.format import PLACE_BITS
from jipyo.tsdb.index import LabelCache, SelectorCache
from jipyo.tsdb.locator import HeadDamaged, IdCache, Locations, Locator, SidBlock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Executor

    from jipyo.model.arrays import Rows
    from jipyo.model.labels import Labels
    from jipyo.model.sample import HourStatistic, Times, Values
    from jipyo.tsdb.codec import Packed, Sids
    from jipyo.tsdb.head_cache import HeadCache
    from jipyo.tsdb.hour_stats import Hours
    from jipyo.tsdb.locator import Bounds, HeadCells, Slab

BLOCK_CELLS = 4_000_000
"""A block holds at most this many values (32 MB), or one series."""
_SMALL_CELLS = BLOCK_CELLS // 64
_HELD_CELLS = BLOCK_CELLS // 4
"""Smaller blocks wait for others with the same times until this many values wait."""
_FEWEST_LISTED = 512
"""Series that are looked at first for a list of a few."""
_FEW = 24
"""Fewer chunks than this are decoded right away, more are distributed to threads."""
_TIMES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class SharedState:
    """What the snapshots of one store share."""

    damage: DamageLog
    labels: LabelCache
    ids: IdCache
    selectors: SelectorCache = field(default_factory=SelectorCache)
    chunks: ChunkCache = field(default_factory=lambda: ChunkCache(0))
    executor: Executor | None = None
    threads: int = 1

    @classmethod
    def create(
        cls, chunks: ChunkCache, heads: HeadCache, executor: Executor | None, threads: int
    ) -> SharedState:
        """The state of a store that was just opened."""
        damage = DamageLog()
        return cls(
            damage,
            LabelCache(damage),
            IdCache(damage, heads),
            chunks=chunks,
            executor=executor,
            threads=threads,
        )

    def decode(self, packed: Sequence[Packed]) -> list[int]:
        """Decode all, in threads if there are many; the places of those that are damaged.

        The threads do nothing else: waiting for the interpreter's lock after each chunk would
        take longer than a chunk.
        """
        if self.executor is None or len(packed) < _FEW:
            return codec.decode_all(packed)
        size = -(-len(packed) // self.threads)
        parts = [packed[at : at + size] for at in range(0, len(packed), size)]
        found = self.executor.map(codec.decode_all, parts)
        return [nth * size + at for nth, part in enumerate(found) for at in part]


class _Piece(NamedTuple):
    """What is needed of a slab's times: from `first` to before `last` of `n`."""

    t_ms: Times
    first: int
    last: int
    n: int

    @property
    def part(self) -> slice:
        """Where that is."""
        return slice(self.first, self.last)

    @property
    def whole(self) -> bool:
        """Whether it is all."""
        return self.last - self.first == self.n


class _Chunk(NamedTuple):
    """Which chunk of a group: its place there, and the id of its row."""

    row: int
    column: int
    number: int


class Snapshot:
    """Reads through a connection on which a transaction is open."""

    def __init__(self, db: sqlite3.Connection, shared: SharedState) -> None:
        """The caller begins and ends the transaction."""
        self.db = db
        self.locator = Locator(db, shared.ids)
        self._shared = shared
        self._times: dict[int, Times | None] = {}

    def iter_labels(self, sids: Sids) -> Iterator[Labels]:
        """The labels of these series that have any; they are read at once, and not kept."""
        return self._shared.labels.iter_uncached(self.db, sids)

    def find_labels(self, sids: Sids) -> tuple[Rows, list[Labels]]:
        """The labels of these series, and the rows of those whose labels are sound."""
        return self._shared.labels.find(self.db, sids)

    def select(self, sids: Sids, bounds: Bounds) -> Iterator[SeriesBlock]:
        """The samples of these series (ascending ids), block by block."""
        for block in self.read_blocks(sids, bounds):
            rows, labels = self.find_labels(block.sids)
            if labels:
                yield SeriesBlock(tuple(labels), block.t_ms, block.values[rows])

    def find_active(self, sids: Sids, bounds: Bounds, limit: int | None = None) -> Sids:
        """Which of these series have a sample in the range; the first ones, where limited."""
        if limit is None:
            return self._find_active(sids, bounds)
        found, at, size = [sids[:0]], 0, _FEWEST_LISTED
        while at < len(sids) and sum(map(len, found)) < limit:
            found.append(self._find_active(sids[at : at + size], bounds))
            at, size = at + size, 4 * size
        return np.concatenate(found)[:limit]

    def _find_active(self, sids: Sids, bounds: Bounds) -> Sids:
        here = self.locator.has_head_rows(sids, bounds)
        found = [sids[here]]
        for located in self.locator.find(sids[~here], bounds, head=False):
            touching = [
                bid for bid, slab in located.slabs.items() if self._has_samples_in(slab, bounds)
            ]
            found.append(located.sids[np.isin(located.bids, touching).any(axis=1)])
        return np.sort(np.concatenate(found))

    def _has_samples_in(self, slab: Slab, bounds: Bounds) -> bool:
        if slab.t1 < bounds.start_ms or slab.t0 > bounds.end_ms:
            return False
        if bounds.start_ms <= slab.t0 or slab.t1 <= bounds.end_ms:
            return True
        t_ms = self.get_times(slab)
        if t_ms is None:
            return False
        first, last = np.searchsorted(t_ms, (bounds.start_ms, bounds.end_ms + 1))
        return bool(first < last)

    def read_blocks(self, sids: Sids, bounds: Bounds) -> Iterator[SidBlock]:
        """The samples of these series within the range, each series in one block."""
        for located in self.locator.find_or_read(sids, bounds):
            if isinstance(located, Locations):
                groups = located.split_by_times()
                blocks = (block for one in groups for block in self._read_group(one, bounds))
                yield from _merge_small_blocks(blocks)
            else:
                yield from _merge_small_blocks(located)

    def _read_group(self, group: Locations, bounds: Bounds) -> Iterator[SidBlock]:
        """Series with equal times, in blocks of bounded size."""
        pieces: list[_Piece] = []
        for column, slab in reversed(list(enumerate(group.list_slabs(0)))):
            piece = self._cut_times(slab, bounds)
            if piece is None:
                group = group.drop_day(column)
            else:
                pieces.insert(0, piece)
        live = [self.locator.head_times[number] for number in group.heads.list_times(0)]
        if not pieces and not live:
            return
        # Chunks are decoded whole, however little of them is needed.
        cells = sum(piece.n for piece in pieces) + sum(len(t_ms) for t_ms in live)
        most = max(1, BLOCK_CELLS // cells)
        for at in range(0, len(group.sids), most):
            part = group.select(slice(at, at + most))
            try:
                block, damaged = self._assemble(part, pieces, live)
            except HeadDamaged:
                yield from self.read_blocks(part.sids, bounds)
                continue
            if len(block.sids):
                yield block
            for row, columns in damaged.items():
                rest = part.select(slice(row, row + 1))
                for column in sorted(columns, reverse=True):
                    rest = rest.drop_day(column)
                yield from self._read_group(rest, bounds)

    def _cut_times(self, slab: Slab, bounds: Bounds) -> _Piece | None:
        """The part of a slab that lies in the range; None where there is none."""
        t_ms = self.get_times(slab)
        if t_ms is None:
            return None
        first, last = np.searchsorted(t_ms, (bounds.start_ms, bounds.end_ms + 1)).tolist()
        return _Piece(t_ms[first:last], first, last, len(t_ms)) if first < last else None

    def _assemble(
        self, group: Locations, pieces: Sequence[_Piece], live: Sequence[Times]
    ) -> tuple[SidBlock, dict[int, list[int]]]:
        """One block, and the damaged columns of those series that are not in it."""
        times = [*(piece.t_ms for piece in pieces), *live]
        t_ms = np.concatenate(times) if len(times) > 1 else times[0]
        values = np.empty((len(group.sids), len(t_ms)))
        ends = np.cumsum([0, *map(len, times)]).tolist()
        columns = [values[:, a:b] for a, b in pairwise(ends)]
        damaged = self._fill_chunks(group, pieces, columns)
        for at, out in enumerate(columns[len(pieces) :]):
            self._fill_head(group.heads, at, out)
        whole: Rows = slice(None)
        if damaged:
            whole = np.setdiff1d(np.arange(len(values)), list(damaged))
        return SidBlock(group.sids[whole], *_merge_overlaps(t_ms, values[whole])), damaged

    def _fill_chunks(
        self, group: Locations, pieces: Sequence[_Piece], columns: Sequence[Values]
    ) -> dict[int, list[int]]:
        """Decode every chunk into its place; the damaged columns by row."""
        sids = group.sids.tolist()
        chunks: list[_Chunk] = []
        packed: list[Packed] = []
        damaged: list[_Chunk] = []
        for column, (piece, out) in enumerate(zip(pieces, columns, strict=False)):
            ids = ((group.bids[:, column] << PLACE_BITS) | group.places[:, column]).tolist()
            rows = self._fill_from_cache(ids, piece, out)
            stored = self._read_chunks([ids[row] for row in rows])
            for row, (kind, crc, b) in zip(rows, stored, strict=True):
                if codec.crc(b, sids[row]) == crc:
                    chunks.append(_Chunk(row, column, ids[row]))
                    packed.append((kind, b, out[row] if piece.whole else np.empty(piece.n)))
                else:
                    damaged.append(_Chunk(row, column, ids[row]))
        damaged += [chunks[at] for at in self._shared.decode(packed)]
        decoded = [(chunk, out) for chunk, (_, _, out) in zip(chunks, packed, strict=True)]
        for (row, column, _), out in decoded:
            if not pieces[column].whole:
                columns[column][row] = out[pieces[column].part]
        self._shared.chunks.put(
            (chunk.number, out) for chunk, out in decoded if chunk not in damaged
        )
        return self._report_damaged(group, damaged)

    def _report_damaged(self, group: Locations, damaged: Sequence[_Chunk]) -> dict[int, list[int]]:
        """Damaged columns by row, each of them counted and logged."""
        columns: dict[int, list[int]] = {}
        for row, column, _ in damaged:
            columns.setdefault(row, []).append(column)
            day = group.slabs[int(group.bids[row, column])].day
            self._shared.damage.record(f"chunk of series {group.sids[row]}, day {day}")
        return columns

    def _fill_from_cache(self, ids: Sequence[int], piece: _Piece, out: Values) -> list[int]:
        """Fill in what is cached; the rows that are not."""
        missing = []
        for row, known in enumerate(self._shared.chunks.get(ids)):
            if known is None:
                missing.append(row)
            else:
                out[row] = known[piece.part]
        return missing

    def _read_chunks(self, ids: Sequence[int]) -> list[tuple[int, int, bytes]]:
        """Codec, CRC and bytes of chunks; bytes that fit no CRC where there are none."""
        if not ids:
            return []
        first, last = min(ids), max(ids)
        if last - first < 2 * len(ids):
            # Neighbours, as the series of one metric are: one walk instead of many searches.
            sql = "SELECT id, codec, crc, b FROM data WHERE id BETWEEN ? AND ?"
            found = {row[0]: row[1:] for row in self.db.execute(sql, (first, last))}
            return [found.get(number, codec.NO_CHUNK) for number in ids]
        sql = "SELECT codec, crc, b FROM data WHERE id = ?"
        return [self.db.execute(sql, (number,)).fetchone() or codec.NO_CHUNK for number in ids]

    def _fill_head(self, heads: HeadCells, at: int, out: Values) -> None:
        lids, columns, number = heads.lids[:, at], heads.columns[:, at], int(heads.times[0, at])
        for rows in group_equal_rows(lids[:, None]):
            places, end = columns[rows], 0
            for values in self.locator.read_head_values(int(lids[rows][0]), number, places):
                begin, end = end, end + values.shape[1]
                out[rows, begin:end] = values

    def get_times(self, slab: Slab) -> Times | None:
        """The times of a slab; None where they are damaged (counted and logged)."""
        if slab.tid not in self._times:
            if len(self._times) >= _TIMES_KEPT:
                self._times.clear()
            (known,) = self._shared.chunks.get([-slab.tid])
            self._times[slab.tid] = self._read_times(slab) if known is None else known
        return self._times[slab.tid]

    def _read_times(self, slab: Slab) -> Times | None:
        try:
            t_ms = slab.read_times(self.db)
        except Damaged:
            self._shared.damage.record(f"times {slab.tid} of slab {slab.bid}")
            return None
        self._shared.chunks.put([(-slab.tid, t_ms)])
        return t_ms

    def read_hours(self, slab: Slab, figures: AbstractSet[HourStatistic]) -> Hours | None:
        """The packed statistics of a slab; None where they are damaged."""
        sql = "SELECT crc, b FROM hours WHERE id = ?"
        first = slab.bid << PLACE_BITS
        packed: dict[int, bytes] = {}
        for column in hourly.list_columns(figures):
            crc, packed[column] = self.db.execute(sql, (first + column,)).fetchone() or (0, b"-")
            if codec.crc(packed[column]) != crc:
                break
        else:
            with suppress(Damaged):
                return hourly.unpack(packed, figures)
        self._shared.damage.record(f"hours of slab {slab.bid}")
        return None

    def find_head_hours(self, numbers: Iterable[int]) -> Times:
        """The hours in which head rows of these times lie."""
        times = [hourly.hour_of(self.locator.head_times[number]) for number in numbers]
        return np.unique(np.concatenate(times)) if times else np.empty(0, np.int64)


def _merge_small_blocks(blocks: Iterable[SidBlock]) -> Iterator[SidBlock]:
    """Merge small blocks with equal times.

    Samples of one target may come in pieces, each with some of its series (remote write splits
    its requests anywhere). Such series are in different head rows, but have the same times.
    """
    by_times: dict[bytes, list[SidBlock]] = {}
    cells = 0
    for block in blocks:
        if block.values.size > _SMALL_CELLS:
            yield block
            continue
        by_times.setdefault(block.t_ms.tobytes(), []).append(block)
        cells += block.values.size
        if cells > _HELD_CELLS:
            yield from map(_concatenate, by_times.values())
            by_times, cells = {}, 0
    yield from map(_concatenate, by_times.values())


def _concatenate(blocks: list[SidBlock]) -> SidBlock:
    if len(blocks) == 1:
        return blocks[0]
    return SidBlock(
        np.concatenate([block.sids for block in blocks]),
        blocks[0].t_ms,
        np.concatenate([block.values for block in blocks]),
    )


def _merge_overlaps(t_ms: Times, values: Values) -> tuple[Times, Values]:
    """Pieces usually follow one another; where they overlap, merge them.

    A sample may be in two pieces (an interrupted compaction leaves its head rows); the value is
    the same, so the first is taken.
    """
    if bool((t_ms[1:] > t_ms[:-1]).all()):
        return t_ms, values
    order = np.argsort(t_ms, kind="stable")
    t_ms = t_ms[order]
    keep = np.concatenate(([True], t_ms[1:] != t_ms[:-1]))
    return t_ms[keep], values[:, order[keep]]


OpenSnapshot = Callable[[], AbstractContextManager[Snapshot]]
"""Begins a read transaction and ends it."""
