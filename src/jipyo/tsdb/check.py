"""Reading every byte of a store and comparing it with its checksums."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import StoreCorrupt
from jipyo.model.progress import ignore_progress
from jipyo.model.sample import MetricType
from jipyo.tsdb import codec, index
from jipyo.tsdb import format as disk
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.format import PLACE_BITS
from jipyo.tsdb.locator import day_of
from jipyo.tsdb.options import DAY_MS
from jipyo.tsdb.reader import Reader
from jipyo.tsdb.slab import get_id_range

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.progress import Progress

_MOST_PROBLEMS = 10_000
_MOST_SIDS = 1 << 28
"""No store has given out as many ids; a damaged one may be any number."""


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
    problems = [
        *_check_structure(db),
        *_check_references(db),
        *_check_series(db),
        *_check_metadata(db),
    ]
    samples = 0
    total: int = db.execute("SELECT count(*) FROM data").fetchone()[0]
    done = 0
    slabs = db.execute("SELECT bid, day, tid, n, sids FROM slab ORDER BY bid").fetchall()
    for bid, day, tid, n, packed in slabs:
        try:
            sids = codec.unpack_sids(packed).tolist()
        except Damaged:
            problems.append(_make_problem("structure", reason=f"series of slab {bid}"))
            continue
        problems += _check_places(db, bid, sids)
        problems += _check_times(db, bid, day, tid, n)
        problems += _check_hours(db, bid, day, len(sids))
        for place, sound in _check_chunks(db, bid, sids, n):
            samples += n if sound else 0
            done += 1
            if not sound:
                series = _describe_series(db, sids[place]) if place < len(sids) else str(place)
                problems.append(_make_problem("chunk", series=series, day=_format_day(day)))
        progress(done, total)
    for lid, packed in db.execute("SELECT lid, sids FROM layout").fetchall():
        try:
            width = len(codec.unpack_sids(packed))
        except Damaged:
            problems.append(_make_problem("structure", reason=f"series of layout {lid}"))
            continue
        rows, wrong = db.execute(
            "SELECT count(*), coalesce(sum(length(v) <> ?), 0) FROM head WHERE lid = ?",
            (8 * width, lid),
        ).fetchone()
        samples += (rows - wrong) * width
        problems += [_make_problem("head", layout=lid, rows=wrong)] if wrong else []
    return Check(total, samples, tuple(problems[:_MOST_PROBLEMS]))


def _make_problem(kind: str, **values: object) -> StoreCorrupt:
    return StoreCorrupt(f"tsdb.problem.{kind}", hint="", **values)


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


def _check_metadata(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """Types that no metric has."""
    known = {kind.value for kind in MetricType}
    for metric, kind in db.execute("SELECT metric, type FROM metadata"):
        if kind not in known:
            yield _make_problem("structure", reason=f"metadata of {metric}")


def _check_series(db: sqlite3.Connection) -> Iterator[StoreCorrupt]:
    """Labels that do not have their hash, or that the label index does not agree with.

    Instead of all pairs by series the sums of their hashes are compared: eight bytes a series.
    """
    most: int = db.execute("SELECT coalesce(max(sid), 0) FROM series").fetchone()[0]
    if most > _MOST_SIDS:
        yield _make_problem("structure", reason=f"series #{most}")
        return
    indexed = np.zeros(most + 1, np.uint64)
    for pid, name, value in db.execute("SELECT pid, name, value FROM pair"):
        sids = [sid for (sid,) in db.execute("SELECT sid FROM posting WHERE pid = ?", (pid,))]
        indexed[[sid for sid in sids if 0 <= sid <= most]] += _hash_pair(name, value)
    for sid, number, text in db.execute("SELECT sid, hash, labels FROM series"):
        try:
            pairs = index.decode_labels(text, number).pairs
        except Damaged:
            yield _make_problem("structure", reason=f"labels of series {sid}")
            continue
        total = np.array([_hash_pair(*pair) for pair in pairs], np.uint64).sum(dtype=np.uint64)
        if not 0 <= sid <= most or indexed[sid] != total:
            yield _make_problem("structure", reason=f"label index of series {sid}")


def _hash_pair(name: object, value: object) -> np.uint64:
    return np.uint64(index.hash_labels(repr((name, value)).encode()) & (1 << 64) - 1)


def _check_places(db: sqlite3.Connection, bid: int, sids: list[int]) -> Iterator[StoreCorrupt]:
    """Chunks whose place in a slab is that of another series."""
    rows = db.execute(
        "SELECT c.sid, c.place, c.day = s.day FROM chunk c JOIN slab s USING (bid)"
        " WHERE c.sid IN (SELECT value FROM json_each(?)) AND c.bid = ?",
        (json.dumps(sids), bid),
    )
    wrong = sum(
        not is_same_day or place >= len(sids) or sids[place] != sid
        for sid, place, is_same_day in rows
    )
    if wrong:
        yield _make_problem("structure", reason=f"places in slab {bid}: {wrong}")


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


def _check_times(
    db: sqlite3.Connection, bid: int, day: int, tid: int, n: int
) -> Iterator[StoreCorrupt]:
    row = db.execute("SELECT b, codec, crc, n FROM times WHERE tid = ?", (tid,)).fetchone()
    try:
        if row is None or row[3] != n:
            raise Damaged
        t_ms = codec.decode_times(*row)
        if not (np.diff(t_ms) > 0).all() or {day_of(int(t)) for t in t_ms[[0, -1]]} != {day}:
            raise Damaged
    except Damaged:
        yield _make_problem("times", slab=bid, day=_format_day(day))


def _check_hours(db: sqlite3.Connection, bid: int, day: int, series: int) -> Iterator[StoreCorrupt]:
    rows = db.execute(
        "SELECT crc, b FROM hours WHERE id BETWEEN ? AND ? ORDER BY id", get_id_range(bid)
    ).fetchall()
    try:
        if any(codec.crc(b) != crc for crc, b in rows):
            raise Damaged
        packed = {column: b for column, (_, b) in enumerate(rows)}
        if hourly.unpack(packed).count.shape[0] != series:
            raise Damaged
    except Damaged:
        yield _make_problem("hours", slab=bid, day=_format_day(day))


def _check_chunks(
    db: sqlite3.Connection, bid: int, sids: list[int], n: int
) -> Iterator[tuple[int, bool]]:
    """The place of every chunk of a slab, and whether its bytes are sound."""
    values = np.empty(n)
    for number, *stored in db.execute(
        "SELECT id, codec, crc, b FROM data WHERE id BETWEEN ? AND ? ORDER BY id", get_id_range(bid)
    ):
        place = number & ((1 << PLACE_BITS) - 1)
        try:
            if place >= len(sids):
                raise Damaged
            codec.decode_values((stored[0], stored[1], stored[2]), sids[place], values)
            yield place, True
        except Damaged:
            yield place, False


def _describe_series(db: sqlite3.Connection, sid: int) -> str:
    row = db.execute("SELECT labels, hash FROM series WHERE sid = ?", (sid,)).fetchone()
    try:
        return str(index.decode_labels(*row)) if row else f"#{sid}"
    except Damaged:
        return f"#{sid}"


def _format_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()
