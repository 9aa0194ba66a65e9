"""Freed memory goes back to the system while the process is larger than it once was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np

from jipyo.app.memory import MemoryTrimmer, find_trim, read_resident_bytes
from jipyo.model.clock import SystemClock
from support.product import up

MIB = 1 << 20
HEAP = 64 * MIB


def test_the_process_is_trimmed_while_it_is_16_mib_larger_than_it_once_was() -> None:
    resident = [0]
    trims: list[int] = []
    trimmer = MemoryTrimmer(SystemClock(), lambda: trims.append(resident[0]), lambda: resident[0])
    for mib in (200, 100, 115, 116, 102, 500, 500, 99, 115):
        resident[0] = mib * MIB
        trimmer.trim()
    assert [trim // MIB for trim in trims] == [116, 500, 500, 115]


def test_what_is_freed_after_a_trim_is_returned_by_a_later_one() -> None:
    trim = find_trim()
    if trim is None:
        return
    trimmer = MemoryTrimmer(SystemClock(), trim, read_resident_bytes)
    trimmer.trim()
    blocks = [np.ones(8_000, np.float64) for _ in range(4_000)]
    trimmer.trim()  # all of it is in use
    kept, before = blocks[::100], read_resident_bytes()
    del blocks
    trimmer.trim()
    assert read_resident_bytes() < before - 100 * MIB
    assert len(kept) == 40


def test_without_malloc_trim_nothing_is_read() -> None:
    def fail() -> int:
        raise AssertionError

    MemoryTrimmer(SystemClock(), None, fail).trim()


def test_freed_blocks_between_kept_ones_are_returned() -> None:
    trim = find_trim()
    if trim is None:
        return
    blocks = [np.ones(8_000, np.float64) for _ in range(3_000)]
    kept, before = blocks[::100], read_resident_bytes()
    del blocks
    trim()
    assert read_resident_bytes() < before - 100 * MIB
    assert len(kept) == 30


def test_resident_memory_is_counted_in_pages(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("9 2 0 0\n", "ascii")
    assert read_resident_bytes(statm) % (2 * 4096) == 0


def test_the_threads_of_a_running_product_share_two_heaps(tmp_path: Path) -> None:
    """The main one, and one that glibc maps as 64 MiB at a multiple of that."""
    if find_trim() is None:
        return
    with up(tmp_path / "data") as product, ThreadPoolExecutor(30) as pool:
        query = "sum_over_time(vector(1)[1h:1s])"
        for _ in range(3):
            list(pool.map(lambda _: product.get("/api/v1/query", query=query), range(60)))
        maps = Path(f"/proc/{product.process.pid}/maps").read_text("ascii")
    lines = [line.split() for line in maps.splitlines()]
    spans = [[int(edge, 16) for edge in line[0].split("-")] for line in lines]
    heaps = [
        start
        for ((start, used), (rest, end)), line in zip(pairwise(spans), lines, strict=False)
        if (start % HEAP, line[1], used, end - start) == (0, "rw-p", rest, HEAP)
    ]
    assert len(heaps) <= 1
