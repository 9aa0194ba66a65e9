"""The label index: which series there are, and which of them match a selector.

It is in SQL and not in memory, so that a million old series cost nothing at start. All
functions read through the connection they are given and so see its snapshot.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np
import orjson

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.damage import DamageLog

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.arrays import Rows
    from jipyo.tsdb.codec import Sids

FEW = 1000
_KEPT_LABELS = 200_000
_VALUES_AT_ONCE = 256
_DENSE = 3
"""Where no more than every third id is wanted, each is searched by itself."""


class LabelCache:
    """Labels by series id; ids are never used twice, so nothing in it can be wrong."""

    def __init__(self, damage: DamageLog | None = None) -> None:
        """Start empty; series whose labels are damaged are recorded in `damage`."""
        self._labels: dict[int, Labels | None] = {}
        self._damage = damage or DamageLog()
        self._has_damaged = False

    def find(self, db: sqlite3.Connection, sids: Sids) -> tuple[Rows, list[Labels]]:
        """The labels of these series, and the rows of those that have any.

        A series has none where its labels are damaged or its row is gone.
        """
        if len(self._labels) > _KEPT_LABELS:
            self._labels = {}
        known, ids = self._labels, sids.tolist()
        try:
            found = [known[sid] for sid in ids]
        except KeyError:
            known.update((sid, self._read(db, sid)) for sid in ids if sid not in known)
            found = [known[sid] for sid in ids]
        if not self._has_damaged:
            return slice(None), cast("list[Labels]", found)
        rows = [row for row, labels in enumerate(found) if labels is not None]
        return np.array(rows, np.int64), [labels for labels in found if labels is not None]

    def iter_uncached(self, db: sqlite3.Connection, sids: Sids) -> Iterator[Labels]:
        """The labels of these series (ascending ids), read at once, decoded one by one, not kept.

        So a long list takes little memory and no pass of the garbage collector.
        """
        ids = sids.tolist()
        sql = "SELECT sid, labels, hash FROM series WHERE sid BETWEEN ? AND ?"
        if ids and ids[-1] - ids[0] < _DENSE * len(ids):
            rows = {row[0]: row[1:] for row in db.execute(sql, (ids[0], ids[-1]))}
        else:
            rows = {row[0]: row[1:] for sid in ids for row in db.execute(sql, (sid, sid))}
        found = (self._decode(sid, rows.get(sid)) for sid in ids)
        return (labels for labels in found if labels is not None)

    def _read(self, db: sqlite3.Connection, sid: int) -> Labels | None:
        row = db.execute("SELECT labels, hash FROM series WHERE sid = ?", (sid,)).fetchone()
        return self._decode(sid, row)

    def _decode(self, sid: int, row: tuple[object, object] | None) -> Labels | None:
        try:
            return decode_labels(*(row or (None, None)))
        except Damaged:
            self._damage.record(f"labels of series {sid}")
            self._has_damaged = True
            return None


class SelectorCache:
    """The series that selectors matched, valid until a series comes or goes."""

    def __init__(self, most_selectors: int = 512, most_ids: int = 1_000_000) -> None:
        """Start empty; the least recently used selector is forgotten first."""
        self._found: OrderedDict[tuple[int, tuple[Matcher, ...]], Sids] = OrderedDict()
        self._lock = Lock()
        self._most = most_selectors, most_ids
        self.ids = 0
        """How many ids are kept, 8 bytes each."""

    def find(
        self, db: sqlite3.Connection, labels: LabelCache, selector: tuple[Matcher, ...]
    ) -> Sids:
        """As `find_series`; the ids may not be written to."""
        key = read_generation(db), selector
        with self._lock:
            sids = self._found.get(key)
            if sids is not None:
                self._found.move_to_end(key)
                return sids
        sids = find_series(db, labels, selector)
        sids.flags.writeable = False
        with self._lock:
            self._keep(key, sids)
        return sids

    def _keep(self, key: tuple[int, tuple[Matcher, ...]], sids: Sids) -> None:
        if key not in self._found:
            self._found[key] = sids
            self.ids += len(sids)
        while len(self._found) > self._most[0] or self.ids > self._most[1]:
            _, gone = self._found.popitem(last=False)
            self.ids -= len(gone)


def read_generation(db: sqlite3.Connection) -> int:
    """A number that rises with every new series, and whenever some are dropped."""
    sql = "SELECT CAST(seq AS INTEGER) FROM sqlite_sequence WHERE name = 'series'"
    row = db.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


def advance_generation(db: sqlite3.Connection) -> None:
    """Raise the generation; skipping an id costs nothing."""
    db.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'series'")


def encode_labels(labels: Labels) -> bytes:
    """Labels as they are stored in `series.labels`.

    Raises:
        TypeError: a name or value is not Unicode.
    """
    return orjson.dumps(labels.pairs)


def decode_labels(text: object, number: object) -> Labels:
    """What `encode_labels` wrote; `number` is what `hash_labels` made of it then.

    Raises:
        Damaged: the text is not the one that was hashed.
    """
    if not isinstance(text, bytes) or hash_labels(text) != number:
        raise Damaged("labels of a series")
    pairs: Iterable[tuple[str, str]] = map(tuple, orjson.loads(text))
    return Labels(tuple(pairs))


def hash_labels(text: bytes) -> int:
    """64 bits of a label set, signed as SQLite's integers are."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little", signed=True)


def find_series(
    db: sqlite3.Connection, cache: LabelCache, selector: Sequence[Matcher], few: int = FEW
) -> Sids:
    """The ids of all series that pass every matcher, ascending.

    Up to `few` candidates are compared by their labels, more by postings.

    Raises:
        QueryError: a pattern is not valid RE2.
    """
    needing = [matcher for matcher in selector if not matcher.matches("")]
    excluding = [matcher for matcher in selector if matcher.matches("")]
    # Equality is one look-up; a metric name has the fewest series.
    needing.sort(key=lambda m: int(m.name != METRIC_NAME) if m.op is MatchOp.EQ else 2)
    found: Sids | None = None
    for at, matcher in enumerate(needing):
        if found is not None and len(found) <= few:
            return _sift(db, cache, found, [*needing[at:], *excluding])
        postings = _read_postings(db, matcher, wanted=True)
        found = postings if found is None else np.intersect1d(found, postings, True)
    if found is not None and len(found) <= few:
        return _sift(db, cache, found, excluding)
    if found is None:
        found = np.sort(_parse_ids(db.execute("SELECT group_concat(sid) FROM series").fetchone()))
    for matcher in excluding:
        found = np.setdiff1d(found, _read_postings(db, matcher, wanted=False), True)
    return found


def _sift(
    db: sqlite3.Connection, cache: LabelCache, sids: Sids, matchers: Sequence[Matcher]
) -> Sids:
    for matcher in matchers if len(sids) else ():
        rows, found_labels = cache.find(db, sids)
        sids = sids[rows]
        values = [labels.get(matcher.name, "") for labels in found_labels]
        passes = {value for value in set(values) if matcher.matches(value)}
        sids = sids[[value in passes for value in values]]
    return sids


def _read_postings(db: sqlite3.Connection, matcher: Matcher, *, wanted: bool) -> Sids:
    """Series that carry the label with a value that passes, or one that does not."""
    if matcher.op is MatchOp.EQ and wanted:
        pids = [
            pid
            for (pid,) in db.execute(
                "SELECT pid FROM pair WHERE name = ? AND value = ?", (matcher.name, matcher.value)
            )
        ]
    else:
        pids = [
            pid
            for pid, value in db.execute(
                "SELECT pid, value FROM pair WHERE name = ?", (matcher.name,)
            )
            if isinstance(value, str) and matcher.matches(value) is wanted
        ]
    sql = "SELECT group_concat(sid) FROM posting WHERE pid = ?"
    return np.sort(_parse_ids(db.execute(sql, (pid,)).fetchone()[0] for pid in pids))


def _parse_ids(texts: Iterable[str | None]) -> Sids:
    """Numbers that SQLite wrote behind one another: a quarter of the cost of as many rows."""
    text = ",".join(text for text in texts if text)
    digits = text.replace(",", "")
    if not digits.isdecimal() or not digits.isascii():  # a damaged row may hold anything
        text = ",".join(word for word in text.split(",") if word.isdecimal() and word.isascii())
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def list_label_names(db: sqlite3.Connection) -> list[str]:
    """All label names, sorted."""
    names = db.execute("SELECT DISTINCT name FROM pair")
    return sorted(name for (name,) in names if isinstance(name, str))


def iter_postings(
    db: sqlite3.Connection, name: str, values: int = _VALUES_AT_ONCE
) -> Iterator[list[tuple[str, Sids]]]:
    """The values of a label in ascending order with the ids that carry them, some at a time."""
    rows = db.execute(
        "SELECT value, (SELECT group_concat(sid) FROM posting WHERE posting.pid = pair.pid)"
        " FROM pair WHERE name = ? ORDER BY value",
        (name,),
    )
    while piece := rows.fetchmany(values):
        postings = [(value, _parse_ids([ids])) for value, ids in piece if ids]
        if postings:
            yield postings


def find_label_values(db: sqlite3.Connection, name: str, sids: Sids) -> set[str]:
    """The values of a label among these series (ascending ids), by postings."""
    if not len(sids):
        return set()
    found = db.execute(
        "SELECT value, (SELECT group_concat(sid) FROM posting WHERE posting.pid = pair.pid)"
        " FROM pair WHERE name = ?",
        (name,),
    )
    rows = [(value, text) for value, text in found if text and isinstance(value, str)]
    if not rows:
        return set()
    carriers = _parse_ids(text for _, text in rows)
    lengths = [text.count(",") + 1 for _, text in rows]
    if len(carriers) != sum(lengths):  # a damaged posting is none
        lengths = [len(_parse_ids([text])) for _, text in rows]
        rows = [row for row, length in zip(rows, lengths, strict=True) if length]
        lengths = [length for length in lengths if length]
    wanted = np.zeros(int(sids[-1]) + 2, np.bool_)
    wanted[sids] = True
    carriers[carriers > sids[-1]] = sids[-1] + 1
    ends = np.cumsum(lengths)
    here = np.logical_or.reduceat(wanted[carriers], np.append(0, ends[:-1]))
    return {value for (value, _), known in zip(rows, here.tolist(), strict=True) if known}
