"""Slabs: up to 128 series that share their times on one day; encoded first, written after.

Encoding needs no database, so it blocks no one; writing is a short transaction. A rewritten
slab goes to the end of the file and the old bytes are freed: nothing is edited in place, so
pages stay full and freed pages are whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.tsdb import codec
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.codec import Codec, Sids
from jipyo.tsdb.format import PLACE_BITS, SLAB_SERIES
from jipyo.tsdb.locator import day_of
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from jipyo.model.sample import Times, Values


@dataclass(frozen=True, slots=True)
class EncodedSlab:
    """A slab as bytes, ready to be written."""

    day: int
    sids: Sids
    t0: int
    t1: int
    n: int
    times: bytes
    values: tuple[bytes, ...]
    crcs: tuple[int, ...]
    hours: tuple[bytes, ...]


def split_days(t_ms: Times) -> Iterator[tuple[int, slice]]:
    """The days of ascending times, each with its stretch."""
    days = (t_ms - 1) // DAY_MS
    starts = np.flatnonzero(np.concatenate(([True], days[1:] != days[:-1]))).tolist()
    for a, b in zip(starts, [*starts[1:], len(t_ms)], strict=True):
        yield int(days[a]), slice(a, b)


def sort_by_id(sids: Sids, t_ms: Times, values: Values) -> tuple[Sids, Times, Values]:
    """The same samples with the series in ascending order."""
    order = np.argsort(sids)
    if bool((order[1:] > order[:-1]).all()):
        return sids, t_ms, values
    return sids[order], t_ms, values[order]


def encode(
    sids: Sids, t_ms: Times, values: Values, executor: Executor | None = None
) -> EncodedSlab:
    """Bytes of a slab; times of one day, values (series, samples), ids ascending."""
    assert 0 < len(sids) <= SLAB_SERIES, len(sids)
    values = np.ascontiguousarray(values, np.float64)
    rows = list(values)
    packed = tuple(executor.map(codec.encode, rows) if executor else map(codec.encode, rows))
    return EncodedSlab(
        day_of(int(t_ms[0])),
        sids,
        int(t_ms[0]),
        int(t_ms[-1]),
        len(t_ms),
        codec.encode(np.ascontiguousarray(t_ms)),
        packed,
        tuple(codec.crc(b, sid) for b, sid in zip(packed, sids.tolist(), strict=True)),
        tuple(hourly.pack(hourly.summarise(t_ms, values))),
    )


def write(db: sqlite3.Connection, slab: EncodedSlab) -> None:
    """Write a slab in the open transaction, in place of what its series had on that day."""
    # The chunks that these series had on this day are replaced.
    free_chunks(db, find_chunks(db, slab.sids.tolist(), slab.day))
    tid = _write_times(db, slab)
    row = slab.day, tid, slab.t0, slab.t1, slab.n, codec.pack_sids(slab.sids)
    bid = db.execute(
        "INSERT INTO slab (day, tid, t0, t1, n, sids, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*row, codec.row_crc(*row)),
    ).lastrowid
    assert bid is not None
    first, _ = get_id_range(bid)
    values = enumerate(zip(slab.values, slab.crcs, strict=True), first)
    insert(
        db, "INTO data (id, codec, crc, b)", [(at, Codec.PCODEC, crc, b) for at, (b, crc) in values]
    )
    columns = enumerate(slab.hours, first)
    insert(db, "INTO hours (id, crc, b)", [(at, codec.crc(b), b) for at, b in columns])
    chunks = [(sid, slab.day, bid, place) for place, sid in enumerate(slab.sids.tolist())]
    insert(db, "OR REPLACE INTO chunk (sid, day, bid, place)", chunks)


def insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Several rows by one statement.

    Between statements another thread may take the interpreter's lock, and whatever waits for
    the writer's lock then waits for that thread too.
    """
    row = f"({', '.join('?' * len(rows[0]))})"
    sql = f"INSERT {into} VALUES {', '.join([row] * len(rows))}"  # noqa: S608 - placeholders
    db.execute(sql, [value for row in rows for value in row])


def _write_times(db: sqlite3.Connection, slab: EncodedSlab) -> int:
    """Times are shared by content: two slabs of one target and day have one row."""
    crc = codec.crc(slab.times)
    for tid, b in db.execute("SELECT tid, b FROM times WHERE day = ? AND crc = ?", (slab.day, crc)):
        if b == slab.times:
            found: int = tid
            return found
    tid = db.execute(
        "INSERT INTO times (day, n, codec, crc, b) VALUES (?, ?, ?, ?, ?)",
        (slab.day, slab.n, Codec.PCODEC, crc, slab.times),
    ).lastrowid
    assert tid is not None
    return tid


def find_chunks(db: sqlite3.Connection, sids: Sequence[int], day: int) -> list[tuple[int, int]]:
    """Slab and place of what these series, as many as a slab has, have on a day."""
    marks = make_placeholders(sids)
    sql = f"SELECT bid, place FROM chunk WHERE day = ? AND sid IN ({marks})"  # noqa: S608 - marks
    return db.execute(sql, (day, *sids)).fetchall()


def make_placeholders(values: Sequence[object]) -> str:
    """Placeholders for so many values in a statement."""
    return ", ".join("?" * len(values))


def free_chunks(db: sqlite3.Connection, chunks: Sequence[tuple[int, int]]) -> None:
    """Drop the bytes of chunks (bid, place), and each slab that has none left."""
    ids = [(bid << PLACE_BITS) | place for bid, place in chunks]
    sql = f"DELETE FROM data WHERE id IN ({make_placeholders(ids)})"  # noqa: S608 - placeholders
    db.execute(sql, ids)
    for bid in {bid for bid, _ in chunks}:
        left = db.execute(
            "SELECT 1 FROM data WHERE id BETWEEN ? AND ? LIMIT 1", get_id_range(bid)
        ).fetchone()
        if left is None:
            drop_slab(db, bid)


def get_id_range(bid: int) -> tuple[int, int]:
    """The first and the last id that rows of a slab may have."""
    return bid << PLACE_BITS, ((bid + 1) << PLACE_BITS) - 1


def drop_slab(db: sqlite3.Connection, bid: int) -> None:
    """Drop a slab's rows, and its times where no other slab has them."""
    row = db.execute("SELECT day, tid FROM slab WHERE bid = ?", (bid,)).fetchone()
    db.execute("DELETE FROM slab WHERE bid = ?", (bid,))
    db.execute("DELETE FROM hours WHERE id BETWEEN ? AND ?", get_id_range(bid))
    if (
        row is not None
        and not db.execute("SELECT 1 FROM slab WHERE day = ? AND tid = ? LIMIT 1", row).fetchone()
    ):
        db.execute("DELETE FROM times WHERE day = ? AND tid = ?", row)
