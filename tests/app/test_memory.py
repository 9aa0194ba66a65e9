"""Freed memory goes back to the system, but only after the process has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.app.memory import MemoryTrimmer, find_trim, read_resident_bytes
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


def test_the_process_is_trimmed_when_it_has_grown_by_64_mib() -> None:
    resident = [100 * MIB]
    trims: list[int] = []

    def trim() -> None:
        trims.append(resident[0] // MIB)
        resident[0] -= 10 * MIB

    trimmer = MemoryTrimmer(SystemClock(), trim, lambda: resident[0])
    for grown_to in (100, 150, 153, 154, 200, 207, 208):
        resident[0] = grown_to * MIB
        trimmer.trim()
    assert trims == [100, 154, 208]


def test_without_malloc_trim_nothing_is_read() -> None:
    def fail() -> int:
        raise AssertionError

    MemoryTrimmer(SystemClock(), None, fail).trim()


def test_freed_blocks_between_held_ones_are_returned() -> None:
    trim = find_trim()
    if trim is None:
        return
    blocks = [np.ones(8_000, np.float64) for _ in range(3_000)]
    held, before = blocks[::100], read_resident_bytes()
    del blocks
    trim()
    assert read_resident_bytes() < before - 100 * MIB
    assert len(held) == 30


def test_resident_memory_is_counted_in_pages(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("9 2 0 0\n", "ascii")
    assert read_resident_bytes(statm) % (2 * 4096) == 0
