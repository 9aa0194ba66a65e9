"""The one process that writes a log store: records in, flushed, merged, deleted when it is time."""

from __future__ import annotations

import fcntl
import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.store.deletion import DeletedRecords, Deletion, DeletionFile, digest_blocks
from jipyo.logs.store.journal import Journal
from jipyo.logs.store.merge import (
    Numbered,
    measure_records,
    merge_blocks,
    plan_merge,
    write_records,
)
from jipyo.logs.store.paths import (
    SegmentName,
    list_segments,
    list_valid,
    make_write_error,
)
from jipyo.logs.store.reader import StoredBlock, StoreReader
from jipyo.logs.store.retention import Retention, find_excess, find_expired
from jipyo.logs.store.segment import LogSegment, LogSegmentWriter, Position, StoreState
from jipyo.model.errors import StoreBusy, StoreError, StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.journal import JournalEntry

JOURNAL: Final = "journal"
_MOST_WAITING: Final = 4
"""Flushes' worth of records that may wait while the disk takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a log store is written."""

    retention: Retention = field(default_factory=Retention)
    flush_rows: int = 131_072
    """`append` flushes once so many records wait, or so many bytes of text."""
    flush_bytes: int = 24 << 20


@dataclass(slots=True)
class _Pending:
    """What was appended since the last flush."""

    batches: list[LogBatch] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    entries: list[int] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(
        self, batches: Sequence[LogBatch], positions: Mapping[str, Position], entries: Iterable[int]
    ) -> None:
        self.batches += batches
        self.positions.update(positions)
        self.entries += entries
        self.rows += sum(map(len, batches))
        self.size += sum(int(measure_records(batch).sum()) for batch in batches)

    def is_empty(self) -> bool:
        return not self.batches and not self.positions and not self.entries


class LogStore:
    """Open for writing, by one process at a time; any thread may call it."""

    def __init__(self, folder: Path, options: Options, lock: IO[bytes]) -> None:
        """Use `open`."""
        self.folder = folder
        self.options = options
        self.reader = StoreReader(folder)
        self.deletions = DeletionFile(folder)
        self._folder_lock = lock
        self._lock, self._flush_lock, self._upkeep_lock = (
            threading.Lock(),
            threading.Lock(),
            threading.Lock(),
        )
        self._pending = _Pending()
        _remove_leftovers(folder)
        segments = self.reader.snapshot().segments
        names = list_segments(folder)
        self._next_flush = max((name.last for name in names), default=0) + 1
        self._state = _find_state(segments)
        self._void_interrupted({name.file for name in names})
        self.journal = Journal(
            folder / JOURNAL, self._state.journal_through, self._state.journal_also
        )

    @classmethod
    def open(cls, folder: Path, options: Options | None = None) -> LogStore:
        """Open or make the store of a folder; what a process that died left behind is tidied.

        Raises:
            StoreBusy: another process has it open for writing.
            StoreFull: the folder cannot be written.
            StoreError: it cannot be read.
        """
        lock = _lock_folder(folder)
        try:
            return cls(folder, options or Options(), lock)
        except BaseException:
            lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def positions(self) -> Mapping[str, Position]:
        """How far each source was appended; what is not flushed yet comes again after a crash."""
        with self._lock:
            return {**self._state.positions, **self._pending.positions}

    def journalize(self, payload: bytes) -> int:
        """Keep what was received, on disk when this returns; hand its number to `append`.

        Raises:
            StoreFull: it is not kept, and must not be acknowledged.
        """
        return self.journal.append(payload)

    def replay(self) -> Iterator[JournalEntry]:
        """What was acknowledged before the last process ended and no segment has: append it.

        Raises:
            StoreError: the journal cannot be read.
        """
        return self.journal.replay()

    def append(
        self,
        batches: Sequence[LogBatch],
        *,
        positions: Mapping[str, Position] | None = None,
        entries: Iterable[int] = (),
    ) -> None:
        """Take records; those of one call get into one segment together, or none of them.

        Args:
            batches: in order of arrival.
            positions: of their sources, behind these records.
            entries: the numbers of the journal's entries whose records these are.

        Raises:
            StoreFull: too much waits because the disk takes nothing; nothing was appended.
        """
        options = self.options
        with self._lock:
            if self._pending.rows > _MOST_WAITING * options.flush_rows:
                raise StoreFull(
                    "logs_store.waiting", hint="logs_store.full.hint", path=str(self.folder)
                )
            self._pending.add(batches, positions or {}, entries)
            pending = self._pending
            is_full = pending.rows >= options.flush_rows or pending.size >= options.flush_bytes
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Write what was appended into a segment, which readers see when this returns.

        Raises:
            StoreFull: it could not be written; it still waits.
        """
        with self._flush_lock:
            with self._lock:
                pending, self._pending = self._pending, _Pending()
            if pending.is_empty():
                return
            try:
                state = self._write_segment(pending)
            except StoreError:
                self._put_back(pending)
                raise
            with self._lock:
                self._state = state
            self.journal.settle(state.journal_through, state.journal_also)

    def maintain(self, now_ns: int) -> None:
        """Merge small segments, and delete what its retention lets go.

        Raises:
            StoreError: segments cannot be read.
            StoreFull: the disk is full; everything is still there.
        """
        while self.merge_once():
            pass
        self.expire(now_ns)

    def merge_once(self) -> bool:
        """Make one segment out of small ones; whether there were any.

        Raises:
            StoreError: they cannot be read.
            StoreFull: the new one cannot be written.
        """
        with self._upkeep_lock:
            opened = {segment.name: segment for segment in self.reader.snapshot().segments}
            names = list_valid(list_segments(self.folder))
            sizes = [opened[name].n if name in opened else None for name in names]
            chosen = plan_merge(sizes)
            if chosen is None:
                return False
            self._merge([opened[names[index]] for index in chosen])
            return True

    def expire(self, now_ns: int) -> None:
        """Delete the blocks whose time is over, and the oldest ones beyond the limit of size.

        Raises:
            StoreError: segments cannot be read.
            StoreFull: a segment cannot be written again without them.
        """
        retention = self.options.retention
        with self._upkeep_lock:
            expired = find_expired(self.reader.snapshot().blocks, retention, now_ns)
            self._delete_blocks(expired, "age", now_ns)
            excess = find_excess(self.reader.snapshot().blocks, retention)
            self._delete_blocks(excess, "size", now_ns)

    def delete(
        self,
        blocks: Callable[[StoredBlock], bool],
        rows: Callable[[StoredBlock], NDArray[np.intp]],
        reason: str,
        now_ns: int,
    ) -> int:
        """Delete records for good; how many.

        Args:
            blocks: whether a block may have some of them.
            rows: which of its records they are.
            reason: for the file of deletions.
            now_ns: for the file of deletions.

        Raises:
            StoreError: a legal hold is on some of them, or they cannot be read.
            StoreFull: a segment cannot be written again without them.
        """
        self.flush()
        with self._upkeep_lock:
            snapshot = self.reader.snapshot()
            if snapshot.missing:
                raise snapshot.missing[0]
            found = {
                block.key: (block, chosen)
                for block in snapshot.blocks
                if blocks(block) and len(chosen := rows(block))
            }
            for block, _ in found.values():
                self._check_hold(block)
            total = 0
            for segment in snapshot.segments:
                mine = {key: each for key, each in found.items() if key[0] == segment.name}
                total += self._rewrite(segment, mine, reason, now_ns)
            return total

    def close(self) -> None:
        """Flush, and let another process write; more than once does no harm.

        Raises:
            StoreFull: what waits cannot be flushed; the store is closed nevertheless.
        """
        try:
            self.flush()
        finally:
            self.journal.close()
            self._folder_lock.close()

    def _write_segment(self, pending: _Pending) -> StoreState:
        """The segment of a flush; the state of the store with it."""
        through, also = self.journal.find_state(pending.entries)
        numbered, next_seq = _number(pending.batches, self._state.next_seq)
        positions = {**self._state.positions, **pending.positions}
        state = StoreState(next_seq, positions, through, also)
        writer = LogSegmentWriter(self.folder, SegmentName(self._next_flush, self._next_flush))
        try:
            for service in sorted(numbered):
                write_records(writer, numbered[service], self.reader.skeletons)
            self.reader.skeletons.save()
        except BaseException:
            writer.abandon()
            raise
        writer.finish(state)
        self._next_flush += 1
        return state

    def _put_back(self, pending: _Pending) -> None:
        """What could not be written waits again, before what came meanwhile."""
        with self._lock:
            later, self._pending = self._pending, pending
            pending.add(later.batches, later.positions, later.entries)

    def _merge(self, segments: Sequence[LogSegment]) -> None:
        name = SegmentName(segments[0].name.first, segments[-1].name.last)
        by_service: defaultdict[str, list[StoredBlock]] = defaultdict(list)
        for segment in segments:
            for summary in segment.blocks:
                by_service[summary.service].append(StoredBlock(segment, summary))
        writer = LogSegmentWriter(self.folder, name)
        try:
            for service in sorted(by_service):
                merge_blocks(writer, by_service[service], self.reader)
            self.reader.skeletons.save()
        except BaseException:
            writer.abandon()
            raise
        writer.finish(segments[-1].state)
        self._remove(segments)

    def _delete_blocks(self, blocks: Iterable[StoredBlock], reason: str, now_ns: int) -> None:
        by_segment: defaultdict[SegmentName, list[StoredBlock]] = defaultdict(list)
        for block in blocks:
            by_segment[block.segment.name].append(block)
        for found in by_segment.values():
            chosen = {block.key: (block, np.arange(block.summary.n)) for block in found}
            self._rewrite(found[0].segment, chosen, reason, now_ns)

    def _check_hold(self, block: StoredBlock) -> None:
        hold = self.options.retention.find_hold(block.summary)
        if hold is not None:
            raise StoreError(
                "logs_store.under_hold",
                hint="logs_store.under_hold.hint",
                service=block.summary.service,
                reason=hold.reason,
            )

    def _rewrite(
        self,
        segment: LogSegment,
        chosen: Mapping[tuple[SegmentName, int], tuple[StoredBlock, NDArray[np.intp]]],
        reason: str,
        now_ns: int,
    ) -> int:
        """Write a segment again without some rows, or delete it; how many there were."""
        if not chosen:
            return 0
        rows = {key: numbers for key, (_, numbers) in chosen.items()}
        deletion = _describe(segment, list(chosen.values()), reason, now_ns)
        self.deletions.append(deletion)
        is_newest = segment.name.last >= self._next_flush - 1
        if deletion.n < segment.n or is_newest:
            self._write_rest(segment, rows)
        self._remove([segment])
        return deletion.n

    def _write_rest(
        self, segment: LogSegment, rows: Mapping[tuple[SegmentName, int], NDArray[np.intp]]
    ) -> None:
        name = replace(segment.name, version=segment.name.version + 1)
        writer = LogSegmentWriter(self.folder, name)
        try:
            for summary in segment.blocks:
                block = StoredBlock(segment, summary)
                gone = rows.get(block.key, ())
                if not len(gone):
                    writer.copy(segment, summary, self.reader.read_counts(block))
                elif len(gone) < summary.n:
                    whole = Numbered(*self.reader.read_block(block))
                    left = whole.take(np.delete(np.arange(summary.n), gone))
                    write_records(writer, [left], self.reader.skeletons)
            self.reader.skeletons.save()
        except BaseException:
            writer.abandon()
            raise
        writer.finish(segment.state)

    def _remove(self, segments: Iterable[LogSegment]) -> None:
        """Delete files that are replaced; where that fails they stay behind without any effect."""
        try:
            for segment in segments:
                segment.path.unlink(missing_ok=True)
        except OSError as error:
            raise make_write_error(self.folder, error) from error

    def _void_interrupted(self, files: set[str]) -> None:
        """Void the lines of deletions that were not carried out."""
        for deletion in list(self.deletions.read()):
            if deletion.segment in files:
                self.deletions.append(replace(deletion, records=()))


def _number(batches: Sequence[LogBatch], next_seq: int) -> tuple[dict[str, list[Numbered]], int]:
    """The records by service with their numbers, which follow each other within a service."""
    numbered: dict[str, list[Numbered]] = {}
    for batch in sorted(batches, key=lambda each: each.service):
        seq = np.arange(next_seq, next_seq + len(batch))
        next_seq += len(batch)
        if len(batch):
            numbered.setdefault(batch.service, []).append(Numbered(batch, seq))
    return numbered, next_seq


def _describe(
    segment: LogSegment,
    chosen: Sequence[tuple[StoredBlock, NDArray[np.intp]]],
    reason: str,
    now_ns: int,
) -> Deletion:
    records = []
    for service in sorted({block.summary.service for block, _ in chosen}):
        mine = [(block, rows) for block, rows in chosen if block.summary.service == service]
        records.append(
            DeletedRecords(
                service=service,
                n=sum(len(rows) for _, rows in mine),
                first_ns=min(block.summary.first_ns for block, _ in mine),
                last_ns=max(block.summary.last_ns for block, _ in mine),
                checksum=digest_blocks(block for block, _ in mine),
            )
        )
    return Deletion(at_ns=now_ns, reason=reason, segment=segment.name.file, records=tuple(records))


def _find_state(segments: Sequence[LogSegment]) -> StoreState:
    """Of the newest segment; numbers go on behind the highest of all."""
    if not segments:
        return StoreState()
    newest = max(segments, key=lambda segment: segment.name.last)
    return replace(newest.state, next_seq=max(each.state.next_seq for each in segments))


def _remove_leftovers(folder: Path) -> None:
    """Delete what a process that died left: unfinished files, and segments that are replaced."""
    try:
        for path in folder.glob(".*.new"):
            path.unlink()
        names = list_segments(folder)
        for name in set(names) - set(list_valid(names)):
            (folder / name.file).unlink()
    except OSError as error:
        raise make_write_error(folder, error) from error


def _lock_folder(folder: Path) -> IO[bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("ab")
    except OSError as error:
        raise make_write_error(folder, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise StoreBusy("logs_store.busy", hint="logs_store.busy.hint", path=str(folder)) from error
    return file
