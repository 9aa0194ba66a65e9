"""Pages read without SQLite hold the rows that SQLite reads."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from bench import damage
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.tsdb import format as disk
from jipyo.tsdb.codec import Damaged
from jipyo.tsdb.pages import Pages

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.one_of(
    st.none(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    st.binary(max_size=300),
)


def read_rows(file: Path, columns: int) -> list[tuple[object, ...]]:
    """The rows of all tables and indexes that have so many columns."""
    found: list[tuple[object, ...]] = []
    with closing(Pages(file)) as pages:
        for number in range(2, pages.count + 1):
            for cell in pages.find_cells(number):
                row = pages.read_row(cell.place, has_rowid=cell.rowid is not None)
                if len(row) == columns:
                    found.append((cell.rowid, *row))
        assert pages.list_damaged() == []
    return found


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), VALUES, VALUES), max_size=30))
def test_a_row_is_what_sqlite_wrote(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, object, object]]
) -> None:
    file = tmp_path_factory.mktemp("pages") / "x.db"
    unique = {row[0]: row for row in rows}
    with closing(disk.connect(file)) as db:
        db.execute("CREATE TABLE a (x, y, z, k INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE b (k, x, y, z, w, PRIMARY KEY (k)) WITHOUT ROWID")
        for key, x, y in unique.values():
            db.execute("INSERT INTO a VALUES (?, ?, 'ä', ?)", (x, y, key))
            db.execute("INSERT INTO b VALUES (?, ?, ?, 0, 1)", (key, x, y))
    expected = sorted((key, x, y, "ä", None) for key, x, y in unique.values())
    assert sorted(read_rows(file, 4), key=lambda row: int(str(row[0]))) == expected
    without = sorted((None, key, x, y, 0, 1) for key, x, y in unique.values())
    assert sorted(read_rows(file, 5), key=lambda row: int(str(row[1]))) == without


@pytest.mark.parametrize("size", [0, 16_421, 16_422, 16_423, 65_500, 65_501, 65_502, 300_000])
def test_large_rows_are_on_chains_of_pages(tmp_path: Path, size: int) -> None:
    file = tmp_path / "x.db"
    b = random.Random(size).randbytes(size)
    with closing(disk.connect(file)) as db:
        db.execute("CREATE TABLE a (k INTEGER PRIMARY KEY, x, y)")
        db.execute("CREATE TABLE b (k PRIMARY KEY, x) WITHOUT ROWID")
        db.execute("INSERT INTO a VALUES (1, ?, 'end')", (b,))
        db.execute("INSERT INTO b VALUES (1, ?)", (b,))
    assert read_rows(file, 3) == [(1, None, b, "end")]
    assert read_rows(file, 2) == [(None, 1, b)]


def test_deleted_rows_are_not_found(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with closing(disk.connect(file)) as db:
        db.execute("CREATE TABLE a (k INTEGER PRIMARY KEY, x, y)")
        for key in range(200):
            db.execute("INSERT INTO a VALUES (?, ?, '')", (key, b"x" * 5000))
        db.execute("DELETE FROM a WHERE k BETWEEN 10 AND 190")
    assert [row[0] for row in read_rows(file, 3)] == [*range(10), *range(191, 200)]


def test_the_log_is_read_up_to_its_last_commit(tmp_path: Path) -> None:
    file, copy = tmp_path / "x.db", tmp_path / "copy.db"
    with closing(disk.connect(file)) as db:
        db.execute("CREATE TABLE a (k INTEGER PRIMARY KEY, x, y)")
        for key in range(20):
            db.execute("INSERT INTO a VALUES (?, ?, '')", (key, b"x" * 40_000))
        log = (tmp_path / "x.db-wal").read_bytes()
        copy.write_bytes(file.read_bytes())
        seen = set()
        for size in range(0, len(log), 32_768):
            (tmp_path / "copy.db-wal").write_bytes(log[:size])
            keys = [row[0] for row in read_rows(copy, 3)]
            assert keys == list(range(len(keys)))
            seen.add(len(keys))
        (tmp_path / "copy.db-wal").write_bytes(log)
        assert len(read_rows(copy, 3)) == 20
    assert len(seen) > 15


def test_a_store_has_no_damaged_pages(tmp_path: Path) -> None:
    damage.write_store(tmp_path / "store")
    with closing(Pages(tmp_path / "store" / "samples.db")) as pages:
        assert pages.count > 5
        assert pages.list_damaged() == []


@pytest.mark.parametrize("seed", range(6))
def test_noise_raises_nothing_but_damage(tmp_path: Path, seed: int) -> None:
    sound = damage.write_store(tmp_path / "store") if seed == 0 else b""
    rng = random.Random(seed)
    file = bytearray(sound or rng.randbytes(10 * disk.PAGE_BYTES))
    for page in range(len(file) // disk.PAGE_BYTES):
        file[page * disk.PAGE_BYTES] = rng.choice([13, 10, 2, 5])
        for at in rng.sample(range(disk.PAGE_BYTES), 500):
            file[page * disk.PAGE_BYTES + at] = rng.randrange(256)
    (tmp_path / "noise.db").write_bytes(file)
    with closing(Pages(tmp_path / "noise.db")) as pages:
        pages.list_damaged()
        for number in range(1, pages.count + 1):
            for cell in list(pages.find_cells(number))[:200]:
                try:
                    pages.read_row(cell.place, has_rowid=cell.rowid is not None)
                except Damaged:
                    continue
