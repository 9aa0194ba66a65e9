"""Where the samples of series lie: which chunks of which slabs, which columns of the head.

Arrays, not objects: a month of a thousand series is 31,000 chunks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.tsdb import codec
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from jipyo.model.sample import Times
    from jipyo.tsdb.codec import Sids

_BATCH = 4096
"""Series that are located at once."""
_KEPT = 20_000
_NONE = np.empty(0, np.int64)


def day_of(t_ms: int) -> int:
    """The day a time belongs to, left-open: day d holds `d < t <= d + 1` in days."""
    return (t_ms - 1) // DAY_MS


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of time, both ends included; head rows may be cut off earlier."""

    start_ms: int
    end_ms: int
    head_end_ms: int

    @classmethod
    def of(cls, start_ms: int, end_ms: int) -> Bounds:
        """Head and chunks alike."""
        return cls(start_ms, end_ms, end_ms)

    @classmethod
    def day(cls, day: int) -> Bounds:
        """A whole day."""
        return cls.of(day * DAY_MS + 1, (day + 1) * DAY_MS)


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
class HeadRef:
    """Which column of which layout's head rows is a series; equal `times` are equal times."""

    times: int
    lid: int
    column: int


@dataclass(frozen=True, slots=True)
class IdCache:
    """Series ids of layouts and slabs; neither ever changes, and no id is used twice."""

    layouts: dict[int, Sids] = field(default_factory=dict)
    slabs: dict[int, Sids] = field(default_factory=dict)

    def layout(self, db: sqlite3.Connection, lid: int) -> Sids:
        """The series of a head row's columns."""
        return _cached(
            self.layouts,
            lid,
            lambda: db.execute("SELECT sids FROM layout WHERE lid = ?", (lid,)),
        )

    def slab(self, db: sqlite3.Connection, bid: int) -> Sids:
        """The series of a slab, some of which may have moved to a newer one."""
        return _cached(
            self.slabs, bid, lambda: db.execute("SELECT sids FROM slab WHERE bid = ?", (bid,))
        )


def _cached(kept: dict[int, Sids], key: int, read: Callable[[], sqlite3.Cursor]) -> Sids:
    sids = kept.get(key)
    if sids is None:
        if len(kept) >= _KEPT:
            kept.clear()
        sids = kept[key] = codec.unpack_sids(read().fetchone()[0])
    return sids


@dataclass(frozen=True, slots=True)
class Located:
    """Series and where their samples lie; `bids` and `places` have shape (series, days)."""

    sids: Sids
    bids: npt.NDArray[np.int64]
    """Slabs by day; 0 where a series has none."""
    places: npt.NDArray[np.int64]
    heads: tuple[tuple[HeadRef, ...], ...]
    slabs: Mapping[int, Slab]

    def rows(self, rows: Sequence[int]) -> Located:
        """Some of the series."""
        heads = tuple(self.heads[row] for row in rows)
        return Located(self.sids[rows], self.bids[rows], self.places[rows], heads, self.slabs)

    def chain(self, row: int) -> list[Slab]:
        """The slabs of one series, day by day."""
        return [self.slabs[bid] for bid in self.bids[row].tolist()]

    def without(self, day: int) -> Located:
        """All columns but one."""
        bids, places = (np.delete(table, day, axis=1) for table in (self.bids, self.places))
        return Located(self.sids, bids, places, self.heads, self.slabs)

    def by_times(self) -> list[Located]:
        """Series with equal times together, without days that they do not have."""
        tids = np.zeros_like(self.bids)
        for bid, slab in self.slabs.items():
            tids[self.bids == bid] = slab.tid
        return self._split(tids, [tuple(ref.times for ref in refs) for refs in self.heads])

    def by_slabs(self, head_days: Sequence[frozenset[int]]) -> list[Located]:
        """Series that stand in the same slabs and have head rows on the same days together."""
        return self._split(self.bids, head_days)

    def _split(self, table: npt.NDArray[np.int64], more: Sequence[object]) -> list[Located]:
        groups: dict[tuple[bytes, object], list[int]] = {}
        for row, other in enumerate(more):
            groups.setdefault((table[row].tobytes(), other), []).append(row)
        return [_dense(self.rows(rows)) for rows in groups.values()]


def _dense(located: Located) -> Located:
    """Without the days that none of the series has; they all have the same."""
    present = located.bids[0] != 0
    bids, places = located.bids[:, present], located.places[:, present]
    return Located(located.sids, bids, places, located.heads, located.slabs)


class Locator:
    """Finds samples within one snapshot; remembers the times of head rows it met."""

    def __init__(self, db: sqlite3.Connection, ids: IdCache) -> None:
        """Reads through `db`, on which a transaction is open."""
        self._db = db
        self._ids = ids
        self._numbers: dict[bytes, int] = {}
        self.head_times: list[Times] = []
        """By `HeadRef.times`."""

    def find(self, sids: Sids, bounds: Bounds, *, head: bool = True) -> Iterator[Located]:
        """Those of the series (ascending ids) that have samples around a range."""
        for at in range(0, len(sids), _BATCH):
            batch = sids[at : at + _BATCH]
            bids, places, slabs = self._chunks(batch, bounds)
            heads = self._heads(batch, bounds) if head else ((),) * len(batch)
            found = Located(batch, bids, places, heads, slabs)
            chunks = np.count_nonzero(bids, axis=1).tolist()
            rows = [row for row in range(len(batch)) if chunks[row] or heads[row]]
            if rows:
                yield found if len(rows) == len(batch) else found.rows(rows)

    # -- chunks -------------------------------------------------------------------------

    def _chunks(
        self, sids: Sids, bounds: Bounds
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], dict[int, Slab]]:
        days = (day_of(bounds.start_ms), day_of(bounds.end_ms))
        slabs_there: int = self._db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM slab WHERE day BETWEEN ? AND ? LIMIT ?)",
            (*days, len(sids) + 1),
        ).fetchone()[0]
        hits = self._by_series if slabs_there > len(sids) else self._by_slab
        found = list(hits(sids, days))
        slabs = {slab.bid: slab for slab, _, _ in found}
        columns = {day: n for n, day in enumerate(sorted({s.day for s in slabs.values()}))}
        bids = np.zeros((len(sids), len(columns)), np.int64)
        places = np.zeros_like(bids)
        for slab, rows, at in found:
            bids[rows, columns[slab.day]] = slab.bid
            places[rows, columns[slab.day]] = at
        for slab in [s for s in slabs.values() if not _overlaps(s, bounds)]:
            bids[bids == slab.bid] = 0
        return bids, places, slabs

    def _by_slab(
        self, sids: Sids, days: tuple[int, int]
    ) -> Iterator[tuple[Slab, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Many series: slab by slab, oldest first; what stands in a newer one has moved there."""
        for row in self._db.execute(
            "SELECT bid, day, tid, t0, t1, n FROM slab WHERE day BETWEEN ? AND ? ORDER BY bid",
            days,
        ).fetchall():
            rows, at = _common(sids, self._ids.slab(self._db, row[0]))
            if len(rows):
                yield Slab(*row), rows, at

    def _by_series(
        self, sids: Sids, days: tuple[int, int]
    ) -> Iterator[tuple[Slab, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Few series among many slabs: by the index."""
        known: dict[int, Slab] = {}
        for row, sid in enumerate(sids.tolist()):
            for bid, place in self._db.execute(
                "SELECT bid, place FROM chunk WHERE sid = ? AND day BETWEEN ? AND ?",
                (sid, *days),
            ).fetchall():
                if bid not in known:
                    known[bid] = Slab(
                        *self._db.execute(
                            "SELECT bid, day, tid, t0, t1, n FROM slab WHERE bid = ?", (bid,)
                        ).fetchone()
                    )
                yield known[bid], np.array([row]), np.array([place])

    def members(self, bid: int, day: int) -> Sids:
        """The series whose chunk of the day stands in this slab, and in no newer one."""
        sids = self._ids.slab(self._db, bid)
        sql = "SELECT 1 FROM chunk WHERE sid = ? AND day = ? AND bid = ?"
        here = [
            self._db.execute(sql, (sid, day, bid)).fetchone() is not None for sid in sids.tolist()
        ]
        return sids[here]

    # -- head -----------------------------------------------------------------------------

    def lids(self) -> list[int]:
        """The layouts that have head rows, or had some a moment ago."""
        return [lid for (lid,) in self._db.execute("SELECT lid FROM layout ORDER BY lid")]

    def layout(self, lid: int) -> Sids:
        """The series of a head row's columns."""
        return self._ids.layout(self._db, lid)

    def in_head(self, sids: Sids, bounds: Bounds) -> npt.NDArray[np.bool_]:
        """Which of these series have head rows in the range."""
        found = np.zeros(len(sids), np.bool_)
        for lid in self.lids():
            rows, _ = _common(sids, self.layout(lid))
            if len(rows) and self._times(lid, bounds) is not None:
                found[rows] = True
        return found

    def _heads(self, sids: Sids, bounds: Bounds) -> tuple[tuple[HeadRef, ...], ...]:
        found: list[list[HeadRef]] = [[] for _ in range(len(sids))]
        for lid in self.lids():
            rows, columns = _common(sids, self.layout(lid))
            if not len(rows):
                continue
            number = self._times(lid, bounds)
            if number is not None:
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
                    found[row].append(HeadRef(number, lid, column))
        return tuple(tuple(sorted(refs, key=_by_number)) for refs in found)

    def _times(self, lid: int, bounds: Bounds) -> int | None:
        rows = self._db.execute(
            "SELECT t FROM head WHERE lid = ? AND t BETWEEN ? AND ? ORDER BY t",
            (lid, bounds.start_ms, min(bounds.end_ms, bounds.head_end_ms)),
        ).fetchall()
        if not rows:
            return None
        t_ms = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        number = self._numbers.setdefault(t_ms.tobytes(), len(self.head_times))
        if number == len(self.head_times):
            self.head_times.append(t_ms)
        return number


def _by_number(ref: HeadRef) -> int:
    return ref.times


def _overlaps(slab: Slab, bounds: Bounds) -> bool:
    return slab.t0 <= bounds.end_ms and slab.t1 >= bounds.start_ms


def _common(sids: Sids, others: Sids) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the common ids stand in each; both ascend."""
    if not len(sids) or others[0] > sids[-1] or others[-1] < sids[0]:
        return _NONE, _NONE
    small, large = (sids, others) if len(sids) <= len(others) else (others, sids)
    at = np.searchsorted(large, small)
    at[at == len(large)] = 0
    here = np.flatnonzero(np.equal(large[at], small))
    return (here, at[here]) if small is sids else (at[here], here)
