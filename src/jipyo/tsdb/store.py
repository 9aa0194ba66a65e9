"""The store of the process that writes: appends, maintenance, its own metrics."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Self

import numpy as np

from jipyo.files import sync
from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.progress import ignore_progress
from jipyo.model.sample import Appended, MetricMetadata, Reject, Scrape
from jipyo.model.store import StoreExtent
from jipyo.tsdb import bulk_load, codec, compaction, metrics, retention
from jipyo.tsdb import format as disk
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.format import (
    get_free_bytes,
    get_journal_path,
    get_size,
    make_full_error,
    translate_write_errors,
)
from jipyo.tsdb.head import Head
from jipyo.tsdb.locator import Bounds, day_of
from jipyo.tsdb.lock import FolderLock
from jipyo.tsdb.open_files import OpenFiles
from jipyo.tsdb.options import DAY_MS, HOUR_MS, Options
from jipyo.tsdb.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.family import Family
    from jipyo.model.progress import Progress
    from jipyo.model.sample import SeriesBlock, Times, Values
    from jipyo.model.store import Selector
    from jipyo.tsdb.codec import Sids

_LOG = logging.getLogger(__name__)
_CHECKPOINT_EVERY = 64
"""Transactions after which the journal is checkpointed."""
_JOURNAL_PAGES = 256
"""Beyond this size (16 MiB) the journal is restarted as soon as possible."""
_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"

Connect = Callable[[Path], sqlite3.Connection]


class Store(Reader):
    """Samples in a folder; one process writes, any number of `Reader`s read beside it."""

    def __init__(
        self,
        path: Path,
        options: Options,
        lock: FolderLock,
        now_ms: Callable[[], int],
        connect: Connect | None,
    ) -> None:
        """Use `open`."""
        super().__init__(path, options.threads, options.cache_bytes)
        self._options = options
        self._lock = lock
        self._now_ms = now_ms
        self._connect_writer = connect or partial(disk.connect, durable=options.durable)
        self._write_lock = RLock()
        self._maintenance_lock = RLock()
        self._maintenance: Iterator[None] | None = None
        self._writes_since_checkpoint = 0
        self._synchronous = options.durable
        with translate_write_errors(self._file):
            self._db = self._connect_writer(self._file)
            try:
                disk.prepare(self._db, self._file)
                self._head = Head(self._db, options, now_ms)
                self._is_head_current = True
                self._metadata = {row.metric: row for row in self.metadata()}
                self._open_files = OpenFiles(self._file)
            except BaseException:
                self._db.close()
                super().close()
                raise
        self._counts = metrics.StoreCounters()
        if self._head.max_ms != self._head.find_newest_ms():
            _LOG.warning(
                "the newest sample lies %.0f s ahead of the clock; if the clock is right, remove "
                "what lies ahead with 'jipyo db trim --after now'",
                ((self._head.max_ms or 0) - now_ms()) / 1000,
            )

    @classmethod
    def open(  # type: ignore[override]  # a writer is given a clock, a reader needs none
        cls,
        path: Path,
        options: Options | None = None,
        *,
        now_ms: Callable[[], int],
        connect: Connect | None = None,
    ) -> Self:
        """Open the store in the folder `path`, made where there is none.

        `connect` opens the file for writing, by default as the options say.

        Raises:
            StoreBusy: another process writes there.
            StoreFull: the folder or the file cannot be made.
            StoreError: a newer jipyo wrote it.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise make_full_error(path, error) from error
        lock = FolderLock.acquire(path)
        try:
            return cls(path, options or Options(), lock, now_ms, connect)
        except BaseException:
            lock.close()
            raise

    def close(self) -> None:
        """Close; what was appended is on disk already."""
        with self._maintenance_lock, self._write_lock:
            self._maintenance = None
            super().close()
            self._db.close()
            self._lock.close()

    # -- Appender -----------------------------------------------------------------------

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """See `Appender.append`: one transaction, on disk before this returns.

        Raises:
            StoreFull: the disk is full or read-only, or the file was deleted underneath;
                nothing of the batch was kept.
        """
        with self._write_transaction():
            kept, rejected = self._head.append(scrapes)
        by_reason = {reason: count for reason, count in rejected.items() if count}
        self._counts.appended += kept
        self._counts.rejected.update(by_reason)
        return Appended(kept, by_reason)

    def load(self, blocks: Iterable[SeriesBlock]) -> Appended:
        """Store whole blocks of any age, without going through the head; safe to repeat.

        Every part is durable once written; an interrupted load keeps what it wrote.

        Raises:
            StoreFull: the disk is full or read-only; the parts before are kept.
        """
        kept, rejected = 0, Counter[Reject]()
        with self._maintenance_lock:
            self._maintenance = None
            for block in blocks:
                before = rejected.total()
                self._load_block(block, rejected)
                kept += block.values.size - (rejected.total() - before)
                if self._writes_since_checkpoint >= _CHECKPOINT_EVERY:
                    self._checkpoint()
        self._counts.appended += kept
        self._counts.rejected.update(rejected)
        return Appended(kept, {reason: count for reason, count in rejected.items() if count})

    def _load_block(self, block: SeriesBlock, rejected: Counter[Reject]) -> None:
        latest_ms = self._now_ms() + self._options.future_ms
        count = int(np.searchsorted(block.t_ms, latest_ms, side="right"))
        rejected[Reject.TOO_FAR_IN_FUTURE] += (len(block.t_ms) - count) * len(block.series)
        if count == 0:
            return
        t_ms, values = block.t_ms[:count], block.values[:, :count]
        with self._write_transaction():
            sids = self._head.resolve(block.series)
        for reason in sids:
            if isinstance(reason, Reject):
                rejected[reason] += count
        left = [(sid, row) for row, sid in enumerate(sids) if not isinstance(sid, Reject)]
        while left:
            # A series that is in the block twice is loaded twice, one after the other.
            once = dict(reversed(left))
            left = [pair for pair in left if once[pair[0]] != pair[1]]
            ids = np.array(sorted(once), np.int64)
            order = [once[sid] for sid in ids.tolist()]
            rows = values if order == list(range(len(values))) else values[order]
            rejected.update(self._load_rows(ids, t_ms, rows))

    def _load_rows(self, sids: Sids, t_ms: Times, values: Values) -> Counter[Reject]:
        rejected = bulk_load.load_rows(
            self.snapshot, self._write_transaction, (sids, t_ms, values), self._shared.executor
        )
        with self._write_lock:
            self._head.record_load(sids, int(t_ms[-1]))
        return rejected

    def get_import_position(self, source: str) -> int:
        """How far the import of a file has come, in bytes."""
        with self.snapshot() as snapshot:
            row = snapshot.db.execute(
                "SELECT position, crc FROM import_source WHERE source = ?", (source,)
            ).fetchone()
        # From a damaged position it starts again: what is loaded twice does no harm.
        return int(row[0]) if row and codec.row_crc(source, row[0]) == row[1] else 0

    def save_import_position(self, source: str, position: int) -> None:
        """Remember how far the import of a file has come, in bytes."""
        with self._write_transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO import_source (source, position, crc) VALUES (?, ?, ?)",
                (source, position, codec.row_crc(source, position)),
            )

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """See `Appender.describe`; writes only what is new."""
        changed = [entry for entry in metadata if self._metadata.get(entry.metric) != entry]
        if not changed:
            return
        with self._write_transaction() as db:
            rows = [(entry.metric, entry.type.value, entry.help, entry.unit) for entry in changed]
            db.executemany(
                "INSERT OR REPLACE INTO metadata (metric, type, help, unit, crc)"
                " VALUES (?, ?, ?, ?, ?)",
                [(*row, codec.row_crc(*row)) for row in rows],
            )
        self._metadata.update({entry.metric: entry for entry in changed})

    # -- maintenance --------------------------------------------------------------------

    def maintain(self) -> bool:
        """Run one short slice of maintenance; whether there is more to do.

        Raises:
            StoreFull: the disk is full; nothing is lost, call again later.
        """
        with self._maintenance_lock:
            if self._maintenance is None:
                self._maintenance = self._run_maintenance()
            started = time.perf_counter()
            try:
                if self._writes_since_checkpoint >= _CHECKPOINT_EVERY:
                    self._checkpoint()
                else:
                    next(self._maintenance)
            except StopIteration:
                self._maintenance = None
                return False
            except StoreError:
                self._maintenance = None
                raise
            finally:
                self._counts.slice_seconds += time.perf_counter() - started
                self._counts.slices += 1
            return True

    def _run_maintenance(self) -> Iterator[None]:
        until_ms = self._find_compactable_ms()
        if until_ms is not None:
            yield from self._compact(until_ms)
        # The oldest days go while they are past the retention or the store is too large.
        dropped: set[int] = set()
        while (day := self._find_day_to_drop()) is not None:
            yield from retention.drop_day(self._maintenance_transaction, day, dropped)
        yield from self._drop_idle(sorted(dropped))
        yield from retention.shrink_file(self._maintenance_transaction)

    def _find_day_to_drop(self) -> int | None:
        """The oldest day, if it is to be dropped; size alone never drops the newest."""
        with self.snapshot() as snapshot:
            oldest = retention.find_oldest_day(snapshot.db)
            newest_ms = self._head.find_newest_ms()
            if oldest is None or newest_ms is None:
                return None
            expired = retention.find_expired_day(self._options.retention_ms, newest_ms)
            if expired is not None and oldest <= expired:
                return oldest
            limit = self._options.retention_bytes
            if limit is None or oldest >= day_of(newest_ms):
                return None
            return oldest if retention.read_used_bytes(snapshot.db) > limit else None

    def _drop_idle(self, sids: Sequence[int]) -> Iterator[None]:
        return retention.drop_idle_series(
            self._maintenance_transaction, sids, self._head.list_series, self._head.forget_series
        )

    def _find_compactable_ms(self) -> int | None:
        """Up to when head rows may be compacted; None where none may yet."""
        newest_ms = self._head.find_newest_ms()
        if newest_ms is None:
            return None
        lag = min(self._options.out_of_order_ms or 0, HOUR_MS)
        until_ms = (newest_ms - lag - 1) // self._options.head_ms * self._options.head_ms
        spans = tuple(self._head.spans.values())
        oldest_ms = min((span.t0 for span in spans), default=until_ms + 1)
        return until_ms if oldest_ms <= until_ms else None

    def _compact(self, until_ms: int) -> Iterator[None]:
        return compaction.compact(
            self.snapshot, self._maintenance_transaction, until_ms, self._head.record_compaction
        )

    def compact_head(self) -> None:
        """Move every head row to chunks now, whatever its age."""
        with self._maintenance_lock:
            self._maintenance = None
            if self._head.max_ms is not None:
                for _ in self._compact(self._head.max_ms):
                    pass

    def delete(
        self, selector: Selector, start_ms: int, end_ms: int, progress: Progress = ignore_progress
    ) -> int:
        """Delete the samples of the matching series in a range; how many there were.

        Samples that arrive meanwhile stay. The space is returned to the file system.

        Raises:
            StoreFull: there is no room to rewrite the rest of a day.
        """
        with self._maintenance_lock:
            self.compact_head()
            bounds = Bounds.of(start_ms, end_ms)
            with self.snapshot() as snapshot:
                sids = self._find(snapshot, selector)
            deleted = 0
            for count in retention.delete_samples(
                self.snapshot, self._maintenance_transaction, sids, bounds
            ):
                deleted += count
                progress(deleted, None)
            with self._write_lock:
                self._head.forget_last(sids)
            for _ in self._drop_idle(sids.tolist()):
                pass
            for _ in retention.shrink_file(self._maintenance_transaction):
                pass
            return deleted

    def _checkpoint(self) -> None:
        """Copy the journal into the file, beside the writer, before it grows large.

        A busy writer always adds something meanwhile, and SQLite restarts only a journal that
        was checkpointed to its end; overwriting it is cheaper for the disk than extending it.
        So once it has grown, the little that is left is checkpointed with the lock held.
        """
        self._writes_since_checkpoint = 0
        with translate_write_errors(self._file):
            self._open_files.check()  # another connection would make a file that is gone anew
        with (
            translate_write_errors(self._file),
            closing(self._connect_writer(self._file)) as db,
        ):
            _, pages, _ = db.execute(_CHECKPOINT).fetchone()
            if pages > _JOURNAL_PAGES:
                sync(self._file, data_only=True)
                with self._write_lock:
                    started = time.perf_counter()
                    db.execute(_CHECKPOINT).fetchall()
                    self._counts.record_hold(time.perf_counter() - started)

    # -- its own metrics ------------------------------------------------------------------

    def families(self) -> Iterator[Family]:
        """The store's own metrics, `jipyo_tsdb_*`; cheap enough for every scrape."""
        return metrics.build_families(self._counts, self._collect_gauges())

    def extent(self) -> StoreExtent:
        """How many series there are, and from when to when; cheap enough for every request."""
        with self.snapshot() as snapshot:
            first_day = retention.find_oldest_day(snapshot.db)
        if first_day is None:
            first_ms = min((span.t0 for span in tuple(self._head.spans.values())), default=None)
        else:
            first_ms = first_day * DAY_MS
        return StoreExtent(self._head.series_count, first_ms, self._head.max_ms)

    def _collect_gauges(self) -> dict[str, tuple[str, float]]:
        in_place = "Whether the open file still carries its name; 0 once it was deleted or moved."
        try:
            is_in_place = self._open_files.are_in_place()
        except OSError:
            is_in_place = False
        if not is_in_place:
            return {"file_in_place": (in_place, 0)}  # sizes of whatever is there now mislead
        with self.snapshot() as snapshot:
            used = retention.read_used_bytes(snapshot.db)
        extent = self.extent()
        return {
            "file_in_place": (in_place, 1),
            "series": ("Series known.", extent.series),
            "maintenance_longest_hold_seconds": (
                "The longest that maintenance kept appends waiting since the start.",
                self._counts.longest_hold_seconds,
            ),
            "head_layouts": ("Sets of series with rows in the head.", len(self._head.spans)),
            "file_bytes": ("Size of the file, free pages included.", get_size(self._file)),
            "used_bytes": ("Size of the pages in use.", used),
            "journal_bytes": (
                "Size of the write-ahead log.",
                get_size(get_journal_path(self._file)),
            ),
            "free_disk_bytes": ("Free space on the file system.", get_free_bytes(self._path)),
            "oldest_sample_seconds": (
                "When the oldest sample was taken, to the day.",
                (extent.first_ms or 0) / 1000,
            ),
            "newest_sample_seconds": (
                "When the newest sample was taken.",
                (extent.last_ms or 0) / 1000,
            ),
            "damaged_reads": (
                "Damaged chunks, head rows and labels met while reading since the start.",
                self._shared.damage.count,
            ),
        }

    # -- within the room ----------------------------------------------------------------

    @contextmanager
    def _write_transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """The only write transaction at its time; an error rolls all of it back."""
        with self._write_lock, translate_write_errors(self._file):
            if self._closed:
                raise StoreError("tsdb.closed", path=str(self._path))
            is_synchronous = self._options.durable and durable
            if self._synchronous != is_synchronous:
                level = "FULL" if is_synchronous else "NORMAL"
                self._db.execute(f"PRAGMA synchronous = {level}")
                self._synchronous = is_synchronous
            try:
                self._open_files.check()
            except (OSError, StoreFull):
                self._counts.write_failures += 1
                raise
            if not self._is_head_current:
                self._reload_head()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
                self._open_files.check()  # what went to a file deleted meanwhile is not kept
                self._writes_since_checkpoint += 1
            except BaseException:
                self._counts.write_failures += 1
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                with suppress(sqlite3.Error, Damaged):  # then the next write begins with it
                    self._reload_head()
                raise

    def _reload_head(self) -> None:
        """Read again what the file holds; half of it, if that fails, is not written with."""
        self._is_head_current = False
        self._head.reload()
        self._is_head_current = True

    @contextmanager
    def _maintenance_transaction(self) -> Iterator[sqlite3.Connection]:
        """A write of maintenance, on disk once it ends; no append waits for that sync.

        The journal that a power cut leaves behind is always a prefix of what was written, so
        nothing that was moved can be missing in both places.
        """
        with self._write_lock:
            started = time.perf_counter()
            with self._write_transaction(durable=False) as db:
                yield db
            self._counts.record_hold(time.perf_counter() - started)
        if self._options.durable:
            with translate_write_errors(self._file):
                sync(get_journal_path(self._file), data_only=True)
