"""Files of version 1, which had no checksums of rows, are read as they are and migrated once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from jipyo.model.sample import MetricMetadata, MetricType, Scrape, SeriesBlock
from jipyo.tsdb import (
    Options,
    Reader,
    Store,
    check,
    compact,
    create_backup,
    read_stats,
    restore,
    salvage,
)
from jipyo.tsdb import format as disk
from jipyo.tsdb.options import DAY_MS
from tsdb.support import EVERYTHING, T0, Opened, Samples, everything, one

SCHEMA = """
CREATE TABLE series (
            sid INTEGER PRIMARY KEY AUTOINCREMENT, hash INTEGER NOT NULL, labels BLOB NOT NULL);
CREATE INDEX series_hash ON series (hash);
CREATE TABLE pair (
            pid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value TEXT NOT NULL,
            UNIQUE (name, value));
CREATE TABLE posting (
            pid INTEGER NOT NULL, sid INTEGER NOT NULL, PRIMARY KEY (pid, sid)) WITHOUT ROWID;
CREATE TABLE layout (lid INTEGER PRIMARY KEY AUTOINCREMENT, sids BLOB NOT NULL);
CREATE TABLE head (
            lid INTEGER NOT NULL, t INTEGER NOT NULL, v BLOB NOT NULL,
            PRIMARY KEY (lid, t)) WITHOUT ROWID;
CREATE TABLE times (
            tid INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, n INTEGER NOT NULL,
            codec INTEGER NOT NULL, crc INTEGER NOT NULL, b BLOB NOT NULL);
CREATE INDEX times_day ON times (day, crc);
CREATE TABLE slab (
            bid INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, tid INTEGER NOT NULL,
            t0 INTEGER NOT NULL, t1 INTEGER NOT NULL, n INTEGER NOT NULL, sids BLOB NOT NULL);
CREATE INDEX slab_day ON slab (day);
CREATE TABLE chunk (
            sid INTEGER NOT NULL, day INTEGER NOT NULL, bid INTEGER NOT NULL,
            place INTEGER NOT NULL, PRIMARY KEY (sid, day)) WITHOUT ROWID;
CREATE TABLE data (
            id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, crc INTEGER NOT NULL,
            b BLOB NOT NULL);
CREATE TABLE hours (id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, b BLOB NOT NULL);
CREATE TABLE metadata (
            metric TEXT PRIMARY KEY, type TEXT NOT NULL, help TEXT NOT NULL,
            unit TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE import_source (
            source TEXT PRIMARY KEY, position INTEGER NOT NULL)
            WITHOUT ROWID;
"""
COLUMNS = {
    "series": "sid, hash, labels",
    "pair": "pid, name, value",
    "posting": "pid, sid",
    "layout": "lid, sids",
    "head": "lid, t, v",
    "times": "tid, day, n, codec, crc, b",
    "slab": "bid, day, tid, t0, t1, n, sids",
    "chunk": "sid, day, bid, place",
    "data": "id, codec, crc, b",
    "hours": "id, crc, b",
    "metadata": "metric, type, help, unit",
    "import_source": "source, position",
}
NAMES = tuple(one("metric", n=str(n)) for n in range(20))
HELP = MetricMetadata("metric", MetricType.GAUGE, "Hilfe, 도움말", "bytes")


@pytest.fixture
def whole(opened: Opened) -> Samples:
    """The samples of the store `opened`, which has something in every table."""
    t_ms = T0 - 2 * DAY_MS + DAY_MS // 40 * np.arange(1, 80)
    values = np.random.default_rng(4).normal(size=(len(NAMES), len(t_ms)))
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])
    for n in range(50):
        opened.clock.t_ms = T0 + n * 15_000
        opened.store.append([Scrape(opened.clock.t_ms, NAMES[:12], np.full(12, float(n)))])
    opened.store.describe([HELP])
    opened.store.save_import_position("file", 4096)
    return everything(opened.store)


@pytest.fixture
def old(whole: Samples, opened: Opened, tmp_path: Path) -> Path:
    """A folder with the same samples in a file of version 1."""
    assert whole
    opened.store.close()
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "samples.db", isolation_level=None)) as db:
        db.execute("PRAGMA page_size = 65536")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)
        db.execute("ATTACH ? AS new", (str(opened.path / "samples.db"),))
        for table, columns in COLUMNS.items():
            db.execute(f"INSERT INTO {table} SELECT {columns} FROM new.{table}")
        db.execute("PRAGMA application_id = 0x6A697079")
        db.execute("PRAGMA user_version = 1")
    return folder


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "samples.db")) as db:
        return disk.read_version(db)


def test_a_writer_migrates_it_and_every_answer_stays(old: Path, whole: Samples) -> None:
    with Store.open(old, Options(durable=False), now_ms=lambda: T0) as store:
        assert everything(store) == whole
        assert store.metadata() == [HELP]
        assert store.get_import_position("file") == 4096
    assert version(old) == 2
    assert check(old).problems == ()


def test_a_reader_reads_it_as_it_is(old: Path, whole: Samples) -> None:
    with Reader.open(old) as reader:
        assert everything(reader) == whole
        assert reader.metadata() == [HELP]
        assert list(reader.hours(EVERYTHING, T0 - DAY_MS, T0))
    assert check(old).problems == ()
    assert read_stats(old).version == 1
    assert version(old) == 1


def test_a_reader_goes_on_while_a_writer_migrates_it(old: Path, whole: Samples) -> None:
    with Reader.open(old) as reader:
        assert everything(reader) == whole
        Store.open(old, Options(durable=False), now_ms=lambda: T0).close()
        assert everything(reader) == whole
        assert reader.metadata() == [HELP]


def test_a_file_on_a_read_only_file_system_is_read(old: Path, whole: Samples) -> None:
    with closing(disk.connect(old / "samples.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    uri = f"{(old / 'samples.db').as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        disk.prepare_reading(db)
        (n,) = db.execute("SELECT count(*) FROM head WHERE crc = row_crc(lid, t, v)").fetchone()
    assert n == 50


def test_its_backups_are_restored(old: Path, whole: Samples, tmp_path: Path) -> None:
    create_backup(old, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    compact(tmp_path / "restored")
    with Store.open(tmp_path / "restored", Options(durable=False), now_ms=lambda: T0) as store:
        assert everything(store) == whole


@pytest.mark.parametrize("statement", range(len(disk.STEPS[1]) + 1))
def test_killed_in_the_middle_of_the_migration_it_is_still_version_1(
    old: Path, whole: Samples, statement: int
) -> None:
    child = Path(__file__).with_name("migration_child.py")
    killed = subprocess.run(
        [sys.executable, str(child), str(old / "samples.db"), str(statement)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert version(old) == 1
    with Reader.open(old) as reader:
        assert everything(reader) == whole
    with Store.open(old, Options(durable=False), now_ms=lambda: T0) as store:
        assert everything(store) == whole
    assert version(old) == 2
    assert check(old).problems == ()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE head SET v = x'00' WHERE t % 60000 = 0",
        "UPDATE head SET v = 'text' WHERE t % 60000 = 0",
        "UPDATE layout SET sids = x'00'",
        "UPDATE metadata SET help = CAST(x'FFFE' AS TEXT)",
        "UPDATE slab SET sids = 1.5 WHERE bid = 1",
    ],
)
def test_damage_does_not_stop_the_migration(old: Path, damage: str) -> None:
    with closing(sqlite3.connect(old / "samples.db")) as db, db:
        db.execute(damage)
    with Store.open(old, Options(durable=False), now_ms=lambda: T0) as store:
        assert everything(store)
        store.metadata()
    assert version(old) == 2


def test_a_damaged_one_is_salvaged(old: Path, whole: Samples, tmp_path: Path) -> None:
    result = salvage(old / "samples.db", tmp_path / "sound.db")
    assert result.is_complete
    with closing(sqlite3.connect(old / "samples.db")) as db, db:
        db.execute("UPDATE head SET v = x'00' WHERE t = ?", (T0,))
        db.execute("UPDATE layout SET sids = 1.5 WHERE lid = 2")
    result = salvage(old / "samples.db", tmp_path / "new.db")
    assert [(loss.start_ms, loss.samples, loss.others) for loss in result.losses] == [(T0, 12, 11)]
    restore(tmp_path / "new.db", tmp_path / "restored")
    with Reader.open(tmp_path / "restored") as reader:
        found = everything(reader)
    assert found == {
        labels: [row for row in rows if row[0] != T0 or labels not in NAMES[:12]]
        for labels, rows in whole.items()
    }
