"""The label index: which series there are, and which of them a selector means.

It lies in SQL, not in memory, so that a million series of the past cost nothing at start.
All functions read through the connection they are given and so see its snapshot.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp, select_all

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from jipyo.tsdb.codec import Sids

FEW = 1000
"""Up to this many candidates are told apart by their labels, not by postings."""
_KEPT_LABELS = 200_000


class LabelCache:
    """Labels by series id; ids are never used twice, so nothing in it can be wrong."""

    def __init__(self) -> None:
        """Start empty."""
        self._labels: dict[int, Labels] = {}

    def of(self, db: sqlite3.Connection, sids: Iterable[int]) -> list[Labels]:
        """The labels of these series, in their order; the ids must exist."""
        if len(self._labels) > _KEPT_LABELS:
            self._labels = {}
        known = self._labels
        answer = []
        for sid in sids:
            labels = known.get(sid)
            if labels is None:
                labels = known[sid] = _read(db, sid)
            answer.append(labels)
        return answer


def _read(db: sqlite3.Connection, sid: int) -> Labels:
    (text,) = db.execute("SELECT labels FROM series WHERE sid = ?", (sid,)).fetchone()
    return from_json(text)


def to_json(labels: Labels) -> bytes:
    """Labels as they stand in `series.labels`.

    Raises:
        UnicodeEncodeError: a name or value is not Unicode.
    """
    return json.dumps(labels.pairs, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(text: bytes) -> Labels:
    """What `to_json` wrote."""
    return Labels(tuple((name, value) for name, value in json.loads(text)))


def hash_of(text: bytes) -> int:
    """64 bits of a label set, signed as SQLite's integers are."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little", signed=True)


def find(db: sqlite3.Connection, cache: LabelCache, selector: Sequence[Matcher]) -> Sids:
    """The ids of all series that pass every matcher, ascending.

    Raises:
        QueryError: a pattern is not valid RE2.
    """
    needing = [matcher for matcher in selector if not matcher.matches("")]
    excluding = [matcher for matcher in selector if matcher.matches("")]
    needing.sort(key=_cost)
    found: Sids | None = None
    for at, matcher in enumerate(needing):
        if found is not None and len(found) <= FEW:
            return _sift(db, cache, found, [*needing[at:], *excluding])
        postings = _postings(db, matcher, wanted=True)
        found = postings if found is None else np.intersect1d(found, postings, True)
    if found is not None and len(found) <= FEW:
        return _sift(db, cache, found, excluding)
    if found is None:
        found = _column(db.execute("SELECT sid FROM series ORDER BY sid"))
    for matcher in excluding:
        found = np.setdiff1d(found, _postings(db, matcher, wanted=False), True)
    return found


def _cost(matcher: Matcher) -> int:
    if matcher.op is MatchOp.EQ:
        return 0 if matcher.name == METRIC_NAME else 1
    return 2


def _sift(
    db: sqlite3.Connection, cache: LabelCache, sids: Sids, matchers: Sequence[Matcher]
) -> Sids:
    if not matchers:
        return sids
    labels = cache.of(db, sids.tolist())
    return sids[[select_all(matchers, one) for one in labels]] if len(sids) else sids


def _postings(db: sqlite3.Connection, matcher: Matcher, *, wanted: bool) -> Sids:
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
            if matcher.matches(value) is wanted
        ]
    parts = [
        _column(db.execute("SELECT sid FROM posting WHERE pid = ? ORDER BY sid", (pid,)))
        for pid in pids
    ]
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def _column(rows: sqlite3.Cursor) -> Sids:
    return np.fromiter((row[0] for row in rows), np.int64)


def names(db: sqlite3.Connection) -> list[str]:
    """All label names, sorted."""
    return sorted(name for (name,) in db.execute("SELECT DISTINCT name FROM pair"))
