"""Decoded chunks kept in memory: bounded, shared, never wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import SeriesBlock
from jipyo.tsdb import Options, Reader, Store
from jipyo.tsdb.cache import ChunkCache
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    from pathlib import Path


CHUNK = np.arange(1000.0)
ALL = (Matcher("__name__", MatchOp.EQ, "x"),)


def test_what_was_put_comes_back_as_it_was() -> None:
    cache = ChunkCache(100_000)
    values = CHUNK.copy()
    cache.put([(7, values)])
    values[:] = 0
    missing, found = cache.get([6, 7])
    assert missing is None
    assert found is not None
    assert found.tobytes() == CHUNK.tobytes()


def test_the_room_is_never_exceeded_and_the_longest_unasked_goes_first() -> None:
    cache = ChunkCache(3 * CHUNK.nbytes)
    cache.put([(1, CHUNK), (2, CHUNK), (3, CHUNK)])
    cache.get([1])
    cache.put([(4, CHUNK)])
    assert [found is not None for found in cache.get([1, 2, 3, 4])] == [True, False, True, True]
    assert cache.bytes == 3 * CHUNK.nbytes


def test_a_chunk_that_is_put_twice_counts_once() -> None:
    cache = ChunkCache(100_000)
    cache.put([(1, CHUNK)])
    cache.put([(1, CHUNK)])
    assert cache.bytes == CHUNK.nbytes


@pytest.mark.parametrize(
    ("most", "values", "takes"), [(0, 1, False), (120, 10, True), (120, 11, False)]
)
def test_one_question_may_fill_two_thirds_of_it(most: int, values: int, *, takes: bool) -> None:
    assert ChunkCache(most).takes(values) is takes


@pytest.mark.parametrize("cache_bytes", [0, 50_000, 10_000_000])
def test_answers_are_the_same_from_memory_and_after_what_changes_a_day(
    tmp_path: Path, cache_bytes: int
) -> None:
    rng = np.random.default_rng(5)
    series = tuple(Labels.of({"__name__": "x", "n": str(n)}) for n in range(4))
    t_ms = np.arange(1000, 2 * DAY_MS, 60_000)
    values = rng.normal(size=(4, len(t_ms)))
    options = Options(retention_ms=None, out_of_order_ms=None, cache_bytes=cache_bytes)
    with Store.open(tmp_path, options, now_ms=lambda: 2 * DAY_MS) as store:
        store.load([SeriesBlock(series, t_ms, values)])
        for _ in range(3):
            assert _read(store) == _plain(series, t_ms, values)
        late_ms = t_ms + 7
        store.load([SeriesBlock(series, late_ms, values + 1)])
        order = np.argsort(np.concatenate((t_ms, late_ms)))
        both_ms = np.concatenate((t_ms, late_ms))[order]
        both = np.concatenate((values, values + 1), axis=1)[:, order]
        for _ in range(3):
            assert _read(store) == _plain(series, both_ms, both)
        with Reader.open(tmp_path, cache_bytes=cache_bytes) as reader:
            assert _read(reader) == _read(reader) == _plain(series, both_ms, both)


def _read(store: Reader) -> dict[str, tuple[bytes, bytes]]:
    found = {}
    for block in store.select(ALL, 0, 3 * DAY_MS):
        for labels, row in zip(block.series, block.values, strict=True):
            found[labels["n"]] = (block.t_ms.tobytes(), row.tobytes())
    return found


def _plain(
    series: tuple[Labels, ...], t_ms: np.ndarray, values: np.ndarray
) -> dict[str, tuple[bytes, bytes]]:
    return {
        labels["n"]: (t_ms.tobytes(), row.tobytes())
        for labels, row in zip(series, values, strict=True)
    }
