"""The store of the process that writes: appends, upkeep, its own metrics."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

import numpy as np

from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.sample import Appended, MetricMetadata, Reject, Scrape
from jipyo.tsdb import bulk_load as bulk
from jipyo.tsdb import compaction, metrics, retention
from jipyo.tsdb import format as disk
from jipyo.tsdb.format import free_bytes, journal_of, size_of, writing
from jipyo.tsdb.head import Head
from jipyo.tsdb.locator import Bounds, day_of
from jipyo.tsdb.lock import FolderLock
from jipyo.tsdb.options import DAY_MS, HOUR_MS, Options
from jipyo.tsdb.progress import silent
from jipyo.tsdb.reader import Reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from jipyo.model.family import Family
    from jipyo.model.sample import SeriesBlock, Times, Values
    from jipyo.model.store import Selector
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.progress import Progress

_FOLD_EVERY = 64
"""Transactions after which the journal is brought into the file."""
_JOURNAL_PAGES = 256
"""Beyond this size (16 MiB) the journal is begun again as soon as can be."""
_FOLD = "PRAGMA wal_checkpoint(PASSIVE)"


class Store(Reader):
    """Samples in a folder; one process writes, any number of `Reader`s read beside it."""

    def __init__(
        self, path: Path, options: Options, lock: FolderLock, now_ms: Callable[[], int]
    ) -> None:
        """Use `open`."""
        super().__init__(path, options.threads, options.cache_bytes)
        self._options = options
        self._lock = lock
        self._now_ms = now_ms
        self._write_lock = RLock()
        self._upkeep_lock = RLock()
        self._job: Iterator[None] | None = None
        self._unfolded = 0
        self._syncs = options.durable
        with writing(self._file):
            self._db = disk.connect(self._file, durable=options.durable)
            try:
                disk.prepare(self._db, self._file)
                self._head = Head(self._db, options, now_ms)
                self._types = {row.metric: row for row in self.metadata()}
            except BaseException:
                self._db.close()
                super().close()
                raise
        self._counts = metrics.Counts()

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
            lock.close()
            raise

    def close(self) -> None:
        """Finish; what was appended is on disk already."""
        with self._upkeep_lock, self._write_lock:
            self._job = None
            super().close()
            self._db.close()
            self._lock.close()

    # -- Appender -----------------------------------------------------------------------

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """See `Appender.append`: one transaction, on disk before this returns.

        Raises:
            StoreFull: the disk is full or read-only; nothing of the batch was kept.
        """
        with self._writes():
            kept, rejected = self._head.append(scrapes)
        counted = {reason: count for reason, count in rejected.items() if count}
        self._counts.appended += kept
        self._counts.rejected.update(counted)
        return Appended(kept, counted)

    def load(self, blocks: Iterable[SeriesBlock]) -> Appended:
        """Keep whole blocks of any age past the head; may be repeated without harm.

        Every part is durable once written; a load that was cut short keeps what it wrote.

        Raises:
            StoreFull: the disk is full or read-only; the parts before are kept.
        """
        kept, refused = 0, Counter[Reject]()
        with self._upkeep_lock:
            self._job = None
            for block in blocks:
                before = refused.total()
                self._load(block, refused)
                kept += block.values.size - (refused.total() - before)
                if self._unfolded >= _FOLD_EVERY:
                    self._fold_journal()
        self._counts.appended += kept
        self._counts.rejected.update(refused)
        return Appended(kept, {reason: count for reason, count in refused.items() if count})

    def _load(self, block: SeriesBlock, refused: Counter[Reject]) -> None:
        most_ms = self._now_ms() + self._options.future_ms
        taken = int(np.searchsorted(block.t_ms, most_ms, side="right"))
        refused[Reject.TOO_FAR_IN_FUTURE] += (len(block.t_ms) - taken) * len(block.series)
        if taken == 0:
            return
        t_ms, values = block.t_ms[:taken], block.values[:, :taken]
        with self._writes():
            sids = self._head.resolve(block.series)
        for reason in sids:
            if isinstance(reason, Reject):
                refused[reason] += taken
        left = [(sid, row) for row, sid in enumerate(sids) if not isinstance(sid, Reject)]
        while left:
            # A series that stands twice in the block is loaded twice, one after the other.
            once = dict(reversed(left))
            left = [pair for pair in left if once[pair[0]] != pair[1]]
            ids = np.array(sorted(once), np.int64)
            order = [once[sid] for sid in ids.tolist()]
            rows = values if order == list(range(len(values))) else values[order]
            refused.update(self._load_rows(ids, t_ms, rows))

    def _load_rows(self, sids: Sids, t_ms: Times, values: Values) -> Counter[Reject]:
        refused = bulk.load(
            self.snapshot, self._writes, (sids, t_ms, values), self._shared.executor
        )
        with self._write_lock:
            self._head.loaded(sids, int(t_ms[-1]))
        return refused

    def import_position(self, source: str) -> int:
        """How far the import of a file had come."""
        with self.snapshot() as snapshot:
            row = snapshot.db.execute(
                "SELECT position FROM import_source WHERE source = ?", (source,)
            ).fetchone()
        return int(row[0]) if row else 0

    def import_reached(self, source: str, position: int) -> None:
        """Remember how far the import of a file has come."""
        with self._writes() as db:
            db.execute("INSERT OR REPLACE INTO import_source VALUES (?, ?)", (source, position))

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
            started = time.perf_counter()
            try:
                if self._unfolded >= _FOLD_EVERY:
                    self._fold_journal()
                else:
                    next(self._job)
            except StopIteration:
                self._job = None
                return False
            except StoreError:
                self._job = None
                raise
            finally:
                self._counts.slice_seconds += time.perf_counter() - started
                self._counts.slices += 1
            return True

    def _upkeep(self) -> Iterator[None]:
        until_ms = self._ripe_ms()
        if until_ms is not None:
            yield from self._compact(until_ms)
        yield from self._expire()
        yield from retention.give_back(self._moves)

    def _expire(self) -> Iterator[None]:
        """Drop the oldest days while they are past their time or too much."""
        dropped: set[int] = set()
        while (day := self._superfluous_day()) is not None:
            yield from retention.drop_day(self._moves, day, dropped)
        yield from self._drop_idle(sorted(dropped))

    def _superfluous_day(self) -> int | None:
        """The oldest day, if it is to go; the newest one never goes for its size."""
        with self.snapshot() as snapshot:
            oldest = retention.oldest_day(snapshot.db)
            if oldest is None or self._head.max_ms is None:
                return None
            expired = retention.expired_day(self._options.retention_ms, self._head.max_ms)
            if expired is not None and oldest <= expired:
                return oldest
            most = self._options.retention_bytes
            if most is None or oldest >= day_of(self._head.max_ms):
                return None
            return oldest if retention.used_bytes(snapshot.db) > most else None

    def _drop_idle(self, sids: Sequence[int]) -> Iterator[None]:
        return retention.drop_idle_series(self._moves, sids, self._head.series, self._head.gone)

    def _ripe_ms(self) -> int | None:
        """Up to when head rows may go, if there are any that may."""
        if self._head.max_ms is None:
            return None
        lag = min(self._options.out_of_order_ms or 0, HOUR_MS)
        ripe = (self._head.max_ms - lag - 1) // self._options.head_ms * self._options.head_ms
        oldest = min((span.t0 for span in tuple(self._head.spans.values())), default=ripe + 1)
        return ripe if oldest <= ripe else None

    def _compact(self, until_ms: int) -> Iterator[None]:
        return compaction.compact(self.snapshot, self._moves, until_ms, self._head.compacted)

    def compact_head(self) -> None:
        """Move every head row to chunks now, whatever its age."""
        with self._upkeep_lock:
            self._job = None
            if self._head.max_ms is not None:
                for _ in self._compact(self._head.max_ms):
                    pass

    def delete(
        self, selector: Selector, start_ms: int, end_ms: int, progress: Progress = silent
    ) -> int:
        """Delete the samples of the matching series in a range; how many there were.

        Samples that arrive meanwhile stay. The space is given back to the file system.

        Raises:
            StoreFull: there is no room to write the rest of a day anew.
        """
        with self._upkeep_lock:
            self.compact_head()
            bounds = Bounds.of(start_ms, end_ms)
            with self.snapshot() as snapshot:
                sids = self._find(snapshot, selector)
            deleted = 0
            for count in retention.delete_samples(self.snapshot, self._moves, sids, bounds):
                deleted += count
                progress(deleted, None)
            with self._write_lock:
                self._head.forget_last(sids)
            for _ in self._drop_idle(sids.tolist()):
                pass
            for _ in retention.give_back(self._moves):
                pass
            return deleted

    def _fold_journal(self) -> None:
        """Bring the journal into the file, beside the writer, before it grows large.

        A busy writer has always added something meanwhile, and only a journal that is folded
        to its end is begun again; to write over it is cheaper for the disk than to make it
        longer. So where it has grown, the little that is left is folded with the lock.
        """
        self._unfolded = 0
        with (
            writing(self._file),
            closing(disk.connect(self._file, durable=self._options.durable)) as db,
        ):
            _, pages, _ = db.execute(_FOLD).fetchone()
            if pages > _JOURNAL_PAGES:
                disk.sync(self._file)
                with self._write_lock:
                    started = time.perf_counter()
                    db.execute(_FOLD).fetchall()
                    self._counts.held(time.perf_counter() - started)

    # -- its own metrics ------------------------------------------------------------------

    def families(self) -> Iterator[Family]:
        """The store's own metrics, `jipyo_tsdb_*`; cheap enough for every scrape."""
        return metrics.families(self._counts, self._gauges())

    def _gauges(self) -> dict[str, tuple[str, float]]:
        with self.snapshot() as snapshot:
            used = retention.used_bytes(snapshot.db)
            first = snapshot.db.execute("SELECT min(day) FROM slab").fetchone()[0]
        spans = tuple(self._head.spans.values())
        first_ms = min((span.t0 for span in spans), default=None) if first is None else None
        return {
            "series": ("Series known.", self._head.series_count),
            "maintenance_longest_hold_seconds": (
                "The longest that upkeep kept appends waiting since the start.",
                self._counts.longest_hold_seconds,
            ),
            "head_layouts": ("Sets of series with rows in the head.", len(spans)),
            "file_bytes": ("The file with free pages.", size_of(self._file)),
            "used_bytes": ("The pages in use.", used),
            "journal_bytes": ("The write-ahead log.", size_of(journal_of(self._file))),
            "free_disk_bytes": ("Free on the file system.", free_bytes(self._path)),
            "oldest_sample_seconds": (
                "When the oldest sample was taken, to the day.",
                (first * DAY_MS if first is not None else first_ms or 0) / 1000,
            ),
            "newest_sample_seconds": (
                "When the newest sample was taken.",
                (self._head.max_ms or 0) / 1000,
            ),
            "damaged_reads": (
                "Damaged chunks met while reading since the start.",
                self._shared.damage.met_count,
            ),
        }

    # -- within the room ----------------------------------------------------------------

    @contextmanager
    def _writes(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One write transaction, alone; after an error nothing of it is left."""
        with self._write_lock, writing(self._file):
            if self._closed:
                raise StoreError("tsdb.closed", path=str(self._path))
            self._sync_at_commit(self._options.durable and durable)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
                self._unfolded += 1
            except BaseException:
                self._counts.write_failures += 1
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._head.read_again()
                raise

    def _sync_at_commit(self, wanted: bool) -> None:
        if self._syncs != wanted:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._syncs = wanted

    @contextmanager
    def _moves(self) -> Iterator[sqlite3.Connection]:
        """A write of upkeep, on disk when this returns; no append waits for that sync.

        A journal that a power cut leaves behind is always a beginning of what was written,
        so nothing that was moved can be missing in both places.
        """
        with self._write_lock:
            started = time.perf_counter()
            with self._writes(durable=False) as db:
                yield db
            self._counts.held(time.perf_counter() - started)
        if self._options.durable:
            with writing(self._file):
                disk.sync(journal_of(self._file))
