"""Columns of head rows kept in memory: bounded, and never other than what lies in the file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Reader
from jipyo.tsdb.codec import head_row_crc, row_crc
from jipyo.tsdb.head_cache import HeadCache, HeadColumns
from jipyo.tsdb.locator import Bounds
from tsdb.support import EVERYTHING, STEP, T0, Opened, bits, one, scrape

if TYPE_CHECKING:
    from jipyo.model.store import Queryable

NAMES = tuple(one("m", n=str(n)) for n in range(6))
OPTIONS = Options(durable=False, out_of_order_ms=None)


def read(store: Queryable, pattern: str, start_ms: int, end_ms: int) -> dict[str, object]:
    selector = [
        Matcher("__name__", MatchOp.EQ, "m"),
        Matcher("n", MatchOp.RE, pattern),
    ]
    found = [
        (str(labels), (block.t_ms.tolist(), bits(row)))
        for block in store.select(selector, start_ms, end_ms)
        for labels, row in zip(block.series, block.values, strict=True)
    ]
    assert len(dict(found)) == len(found), "a series is in several blocks"
    return dict(found)


def build(first_ms: int, rows: int, columns: int) -> HeadColumns:
    t_ms = first_ms + 10 * np.arange(rows)
    return HeadColumns.of(
        t_ms, list(range(1, rows + 1)), np.arange(columns), np.ones((columns, rows))
    )


APPEND, LATE, PIECE, COMPACT, READ = range(5)
STEPS = st.one_of(
    st.tuples(st.sampled_from([APPEND, LATE, PIECE]), st.integers(0, 30), st.integers(0, 63)),
    st.tuples(st.just(COMPACT), st.just(0), st.just(0)),
    st.tuples(st.just(READ), st.integers(0, 40), st.integers(0, 40)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25), st.sampled_from(["0|3", "1", ".*", "[2-5]"]))
def test_a_store_with_the_cache_reads_as_one_without(
    steps: list[tuple[int, int, int]], pattern: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        opened = Opened(Path(name), OPTIONS)
        with opened.store as store, Reader.open(Path(name)) as plain:
            newest = 0
            for nth, (what, a, b) in enumerate(steps):
                if what in (APPEND, LATE, PIECE):
                    newest = newest + 1 + a % 3 if what == APPEND else newest
                    at = T0 + STEP * (newest if what != LATE else a)
                    opened.clock.t_ms = T0 + STEP * newest
                    members = NAMES if what != PIECE else NAMES[b % 3 : 2 + b % 5]
                    store.append([scrape(at, *((labels, nth + 0.5) for labels in members))])
                elif what == COMPACT:
                    store.compact_head()
                else:
                    span = T0 + STEP * min(a, b), T0 + STEP * max(a, b)
                    assert read(store, pattern, *span) == read(plain, pattern, *span)
            for span in ((T0, T0 + 60 * STEP), (T0 + 3 * STEP, T0 + 9 * STEP)):
                assert read(store, ".*", *span) == read(plain, ".*", *span)


def test_rows_that_came_since_are_read_and_those_before_are_not(tmp_path: Path) -> None:
    opened = Opened(tmp_path, OPTIONS)
    with opened.store as store:
        for n in range(100):
            opened.clock.t_ms = T0 + n * STEP
            store.append([scrape(T0 + n * STEP, *((labels, float(n)) for labels in NAMES))])
        with store.snapshot() as snapshot:
            heads = snapshot.locator._ids.heads
        read(store, "1", T0, T0 + 100 * STEP)
        before = heads.get(1)
        store.append([scrape(T0 + 100 * STEP, *((labels, 100.0) for labels in NAMES))])
        found = read(store, "1", T0 + 50 * STEP, T0 + 100 * STEP)
        after = heads.get(1)
    assert before is not None
    assert after is not None
    assert (before.t_ms[-1], after.t_ms[-1]) == (T0 + 99 * STEP, T0 + 100 * STEP)
    assert after.t_ms[0] == T0
    assert found[str(NAMES[1])] == (
        [T0 + n * STEP for n in range(50, 101)],
        bits(np.arange(50.0, 101.0)),
    )


def test_a_query_of_much_reads_it_piece_by_piece_and_does_not_keep_it(tmp_path: Path) -> None:
    names = tuple(one("m", n=str(n)) for n in range(1200))
    opened = Opened(tmp_path, OPTIONS)
    with opened.store as store, Reader.open(tmp_path) as plain:
        for n in range(300):
            opened.clock.t_ms = T0 + n * STEP
            store.append([scrape(T0 + n * STEP, *((labels, n + 0.5) for labels in names))])
        assert read(store, ".*", T0, T0 + 400 * STEP) == read(plain, ".*", T0, T0 + 400 * STEP)
        with store.snapshot() as snapshot:
            assert snapshot.locator._ids.heads.get(1) is None


def test_columns_that_are_read_again_and_again_stay_bounded(tmp_path: Path) -> None:
    """As a rule does over the last minutes of a target that is scraped every second."""
    names = tuple(one("m", n=str(n)) for n in range(1000))
    opened = Opened(tmp_path, OPTIONS)
    with opened.store as store:
        with store.snapshot() as snapshot:
            heads = snapshot.locator._ids.heads
        for n in range(600):
            opened.clock.t_ms = T0 + 1000 * n
            store.append([Scrape(T0 + 1000 * n, names, np.full(1000, n + 0.5))])
            if n % 20 == 19:
                start_ms = T0 + 1000 * (n - 60)
                (block,) = store.select(EVERYTHING, start_ms, T0 + 1000 * n)
                kept = heads.get(1)
                assert kept is not None
                assert kept.size_bytes < 2.1 * (1 << 20)
                assert kept.t_ms[0] <= max(T0, start_ms)
                assert (block.values == (block.t_ms - T0) // 1000 + 0.5).all()


def test_columns_of_long_ago_are_not_filled_up_to_now(tmp_path: Path) -> None:
    opened = Opened(tmp_path, OPTIONS)
    with opened.store as store:
        with store.snapshot() as snapshot:
            heads = snapshot.locator._ids.heads
        for n in range(100):
            opened.clock.t_ms = T0 + n * STEP
            store.append([scrape(T0 + n * STEP, *((labels, float(n)) for labels in NAMES))])
            if n in (9, 99):
                read(store, ".*", T0 + (n - 4) * STEP, T0 + n * STEP)
        kept = heads.get(1)
    assert kept is not None
    assert kept.t_ms.tolist() == [T0 + n * STEP for n in range(95, 100)]


def test_columns_that_a_query_keeps_are_not_taken_for_others_of_the_same_rows(
    tmp_path: Path,
) -> None:
    opened = Opened(tmp_path, OPTIONS)
    with opened.store as store:
        for n in range(20):
            opened.clock.t_ms = T0 + n * STEP
            samples = [(labels, 100.0 * nth + n) for nth, labels in enumerate(NAMES)]
            store.append([scrape(T0 + n * STEP, *samples)])
        bounds = Bounds.of(T0, T0 + 20 * STEP)
        with store.snapshot() as snapshot:
            (first,) = snapshot.read_blocks(np.array([1, 4]), bounds)
            snapshot.locator.read_rows_once()  # as if the query had too much in memory already
            (second,) = snapshot.read_blocks(np.array([2, 3]), bounds)
    assert first.values[:, 7].tolist() == [7.0, 307.0]
    assert second.values[:, 7].tolist() == [107.0, 207.0]


def test_the_cache_keeps_what_was_read_last_within_its_limit() -> None:
    columns = build(0, 100, 10)
    cache = HeadCache(2 * columns.size_bytes)
    for lid in (1, 2):
        cache.put(lid, columns)
    assert cache.get(1) is columns
    cache.put(3, columns)
    assert [cache.get(lid) is not None for lid in (1, 2, 3)] == [True, False, True]
    cache.put(3, build(0, 1, 1))
    cache.put(4, build(0, 50, 1))
    assert cache.bytes <= cache.max_bytes
    assert cache.get(1) is not None
    assert HeadCache(0).get(1) is None


@pytest.mark.parametrize(
    ("wanted", "is_there"), [([0], True), ([2, 4], True), ([1], False), ([4, 5], False)]
)
def test_which_columns_are_kept(wanted: list[int], is_there: bool) -> None:
    kept = HeadColumns.of(np.array([5]), [9], np.array([0, 2, 4]), np.array([[1.0], [2.0], [3.0]]))
    assert kept.covers(np.array(wanted)) is is_there
    if is_there:
        assert kept.select(np.array(wanted), slice(0, 1)).tolist() == [
            [1.0 + column / 2] for column in wanted
        ]


def test_later_rows_are_added_and_rows_that_are_gone_are_dropped() -> None:
    kept = build(100, 5, 2).append(build(150, 3, 2), 120)
    assert kept.t_ms.tolist() == [120, 130, 140, 150, 160, 170]
    assert kept.values.shape == (2, 6)
    assert kept.find_rows(130, 160) == slice(1, 5)
    # Their checksums were 4, 5, 1 and 2.
    assert kept.fingerprint(slice(1, 5)) == (4, 12)


@given(st.integers(1, 2**40), st.integers(-(2**60), 2**60), st.binary(max_size=50))
def test_the_fast_checksum_of_a_head_row_is_that_of_any_row(lid: int, t_ms: int, b: bytes) -> None:
    assert head_row_crc(lid, t_ms, b) == row_crc(lid, t_ms, b)
    assert head_row_crc(lid, str(t_ms), b) == head_row_crc(lid, t_ms, str(b)) == -1


def test_a_series_in_several_layouts_is_in_one_block_whatever_others_lack(opened: Opened) -> None:
    """As where programs end: of six series, three have rows in the range, two in two layouts."""
    for at, some in enumerate((NAMES, NAMES[:3], NAMES[:2])):
        opened.clock.t_ms = T0 + at * STEP
        opened.store.append([Scrape(opened.clock.t_ms, some, np.full(len(some), float(at)))])
    for _ in range(2):
        found = read(opened.store, ".*", T0 + STEP, T0 + 2 * STEP)
        both = [T0 + STEP, T0 + 2 * STEP]
        assert found == {
            **{str(one): (both, bits(np.array([1.0, 2.0]))) for one in NAMES[:2]},
            str(NAMES[2]): (both[:1], bits(np.array([1.0]))),
        }
