"""Administration of a store: statistics, backup, restore, compaction.

A file is written under another name, synced, and renamed once it is complete.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jipyo.files import sync
from jipyo.model.errors import StoreBusy, StoreCorrupt, StoreError
from jipyo.model.progress import ignore_progress
from jipyo.tsdb import format as disk
from jipyo.tsdb.check import check
from jipyo.tsdb.format import (
    FILE_NAME,
    get_journal_path,
    get_size,
    make_full_error,
    translate_write_errors,
)
from jipyo.tsdb.lock import READERS, FolderLock
from jipyo.tsdb.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.progress import Progress

_COPY_BYTES = 4 << 20
_HANDLER_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Stats:
    """What is in a store and how much space it takes."""

    version: int
    file_bytes: int
    free_bytes: int
    """Pages of the file that new samples will use."""
    journal_bytes: int
    series: int
    label_pairs: int
    samples: int
    head_samples: int
    """Samples not yet in chunks."""
    chunks: int
    slabs: int
    first_ms: int | None
    last_ms: int | None
    series_by_metric: tuple[tuple[str, int], ...]
    """The metrics with most series first."""
    values_by_label: tuple[tuple[str, int], ...]
    """The labels with most values first."""


def read_stats(path: Path, most: int = 20) -> Stats:
    """Statistics of the store in a folder, whether or not a process writes to it.

    `most` limits the rankings of metrics and labels.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    with Reader.open(path, threads=1) as reader, reader.snapshot() as snapshot:
        return _query_stats(snapshot.db, path / FILE_NAME, most)


def _query_stats(db: sqlite3.Connection, file: Path, most: int) -> Stats:
    def query(sql: str) -> int:
        return int(db.execute(sql).fetchone()[0] or 0)

    def rank(sql: str) -> tuple[tuple[str, int], ...]:
        return tuple(db.execute(f"{sql} ORDER BY 2 DESC, 1 LIMIT ?", (most,)))

    page = query("PRAGMA page_size")
    head_samples, head_first, head_last = db.execute(
        "SELECT coalesce(sum(length(v)) / 8, 0), min(t), max(t) FROM head"
    ).fetchone()
    first, last = db.execute("SELECT min(t0), max(t1) FROM slab").fetchone()
    in_chunks = query("SELECT sum(s.n) FROM chunk c JOIN slab s USING (bid)")
    return Stats(
        version=disk.read_version(db),
        file_bytes=query("PRAGMA page_count") * page,
        free_bytes=query("PRAGMA freelist_count") * page,
        journal_bytes=get_size(get_journal_path(file)),
        series=query("SELECT count(*) FROM series"),
        label_pairs=query("SELECT count(*) FROM pair"),
        samples=in_chunks + head_samples,
        head_samples=head_samples,
        chunks=query("SELECT count(*) FROM chunk"),
        slabs=query("SELECT count(*) FROM slab"),
        first_ms=min((t for t in (head_first, first) if t is not None), default=None),
        last_ms=max((t for t in (head_last, last) if t is not None), default=None),
        series_by_metric=rank(
            "SELECT p.value, count(*) FROM pair p JOIN posting USING (pid)"
            " WHERE p.name = '__name__' GROUP BY pid"
        ),
        values_by_label=rank("SELECT name, count(*) FROM pair GROUP BY name"),
    )


# -- copies -----------------------------------------------------------------------------


def create_backup(path: Path, target: Path, progress: Progress = ignore_progress) -> None:
    """Write one snapshot of the store in `path` to the file `target`, while others write.

    The copy is compacted; `restore` puts it back.

    Raises:
        StoreFull: the target cannot be written, or exists.
        StoreError: there is no store, or it cannot be read.
    """
    if target.exists():
        raise StoreError("tsdb.target_exists", path=str(target))
    Reader.open(path, threads=1).close()
    _copy_compacted(path / FILE_NAME, target, progress)


def _copy_compacted(file: Path, target: Path, progress: Progress) -> None:
    """Copy one snapshot without free pages; `target` appears only once it is complete."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    total = get_size(file)
    try:
        with closing(disk.connect(file, read_only=True)) as db, translate_write_errors(target):
            db.set_progress_handler(
                lambda: progress(min(get_size(unfinished), total), total), _HANDLER_STEPS
            )
            db.execute("VACUUM INTO ?", (str(unfinished),))
        sync(unfinished)
        unfinished.rename(target)
        sync(target.parent)
    except OSError as error:
        raise make_full_error(target, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    progress(total, total)


def restore(source: Path, path: Path, progress: Progress = ignore_progress) -> None:
    """Replace the store in the folder `path` with a backup.

    The backup is copied beside the old file and verified there, then renamed over it: at any
    moment there is one complete store.

    Raises:
        StoreBusy: a server or a reader uses the store.
        StoreCorrupt: the backup is damaged; nothing was changed.
        StoreFull: there is no room for the copy; nothing was changed.
        StoreError: the backup is missing, no store, or of a newer version.
    """
    if not source.is_file():
        raise StoreError("tsdb.no_backup", path=str(source))
    with _prepare_replacement(path) as fresh:
        _copy(source, fresh / FILE_NAME, progress)
        problems = check(fresh).problems
        if problems:
            raise StoreCorrupt(
                "tsdb.backup_damaged",
                hint="tsdb.backup_damaged.hint",
                path=str(source),
                problems=len(problems),
            )
        _replace_file(fresh / FILE_NAME, path / FILE_NAME)


def compact(path: Path, progress: Progress = ignore_progress) -> None:
    """Rewrite the store without free pages; no server may use it.

    Raises:
        StoreBusy: a server or a reader uses the store.
        StoreFull: there is no room for the copy; nothing was changed.
        StoreError: there is no store.
    """
    Reader.open(path, threads=1).close()
    with _prepare_replacement(path) as fresh:
        _copy_compacted(path / FILE_NAME, fresh / FILE_NAME, progress)
        _replace_file(fresh / FILE_NAME, path / FILE_NAME)


@contextmanager
def _prepare_replacement(path: Path) -> Iterator[Path]:
    """A temporary folder for a new file, within a store's folder that is locked meanwhile."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with closing(FolderLock.acquire(path)):
            try:
                readers = FolderLock.acquire(path, READERS)
            except StoreBusy as error:
                raise _make_busy_error(path) from error
            with closing(readers), TemporaryDirectory(prefix=".new-", dir=path) as fresh:
                yield Path(fresh)
    except OSError as error:
        raise make_full_error(path, error) from error


def _make_busy_error(path: Path) -> StoreBusy:
    return StoreBusy("tsdb.being_read", hint="tsdb.being_read.hint", path=str(path))


def _copy(source: Path, target: Path, progress: Progress) -> None:
    total = get_size(source)
    with source.open("rb") as reader, target.open("wb") as writer:
        while piece := reader.read(_COPY_BYTES):
            writer.write(piece)
            progress(writer.tell(), total)
    sync(target)


def _replace_file(fresh: Path, file: Path) -> None:
    """Rename a complete file over the old one, whose journal is emptied before."""
    if file.exists():
        _truncate_journal(file)
    for companion in (get_journal_path(file), file.with_name(f"{file.name}-shm")):
        companion.unlink(missing_ok=True)
    fresh.replace(file)
    sync(file.parent)


def _truncate_journal(file: Path) -> None:
    """Copy the journal into the file and empty it.

    Raises:
        StoreBusy: a process reads from the journal.
    """
    # A file so damaged that it cannot be opened is about to be replaced: that is no obstacle.
    with suppress(sqlite3.DatabaseError, UnicodeDecodeError), closing(disk.connect(file)) as db:
        db.execute("PRAGMA busy_timeout = 500")
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise _make_busy_error(file)
