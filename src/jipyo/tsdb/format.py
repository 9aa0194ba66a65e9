"""The file `samples.db`: its tables, its version, how it is opened. See docs/storage-format.md."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreCorrupt, StoreError, StoreFull
from jipyo.tsdb import codec
from jipyo.tsdb.codec import Damaged

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "samples.db"
APPLICATION_ID = 0x6A697079
PAGE_BYTES = 65536
SLAB_SERIES = 128
"""Most series of a slab; `data.id` has eight bits for the place."""
PLACE_BITS = 8

BeginWrite = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Begins a write transaction, the only one, and commits it."""

Step = Sequence[str]

_CRCS_OF_VERSION_1: Mapping[str, str] = MappingProxyType(
    {
        "head": "row_crc(CAST(lid AS INTEGER), CAST(t AS INTEGER), CAST(v AS BLOB))",
        "layout": "row_crc(CAST(sids AS BLOB))",
        "slab": "row_crc(CAST(day AS INTEGER), CAST(tid AS INTEGER), CAST(t0 AS INTEGER),"
        " CAST(t1 AS INTEGER), CAST(n AS INTEGER), CAST(sids AS BLOB))",
        "metadata": "text_row_crc(CAST(metric AS BLOB), CAST(type AS BLOB), CAST(help AS BLOB),"
        " CAST(unit AS BLOB))",
        "import_source": "text_row_crc(CAST(source AS BLOB), CAST(position AS INTEGER))",
    }
)
"""Rows that had none. A damaged one, of another type, gets one that it does not pass with."""


def _make_view(table: str, columns: str) -> str:
    crc = _CRCS_OF_VERSION_1[table]
    return f"CREATE TEMP VIEW {table} AS SELECT {columns}, {crc} AS crc FROM main.{table}"  # noqa: S608


STEPS: Sequence[Step] = (
    (
        """CREATE TABLE series (
            sid INTEGER PRIMARY KEY AUTOINCREMENT, hash INTEGER NOT NULL, labels BLOB NOT NULL)""",
        "CREATE INDEX series_hash ON series (hash)",
        """CREATE TABLE pair (
            pid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value TEXT NOT NULL,
            UNIQUE (name, value))""",
        """CREATE TABLE posting (
            pid INTEGER NOT NULL, sid INTEGER NOT NULL, PRIMARY KEY (pid, sid)) WITHOUT ROWID""",
        "CREATE TABLE layout (lid INTEGER PRIMARY KEY AUTOINCREMENT, sids BLOB NOT NULL)",
        """CREATE TABLE head (
            lid INTEGER NOT NULL, t INTEGER NOT NULL, v BLOB NOT NULL,
            PRIMARY KEY (lid, t)) WITHOUT ROWID""",
        """CREATE TABLE times (
            tid INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, n INTEGER NOT NULL,
            codec INTEGER NOT NULL, crc INTEGER NOT NULL, b BLOB NOT NULL)""",
        "CREATE INDEX times_day ON times (day, crc)",
        """CREATE TABLE slab (
            bid INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, tid INTEGER NOT NULL,
            t0 INTEGER NOT NULL, t1 INTEGER NOT NULL, n INTEGER NOT NULL, sids BLOB NOT NULL)""",
        "CREATE INDEX slab_day ON slab (day)",
        """CREATE TABLE chunk (
            sid INTEGER NOT NULL, day INTEGER NOT NULL, bid INTEGER NOT NULL,
            place INTEGER NOT NULL, PRIMARY KEY (sid, day)) WITHOUT ROWID""",
        """CREATE TABLE data (
            id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, crc INTEGER NOT NULL,
            b BLOB NOT NULL)""",
        "CREATE TABLE hours (id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, b BLOB NOT NULL)",
        """CREATE TABLE metadata (
            metric TEXT PRIMARY KEY, type TEXT NOT NULL, help TEXT NOT NULL,
            unit TEXT NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE import_source (
            source TEXT PRIMARY KEY, position INTEGER NOT NULL)
            WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE head ADD COLUMN crc INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE layout ADD COLUMN crc INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE slab ADD COLUMN crc INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE metadata ADD COLUMN crc INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE import_source ADD COLUMN crc INTEGER NOT NULL DEFAULT -1",
        *(f"UPDATE {table} SET crc = {crc}" for table, crc in _CRCS_OF_VERSION_1.items()),  # noqa: S608
    ),
)
"""Step n upgrades version n to version n + 1; steps are only ever added."""

VIEWS_OF_VERSION_1: Step = (
    _make_view("head", "lid, t, v"),
    _make_view("layout", "lid, sids"),
    _make_view("slab", "bid, day, tid, t0, t1, n, sids"),
    _make_view("metadata", "metric, type, help, unit"),
    _make_view("import_source", "source, position"),
)
"""What a reader, which may not migrate a file of version 1, takes for its tables."""


def make_full_error(path: Path, error: Exception) -> StoreFull:
    """That a path cannot be written to, and why."""
    reason = error.strerror if isinstance(error, OSError) else None
    return StoreFull(
        "tsdb.full", hint="tsdb.full.hint", path=str(path), reason=reason or str(error)
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite reports that the bytes of the file are not what it wrote."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def convert_read_error(error: sqlite3.Error, path: Path) -> StoreError:
    """The error that an error of SQLite means to a reader."""
    if is_damage(error):
        return make_corrupt_error(path, str(error))
    return StoreError("tsdb.unreadable", path=str(path), reason=str(error))


def convert_write_error(error: sqlite3.Error, path: Path) -> StoreError:
    """The error that an error of SQLite means to a writer."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }:
        return make_full_error(path, error)
    return convert_read_error(error, path)


def make_corrupt_error(path: Path, reason: str) -> StoreCorrupt:
    """That the bytes of a file are not what was written, and which."""
    return StoreCorrupt("tsdb.corrupt", hint="tsdb.corrupt.hint", path=str(path), reason=reason)


@contextmanager
def translate_read_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into a StoreError, damage that cannot be skipped into StoreCorrupt."""
    try:
        yield
    except sqlite3.Error as error:
        raise convert_read_error(error, path) from error
    except (Damaged, UnicodeDecodeError) as error:
        # SQLite's own messages quote names from the file, which need not be UTF-8 any more.
        raise make_corrupt_error(path, str(error)) from error


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into a StoreError; of a full disk, StoreFull."""
    try:
        yield
    except sqlite3.Error as error:
        raise convert_write_error(error, path) from error
    except OSError as error:
        raise make_full_error(path, error) from error
    except (Damaged, UnicodeDecodeError) as error:
        raise make_corrupt_error(path, str(error)) from error


def connect(path: Path, *, read_only: bool = False, durable: bool = True) -> sqlite3.Connection:
    """A connection to the file at `path`; only a writer makes the file.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    mode = "rwc"
    is_new = get_size(path) == 0
    if read_only:
        mode = "ro"
        if not os.access(path.parent, os.W_OK) and get_size(get_journal_path(path)) == 0:
            # On a read-only file system no other process can share the journal's index.
            mode = "ro&immutable=1"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=30.0,
        cached_statements=64,
    )
    db.text_factory = codec.decode_text
    try:
        for pragma in _list_pragmas(read_only=read_only, is_new=is_new, durable=durable):
            db.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _list_pragmas(*, read_only: bool, is_new: bool, durable: bool) -> Iterator[str]:
    yield "cache_size = -4096"
    yield "temp_store = MEMORY"
    if read_only:
        return
    if is_new:
        # On a file that is there already the second would wait for the writer and the disk.
        yield f"page_size = {PAGE_BYTES}"
        yield "auto_vacuum = INCREMENTAL"
    yield "journal_mode = WAL"
    yield f"synchronous = {'FULL' if durable else 'OFF'}"
    yield "wal_autocheckpoint = 4096"
    yield "journal_size_limit = 67108864"


def read_version(db: sqlite3.Connection) -> int:
    """The version of the format; 0 is an empty file."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def check_version(db: sqlite3.Connection, path: Path, newest: int = len(STEPS)) -> None:
    """Refuse what is not ours and what a newer jipyo wrote.

    Raises:
        StoreError: with the version found and the one we know.
    """
    found = read_version(db)
    if found > newest:
        raise StoreError(
            "tsdb.newer_version",
            hint="tsdb.newer_version.hint",
            path=str(path),
            version=found,
            known=newest,
        )
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    if application not in {0, APPLICATION_ID}:
        raise StoreError("tsdb.not_ours", path=str(path))


def prepare_reading(db: sqlite3.Connection) -> None:
    """Let a reading connection see an older file as one of the newest version."""
    if read_version(db) == 1:
        _add_functions(db)
        for statement in VIEWS_OF_VERSION_1:
            db.execute(statement)


def _add_functions(db: sqlite3.Connection) -> None:
    """What the steps and views compute with."""
    db.create_function("row_crc", -1, codec.row_crc, deterministic=True)
    db.create_function("text_row_crc", -1, codec.text_row_crc, deterministic=True)


def prepare(db: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring an empty or an older file to the newest version, in one transaction.

    Raises:
        StoreError: a newer jipyo wrote the file.
    """
    check_version(db, path, len(steps))
    if read_version(db) == len(steps):
        return
    _add_functions(db)
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[read_version(db) :]:
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(steps)}")
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def read_schema(db: sqlite3.Connection) -> dict[str, str]:
    """The statement that made each table and index, by `table NAME` and `index NAME`."""
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {
        f"{kind} {name}": sql for kind, name, sql in rows if not str(name).startswith("sqlite_")
    }


def build_schema(steps: Sequence[Step]) -> dict[str, str]:
    """What `read_schema` reads from a sound file of the version that these steps lead to."""
    with closing(sqlite3.connect(":memory:")) as db:
        _add_functions(db)
        for step in steps:
            for statement in step:
                db.execute(statement)
        return read_schema(db)


def get_journal_path(file: Path) -> Path:
    """The write-ahead log beside a file."""
    return file.with_name(f"{file.name}-wal")


def get_size(file: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def get_free_bytes(folder: Path) -> int:
    """The free space of a folder's file system."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize
