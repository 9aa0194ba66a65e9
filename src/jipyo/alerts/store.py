"""`alerts.db`: what alerts and incidents must remember, in one file, changed in transactions.

States, transitions, entries of incidents and messages that wait are rows of one SQLite file, so
that one transaction keeps all that an evaluation came to, or nothing of it. Each part brings its
tables as steps of the schema, which are applied once and in order.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Self

FILE_NAME = "alerts.db"
_BUSY_S = 10.0
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_STEPS = "CREATE TABLE IF NOT EXISTS schema_step (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """A change of the tables that is made once; neither name nor SQL change once released."""

    name: str
    sql: str
    """One statement or several."""


class AlertStore:
    """The open file; safe to use from several threads and processes."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        """Use `open`."""
        self.path = path
        self._db = db
        self._lock = threading.RLock()

    @classmethod
    def open(cls, folder: Path, steps: Sequence[SchemaStep]) -> Self:
        """Open the file in a folder, or make it, and bring its tables up to date.

        Raises:
            StoreBusy: another process has held it for ten seconds.
            StoreCorrupt: it is damaged, or no file of ours.
            StoreError: a newer jipyo has written it.
            StoreFull: it cannot be written.
        """
        path = folder / FILE_NAME
        with converting_errors(path):
            folder.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
        store = cls(path, db)
        try:
            with converting_errors(path):
                for pragma in _PRAGMAS:
                    db.execute(f"PRAGMA {pragma}")
            store._apply(steps)
        except StoreError:
            db.close()
            raise
        return store

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Changes that are made together: on disk once the block has ended, or not at all.

        Raises:
            StoreError: as for `open`; nothing has changed.
        """
        with self._lock, converting_errors(self.path):
            assert not self._db.in_transaction, "BUG: a transaction within another"
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading: what it sees is of one moment.

        Raises:
            StoreError: as for `open`.
        """
        with self._lock, converting_errors(self.path):
            is_outermost = not self._db.in_transaction
            if is_outermost:
                self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                if is_outermost and self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; more than once does no harm."""
        with self._lock:
            self._db.close()

    def _apply(self, steps: Sequence[SchemaStep]) -> None:
        names = [step.name for step in steps]
        assert len(set(names)) == len(names), f"BUG: a step twice: {names}"
        with self.transaction() as db:
            db.execute(_STEPS)
            applied = {name for (name,) in db.execute("SELECT name FROM schema_step")}
            if unknown := applied - set(names):
                raise StoreError(
                    "alerts_store.newer",
                    hint="alerts_store.newer.hint",
                    path=str(self.path),
                    step=min(unknown),
                )
            for step in steps:
                if step.name in applied:
                    continue
                for statement in split_statements(step.sql):
                    db.execute(statement)
                db.execute("INSERT INTO schema_step VALUES (?)", (step.name,))


def split_statements(sql: str) -> Iterator[str]:
    """The statements of a script, so that they run within a transaction."""
    statement = ""
    for part in sql.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement
            statement = ""
    assert not statement.strip(" \n;"), f"BUG: this statement has no end: {statement}"


@contextlib.contextmanager
def converting_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into those of a store."""
    try:
        yield
    except sqlite3.Error as error:
        raise _convert(path, error) from error
    except OSError as error:
        raise _build(StoreFull, "full", path, error) from error


_KINDS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, "busy"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "busy"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "corrupt"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "corrupt"),
    **dict.fromkeys(
        (
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PERM,
        ),
        (StoreFull, "full"),
    ),
}


def _convert(path: Path, error: sqlite3.Error) -> Exception:
    """The error of a store; a mistake of ours, as a wrong statement, stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind = _KINDS.get(code)
    return error if kind is None else _build(*kind, path, error)


def _build(kind: type[StoreError], text: str, path: Path, error: Exception) -> StoreError:
    key = f"alerts_store.{text}"
    return kind(key, hint=f"{key}.hint", path=str(path), reason=str(error))
