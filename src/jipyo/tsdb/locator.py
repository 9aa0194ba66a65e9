"""Where samples are: which chunks of which slabs, which columns of the head.

Arrays, not objects: a month of a thousand series is 31,000 chunks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from jipyo.model.arrays import group_equal_rows
from jipyo.tsdb import codec
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.damage import DamageLog
from jipyo.tsdb.head_cache import Fingerprint, HeadCache, HeadColumns
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.model.arrays import Rows
    from jipyo.model.sample import Times, Values
    from jipyo.tsdb.codec import Sids

_BATCH = 4096
"""Series that are located at once."""
_KEPT = 20_000
_NONE = np.empty(0, np.int64)

_ROWS_AT_ONCE = 64
_COLUMN_BYTES = 2 << 20
"""Columns of a layout up to this size are read at once, and kept for the next query."""
_QUERY_COLUMN_BYTES = 16 << 20
"""Columns of all layouts that a query holds; further ones are read when they are needed."""
_LAYOUTS_VERSION = """SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'layout'), 0),
    (SELECT count(*) FROM layout)"""
_FINGERPRINTS_AT_ONCE = 500
_HEAD_TIMES = "SELECT t FROM head WHERE lid = ? AND t BETWEEN ? AND ? ORDER BY t"
_OLDEST_ROW = "SELECT min(t) FROM head WHERE lid = ?"
_HEAD_ROWS = "SELECT t, v, crc FROM head WHERE lid = ? AND t BETWEEN ? AND ? ORDER BY t"

Table = npt.NDArray[np.int64]
T = TypeVar("T")
HeadRow = tuple[int, bytes, int]
"""The time, the values and the checksum."""


class HeadDamaged(Damaged):
    """Rows whose times were found are not sound; found again, their layout is without them."""


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

    def read_times(self, db: sqlite3.Connection) -> Times:
        """The times of its samples, ascending.

        Raises:
            Damaged: they are not what was written.
        """
        sql = "SELECT b, codec, crc, n FROM times WHERE tid = ?"
        row = db.execute(sql, (self.tid,)).fetchone()
        if row is None or row[3] != self.n:
            raise Damaged
        t_ms = codec.decode_times(*row)
        if t_ms[0] != self.t0 or t_ms[-1] != self.t1:
            raise Damaged
        return t_ms

    def overlaps(self, bounds: Bounds) -> bool:
        """Whether there may be samples in the range."""
        return self.t0 <= bounds.end_ms and self.t1 >= bounds.start_ms


@dataclass(frozen=True, slots=True)
class StoredSlab:
    """A slab and its series, some of which may have moved to a newer one."""

    slab: Slab
    sids: Sids

    @classmethod
    def read(cls, db: sqlite3.Connection, bid: int) -> StoredSlab:
        """The row of a slab.

        Raises:
            Damaged: it is not what was written, or there is none.
        """
        sql = "SELECT day, tid, t0, t1, n, sids, crc FROM slab WHERE bid = ?"
        row = db.execute(sql, (bid,)).fetchone()
        if row is None or codec.row_crc(*row[:-1]) != row[-1]:
            raise Damaged
        return cls(Slab(bid, *row[:5]), codec.unpack_sids(row[5]))


@dataclass(frozen=True, slots=True)
class HeadCells:
    """Which columns of which layouts' head rows are series; shape (series, most of one).

    Equal numbers in `times` are equal times; they ascend, and -1 follows the last of a series.
    """

    times: Table
    lids: Table
    columns: Table

    def select(self, rows: Rows) -> HeadCells:
        """Some of the series."""
        return HeadCells(self.times[rows], self.lids[rows], self.columns[rows])

    def list_times(self, row: int) -> list[int]:
        """The times of one series."""
        return [number for number in self.times[row].tolist() if number >= 0]


@dataclass(frozen=True, slots=True)
class HeadPart:
    """A layout with head rows in a range: which of the series (rows) are which of its columns."""

    rows: Table
    columns: Table
    number: int
    """Of the times, as in `HeadCells.times`."""
    lid: int


@dataclass(frozen=True, slots=True)
class SidBlock:
    """A SeriesBlock with ids instead of labels."""

    sids: Sids
    t_ms: Times
    values: Values


@dataclass(frozen=True, slots=True)
class LayoutRanges:
    """Every layout with its first and last series, so that a few series need not try them all."""

    version: tuple[int, int]
    """The highest id ever given to a layout and how many there are: the set of layouts."""
    lids: Sids
    first: Sids
    last: Sids

    def find_candidates(self, sids: Sids) -> list[int]:
        """The layouts, in the order of their ids, that may have any of these (ascending) series."""
        if not len(sids):
            return []
        # The first of the wanted series that is not before the layout must not be after it.
        at = sids.searchsorted(self.first)
        reached = at < len(sids)
        reached[reached] = sids[at[reached]] <= self.last[reached]
        found: list[int] = self.lids[reached].tolist()
        return found

    def list_layouts(self) -> list[int]:
        """All of them."""
        every: list[int] = self.lids.tolist()
        return every


@dataclass(slots=True)
class IdCache:
    """Layouts and slabs; neither ever changes, and no id is used twice."""

    damage: DamageLog = field(default_factory=DamageLog)
    heads: HeadCache = field(default_factory=lambda: HeadCache(0))
    layouts: dict[int, Sids | None] = field(default_factory=dict)
    slabs: dict[int, StoredSlab | None] = field(default_factory=dict)
    ranges: LayoutRanges | None = None
    """Of the snapshot that was read last."""
    distrusted: set[int] = field(default_factory=set)
    """Layouts of which a head row was damaged: all of theirs are verified before times count."""

    def get_ranges(self, db: sqlite3.Connection) -> LayoutRanges:
        """The ranges of all layouts in this snapshot."""
        version = db.execute(_LAYOUTS_VERSION).fetchone()
        ranges = self.ranges
        if ranges is None or ranges.version != version:
            every = [lid for (lid,) in db.execute("SELECT lid FROM layout ORDER BY lid")]
            found = [(lid, self.get_layout(db, lid)) for lid in every]
            lids = [lid for lid, ids in found if ids is not None]
            sids = [ids for _, ids in found if ids is not None]
            first, last = (np.array([ids[end] for ids in sids], np.int64) for end in (0, -1))
            ranges = self.ranges = LayoutRanges(version, np.array(lids, np.int64), first, last)
        return ranges

    def get_layout(self, db: sqlite3.Connection, lid: int) -> Sids | None:
        """The series of a head row's columns; None where they are damaged."""
        return self._get_or_read(self.layouts, lid, lambda: read_layout(db, lid), "layout")

    def get_slab(self, db: sqlite3.Connection, bid: int) -> StoredSlab | None:
        """A slab and its series; None where the row is damaged."""
        return self._get_or_read(self.slabs, bid, lambda: StoredSlab.read(db, bid), "slab")

    def _get_or_read(
        self, kept: dict[int, T | None], key: int, read: Callable[[], T], what: str
    ) -> T | None:
        try:
            return kept[key]
        except KeyError:
            pass
        found: T | None = None
        try:
            found = read()
        except Damaged:
            self.damage.record(f"{what} {key}")
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = found  # another thread may drop it at once
        return found


def read_layout(db: sqlite3.Connection, lid: int) -> Sids:
    """The series of a head row's columns, ascending.

    Raises:
        Damaged: they are not what was written.
    """
    row = db.execute("SELECT sids, crc FROM layout WHERE lid = ?", (lid,)).fetchone()
    if row is None or codec.row_crc(row[0]) != row[1]:
        raise Damaged
    return codec.unpack_sids(row[0])


@dataclass(frozen=True, slots=True)
class Locations:
    """Series and where their samples are; `bids` and `places` have shape (series, days)."""

    sids: Sids
    bids: Table
    """Slabs by day; 0 where a series has none."""
    places: Table
    heads: HeadCells
    slabs: Mapping[int, Slab]

    def select(self, rows: Rows) -> Locations:
        """Some of the series."""
        return Locations(
            self.sids[rows],
            self.bids[rows],
            self.places[rows],
            self.heads.select(rows),
            self.slabs,
        )

    def list_slabs(self, row: int) -> list[Slab]:
        """The slabs of one series, day by day."""
        return [self.slabs[bid] for bid in self.bids[row].tolist()]

    def drop_day(self, day: int) -> Locations:
        """All columns but one."""
        bids, places = (np.delete(table, day, axis=1) for table in (self.bids, self.places))
        return Locations(self.sids, bids, places, self.heads, self.slabs)

    def split_by_times(self) -> list[Locations]:
        """Series with equal times as one group, without the days that they do not have."""
        tids = np.zeros_like(self.bids)
        for bid, slab in self.slabs.items():
            tids[self.bids == bid] = slab.tid
        return self._split_by(np.concatenate((tids, self.heads.times), axis=1))

    def split_by_slabs(self) -> list[Locations]:
        """Series in the same slabs and with head rows at the same times as one group."""
        return self._split_by(np.concatenate((self.bids, self.heads.times), axis=1))

    def _split_by(self, keys: Table) -> list[Locations]:
        return [_drop_empty_days(self.select(rows)) for rows in group_equal_rows(keys)]


def _drop_empty_days(located: Locations) -> Locations:
    """Without the days that none of the series has; they all have the same."""
    present = located.bids[0] != 0
    if present.all():
        return located
    bids, places = located.bids[:, present], located.places[:, present]
    return Locations(located.sids, bids, places, located.heads, located.slabs)


class Locator:
    """Finds samples within one snapshot; remembers the times of head rows that it read."""

    def __init__(self, db: sqlite3.Connection, ids: IdCache) -> None:
        """Reads through `db`, on which a transaction is open."""
        self._db = db
        self._ids = ids
        self._numbers: dict[bytes, int] = {}
        self.head_times: list[Times] = []
        """By `HeadCells.times`."""
        self._head_rows: dict[tuple[int, int], list[bytes]] = {}
        self._head_columns: dict[tuple[int, int], tuple[HeadColumns, slice]] = {}
        self._column_bytes = 0
        self._keeps_columns = True

    def read_rows_once(self) -> None:
        """Keep no columns of head rows: their reader will not come back."""
        self._keeps_columns = False

    def find(self, sids: Sids, bounds: Bounds, *, head: bool = True) -> Iterator[Locations]:
        """Those of the series (ascending ids) that have samples around a range."""
        for located in self.find_or_read(sids, bounds, head=head, read=False):
            assert isinstance(located, Locations)
            yield located

    def find_or_read(
        self, sids: Sids, bounds: Bounds, *, head: bool = True, read: bool = True
    ) -> Iterator[Locations | list[SidBlock]]:
        """The same; the samples themselves where there are none but in columns that are kept."""
        for at in range(0, len(sids), _BATCH):
            batch = sids[at : at + _BATCH]
            bids, places, slabs = self._find_chunks(batch, bounds)
            parts = self._find_head_parts(batch, bounds) if head else []
            if read and not bids.any() and (blocks := self._read_kept(batch, parts)):
                yield blocks
                continue
            heads = _arrange_cells(len(batch), parts)
            found = Locations(batch, bids, places, heads, slabs)
            there = bids.any(axis=1) | (heads.times >= 0).any(axis=1)
            if there.all():
                yield found
            elif there.any():
                yield found.select(np.flatnonzero(there))

    # -- chunks -------------------------------------------------------------------------

    def _find_chunks(self, sids: Sids, bounds: Bounds) -> tuple[Table, Table, dict[int, Slab]]:
        days = (day_of(bounds.start_ms), day_of(bounds.end_ms))
        sql = "SELECT bid FROM slab WHERE day BETWEEN ? AND ? ORDER BY bid LIMIT ?"
        # A slab costs about as much to look at as one series or two of its chunks.
        most = len(sids) * (1 + (days[1] - days[0]) // 2)
        bids_there = [bid for (bid,) in self._db.execute(sql, (*days, most + 1)).fetchall()]
        if len(bids_there) > most:
            found = list(self._search_chunks(sids, days))
        else:
            slabs_there = list(self._read_slabs(bids_there, days))
            is_needed = any(stored.slab.overlaps(bounds) for stored in slabs_there)
            found = list(_search_slabs(sids, slabs_there)) if is_needed else []
        slabs = {slab.bid: slab for slab, _, _ in found}
        columns = {day: n for n, day in enumerate(sorted({s.day for s in slabs.values()}))}
        bids = np.zeros((len(sids), len(columns)), np.int64)
        places = np.zeros_like(bids)
        for slab, rows, at in found:
            # A newer slab hides older ones even if it is outside the range.
            bids[rows, columns[slab.day]] = slab.bid if slab.overlaps(bounds) else 0
            places[rows, columns[slab.day]] = at
        return bids, places, slabs

    def _read_slabs(self, bids: Iterable[int], days: tuple[int, int]) -> Iterator[StoredSlab]:
        """Those of the slabs that are sound; a damaged index may lead to one of another day."""
        for bid in bids:
            stored = self._ids.get_slab(self._db, bid)
            if stored is not None and days[0] <= stored.slab.day <= days[1]:
                yield stored

    def _search_chunks(
        self, sids: Sids, days: tuple[int, int]
    ) -> Iterator[tuple[Slab, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Few series among many slabs: by the index."""
        found: dict[object, list[int]] = {}
        sql = "SELECT bid FROM chunk WHERE sid = ? AND day BETWEEN ? AND ?"
        for row, sid in enumerate(sids.tolist()):
            for (bid,) in self._db.execute(sql, (sid, *days)).fetchall():
                found.setdefault(bid, []).append(row)
        for stored in self._read_slabs(sorted(b for b in found if isinstance(b, int)), days):
            rows = np.array(found[stored.slab.bid])
            here, at = _find_common(sids[rows], stored.sids)
            if len(here):
                yield stored.slab, rows[here], at

    def find_members(self, stored: StoredSlab) -> Sids:
        """The series whose chunk of the day is in this slab and in no newer one."""
        sql = "SELECT 1 FROM chunk WHERE sid = ? AND day = ? AND bid = ?"
        slab = stored.slab
        here = [
            self._db.execute(sql, (sid, slab.day, slab.bid)).fetchone() is not None
            for sid in stored.sids.tolist()
        ]
        return stored.sids[here]

    def list_slabs(self, days: tuple[int, int]) -> list[StoredSlab]:
        """The sound slabs of these days, first and last included, in the order of their ids."""
        sql = "SELECT bid FROM slab WHERE day BETWEEN ? AND ? ORDER BY bid"
        bids = [bid for (bid,) in self._db.execute(sql, days)]
        return list(self._read_slabs(bids, days))

    # -- head -----------------------------------------------------------------------------

    def list_layouts(self) -> list[int]:
        """The sound layouts that have head rows, or had some a moment ago."""
        return self._ids.get_ranges(self._db).list_layouts()

    def find_layouts(self, sids: Sids) -> list[int]:
        """The layouts that may have any of these series (ascending ids)."""
        return self._ids.get_ranges(self._db).find_candidates(sids)

    def get_layout(self, lid: int) -> Sids:
        """The series of a head row's columns, of a sound layout."""
        sids = self._ids.get_layout(self._db, lid)
        return _NONE if sids is None else sids

    def has_head_rows(self, sids: Sids, bounds: Bounds) -> npt.NDArray[np.bool_]:
        """Which of these series have head rows in the range."""
        found = np.zeros(len(sids), np.bool_)
        for lid in self.find_layouts(sids):
            rows, _ = _find_common(sids, self.get_layout(lid))
            if len(rows) and self._has_rows(lid, bounds):
                found[rows] = True
        return found

    def _find_head_parts(self, sids: Sids, bounds: Bounds) -> list[HeadPart]:
        span = bounds.start_ms, min(bounds.end_ms, bounds.head_end_ms)
        every = {lid: _find_common(sids, self.get_layout(lid)) for lid in self.find_layouts(sids)}
        common = {lid: both for lid, both in every.items() if len(both[0])}
        parts = []
        for lid, fingerprint in self._read_fingerprints(list(common), span):
            rows, columns = common[lid]
            number = self._read_head_times(lid, columns, span, fingerprint)
            if number is not None:
                parts.append(HeadPart(rows, columns, number, lid))
        return parts

    def _read_fingerprints(
        self, lids: list[int], span: tuple[int, int]
    ) -> Iterator[tuple[int, Fingerprint]]:
        """Of each layout with rows in a range, their number and the sum of their checksums."""
        for at in range(0, len(lids), _FINGERPRINTS_AT_ONCE):
            some = lids[at : at + _FINGERPRINTS_AT_ONCE]
            marks = ", ".join("?" * len(some))
            # The sum is a float (exact up to 2**53): damaged checksums could overflow another.
            sql = (
                f"SELECT lid, count(*), total(crc) FROM head WHERE lid IN ({marks})"  # noqa: S608 - marks
                " AND t BETWEEN ? AND ? GROUP BY lid"
            )
            found = {row[0]: row[1:] for row in self._db.execute(sql, (*some, *span)).fetchall()}
            if not found.keys() <= set(some):
                # A damaged page gave rows of another layout: now all are read and verified.
                self._ids.distrusted.update(some)
                found = dict.fromkeys(some, (0, 0.0))
            yield from found.items()

    def _read_kept(self, sids: Sids, parts: list[HeadPart]) -> list[SidBlock]:
        """The samples of series that are in one layout each, if all of them are kept."""
        rows = np.concatenate([_NONE, *(part.rows for part in parts)])
        if len(np.unique(rows)) < len(rows):
            return []
        blocks = []
        for part in parts:
            values = self._get_kept(part.lid, part.number, part.columns)
            if values is None:
                return []
            blocks.append(SidBlock(sids[part.rows], self.head_times[part.number], values))
        return blocks

    def _get_kept(self, lid: int, number: int, columns: Table) -> Values | None:
        """Columns of a layout at these times, (columns, times); None where they are not kept.

        Other columns may be: those of series that the same query has read before.
        """
        kept, at = self._head_columns.get((lid, number), (None, slice(0)))
        return kept.select(columns, at) if kept is not None and kept.covers(columns) else None

    def _read_head_times(
        self, lid: int, columns: Table, span: tuple[int, int], fingerprint: Fingerprint
    ) -> int | None:
        """The number of the times of a layout's rows in the range; None where there are none."""
        found = self._read_columns(lid, columns, span, fingerprint)
        rows: list[HeadRow] = []
        if found is not None:
            t_ms = found[0].t_ms[found[1]]
        elif lid in self._ids.distrusted:
            rows = self._select_sound(lid, self._db.execute(_HEAD_ROWS, (lid, *span)).fetchall())
            t_ms = np.array([row[0] for row in rows], np.int64)
        else:
            times = self._db.execute(_HEAD_TIMES, (lid, *span)).fetchall()
            t_ms = np.array([t for (t,) in times], np.int64)
        if not len(t_ms):
            return None
        number = self._numbers.setdefault(t_ms.tobytes(), len(self.head_times))
        if number == len(self.head_times):
            self.head_times.append(t_ms)
        if found is not None:
            self._head_columns[lid, number] = found
        elif rows:
            self._head_rows[lid, number] = [row[1] for row in rows]
        return number

    def _read_columns(
        self, lid: int, columns: Table, span: tuple[int, int], fingerprint: Fingerprint
    ) -> tuple[HeadColumns, slice] | None:
        """Columns of head rows that are kept or few enough to be kept, and which of the rows.

        None where they are neither, or where a row is damaged.
        """
        if lid in self._ids.distrusted or not self._keeps_columns:
            return None
        known = self._ids.heads.get(lid)
        if known is not None and known.covers(columns):
            grown = self._grow_columns(lid, known, span, fingerprint)
            if grown is not None:
                return grown, grown.find_rows(*span)
        row_bytes = 8 * fingerprint[0]
        most_bytes = min(_COLUMN_BYTES, _QUERY_COLUMN_BYTES - self._column_bytes)
        if row_bytes * len(columns) > most_bytes:
            return None
        if known is not None:
            both = np.union1d(known.columns, columns)
            columns = both if row_bytes * len(both) <= most_bytes else columns
        fresh = self._read_rows(lid, columns, span)
        if fresh is None or not len(fresh.t_ms):
            return None
        self._ids.heads.put(lid, fresh)
        self._column_bytes += fresh.size_bytes
        return fresh, slice(0, len(fresh.t_ms))

    def _grow_columns(
        self, lid: int, known: HeadColumns, span: tuple[int, int], fingerprint: Fingerprint
    ) -> HeadColumns | None:
        """The same columns with the rows that came since; None where others have changed.

        Also where the range begins after all rows that are kept, or has too many to keep.
        """
        if known.fingerprint(known.find_rows(*span)) == fingerprint:
            return known
        last_ms = int(known.t_ms[-1])
        row_bytes = 8 * len(known.columns)
        if last_ms < span[0] or row_bytes * fingerprint[0] > _COLUMN_BYTES:
            return None
        later = self._read_rows(lid, known.columns, (last_ms + 1, max(last_ms, span[1])))
        if later is None or not len(later.t_ms):
            return None
        (oldest_ms,) = self._db.execute(_OLDEST_ROW, (lid,)).fetchone()
        if row_bytes * (len(known.t_ms) + len(later.t_ms)) > _COLUMN_BYTES:
            oldest_ms = span[0]
        grown = known.append(later, oldest_ms)
        if grown.fingerprint(grown.find_rows(*span)) != fingerprint:
            return None
        self._ids.heads.put(lid, grown)
        return grown

    def _read_rows(self, lid: int, columns: Table, span: tuple[int, int]) -> HeadColumns | None:
        """Columns of head rows, verified; None where one is damaged, which is remembered."""
        t_ms: list[int] = []
        crcs: list[int] = []
        parts = [np.empty((len(columns), 0))]
        found = self._db.execute(_HEAD_ROWS, (lid, *span))
        while piece := found.fetchmany(_ROWS_AT_ONCE):
            sound = self._select_sound(lid, piece)
            if len(sound) < len(piece):
                self._ids.distrusted.add(lid)
                return None
            t_ms += [row[0] for row in sound]
            crcs += [row[2] for row in sound]
            parts.append(_parse_rows([row[1] for row in sound]).take(columns, axis=1).T)
        return HeadColumns.of(
            np.array(t_ms, np.int64), crcs, columns, np.concatenate(parts, axis=1)
        )

    def _has_rows(self, lid: int, bounds: Bounds) -> bool:
        span = bounds.start_ms, min(bounds.end_ms, bounds.head_end_ms)
        sql = "SELECT 1 FROM head WHERE lid = ? AND t BETWEEN ? AND ? LIMIT 1"
        return self._db.execute(sql, (lid, *span)).fetchone() is not None

    def read_head_values(self, lid: int, number: int, columns: Table) -> Iterator[Values]:
        """Columns of a layout's head rows at these times, piece by piece: (columns, times).

        Many rows are never joined in one go: that would keep the interpreter's lock, and an
        append waiting for it, for milliseconds.

        Raises:
            HeadDamaged: some are not what was written; `find` will no longer find these.
        """
        kept = self._get_kept(lid, number, columns)
        if kept is not None:
            yield kept
            return
        t_ms, done = self.head_times[number], 0
        for rows in self._read_pieces(lid, number):
            yield _parse_rows(rows).take(columns, axis=1).T
            done += len(rows)
        if done != len(t_ms):
            self._ids.distrusted.add(lid)
            raise HeadDamaged

    def _read_pieces(self, lid: int, number: int) -> Iterator[list[bytes]]:
        """The verified rows of a layout at these times, up to the first that is damaged."""
        kept, t_ms = self._head_rows.get((lid, number)), self.head_times[number]
        if kept is not None:
            for at in range(0, len(kept), _ROWS_AT_ONCE):
                yield kept[at : at + _ROWS_AT_ONCE]
            return
        rows = self._db.execute(_HEAD_ROWS, (lid, int(t_ms[0]), int(t_ms[-1])))
        while piece := rows.fetchmany(_ROWS_AT_ONCE):
            sound = self._select_sound(lid, piece)
            if len(sound) < len(piece):
                return
            yield [row[1] for row in sound]

    def _select_sound(self, lid: int, rows: list[HeadRow]) -> list[HeadRow]:
        size = 8 * len(self.get_layout(lid))
        sound = [
            row
            for row in rows
            if codec.head_row_crc(lid, row[0], row[1]) == row[2] and len(row[1]) == size
        ]
        if len(sound) < len(rows):
            for t_ms in {row[0] for row in rows} - {row[0] for row in sound}:
                self._ids.damage.record(f"head row of layout {lid} at {t_ms}")
        return sound


def _parse_rows(rows: list[bytes]) -> Values:
    return np.frombuffer(b"".join(rows), "<f8").reshape(len(rows), -1)


def _search_slabs(
    sids: Sids, slabs: Iterable[StoredSlab]
) -> Iterator[tuple[Slab, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Many series: slab by slab, oldest first; a chunk in a newer slab has moved there."""
    for stored in slabs:
        rows, at = _find_common(sids, stored.sids)
        if len(rows):
            yield stored.slab, rows, at


def _arrange_cells(series: int, parts: Sequence[HeadPart]) -> HeadCells:
    """A table of the cells of each series, in the order of their times."""
    if not parts:
        nothing = np.empty((series, 0), np.int64)
        return HeadCells(nothing, nothing, nothing)
    lengths = [len(part.rows) for part in parts]
    cells = (
        np.repeat([part.number for part in parts], lengths),
        np.repeat([part.lid for part in parts], lengths),
        np.concatenate([part.columns for part in parts]),
    )
    rows = np.concatenate([part.rows for part in parts])
    order = np.lexsort((cells[0], rows))
    rows = rows[order]
    first = np.searchsorted(rows, rows)
    at = np.arange(len(rows)) - first
    tables = []
    for cell in cells:
        table = np.full((series, int(at.max()) + 1), -1, np.int64)
        table[rows, at] = cell[order]
        tables.append(table)
    return HeadCells(*tables)


def _find_common(sids: Sids, others: Sids) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The places of the common ids in each; both ascend."""
    if not len(sids) or not len(others) or others[0] > sids[-1] or others[-1] < sids[0]:
        return _NONE, _NONE
    small, large = (sids, others) if len(sids) <= len(others) else (others, sids)
    at = large.searchsorted(small)
    at[at == len(large)] = 0
    here = (large[at] == small).nonzero()[0]
    return (here, at[here]) if small is sids else (at[here], here)
