"""The store of the process that writes: appends, upkeep, its own metrics."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.sample import Appended, MetricMetadata, Reject, Scrape
from jipyo.tsdb import compaction
from jipyo.tsdb import format as disk
from jipyo.tsdb.format import FILE_NAME, writing
from jipyo.tsdb.head import Head
from jipyo.tsdb.lock import FolderLock
from jipyo.tsdb.options import HOUR_MS, Options
from jipyo.tsdb.reader import Reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_CHECKPOINT_BYTES = 16 << 20


class Store(Reader):
    """Samples in a folder; one process writes, any number of `Reader`s read beside it."""

    def __init__(
        self, path: Path, options: Options, lock: FolderLock, now_ms: Callable[[], int]
    ) -> None:
        """Use `open`."""
        super().__init__(path, options.threads)
        self._options = options
        self._lock = lock
        self._now_ms = now_ms
        self._write_lock = RLock()
        self._upkeep_lock = RLock()
        self._job: Iterator[None] | None = None
        with writing(self._file):
            self._db = disk.connect(self._file, durable=options.durable)
            disk.prepare(self._db, self._file)
            self._head = Head(self._db, options, now_ms)
            self._types = {row.metric: row for row in self.metadata()}
        self._kept = 0
        self._rejected: Counter[Reject] = Counter()
        self._failures = 0

    @classmethod
    def open(  # type: ignore[override]  # a writer is told the clock, a reader needs none
        cls, path: Path, options: Options | None = None, *, now_ms: Callable[[], int]
    ) -> Self:
        """Open the store in the folder `path`, made where there is none.

        Raises:
            StoreBusy: another process writes there.
            StoreFull: the folder or the file cannot be made.
            StoreError: a newer jipyo wrote it.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFull(
                "tsdb.full", hint="tsdb.full.hint", path=str(path), reason=error.strerror
            ) from error
        lock = FolderLock.take(path)
        try:
            return cls(path, options or Options(), lock, now_ms)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Finish; what was appended is on disk already."""
        with self._upkeep_lock, self._write_lock:
            self._job = None
            super().close()
            self._db.close()
            self._lock.release()

    # -- Appender -----------------------------------------------------------------------

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """See `Appender.append`: one transaction, on disk before this returns.

        Raises:
            StoreFull: the disk is full or read-only; nothing of the batch was kept.
        """
        with self._writes():
            kept, rejected = self._head.append(scrapes)
        counted = {reason: count for reason, count in rejected.items() if count}
        self._kept += kept
        self._rejected.update(counted)
        return Appended(kept, counted)

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """See `Appender.describe`; writes only what is new."""
        news = [one for one in metadata if self._types.get(one.metric) != one]
        if not news:
            return
        with self._writes() as db:
            db.executemany(
                "INSERT OR REPLACE INTO metadata (metric, type, help, unit) VALUES (?, ?, ?, ?)",
                [(one.metric, one.type.value, one.help, one.unit) for one in news],
            )
        self._types.update({one.metric: one for one in news})

    # -- upkeep -------------------------------------------------------------------------

    def maintain(self) -> bool:
        """One short slice of upkeep; whether more is to do.

        Raises:
            StoreFull: the disk is full; nothing is lost, call again later.
        """
        with self._upkeep_lock:
            if self._job is None:
                self._job = self._upkeep()
            try:
                next(self._job)
            except StopIteration:
                self._job = None
                return False
            except StoreError:
                self._job = None
                raise
            return True

    def _upkeep(self) -> Iterator[None]:
        until_ms = self._ripe_ms()
        if until_ms is not None:
            yield from self._compact(until_ms)
        yield from self._checkpoint()

    def _ripe_ms(self) -> int | None:
        """Up to when head rows may go, if there are any that may."""
        if self._head.max_ms is None:
            return None
        lag = min(self._options.out_of_order_ms or 0, HOUR_MS)
        ripe = (self._head.max_ms - lag - 1) // self._options.head_ms * self._options.head_ms
        oldest = min((span.t0 for span in tuple(self._head.spans.values())), default=ripe + 1)
        return ripe if oldest <= ripe else None

    def _compact(self, until_ms: int) -> Iterator[None]:
        return compaction.compact(self.snapshot, self._writes, until_ms, self._head.compacted)

    def compact_head(self) -> None:
        """Move every head row to chunks now, whatever its age."""
        with self._upkeep_lock:
            self._job = None
            if self._head.max_ms is not None:
                for _ in self._compact(self._head.max_ms):
                    pass

    def _checkpoint(self) -> Iterator[None]:
        """Bring the journal into the file, beside the writer, before it grows large."""
        journal = self._file.with_name(f"{FILE_NAME}-wal")
        if journal.exists() and journal.stat().st_size > _CHECKPOINT_BYTES:
            with writing(self._file):
                db = disk.connect(self._file, durable=self._options.durable)
                try:
                    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                finally:
                    db.close()
        yield from ()

    # -- within the room ----------------------------------------------------------------

    @contextmanager
    def _writes(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, alone; after an error nothing of it is left."""
        with self._write_lock, writing(self._file):
            if self._closed:
                raise StoreError("tsdb.closed", path=str(self._path))
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._failures += 1
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._head.read_again()
                raise
