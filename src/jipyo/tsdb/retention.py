"""Dropping samples: days past the retention, days beyond the size limit, deletions.

Every slice is a short transaction. Slabs are dropped whole, so freed pages are neighbours and
the file shrinks page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from jipyo.tsdb import index, slab
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.locator import Bounds, SidBlock, StoredSlab, day_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.format import BeginWrite
    from jipyo.tsdb.snapshot import OpenSnapshot

Gone = Callable[[Sequence[int]], None]

_SERIES_A_SLICE = 512
_IDLE = """SELECT labels, hash FROM series
    WHERE sid = ?1 AND NOT EXISTS (SELECT 1 FROM chunk WHERE sid = ?1)"""
"""No row where the series has chunks, or was dropped before: old slabs still list such ones."""
_PAGES_A_SLICE = 16
_SPARE_PAGES = 64
_SPARE_SHARE = 8


def drop_day(begin_write: BeginWrite, day: int, dropped: set[int]) -> Iterator[None]:
    """Drop every slab of a day; `dropped` collects whose chunks they were."""
    with begin_write() as db:
        bids = [bid for (bid,) in db.execute("SELECT bid FROM slab WHERE day = ?", (day,))]
    for bid in bids:
        with begin_write() as db:
            try:
                sids = StoredSlab.read(db, bid).sids.tolist()
            except Damaged:
                # Its day may be what is damaged: then its chunks are of another, and it stays.
                found = db.execute("SELECT sid FROM chunk WHERE bid = ? AND day = ?", (bid, day))
                sids = [sid for (sid,) in found]
                if not sids:
                    continue
            db.execute("DELETE FROM data WHERE id BETWEEN ? AND ?", slab.get_id_range(bid))
            db.executemany(
                "DELETE FROM chunk WHERE sid = ? AND day = ? AND bid = ?",
                [(sid, day, bid) for sid in sids],
            )
            slab.drop_slab(db, bid)
        dropped.update(sids)
        yield


def drop_idle_series(
    begin_write: BeginWrite,
    sids: Sequence[int],
    in_head: Callable[[], Sids],
    forget: Callable[[Sequence[int]], None],
) -> Iterator[None]:
    """Drop from the index those of the series that have no samples left anywhere.

    `in_head` lists the series with head rows; `forget` gets the dropped ones, within the write.
    """
    for at in range(0, len(sids), _SERIES_A_SLICE):
        with begin_write() as db:
            part = np.array(sids[at : at + _SERIES_A_SLICE], np.int64)
            idle = {
                sid: row
                for sid in part[~np.isin(part, in_head())].tolist()
                if (row := db.execute(_IDLE, (sid,)).fetchone()) is not None
            }
            for sid, (labels, number) in idle.items():
                _drop_series(db, sid, _find_pairs(db, sid, labels, number))
            if idle:
                index.advance_generation(db)
            forget(tuple(idle))
        yield


def _find_pairs(db: sqlite3.Connection, sid: int, labels: bytes, number: int) -> list[int]:
    """The pairs of a series: by its labels, or where these are damaged by a walk over all."""
    sql = "SELECT pid FROM pair WHERE name = ? AND value = ?"
    try:
        pairs = index.decode_labels(labels, number).pairs
    except Damaged:
        return [pid for (pid,) in db.execute("SELECT pid FROM posting WHERE sid = ?", (sid,))]
    return [pid for pair in pairs for (pid,) in db.execute(sql, pair)]


def _drop_series(db: sqlite3.Connection, sid: int, pids: Sequence[int]) -> None:
    for pid in pids:
        db.execute("DELETE FROM posting WHERE pid = ? AND sid = ?", (pid, sid))
        if not db.execute("SELECT 1 FROM posting WHERE pid = ? LIMIT 1", (pid,)).fetchone():
            db.execute("DELETE FROM pair WHERE pid = ?", (pid,))
    db.execute("DELETE FROM series WHERE sid = ?", (sid,))


def delete_samples(
    open_snapshot: OpenSnapshot, begin_write: BeginWrite, sids: Sids, bounds: Bounds
) -> Iterator[int]:
    """Delete the chunks' samples of these series in a range; yields how many, slab by slab.

    A slab that loses any is rewritten without them, so that its pages are freed whole. So is one
    that still lists a series whose chunk has moved to a newer slab: if that one goes, readers
    would look for the series in the old one again.
    """
    with open_snapshot() as snapshot:
        days = day_of(bounds.start_ms), day_of(bounds.end_ms)
        slabs = snapshot.locator.list_slabs(days)
    for stored in slabs:
        listed = np.intersect1d(stored.sids, sids)
        if listed.size:
            with open_snapshot() as snapshot:
                members = snapshot.locator.find_members(stored)
            has_moved = bool(np.setdiff1d(listed, members).size)
            if has_moved or stored.slab.overlaps(bounds):
                chunks = stored.slab.day, members
                yield _rewrite(open_snapshot, begin_write, chunks, (sids, bounds), always=has_moved)


def _rewrite(
    open_snapshot: OpenSnapshot,
    begin_write: BeginWrite,
    chunks: tuple[int, Sids],
    what: tuple[Sids, Bounds],
    *,
    always: bool,
) -> int:
    """Rewrite the chunks of a day and these series without what is deleted; how much that was."""
    day, members = chunks
    with open_snapshot() as snapshot:
        blocks = list(snapshot.read_blocks(members, Bounds.day(day)))
    deleted = 0
    kept: list[slab.EncodedSlab] = []
    for block in blocks:
        for part in _exclude(block, *what):
            kept.append(slab.encode(part.sids, part.t_ms, part.values))
            deleted -= part.values.size
        deleted += block.values.size
    if deleted == 0 and not always:
        return 0
    with begin_write() as db:
        stored = slab.find_chunks(db, members.tolist(), day)
        db.executemany(
            "DELETE FROM chunk WHERE sid = ? AND day = ?", [(sid, day) for sid in members.tolist()]
        )
        slab.free_chunks(db, stored)
        for encoded in kept:
            slab.write(db, encoded)
    return deleted


def _exclude(block: SidBlock, sids: Sids, bounds: Bounds) -> Iterator[SidBlock]:
    """The block without the samples of these series in the range."""
    named = np.isin(block.sids, sids)
    inside = (block.t_ms >= bounds.start_ms) & (block.t_ms <= bounds.end_ms)
    order = np.argsort(block.sids)
    untouched, cut = order[~named[order]], order[named[order]]
    if len(untouched):
        yield SidBlock(block.sids[untouched], block.t_ms, block.values[untouched])
    if len(cut) and not inside.all():
        outside = ~inside
        yield SidBlock(block.sids[cut], block.t_ms[outside], block.values[np.ix_(cut, outside)])


def find_oldest_day(db: sqlite3.Connection) -> int | None:
    """The first day that has chunks, as far as slabs are sound."""
    for (bid,) in db.execute("SELECT bid FROM slab ORDER BY day"):
        with suppress(Damaged):
            return StoredSlab.read(db, bid).slab.day
    return None


def read_used_bytes(db: sqlite3.Connection) -> int:
    """The size of the file's pages in use."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def shrink_file(begin_write: BeginWrite) -> Iterator[None]:
    """Shrink the file while more of it is free than the next days will need."""
    while True:
        with begin_write() as db:
            pages, free = (
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count")
            )
            if free <= max(_SPARE_PAGES, pages // _SPARE_SHARE):
                return
            db.execute(f"PRAGMA incremental_vacuum({_PAGES_A_SLICE})").fetchall()
        yield


def find_expired_day(retention_ms: int | None, max_ms: int | None) -> int | None:
    """The newest day that is wholly past the retention; None where nothing expires."""
    if retention_ms is None or max_ms is None:
        return None
    return day_of(max_ms - retention_ms) - 1
