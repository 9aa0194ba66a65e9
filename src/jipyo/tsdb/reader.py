"""Reading the store: every query sees one consistent snapshot of the file."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

import numpy as np

from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.sample import EVERY_FIGURE, MetricMetadata, MetricType
from jipyo.tsdb import codec, hour_reader, index
from jipyo.tsdb import format as disk
from jipyo.tsdb.cache import ChunkCache
from jipyo.tsdb.format import FILE_NAME, translate_read_errors
from jipyo.tsdb.head_cache import HeadCache
from jipyo.tsdb.locator import Bounds
from jipyo.tsdb.lock import READERS, FolderLock
from jipyo.tsdb.snapshot import SharedState, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path
    from types import TracebackType

    from jipyo.model.labels import Labels
    from jipyo.model.matcher import Matcher
    from jipyo.model.sample import HourBlock, HourStatistic, SeriesBlock
    from jipyo.model.store import Selector
    from jipyo.tsdb.codec import Sids

_SPARE_CONNECTIONS = 4
_OPEN: WeakSet[Reader] = WeakSet()
_OF_PARENT: list[sqlite3.Connection] = []
"""Connections that a fork must neither use nor close, as the process that opened them may."""
_TYPES = {kind.value: kind for kind in MetricType}


def has_store(path: Path) -> bool:
    """Whether there is a store in the folder."""
    return (path / FILE_NAME).exists()


class Reader:
    """A store that is only read, in this process or beside the one that writes.

    Methods may be called from any thread. A generator holds one read transaction until it
    is exhausted or closed; that never holds the writer up. A fork of the process may go on
    reading where no other thread read at that moment.
    """

    def __init__(self, path: Path, threads: int, cache_bytes: int) -> None:
        """Use `open`."""
        self._path = path
        self._file = path / FILE_NAME
        self._spare: list[sqlite3.Connection] = []
        self._spare_lock = Lock()
        self._closed = False
        self._reading: FolderLock | None = None
        executor: Executor | None = (
            ThreadPoolExecutor(threads, "tsdb-decode") if threads > 1 else None
        )
        head_bytes = cache_bytes // 4
        self._shared = SharedState.create(
            ChunkCache(cache_bytes - head_bytes), HeadCache(head_bytes), executor, threads
        )
        _OPEN.add(self)

    @classmethod
    def open(cls, path: Path, *, threads: int = 2, cache_bytes: int = 0) -> Self:
        """Read the store in the folder `path`, whether or not a process writes to it.

        Up to `cache_bytes` of decoded chunks are kept for further queries.

        Raises:
            StoreError: there is no store, or a newer jipyo wrote it.
        """
        if not has_store(path):
            raise StoreError("tsdb.missing", hint="tsdb.missing.hint", path=str(path))
        reader = cls(path, threads, cache_bytes)
        reader._lock_against_replacement()
        try:
            with translate_read_errors(reader._file):
                db = reader._connect()
                reader._return_connection(db)
                disk.check_version(db, reader._file)
        except BaseException:
            reader.close()
            raise
        return reader

    def _lock_against_replacement(self) -> None:
        """Keep the file from being replaced under our caches; go on where that is not allowed."""
        with suppress(StoreFull):
            self._reading = FolderLock.acquire(self._path, READERS, shared=True)

    def close(self) -> None:
        """Close every connection; queries still running end with an error."""
        self._closed = True
        if self._reading is not None:
            self._reading.close()
        with self._spare_lock:
            while self._spare:
                self._spare.pop().close()
        if self._shared.executor is not None:
            self._shared.executor.shutdown(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- Queryable ----------------------------------------------------------------------

    def select(self, selector: Selector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        """See `Queryable.select`; a damaged chunk is logged, counted and left out.

        Raises:
            QueryError: a pattern is not valid RE2.
            StoreCorrupt: the file's own structure is damaged.
        """
        bounds = Bounds.of(start_ms, end_ms)
        with self.snapshot() as snapshot:
            yield from snapshot.select(self._find(snapshot, selector), bounds)

    def hours(
        self,
        selector: Selector,
        start_ms: int,
        end_ms: int,
        figures: AbstractSet[HourStatistic] = EVERY_FIGURE,
    ) -> Iterator[HourBlock]:
        """See `Queryable.hours`."""
        with self.snapshot() as snapshot:
            sids = self._find(snapshot, selector)
            yield from hour_reader.read_hours(snapshot, sids, (start_ms, end_ms), figures)

    def series(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """See `Queryable.series`."""
        bounds = Bounds.of(start_ms, end_ms)
        with self.snapshot() as snapshot:
            sids = self._find_matching(snapshot, selectors)
            if len(sids) > index.FEW:
                return self._iter_labels(snapshot.find_active(sids, bounds, limit))
            _, found = snapshot.find_labels(snapshot.find_active(sids, bounds))
            return iter(sorted(found, key=attrgetter("pairs"))[:limit])

    def _iter_labels(self, sids: Sids) -> Iterator[Labels]:
        """Some at a time; a reader that is slow holds no snapshot meanwhile."""
        for at in range(0, len(sids), index.FEW):
            with self.snapshot() as snapshot:
                found = snapshot.iter_labels(sids[at : at + index.FEW])
            yield from found

    def label_names(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """See `Queryable.label_names`."""
        with self.snapshot() as snapshot:
            if not selectors:
                return index.list_label_names(snapshot.db)[:limit]
            sids = self._find_active(snapshot, selectors, Bounds.of(start_ms, end_ms))
            # Nearly every name is one of the first series'; only the others are searched.
            names = {name for labels in snapshot.iter_labels(sids[: index.FEW]) for name in labels}
            if len(sids) > index.FEW:
                rest = set(index.list_label_names(snapshot.db)) - names
                find = index.find_label_values
                names |= {name for name in rest if find(snapshot.db, name, sids)}
            return sorted(names)[:limit]

    def label_values(
        self,
        name: str,
        selectors: Sequence[Selector],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """See `Queryable.label_values`."""
        bounds = Bounds.of(start_ms, end_ms)
        with self.snapshot() as snapshot:
            if limit is not None:
                sids = self._find_matching(snapshot, selectors) if selectors else None
                return list(islice(_iter_values(snapshot, name, sids, bounds), limit))
            sids = self._find_active(snapshot, selectors, bounds)
            if len(sids) > index.FEW:
                return sorted(index.find_label_values(snapshot.db, name, sids))
            values = {labels.get(name, "") for labels in snapshot.iter_labels(sids)}
            return sorted(values - {""})

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """See `Queryable.metadata`; sorted by metric. Damaged rows are left out."""
        sql = "SELECT metric, type, help, unit, crc FROM metadata"
        with self.snapshot() as snapshot:
            rows = (
                snapshot.db.execute(f"{sql} ORDER BY metric")
                if metric is None
                else snapshot.db.execute(f"{sql} WHERE metric = ?", (metric,))
            )
            found = []
            for name, kind, help_text, unit, crc in rows:
                if codec.row_crc(name, kind, help_text, unit) == crc:
                    known = _TYPES.get(kind, MetricType.UNKNOWN)
                    found.append(MetricMetadata(name, known, help_text, unit))
                else:
                    self._shared.damage.record(f"metadata of {name!r}")
            return found

    def leave_to_parent(self) -> None:
        """In a fork: use none of the connections and threads of the process it was forked from."""
        _OF_PARENT.extend(self._spare)
        self._spare = []
        self._shared = replace(self._shared, executor=None, threads=1)

    # -- within the room ----------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One read transaction on a connection of its own."""
        with translate_read_errors(self._file):
            db = self._take_connection()
            try:
                db.execute("BEGIN")
                yield Snapshot(db, self._shared)
            finally:
                self._end_transaction(db)

    def _end_transaction(self, db: sqlite3.Connection) -> None:
        """End the transaction; an error in it has been raised already."""
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error:
            db.close()
        else:
            self._return_connection(db)

    def _find(self, snapshot: Snapshot, selector: Iterable[Matcher]) -> Sids:
        shared = self._shared
        return shared.selectors.find(snapshot.db, shared.labels, tuple(selector))

    def _find_matching(self, snapshot: Snapshot, selectors: Sequence[Selector]) -> Sids:
        """The series that match any selector; all, if there is none."""
        found = [self._find(snapshot, selector) for selector in selectors or [()]]
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _find_active(
        self,
        snapshot: Snapshot,
        selectors: Sequence[Selector],
        bounds: Bounds,
        limit: int | None = None,
    ) -> Sids:
        """Those of them that have samples in the range."""
        return snapshot.find_active(self._find_matching(snapshot, selectors), bounds, limit)

    def _connect(self) -> sqlite3.Connection:
        db = disk.connect(self._file, read_only=True)
        try:
            disk.prepare_reading(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _take_connection(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreError("tsdb.closed", path=str(self._path))
        with self._spare_lock:
            if self._spare:
                return self._spare.pop()
        return self._connect()

    def _return_connection(self, db: sqlite3.Connection) -> None:
        with self._spare_lock:
            if not self._closed and len(self._spare) < _SPARE_CONNECTIONS:
                self._spare.append(db)
                return
        db.close()


def _leave_all_to_parent() -> None:
    for reader in _OPEN:
        reader.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)


def _iter_values(snapshot: Snapshot, name: str, sids: Sids | None, bounds: Bounds) -> Iterator[str]:
    """The values of a label among series with samples in the range, sorted, as they are found.

    `sids` are the only series that count; None means all.
    """
    for postings in index.iter_postings(snapshot.db, name):
        carriers = np.concatenate([carriers for _, carriers in postings])
        wanted = np.sort(carriers)  # a series has a label once, so they are distinct
        if sids is not None:
            wanted = np.intersect1d(wanted, sids, assume_unique=True)
        is_active = np.isin(carriers, snapshot.find_active(wanted, bounds), assume_unique=True)
        starts = np.cumsum([0, *[len(own) for _, own in postings[:-1]]])
        here = np.logical_or.reduceat(is_active, starts).tolist()
        yield from (value for (value, _), known in zip(postings, here, strict=True) if known)
