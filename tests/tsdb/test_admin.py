"""Backup, restore, compact, check, stats."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from jipyo.model.sample import Scrape, SeriesBlock
from jipyo.tsdb import Reader, check, compact, create_backup, read_stats, restore
from jipyo.tsdb.options import DAY_MS
from tsdb.support import EVER, EVERYTHING, STEP, T0, Opened, everything, one

if TYPE_CHECKING:
    from pathlib import Path

NAMES = tuple(one("metric", n=str(n)) for n in range(5))


@pytest.fixture
def filled(opened: Opened) -> Opened:
    """Two days in chunks and ten scrapes in the head."""
    t_ms = T0 - 2 * DAY_MS + STEP * np.arange(1, 2 * 5760)
    values = np.random.default_rng(3).normal(size=(5, len(t_ms)))
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])
    for n in range(10):
        opened.store.append([Scrape(T0 + n, NAMES, np.full(5, float(n)))])
    return opened


def place_of_a_chunk(file: Path) -> int:
    """Where in the file the bytes of some chunk begin."""
    with closing(sqlite3.connect(file)) as db:
        (chunk,) = db.execute("SELECT b FROM data ORDER BY id LIMIT 1 OFFSET 3").fetchone()
    return file.read_bytes().index(chunk[:64])


def test_stats_count_what_is_there(filled: Opened) -> None:
    found = read_stats(filled.path)
    assert (found.version, found.series, found.chunks, found.slabs) == (2, 5, 10, 2)
    assert (found.samples, found.head_samples) == (5 * (2 * 5760 - 1 + 10), 50)
    assert (found.first_ms, found.last_ms) == (T0 - 2 * DAY_MS + STEP, T0 + 9)
    assert found.series_by_metric == (("metric", 5),)
    assert found.values_by_label == (("n", 5), ("__name__", 1))
    assert found.file_bytes >= found.free_bytes
    assert found.journal_bytes > 0


def test_a_sound_store_has_no_problems(filled: Opened) -> None:
    told: list[tuple[int, int | None]] = []
    found = check(filled.path, lambda done, total: told.append((done, total)))
    assert found.problems == ()
    assert (found.chunks, found.samples) == (10, read_stats(filled.path).samples)
    assert told[-1] == (10, 10)


def test_a_backup_taken_while_writing_goes_back_whole(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    told: list[tuple[int, int | None]] = []
    create_backup(filled.path, target, lambda done, total: told.append((done, total)))
    kept = everything(filled.store)
    assert told
    assert told[-1][0] == told[-1][1]
    filled.store.append([Scrape(T0 + 100, NAMES, np.ones(5))])
    filled.store.delete(EVERYTHING, T0 - DAY_MS, T0)
    with pytest.raises(StoreBusy):
        restore(target, filled.path)
    filled.store.close()
    restore(target, filled.path)
    filled.again()
    assert everything(filled.store) == kept
    filled.store.append([Scrape(T0 + 200, NAMES, np.ones(5))])
    assert check(filled.path).problems == ()
    assert [p.name for p in filled.path.iterdir() if p.name.startswith(".")] == []


def test_a_backup_never_overwrites(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("dear")
    with pytest.raises(StoreError, match=r"tsdb\.target_exists"):
        create_backup(filled.path, target)
    assert target.read_text() == "dear"


def test_a_backup_where_nothing_can_be_written_says_so(filled: Opened, tmp_path: Path) -> None:
    with pytest.raises(StoreFull):
        create_backup(filled.path, tmp_path / "none" / "backup.db")


def test_restore_makes_the_folder_it_is_to_fill(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    create_backup(filled.path, target)
    restore(target, tmp_path / "fresh")
    with Reader.open(tmp_path / "fresh") as reader:
        assert everything(reader) == everything(filled.store)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFull):
        restore(target, tmp_path / "file" / "data")


def test_a_damaged_backup_is_refused_and_changes_nothing(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    create_backup(filled.path, target)
    kept = everything(filled.store)
    filled.store.close()
    whole = target.read_bytes()
    damaged = bytearray(whole)
    damaged[place_of_a_chunk(target)] ^= 1
    target.write_bytes(damaged)
    with pytest.raises(StoreCorrupt, match=r"tsdb\.backup_damaged"):
        restore(target, filled.path)
    target.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        restore(target, filled.path)
    target.write_bytes(b"something else" * 10_000)
    with pytest.raises(StoreError):
        restore(target, filled.path)
    with pytest.raises(StoreError, match=r"tsdb\.no_backup"):
        restore(tmp_path / "none", filled.path)
    filled.again()
    assert everything(filled.store) == kept


def test_restore_replaces_a_store_beyond_repair(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    create_backup(filled.path, target)
    kept = everything(filled.store)
    filled.store.close()
    (filled.path / "samples.db").write_bytes(b"rubbish" * 10_000)
    restore(target, filled.path)
    filled.again()
    assert everything(filled.store) == kept


def test_restore_waits_for_nobody_who_reads(filled: Opened, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    create_backup(filled.path, target)
    reader = Reader.open(filled.path)
    reading = reader.select(EVERYTHING, *EVER)
    assert isinstance(reading, Generator)
    next(reading)
    filled.store.append([Scrape(T0 + 100, NAMES, np.ones(5))])
    filled.store.close()
    with pytest.raises(StoreBusy, match=r"tsdb\.being_read"):
        restore(target, filled.path)
    reading.close()
    reader.close()
    restore(target, filled.path)


def test_compact_makes_the_file_small_and_keeps_all(filled: Opened) -> None:
    t_ms = T0 - 20 * DAY_MS + STEP * np.arange(1, 10 * 5760)
    noise = np.random.default_rng(3).normal(size=(5, len(t_ms)))
    filled.store.load([SeriesBlock(NAMES, t_ms, noise)])
    filled.store.delete(EVERYTHING, T0 - 20 * DAY_MS, T0 - 4 * DAY_MS)
    kept = everything(filled.store)
    with pytest.raises(StoreBusy):
        compact(filled.path)
    filled.store.close()
    before = (filled.path / "samples.db").stat().st_size
    compact(filled.path)
    assert (filled.path / "samples.db").stat().st_size < before
    filled.again()
    assert everything(filled.store) == kept
    assert read_stats(filled.path).free_bytes == 0
    assert check(filled.path).problems == ()


def test_all_of_it_needs_a_store(tmp_path: Path) -> None:
    for act in (read_stats, check, compact):
        with pytest.raises(StoreError, match=r"tsdb\.missing"):
            act(tmp_path / "none")
    with pytest.raises(StoreError, match=r"tsdb\.missing"):
        create_backup(tmp_path / "none", tmp_path / "create_backup")
