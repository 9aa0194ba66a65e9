"""The file: its version, its steps, whose it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import StoreCorrupt, StoreError, StoreFull
from jipyo.tsdb import Reader, Store, check
from jipyo.tsdb import format as disk
from tsdb.support import T0, Opened, everything, one, scrape

if TYPE_CHECKING:
    from pathlib import Path

UP = one("up")


def set_pragma(opened: Opened, name: str, value: int) -> None:
    opened.store.close()
    with closing(sqlite3.connect(opened.path / disk.FILE_NAME)) as db:
        db.execute(f"PRAGMA {name} = {value}")


def test_a_newer_version_is_refused_with_both_numbers(opened: Opened) -> None:
    set_pragma(opened, "user_version", 99)
    for attempt in (
        lambda: Store.open(opened.path, now_ms=opened.clock),
        lambda: Reader.open(opened.path),
    ):
        with pytest.raises(StoreError, match=r"newer_version.*version=99, known=2"):
            attempt()


def test_a_refused_file_is_not_locked_any_more(opened: Opened) -> None:
    set_pragma(opened, "user_version", 99)
    with pytest.raises(StoreError, match="newer"):
        Store.open(opened.path, now_ms=opened.clock)
    set_pragma(opened, "user_version", 2)
    opened.again()


def test_a_database_of_somebody_else_is_refused(opened: Opened) -> None:
    set_pragma(opened, "application_id", 7)
    with pytest.raises(StoreError, match=r"tsdb\.not_ours"):
        Reader.open(opened.path)


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / disk.FILE_NAME).write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreCorrupt, match=r"tsdb\.corrupt"):
        Reader.open(tmp_path)


def test_pages_are_large_and_the_journal_is_a_log(opened: Opened) -> None:
    with closing(sqlite3.connect(opened.path / disk.FILE_NAME)) as db:
        assert db.execute("PRAGMA page_size").fetchone() == (65536,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)


OLD = [("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)")]
NEW = [*OLD, ("ALTER TABLE a ADD COLUMN y", "UPDATE a SET y = x + 1")]


def test_a_file_is_brought_to_the_newest_version_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(disk.connect(path)) as db:
        disk.prepare(db, path, OLD)
        assert disk.read_version(db) == 1
        disk.prepare(db, path, NEW)
        assert disk.read_version(db) == 2
        assert db.execute("SELECT x, y FROM a").fetchall() == [(1, 2)]
        disk.prepare(db, path, NEW)


def test_a_step_that_fails_leaves_the_old_version_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(disk.connect(path)) as db:
        disk.prepare(db, path, OLD)
        with pytest.raises(sqlite3.Error):
            disk.prepare(db, path, [*NEW, ("CREATE TABLE b (z)", "no SQL")])
        assert disk.read_version(db) == 1
        assert db.execute("SELECT * FROM a").fetchall() == [(1,)]
        disk.prepare(db, path, NEW)
        assert disk.read_version(db) == 2


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFull, match=r"tsdb\.full"):
        Store.open(tmp_path / "file" / "data", now_ms=lambda: T0)


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "data" / "lock").mkdir(parents=True)
    with pytest.raises(StoreFull, match=r"tsdb\.full"):
        Store.open(tmp_path / "data", now_ms=lambda: T0)


@pytest.mark.parametrize("compacting", [False, True])
def test_a_log_cut_anywhere_gives_a_prefix(
    opened: Opened, tmp_path: Path, compacting: bool
) -> None:
    """With upkeep between the appends too: it moves samples and syncs nothing by itself."""
    acknowledged = {}
    for n in range(30):
        opened.store.append([scrape(T0 + n, (UP, float(n)))])
        acknowledged[(opened.path / "samples.db-wal").stat().st_size] = n + 1
        if compacting and n % 7 == 6:
            opened.store.compact_head()
    whole = everything(opened.store)[UP]
    log = (opened.path / "samples.db-wal").read_bytes()
    file = (opened.path / "samples.db").read_bytes()
    seen = set()
    for number, size in enumerate([*range(0, len(log), len(log) // 60), len(log)]):
        copy = tmp_path / str(number)
        copy.mkdir()
        (copy / "samples.db").write_bytes(file)
        (copy / "samples.db-wal").write_bytes(log[:size])
        with Store.open(copy, opened.options, now_ms=opened.clock) as store:
            found = everything(store).get(UP, [])
        assert found == whole[: len(found)]
        assert len(found) >= max((n for end, n in acknowledged.items() if end <= size), default=0)
        assert check(copy).problems == ()
        seen.add(len(found))
    assert len(seen) > 15
    assert max(seen) == 30
