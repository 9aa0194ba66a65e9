"""One consistent look at the file: head and chunks together, within one read transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import SeriesBlock, Times, Values
from jipyo.tsdb import codec, hourly
from jipyo.tsdb.codec import Damaged, Sids
from jipyo.tsdb.format import PLACE_BITS
from jipyo.tsdb.index import LabelCache
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from jipyo.model.labels import Labels
    from jipyo.tsdb.hourly import Hours

BLOCK_CELLS = 4_000_000
"""A block holds at most this many values (32 MB), or one series."""
_INLINE = 48
"""Up to this many chunks are decoded at once; more are shared out to threads."""
_LAYOUTS_KEPT = 20_000

log = logging.getLogger(__name__)


def day_of(t_ms: int) -> int:
    """The day a time belongs to, left-open: day d holds `d < t <= d + 1` in days."""
    return (t_ms - 1) // DAY_MS


class Damage:
    """Counts chunks whose bytes are not those written, and says each one once."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._seen: set[str] = set()
        self._lock = Lock()
        self.chunks = 0
        """How often a damaged chunk was met."""

    def met(self, what: str) -> None:
        """Count, and log what has not been logged before."""
        with self._lock:
            self.chunks += 1
            new = what not in self._seen
            self._seen.add(what)
        if new:
            log.error("damaged on disk and skipped: %s", what)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the snapshots of one store have in common."""

    labels: LabelCache = field(default_factory=LabelCache)
    layouts: dict[int, Sids] = field(default_factory=dict)
    damage: Damage = field(default_factory=Damage)
    executor: Executor | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Slab:
    """Series that share their times on one day."""

    bid: int
    day: int
    tid: int
    t0: int
    t1: int
    n: int


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """Where one series and day lies."""

    slab: Slab
    place: int


@dataclass(frozen=True, slots=True)
class HeadRef:
    """Which column of which layout's head rows is a series; `times` are interned."""

    times: int
    lid: int
    column: int


@dataclass(slots=True)
class Refs:
    """All pieces of one series within a range."""

    sid: int
    chunks: list[ChunkRef]
    heads: list[HeadRef]

    def key(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Series with one key have the same times."""
        return (
            tuple(ref.slab.tid for ref in self.chunks),
            tuple(ref.times for ref in self.heads),
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of time, both ends included; head rows may be cut off earlier."""

    start_ms: int
    end_ms: int
    head_end_ms: int


@dataclass(frozen=True, slots=True)
class Block:
    """A SeriesBlock that still speaks of ids."""

    sids: Sids
    t_ms: Times
    values: Values


@dataclass(frozen=True, slots=True)
class _Job:
    """One chunk to decode."""

    row: int
    ref: ChunkRef
    sid: int
    out: Values
    stored: tuple[int, int, bytes] | None


class Snapshot:
    """Reads through a connection on which a transaction is open."""

    def __init__(self, db: sqlite3.Connection, shared: Shared) -> None:
        """The caller begins and ends the transaction."""
        self.db = db
        self._shared = shared
        self._head_times: dict[bytes, int] = {}
        self._interned: list[Times] = []

    # -- where samples lie ------------------------------------------------------------

    def refs(self, sids: Sids, bounds: Bounds) -> list[Refs]:
        """The pieces of these series (ascending ids) in a range; of each that has any."""
        found = {sid: Refs(sid, [], []) for sid in sids.tolist()}
        self._find_chunks(found, bounds)
        self._find_heads(found, sids, bounds)
        return [refs for refs in found.values() if refs.chunks or refs.heads]

    def _find_chunks(self, found: dict[int, Refs], bounds: Bounds) -> None:
        first, last = day_of(bounds.start_ms), day_of(bounds.end_ms)
        slabs = Slabs(self.db, first, last)
        if not slabs:
            return
        sql = "SELECT bid, place FROM chunk WHERE sid = ? AND day BETWEEN ? AND ? ORDER BY day"
        for sid, refs in found.items():
            for bid, place in self.db.execute(sql, (sid, first, last)):
                slab = slabs.get(bid)
                if slab.t0 <= bounds.end_ms and slab.t1 >= bounds.start_ms:
                    refs.chunks.append(ChunkRef(slab, place))

    def _find_heads(self, found: dict[int, Refs], sids: Sids, bounds: Bounds) -> None:
        end_ms = min(bounds.end_ms, bounds.head_end_ms)
        for lid in self.lids():
            layout = self.layout(lid)
            at = np.searchsorted(layout, sids)
            at[at == len(layout)] = 0
            mine = np.flatnonzero(layout[at] == sids)
            if not len(mine):
                continue
            times = self._times_of_head(lid, bounds.start_ms, end_ms)
            if times < 0:
                continue
            for sid, column in zip(sids[mine].tolist(), at[mine].tolist(), strict=True):
                found[sid].heads.append(HeadRef(times, lid, column))
        for refs in found.values():
            refs.heads.sort(key=lambda ref: ref.times)

    def lids(self) -> list[int]:
        """The layouts that have head rows, or had some a moment ago."""
        return [lid for (lid,) in self.db.execute("SELECT lid FROM layout ORDER BY lid")]

    def layout(self, lid: int) -> Sids:
        """The series of a head row's columns."""
        known = self._shared.layouts
        sids = known.get(lid)
        if sids is None:
            if len(known) > _LAYOUTS_KEPT:
                known.clear()
            (b,) = self.db.execute("SELECT sids FROM layout WHERE lid = ?", (lid,)).fetchone()
            sids = known[lid] = codec.unpack_sids(b)
        return sids

    def _times_of_head(self, lid: int, start_ms: int, end_ms: int) -> int:
        rows = self.db.execute(
            "SELECT t FROM head WHERE lid = ? AND t BETWEEN ? AND ? ORDER BY t",
            (lid, start_ms, end_ms),
        ).fetchall()
        if not rows:
            return -1
        t_ms = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        number = self._head_times.setdefault(t_ms.tobytes(), len(self._interned))
        if number == len(self._interned):
            self._interned.append(t_ms)
        return number

    def active(self, sids: Sids, bounds: Bounds) -> Sids:
        """Which of these series have a sample in the range."""
        cache: dict[int, Times | None] = {}
        return np.array(
            [
                refs.sid
                for refs in self.refs(sids, bounds)
                if refs.heads or any(self._touches(ref.slab, bounds, cache) for ref in refs.chunks)
            ],
            np.int64,
        )

    def _touches(self, slab: Slab, bounds: Bounds, cache: dict[int, Times | None]) -> bool:
        if bounds.start_ms <= slab.t0 or slab.t1 <= bounds.end_ms:
            return True
        t_ms = self._times(slab, cache)
        if t_ms is None:
            return False
        first, last = np.searchsorted(t_ms, (bounds.start_ms, bounds.end_ms + 1))
        return bool(first < last)

    # -- samples ----------------------------------------------------------------------

    def select(self, sids: Sids, bounds: Bounds) -> Iterator[SeriesBlock]:
        """The samples of these series, block by block."""
        for block in self.cut_blocks(sids, bounds):
            yield SeriesBlock(tuple(self.labels(block.sids.tolist())), block.t_ms, block.values)

    def labels(self, sids: Sequence[int]) -> list[Labels]:
        """The labels of these series."""
        return self._shared.labels.of(self.db, sids)

    def cut_blocks(self, sids: Sids, bounds: Bounds) -> Iterator[Block]:
        """The samples of these series within the range."""
        for block in self.blocks(sids, bounds):
            first, last = np.searchsorted(block.t_ms, (bounds.start_ms, bounds.end_ms + 1))
            if first < last:
                t_ms, values = _cut(block.t_ms, block.values, int(first), int(last))
                yield Block(block.sids, t_ms, values)

    def groups(self, sids: Sids, bounds: Bounds) -> list[list[Refs]]:
        """These series by equal times."""
        groups: dict[object, list[Refs]] = {}
        for refs in self.refs(sids, bounds):
            groups.setdefault(refs.key(), []).append(refs)
        return list(groups.values())

    def blocks(self, sids: Sids, bounds: Bounds) -> Iterator[Block]:
        """The samples of these series by days, not yet cut to the range."""
        cache: dict[int, Times | None] = {}
        for group in self.groups(sids, bounds):
            chain = self._chain(group[0], cache)
            cells = max(1, sum(len(t_ms) for t_ms in chain))
            most = max(1, BLOCK_CELLS // cells)
            for at in range(0, len(group), most):
                yield from self._assemble(group[at : at + most], cache)

    def _chain(self, refs: Refs, cache: dict[int, Times | None]) -> list[Times]:
        """The times of every piece; a piece whose times are damaged is left out."""
        chain = []
        for ref in list(refs.chunks):
            t_ms = self._times(ref.slab, cache)
            if t_ms is not None:
                chain.append(t_ms)
        return chain + [self._interned[ref.times] for ref in refs.heads]

    def _times(self, slab: Slab, cache: dict[int, Times | None]) -> Times | None:
        if slab.tid not in cache:
            if len(cache) > 1024:
                cache.clear()
            cache[slab.tid] = self.times(slab)
        return cache[slab.tid]

    def times(self, slab: Slab) -> Times | None:
        """The times of a slab; None where they are damaged (counted and logged)."""
        row = self.db.execute(
            "SELECT b, codec, crc, n FROM times WHERE tid = ?", (slab.tid,)
        ).fetchone()
        try:
            if row is None or row[3] != slab.n:
                raise Damaged
            return codec.decode_times(*row)
        except Damaged:
            self._shared.damage.met(f"times {slab.tid} of slab {slab.bid}")
            return None

    def hours(self, slab: Slab) -> Hours | None:
        """The packed statistics of a slab; None where they are damaged."""
        row = self.db.execute("SELECT crc, b FROM hours WHERE bid = ?", (slab.bid,)).fetchone()
        if row is None or codec.crc(row[1]) != row[0]:
            self._shared.damage.met(f"hours of slab {slab.bid}")
            return None
        return hourly.unpack(row[1])

    def head_days(self, ref: HeadRef) -> frozenset[int]:
        """The days on which these head rows lie."""
        return frozenset(((self._interned[ref.times] - 1) // DAY_MS).tolist())

    def _assemble(self, group: Sequence[Refs], cache: dict[int, Times | None]) -> Iterator[Block]:
        sound = [
            Refs(
                refs.sid,
                [ref for ref in refs.chunks if self._times(ref.slab, cache) is not None],
                refs.heads,
            )
            for refs in group
        ]
        chain = self._chain(sound[0], cache)
        if not chain:
            return
        t_ms = np.concatenate(chain) if len(chain) > 1 else chain[0]
        values = np.empty((len(sound), len(t_ms)))
        damaged = self._fill(sound, chain, values)
        whole = [row for row in range(len(sound)) if row not in damaged]
        if whole:
            rows = values if len(whole) == len(sound) else values[whole]
            sids = np.array([sound[row].sid for row in whole], np.int64)
            yield Block(sids, *_ascending(t_ms, rows))
        for row, lost in damaged.items():
            refs = sound[row]
            rest = [ref for ref in refs.chunks if ref not in lost]
            yield from self._assemble([Refs(refs.sid, rest, refs.heads)], cache)

    def _fill(
        self, group: Sequence[Refs], chain: Sequence[Times], values: Values
    ) -> dict[int, list[ChunkRef]]:
        """Write the values of every piece; the answer tells what is damaged, by row."""
        ends = np.cumsum([len(t_ms) for t_ms in chain]).tolist()
        spans = list(zip([0, *ends], ends, strict=False))
        jobs = [
            _Job(row, ref, refs.sid, values[row, a:b], self._stored(ref))
            for row, refs in enumerate(group)
            for ref, (a, b) in zip(refs.chunks, spans, strict=False)
        ]
        for number, (a, b) in enumerate(spans[len(group[0].chunks) :]):
            self._fill_head(
                [refs.heads[number] for refs in group],
                chain[len(group[0].chunks) + number],
                values[:, a:b],
            )
        damaged: dict[int, list[ChunkRef]] = {}
        for job in self._decode(jobs):
            damaged.setdefault(job.row, []).append(job.ref)
            self._shared.damage.met(f"chunk of series {job.sid}, day {job.ref.slab.day}")
        return damaged

    def _stored(self, ref: ChunkRef) -> tuple[int, int, bytes] | None:
        row: tuple[int, int, bytes] | None = self.db.execute(
            "SELECT codec, crc, b FROM data WHERE id = ?",
            ((ref.slab.bid << PLACE_BITS) | ref.place,),
        ).fetchone()
        return row

    def _fill_head(self, refs: Sequence[HeadRef], t_ms: Times, out: Values) -> None:
        by_lid: dict[int, list[int]] = {}
        for row, ref in enumerate(refs):
            by_lid.setdefault(ref.lid, []).append(row)
        for lid, rows in by_lid.items():
            stored = self.db.execute(
                "SELECT v FROM head WHERE lid = ? AND t BETWEEN ? AND ? ORDER BY t",
                (lid, int(t_ms[0]), int(t_ms[-1])),
            ).fetchall()
            table = np.frombuffer(b"".join(row[0] for row in stored), "<f8")
            table = table.reshape(len(t_ms), -1)
            out[rows] = table[:, [refs[row].column for row in rows]].T

    def _decode(self, jobs: list[_Job]) -> list[_Job]:
        """Decode all; the answer is the jobs whose bytes are damaged."""
        executor = self._shared.executor
        if executor is None or len(jobs) <= _INLINE:
            return _decode_all(jobs)
        size = -(-len(jobs) // self._shared.threads)
        parts = [jobs[at : at + size] for at in range(0, len(jobs), size)]
        return [job for part in executor.map(_decode_all, parts) for job in part]


class Slabs:
    """Slabs of a range of days: all at once where they are few, else as they are asked for."""

    def __init__(self, db: sqlite3.Connection, first: int, last: int) -> None:
        """Days are included on both ends."""
        self._db = db
        self._known: dict[int, Slab] = {}
        sql = "SELECT bid, day, tid, t0, t1, n FROM slab WHERE day BETWEEN ? AND ? LIMIT 2000"
        for row in db.execute(sql, (first, last)):
            self._known[row[0]] = Slab(*row)

    def __bool__(self) -> bool:
        return bool(self._known)

    def get(self, bid: int) -> Slab:
        """One slab, which must exist."""
        slab = self._known.get(bid)
        if slab is None:
            row = self._db.execute(
                "SELECT bid, day, tid, t0, t1, n FROM slab WHERE bid = ?", (bid,)
            ).fetchone()
            slab = self._known[bid] = Slab(*row)
        return slab


def _decode_all(jobs: Iterable[_Job]) -> list[_Job]:
    damaged = []
    for job in jobs:
        try:
            if job.stored is None:
                raise Damaged
            codec.decode_values(job.stored, job.sid, job.out)
        except Damaged:
            damaged.append(job)
    return damaged


def _ascending(t_ms: Times, values: Values) -> tuple[Times, Values]:
    """Pieces usually follow one another; where they overlap, merge them.

    The same moment may stand in two pieces (a compaction that was cut short leaves its head
    rows); the value is the same, so the first is taken.
    """
    if len(t_ms) < 2 or bool((np.diff(t_ms) > 0).all()):
        return t_ms, values
    order = np.argsort(t_ms, kind="stable")
    t_ms = t_ms[order]
    keep = np.concatenate(([True], t_ms[1:] != t_ms[:-1]))
    return t_ms[keep], values[:, order[keep]]


def _cut(t_ms: Times, values: Values, first: int, last: int) -> tuple[Times, Values]:
    """A view of what was asked for, or a copy where the view would hold on to far more."""
    if (last - first) * 2 >= len(t_ms):
        return t_ms[first:last], values[:, first:last]
    return t_ms[first:last].copy(), values[:, first:last].copy()
