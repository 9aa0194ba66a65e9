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


def asked_twice(cache: ChunkCache, *numbers: int) -> None:
    for _ in range(2):
        cache.put([(number, CHUNK) for number in numbers])


def here(cache: ChunkCache, *numbers: int) -> list[bool]:
    return [found is not None for found in cache.get(numbers)]


def test_what_was_put_twice_comes_back_as_it_was() -> None:
    cache = ChunkCache(100_000)
    values = CHUNK.copy()
    cache.put([(7, values)])
    assert here(cache, 7) == [False]
    cache.put([(7, values)])
    values[:] = 0
    missing, found = cache.get([6, 7])
    assert missing is None
    assert found is not None
    assert found.tobytes() == CHUNK.tobytes()
    assert not found.flags.writeable


def test_the_room_is_never_exceeded_and_the_longest_unasked_goes_first() -> None:
    cache = ChunkCache(3 * CHUNK.nbytes)
    asked_twice(cache, 1, 2, 3)
    cache.get([1])
    asked_twice(cache, 4)
    assert here(cache, 1, 2, 3, 4) == [True, False, True, True]
    assert cache.bytes == 3 * CHUNK.nbytes


def test_a_chunk_that_is_put_again_counts_once() -> None:
    cache = ChunkCache(100_000)
    asked_twice(cache, 1)
    asked_twice(cache, 1)
    assert cache.bytes == CHUNK.nbytes


def test_who_reads_more_than_there_is_room_for_drives_nothing_out() -> None:
    cache = ChunkCache(3 * CHUNK.nbytes)
    asked_twice(cache, 1, 2, 3)
    for _ in range(3):
        cache.put([(number, CHUNK) for number in range(10, 20)])
    assert here(cache, 1, 2, 3) == [True, True, True]


def test_without_room_nothing_is_kept() -> None:
    cache = ChunkCache(0)
    asked_twice(cache, 1)
    assert here(cache, 1) == [False]


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
