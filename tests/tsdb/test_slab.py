"""Slabs in a file: what is written is read, what is replaced is freed, nothing is left behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.tsdb import codec, hour_stats, slab
from jipyo.tsdb.codec import Codec, Sids
from jipyo.tsdb.format import PLACE_BITS, SLAB_SERIES, connect, prepare
from jipyo.tsdb.locator import day_of
from jipyo.tsdb.options import DAY_MS
from tsdb.support import STEP, T0

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = day_of(T0)
START = DAY * DAY_MS


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "samples.db", durable=False)) as db:
        prepare(db, tmp_path / "samples.db")
        yield db


def encode(*sids: int, n: int = 3, first_ms: int = STEP) -> slab.EncodedSlab:
    t_ms = START + first_ms + STEP * np.arange(n)
    values = np.arange(len(sids) * n, dtype=np.float64).reshape(len(sids), n)
    return slab.encode(np.array(sorted(sids)), t_ms, values)


def count(db: sqlite3.Connection) -> dict[str, int]:
    tables = ("slab", "times", "data", "hours", "chunk")
    return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def find_all(db: sqlite3.Connection, *sids: int) -> list[tuple[int, int]]:
    return slab.find_chunks(db, sids, DAY)


@given(st.lists(st.integers(-3 * DAY_MS, 3 * DAY_MS), min_size=1, max_size=40, unique=True))
def test_times_are_split_where_a_day_ends(times: list[int]) -> None:
    t_ms = np.array(sorted(times), np.int64)
    parts = [(day, t_ms[where].tolist()) for day, where in slab.split_days(t_ms)]
    assert [t for _, part in parts for t in part] == t_ms.tolist()
    assert [day for day, _ in parts] == sorted({day_of(t) for t in times})
    assert all({day_of(t) for t in part} == {day} for day, part in parts)


def test_midnight_belongs_to_the_day_that_ends() -> None:
    t_ms = np.array([DAY_MS - 1, DAY_MS, DAY_MS + 1])
    assert [(day, where) for day, where in slab.split_days(t_ms)] == [
        (0, slice(0, 2)),
        (1, slice(2, 3)),
    ]


@given(st.permutations(list(range(8))))
def test_rows_are_sorted_with_their_ids(order: list[int]) -> None:
    sids, values = np.array(order), np.array(order, np.float64)[:, None]
    ids, t_ms, rows = slab.sort_by_id(sids, np.array([1]), values)
    assert ids.tolist() == sorted(order)
    assert rows[:, 0].tolist() == ids.tolist()
    assert t_ms.tolist() == [1]


def test_rows_in_order_are_not_copied() -> None:
    sids, t_ms, values = np.arange(3), np.array([1]), np.ones((3, 1))
    assert slab.sort_by_id(sids, t_ms, values)[2] is values


def test_an_encoded_slab_holds_what_it_was_given() -> None:
    encoded = encode(3, 9, n=5)
    assert (encoded.day, encoded.n) == (DAY, 5)
    assert (encoded.t0, encoded.t1) == (START + STEP, START + 5 * STEP)
    times = codec.decode_times(encoded.times, Codec.PCODEC, codec.crc(encoded.times), 5)
    assert times.tolist() == [START + STEP * n for n in range(1, 6)]
    values = np.empty(5)
    for place, sid in enumerate((3, 9)):
        stored = Codec.PCODEC, encoded.crcs[place], encoded.values[place]
        codec.decode_values(stored, sid, values)
        assert values.tolist() == [place * 5.0 + n for n in range(5)]
    assert len(encoded.hours) == hour_stats.COLUMNS


def test_bytes_of_another_series_are_not_taken_for_its_own() -> None:
    encoded = encode(3, 9)
    stored = Codec.PCODEC, encoded.crcs[0], encoded.values[0]
    with pytest.raises(codec.Damaged):
        codec.decode_values(stored, 9, np.empty(3))


@pytest.mark.parametrize("series", [0, SLAB_SERIES + 1])
def test_a_slab_has_at_least_one_series_and_at_most_128(series: int) -> None:
    with pytest.raises(AssertionError):
        slab.encode(np.arange(series), np.array([START + 1]), np.ones((series, 1)))


def test_a_written_slab_has_a_row_for_everything(db: sqlite3.Connection) -> None:
    slab.write(db, encode(3, 9))
    assert count(db) == {
        "slab": 1, "times": 1, "data": 2, "hours": hour_stats.COLUMNS, "chunk": 2,
    }  # fmt: skip
    assert find_all(db, 3, 9) == [(1, 0), (1, 1)]
    assert find_all(db, 4) == []
    day, t0, t1, n, sids = db.execute("SELECT day, t0, t1, n, sids FROM slab").fetchone()
    assert (day, t0, t1, n) == (DAY, START + STEP, START + 3 * STEP, 3)
    assert codec.unpack_sids(sids).tolist() == [3, 9]


def test_rows_of_a_slab_are_neighbours(db: sqlite3.Connection) -> None:
    slab.write(db, encode(3))
    slab.write(db, encode(9))
    for bid in (1, 2):
        first, last = slab.get_id_range(bid)
        assert (first, last) == (bid << PLACE_BITS, (bid << PLACE_BITS) + 255)
        rows = db.execute("SELECT count(*) FROM data WHERE id BETWEEN ? AND ?", (first, last))
        assert rows.fetchone() == (1,)


def test_slabs_with_equal_times_share_them(db: sqlite3.Connection) -> None:
    slab.write(db, encode(3))
    slab.write(db, encode(9))
    slab.write(db, encode(4, n=5))
    assert count(db)["times"] == 2
    slab.free_chunks(db, find_all(db, 3))
    assert count(db)["times"] == 2, "another slab still has these times"
    slab.free_chunks(db, find_all(db, 9))
    assert count(db)["times"] == 1


def test_writing_a_day_again_frees_what_it_replaces(db: sqlite3.Connection) -> None:
    slab.write(db, encode(3, 9))
    slab.write(db, encode(3, n=7))
    assert find_all(db, 3, 9) == [(2, 0), (1, 1)]
    assert count(db) == {
        "slab": 2, "times": 2, "data": 2, "hours": 2 * hour_stats.COLUMNS, "chunk": 2,
    }  # fmt: skip
    slab.write(db, encode(9, n=7))
    assert db.execute("SELECT bid FROM slab ORDER BY bid").fetchall() == [(2,), (3,)]
    assert count(db)["data"] == 2


def test_only_chunks_of_the_day_are_found(db: sqlite3.Connection) -> None:
    slab.write(db, encode(3))
    slab.write(db, slab.encode(np.array([3]), np.array([START + DAY_MS + 1]), np.ones((1, 1))))
    assert find_all(db, 3) == [(1, 0)]
    assert slab.find_chunks(db, [3], DAY + 1) == [(2, 0)]


@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 6), min_size=1), st.integers(1, 3)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_written_again_no_row_is_left_behind(
    writes: list[tuple[set[int], int]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        prepare(db, None)  # type: ignore[arg-type]  # the path is only for errors
        newest: dict[int, int] = {}
        for sids, n in writes:
            slab.write(db, encode(*sids, n=n))
            newest.update(dict.fromkeys(sids, n))
        rows = count(db)
        assert rows["data"] == rows["chunk"] == len(newest)
        assert rows["hours"] == rows["slab"] * hour_stats.COLUMNS
        lengths = dict(
            db.execute("SELECT c.sid, s.n FROM chunk c JOIN slab s USING (bid)").fetchall()
        )
        assert lengths == newest
        unused = "SELECT count(*) FROM times WHERE tid NOT IN (SELECT tid FROM slab)"
        assert db.execute(unused).fetchone() == (0,)


@given(st.lists(st.integers(1, 1 << 40), unique=True, max_size=300))
def test_packed_ids_are_the_same_again(ids: list[int]) -> None:
    sids: Sids = np.array(sorted(ids), np.int64)
    assert codec.unpack_sids(codec.pack_sids(sids)).tolist() == sids.tolist()
