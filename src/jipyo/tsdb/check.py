"""Reading every byte of a store and comparing it with its checksums."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import StoreCorrupt
from jipyo.model.progress import ignore_progress
from jipyo.tsdb import codec, index
from jipyo.tsdb import format as disk
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.format import PLACE_BITS, is_damage
from jipyo.tsdb.head import MOST_SIDS
from jipyo.tsdb.locator import StoredSlab, day_of, read_layout
from jipyo.tsdb.options import DAY_MS, YEAR_10000_MS
from jipyo.tsdb.reader import Reader
from jipyo.tsdb.slab import get_id_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.model.progress import Progress
    from jipyo.tsdb.codec import Sids

_MOST_PROBLEMS = 10_000
_SEQUENCES = {"series": "sid", "pair": "pid", "layout": "lid", "times": "tid", "slab": "bid"}
"""The ids that are never given twice."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked, and the problems as errors with text keys."""

    chunks: int
    samples: int
    """In sound chunks and in the head."""
    problems: tuple[StoreCorrupt, ...]


def check(path: Path, progress: Progress = ignore_progress) -> Check:
    """Check everything in the folder `path`, whether or not a process writes to it.

    Raises:
        StoreError: there is no store, or it cannot be opened at all.
    """
    with Reader.open(path, threads=1) as reader:
        try:
            with reader.snapshot() as snapshot:
                return _check(snapshot.db, progress)
        except StoreCorrupt as error:
            return Check(0, 0, (error,))


def _check(db: sqlite3.Connection, progress: Progress) -> Check:
    schema = list(_check_schema(db))
    if schema:
        return Check(0, 0, tuple(schema))
    total = 0
    with suppress(sqlite3.DatabaseError):  # the steps report it
        (total,) = db.execute("SELECT count(*) FROM data").fetchone()
    steps: tuple[Iterable[int | StoreCorrupt], ...] = (
        _check_structure(db),
        _check_sequences(db),
        _check_references(db),
        _check_series(db),
        _check_rows(db, "metadata", "metric, type, help, unit"),
        _check_rows(db, "import_source", "source, position"),
        _check_slabs(db, total, progress),
        _check_head(db),
    )
    problems: dict[str, StoreCorrupt] = {}
    samples = 0
    for step in steps:
        for result in _go_on(step):
            if isinstance(result, int):
                samples += result
            else:
                problems.setdefault(str(result), result)
    return Check(total, samples, tuple(problems.values())[:_MOST_PROBLEMS])


def _go_on(step: Iterable[int | StoreCorrupt]) -> Iterator[int | StoreCorrupt]:
    """What a step finds, up to a page that SQLite cannot read; that is a problem of its own."""
    try:
        yield from step
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        yield _make_problem("structure", reason=str(error))


def _make_problem(kind: str, **values: object) -> StoreCorrupt:
    return StoreCorrupt(f"tsdb.problem.{kind}", hint="", **values)


def _make_row_problem(table: str, row: object) -> StoreCorrupt:
    return _make_problem("row", table=table, row=str(row))


def _check_schema(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """A version that is none of ours, and tables, columns or indexes that `up` would miss."""
    version = disk.read_version(db)
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    if not 0 < version <= len(disk.STEPS) or application != disk.APPLICATION_ID:
        yield _make_problem("structure", reason=f"version {version} of {application:#x}")
        return
    found = disk.read_schema(db)
    for name, sql in disk.build_schema(disk.STEPS[:version]).items():
        if found.get(name) != sql:
            yield _make_problem("structure", reason=name)


def _check_sequences(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """Last ids that would give an id twice, or none that is left."""
    rows = db.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    given = {name: seq for name, seq in rows if isinstance(seq, int) and 0 <= seq <= MOST_SIDS}
    for table, column in _SEQUENCES.items():
        sql = f"SELECT coalesce(max({column}), 0) FROM {table}"  # noqa: S608 - ours
        (most,) = db.execute(sql).fetchone()
        if given.get(table, 0 if table not in dict(rows) else -1) < most:
            yield _make_row_problem("sqlite_sequence", table)


def _check_rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[StoreCorrupt]:
    """Rows of a table without their checksum; the first column is the key."""
    for *fields, crc in db.execute(f"SELECT {columns}, crc FROM {table}"):  # noqa: S608
        if codec.row_crc(*fields) != crc:
            yield _make_row_problem(table, fields[0])


def _check_series(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """Labels that do not have their hash, or that the label index does not agree with.

    Instead of all pairs by series the sums of their hashes are compared: eight bytes a series.
    """
    most: int = db.execute("SELECT coalesce(max(sid), 0) FROM series").fetchone()[0]
    if most > MOST_SIDS:
        yield _make_row_problem("series", most)
        return
    indexed = np.zeros(most + 1, np.uint64)
    for pid, name, value in db.execute("SELECT pid, name, value FROM pair"):
        sids = [sid for (sid,) in db.execute("SELECT sid FROM posting WHERE pid = ?", (pid,))]
        indexed[[sid for sid in sids if isinstance(sid, int) and 0 <= sid <= most]] += _hash_pair(
            name, value
        )
    for sid, number, text in db.execute("SELECT sid, hash, labels FROM series"):
        try:
            pairs = index.decode_labels(text, number).pairs
        except Damaged:
            yield _make_row_problem("series", sid)
            continue
        total = np.array([_hash_pair(*pair) for pair in pairs], np.uint64).sum(dtype=np.uint64)
        if not 0 <= sid <= most or indexed[sid] != total:
            yield _make_problem("structure", reason=f"label index of series {sid}")


def _hash_pair(name: object, value: object) -> np.uint64:
    return np.uint64(index.hash_labels(repr((name, value)).encode()) & (1 << 64) - 1)


def _check_structure(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    for (text,) in db.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})"):
        if text != "ok":
            yield _make_problem("structure", reason=text)


_DANGLING = {
    "chunk without bytes": "SELECT count(*) FROM chunk c"
    " WHERE NOT EXISTS (SELECT 1 FROM data WHERE id = (c.bid << 8) | c.place)",
    "bytes without chunk": "SELECT (SELECT count(*) FROM data) - (SELECT count(*) FROM chunk)",
    "chunk without slab": "SELECT count(*) FROM chunk WHERE bid NOT IN (SELECT bid FROM slab)",
    "chunk without series": "SELECT count(*) FROM chunk WHERE sid NOT IN (SELECT sid FROM series)",
    "head row without layout": "SELECT count(*) FROM head"
    " WHERE lid NOT IN (SELECT lid FROM layout)",
    "posting without series": "SELECT count(*) FROM posting"
    " WHERE sid NOT IN (SELECT sid FROM series)",
}


def _check_references(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """Rows that refer to rows which do not exist."""
    for what, sql in _DANGLING.items():
        (count,) = db.execute(sql).fetchone()
        if count:
            yield _make_problem("structure", reason=f"{what}: {count}")


def _check_slabs(
    db: sqlite3.Connection, total: int, progress: Progress
) -> Iterator[int | StoreCorrupt]:
    """Slab by slab: how many samples of each chunk are sound, and what is damaged."""
    done = 0
    for (bid,) in db.execute("SELECT bid FROM slab ORDER BY bid").fetchall():
        try:
            stored = StoredSlab.read(db, bid)
        except Damaged:
            yield _make_row_problem("slab", bid)
            continue
        for check in (_check_times, _check_hours, _check_slab_chunks):
            yield from _go_on(check(db, stored))
        done += len(stored.sids)
        progress(min(done, total), total)


def _check_slab_chunks(db: sqlite3.Connection, stored: StoredSlab) -> Iterator[int | StoreCorrupt]:
    places = set()
    for place, sound in _check_chunks(db, stored):
        places.add(place)
        if sound:
            yield stored.slab.n
        else:
            known = place < len(stored.sids)
            series = _describe_series(db, int(stored.sids[place])) if known else "?"
            day = _format_day(stored.slab.day)
            row = (stored.slab.bid << PLACE_BITS) | place
            yield _make_problem("chunk", row=row, series=series, day=day)
    yield from _check_places(db, stored, places)


def _check_places(
    db: sqlite3.Connection, stored: StoredSlab, places: set[int]
) -> Iterator[StoreCorrupt]:
    """Bytes of a slab that no row of `chunk` leads to."""
    sids = stored.sids.tolist()
    found = db.execute(
        "SELECT sid, place FROM chunk"
        " WHERE sid IN (SELECT value FROM json_each(?)) AND day = ? AND bid = ?",
        (json.dumps(sids), stored.slab.day, stored.slab.bid),
    )
    wrong = {(sids[place], place) for place in places if place < len(sids)} - set(found)
    if wrong:
        reason = f"places in slab {stored.slab.bid}: {len(wrong)}"
        yield _make_problem("structure", reason=reason)


def _check_times(db: sqlite3.Connection, stored: StoredSlab) -> Iterator[StoreCorrupt]:
    slab = stored.slab
    try:
        t_ms = slab.read_times(db)
        if not (np.diff(t_ms) > 0).all() or {day_of(slab.t0), day_of(slab.t1)} != {slab.day}:
            raise Damaged
    except Damaged:
        yield _make_problem("times", row=slab.tid, slab=slab.bid, day=_format_day(slab.day))


def _check_hours(db: sqlite3.Connection, stored: StoredSlab) -> Iterator[StoreCorrupt]:
    bid = stored.slab.bid
    sql = "SELECT id, crc, b FROM hours WHERE id BETWEEN ? AND ? ORDER BY id"
    rows = db.execute(sql, get_id_range(bid)).fetchall()
    try:
        packed = {number - (bid << PLACE_BITS): b for number, _, b in rows}
        if any(codec.crc(b) != crc for _, crc, b in rows) or len(packed) != hourly.COLUMNS:
            raise Damaged
        if hourly.unpack(packed).count.shape[0] != len(stored.sids):
            raise Damaged
    except Damaged:
        yield _make_problem("hours", slab=bid, day=_format_day(stored.slab.day))


def _check_chunks(db: sqlite3.Connection, stored: StoredSlab) -> Iterator[tuple[int, bool]]:
    """The place of every chunk of a slab, and whether its bytes are sound."""
    values = np.empty(stored.slab.n)
    sids = stored.sids.tolist()
    for number, *chunk in db.execute(
        "SELECT id, codec, crc, b FROM data WHERE id BETWEEN ? AND ? ORDER BY id",
        get_id_range(stored.slab.bid),
    ):
        place = number & ((1 << PLACE_BITS) - 1)
        try:
            if place >= len(sids):
                raise Damaged
            codec.decode_values((chunk[0], chunk[1], chunk[2]), sids[place], values)
            yield place, True
        except Damaged:
            yield place, False


def _check_head(db: sqlite3.Connection) -> Iterator[int | StoreCorrupt]:
    """Row by row: how many samples are sound, and what is damaged."""
    layouts: dict[object, Sids] = {}  # those missing here are reported by themselves
    for (lid,) in db.execute("SELECT lid FROM layout"):
        try:
            layouts[lid] = read_layout(db, lid)
        except Damaged:
            yield _make_row_problem("layout", lid)
    for lid, t_ms, v, crc in db.execute("SELECT lid, t, v, crc FROM head"):
        sids = layouts.get(lid, np.empty(0, np.int64))
        is_sound = codec.row_crc(lid, t_ms, v) == crc
        if is_sound and (lid not in layouts or len(v) == 8 * len(sids)):
            yield len(sids)
        else:
            series = _describe_series(db, int(sids[0])) if len(sids) else "?"
            time = _format_time(t_ms)
            yield _make_problem("head", layout=lid, time=time, n=len(sids), series=series)


def _describe_series(db: sqlite3.Connection, sid: int) -> str:
    row = db.execute("SELECT labels, hash FROM series WHERE sid = ?", (sid,)).fetchone()
    try:
        return str(index.decode_labels(*row)) if row else f"#{sid}"
    except Damaged:
        return f"#{sid}"


def _format_time(t_ms: object) -> str:
    """A time that may be damaged itself."""
    if isinstance(t_ms, int) and 0 <= t_ms < YEAR_10000_MS:
        return datetime.fromtimestamp(t_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return repr(t_ms)


def _format_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()
