"""Reading every byte of a store and comparing it with its checksums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import StoreCorrupt
from jipyo.model.progress import ignore_progress
from jipyo.tsdb import codec, index
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
    problems = [*_check_structure(db), *_check_references(db)]
    samples = 0
    total: int = db.execute("SELECT count(*) FROM data").fetchone()[0]
    done = 0
    slabs = db.execute("SELECT bid, day, tid, n, sids FROM slab ORDER BY bid").fetchall()
    for bid, day, tid, n, packed in slabs:
        sids = codec.unpack_sids(packed).tolist()
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
        width = len(codec.unpack_sids(packed))
        rows, wrong = db.execute(
            "SELECT count(*), coalesce(sum(length(v) <> ?), 0) FROM head WHERE lid = ?",
            (8 * width, lid),
        ).fetchone()
        samples += (rows - wrong) * width
        problems += [_make_problem("head", layout=lid, rows=wrong)] if wrong else []
    return Check(total, samples, tuple(problems[:_MOST_PROBLEMS]))


def _make_problem(kind: str, **values: object) -> StoreCorrupt:
    return StoreCorrupt(f"tsdb.problem.{kind}", hint="", **values)


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
    row = db.execute("SELECT labels FROM series WHERE sid = ?", (sid,)).fetchone()
    return str(index.decode_labels(row[0])) if row else f"#{sid}"


def _format_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()
