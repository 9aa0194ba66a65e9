"""What a person does to a store: look at it, back it up, put it back, compact it, delete.

A file comes into being under another name, is synced, and is renamed when it is whole.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from jipyo.tsdb import format as disk
from jipyo.tsdb.check import check
from jipyo.tsdb.format import FILE_NAME, journal_of, size_of, writing
from jipyo.tsdb.lock import READERS, FolderLock
from jipyo.tsdb.progress import silent
from jipyo.tsdb.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.tsdb.progress import Progress

_COPY_BYTES = 4 << 20
_HANDLER_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Stats:
    """What is in a store and what it takes on disk."""

    version: int
    file_bytes: int
    free_bytes: int
    """Of the file, free for new samples."""
    journal_bytes: int
    series: int
    label_pairs: int
    samples: int
    head_samples: int
    """Of the samples, those not yet in chunks."""
    chunks: int
    slabs: int
    first_ms: int | None
    last_ms: int | None
    series_by_metric: tuple[tuple[str, int], ...]
    """The metrics with most series first."""
    values_by_label: tuple[tuple[str, int], ...]
    """The labels with most values first."""


def stats(path: Path, most: int = 20) -> Stats:
    """Numbers of the store in a folder, whether or not somebody writes there.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    with Reader.open(path, threads=1) as reader, reader.snapshot() as snapshot:
        return _stats(snapshot.db, path / FILE_NAME, most)


def _stats(db: sqlite3.Connection, file: Path, most: int) -> Stats:
    def number(sql: str) -> int:
        return int(db.execute(sql).fetchone()[0] or 0)

    page = number("PRAGMA page_size")
    head_samples, head_first, head_last = db.execute(
        "SELECT coalesce(sum(length(v)) / 8, 0), min(t), max(t) FROM head"
    ).fetchone()
    first, last = db.execute("SELECT min(t0), max(t1) FROM slab").fetchone()
    in_chunks = number("SELECT sum(s.n) FROM chunk c JOIN slab s USING (bid)")
    return Stats(
        version=disk.version(db),
        file_bytes=number("PRAGMA page_count") * page,
        free_bytes=number("PRAGMA freelist_count") * page,
        journal_bytes=size_of(journal_of(file)),
        series=number("SELECT count(*) FROM series"),
        label_pairs=number("SELECT count(*) FROM pair"),
        samples=in_chunks + head_samples,
        head_samples=head_samples,
        chunks=number("SELECT count(*) FROM chunk"),
        slabs=number("SELECT count(*) FROM slab"),
        first_ms=min((t for t in (head_first, first) if t is not None), default=None),
        last_ms=max((t for t in (head_last, last) if t is not None), default=None),
        series_by_metric=_most(
            db,
            "SELECT p.value, count(*) FROM pair p JOIN posting USING (pid)"
            " WHERE p.name = '__name__' GROUP BY pid",
            most,
        ),
        values_by_label=_most(db, "SELECT name, count(*) FROM pair GROUP BY name", most),
    )


def _most(db: sqlite3.Connection, sql: str, most: int) -> tuple[tuple[str, int], ...]:
    return tuple(db.execute(f"{sql} ORDER BY 2 DESC, 1 LIMIT ?", (most,)))


# -- copies -----------------------------------------------------------------------------


def backup(path: Path, target: Path, progress: Progress = silent) -> None:
    """Write one moment of the store in `path` to the file `target`, while others write.

    The copy is compacted; it is a whole store that `restore` understands.

    Raises:
        StoreFull: the target cannot be written, or exists.
        StoreError: there is no store, or it cannot be read.
    """
    if target.exists():
        raise StoreError("tsdb.target_exists", path=str(target))
    Reader.open(path, threads=1).close()
    _copy_compacted(path / FILE_NAME, target, progress)


def _copy_compacted(file: Path, target: Path, progress: Progress) -> None:
    """A dense copy of one snapshot; nothing of the name `target` is there until it is whole."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    total = size_of(file)
    try:
        with closing(disk.connect(file, read_only=True)) as db, writing(target):
            db.set_progress_handler(
                lambda: progress(min(size_of(unfinished), total), total), _HANDLER_STEPS
            )
            db.execute("VACUUM INTO ?", (str(unfinished),))
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise _full(target, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    progress(total, total)


def restore(source: Path, path: Path, progress: Progress = silent) -> None:
    """Put a backup in place of what is in the folder `path`.

    The backup is copied beside the old file and verified there, then renamed over it: at any
    moment there is one whole store.

    Raises:
        StoreBusy: a server or a reader holds the data.
        StoreCorrupt: the backup is damaged; nothing was changed.
        StoreFull: there is no room for the copy; nothing was changed.
        StoreError: the backup is missing, no store, or newer than we know.
    """
    if not source.is_file():
        raise StoreError("tsdb.no_backup", path=str(source))
    with _beside(path) as fresh:
        _copy(source, fresh / FILE_NAME, progress)
        found = check(fresh)
        if found.problems:
            raise StoreCorrupt(
                "tsdb.backup_damaged", path=str(source), problems=len(found.problems)
            )
        _swap(fresh / FILE_NAME, path / FILE_NAME)


def compact(path: Path, progress: Progress = silent) -> None:
    """Write the store anew without gaps; no server may hold it.

    Raises:
        StoreBusy: a server or a reader holds the data.
        StoreFull: there is no room for the copy; nothing was changed.
        StoreError: there is no store.
    """
    Reader.open(path, threads=1).close()
    with _beside(path) as fresh:
        _copy_compacted(path / FILE_NAME, fresh / FILE_NAME, progress)
        _swap(fresh / FILE_NAME, path / FILE_NAME)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder for a new file, within a store's folder that is locked meanwhile."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with (
            closing(FolderLock.take(path)),
            closing(_alone(path)),
            TemporaryDirectory(prefix=".new-", dir=path) as fresh,
        ):
            yield Path(fresh)
    except OSError as error:
        raise _full(path, error) from error


def _alone(path: Path) -> FolderLock:
    try:
        return FolderLock.take(path, READERS)
    except StoreBusy as error:
        raise _being_read(path) from error


def _being_read(path: Path) -> StoreBusy:
    return StoreBusy("tsdb.being_read", hint="tsdb.being_read.hint", path=str(path))


def _copy(source: Path, target: Path, progress: Progress) -> None:
    total = size_of(source)
    with source.open("rb") as taken, target.open("wb") as given:
        while piece := taken.read(_COPY_BYTES):
            given.write(piece)
            progress(given.tell(), total)
    _sync(target)


def _swap(fresh: Path, file: Path) -> None:
    """Rename a whole file over the old one, whose journal must be empty by then."""
    if file.exists():
        _empty_journal(file)
    for left in (journal_of(file), file.with_name(f"{file.name}-shm")):
        left.unlink(missing_ok=True)
    fresh.replace(file)
    _sync(file.parent)


def _empty_journal(file: Path) -> None:
    """Bring the journal into the file, so that the file alone is whole.

    Raises:
        StoreBusy: somebody reads from the journal.
    """
    # A file so damaged that it cannot be opened is about to be replaced: that is no obstacle.
    with suppress(sqlite3.DatabaseError), closing(disk.connect(file)) as db:
        db.execute("PRAGMA busy_timeout = 500")
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise _being_read(file)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _full(path: Path, error: OSError) -> StoreFull:
    return StoreFull(
        "tsdb.full", hint="tsdb.full.hint", path=str(path), reason=error.strerror or str(error)
    )
