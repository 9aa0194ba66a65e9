"""Backups of `alerts.db`: one moment of it as a file, and back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from jipyo.alerts.store import FILE_NAME, converting_errors
from jipyo.files import sync
from jipyo.model.errors import StoreCorrupt, StoreError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".alerts"
"""Of the file beside a backup of the samples."""
_SIDE_FILES = ("-wal", "-shm")


def find_backup(samples: Path) -> Path:
    """The file of alerts that belongs to a backup of samples."""
    return samples.with_name(samples.name + SUFFIX)


def back_up_alerts(folder: Path, target: Path) -> bool:
    """Write one moment of the file in a data folder to `target`; False where there is none.

    Others may write meanwhile. `target` appears only once it is complete.

    Raises:
        StoreError: it exists, or the file cannot be read or written.
    """
    file = folder / FILE_NAME
    if not file.is_file():
        return False
    if target.exists():
        raise StoreError("tsdb.target_exists", path=str(target))
    unfinished = target.with_name(f".{target.name}.unfinished")
    with converting_errors(file):
        unfinished.unlink(missing_ok=True)
        try:
            with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
                db.execute("VACUUM INTO ?", (str(unfinished),))
            sync(unfinished)
            unfinished.rename(target)
            sync(target.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    return True


def restore_alerts(source: Path, folder: Path) -> Path | None:
    """Replace the file in a data folder, which no server uses, with a backup.

    What is there is set aside, as incidents are never deleted; its new path, or None where there
    was nothing.

    Raises:
        StoreCorrupt: the backup is damaged; nothing was changed.
        StoreError: the file cannot be read or written.
    """
    file = folder / FILE_NAME
    _check(source)
    with converting_errors(file):
        fresh = folder / f".{FILE_NAME}.restored"
        fresh.write_bytes(source.read_bytes())
        sync(fresh)
        aside = _set_aside(file) if file.exists() else None
        fresh.rename(file)
        sync(folder)
    return aside


def _check(source: Path) -> None:
    with (
        converting_errors(source),
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as db,
    ):
        (answer,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if answer == "ok" and "schema_step" not in tables:
        answer = "no table schema_step"
    if answer != "ok":
        key = "alerts_store.corrupt"
        raise StoreCorrupt(key, hint=f"{key}.hint", path=str(source), reason=answer)


def _set_aside(file: Path) -> Path:
    """Rename a file to the first free name `alerts.db.1`, with what is in its journal."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    number = 1
    while (aside := file.with_name(f"{file.name}.{number}")).exists():
        number += 1
    os.link(file, aside)
    for suffix in _SIDE_FILES:
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    return aside
