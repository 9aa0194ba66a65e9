"""Scrapes -> blocks of a request, in which every series is in the order of time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import SeriesBlock

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Scrape, Values

Blocks = tuple[SeriesBlock, ...]


@dataclass(slots=True)
class _Run:
    """Scrapes of the same series, with nothing of these series elsewhere between them."""

    series: tuple[Labels, ...]
    t_ms: list[int] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    is_over: bool = False


def group_blocks(scrapes: Iterable[Scrape]) -> Blocks:
    """The scrapes with equal series side by side; the samples of each series in their order."""
    current: dict[tuple[Labels, ...], _Run] = {}
    owners: dict[Labels, _Run] = {}
    runs: list[_Run] = []
    for scrape in scrapes:
        run = current.get(scrape.series)
        if run is None or run.is_over:
            run = current[scrape.series] = _Run(scrape.series)
            runs.append(run)
            for labels in scrape.series:
                before = owners.get(labels)
                if before is not None:
                    before.is_over = True
                owners[labels] = run
            run.is_over = False  # a series that is twice in it ends nothing
        run.t_ms.append(scrape.t_ms)
        run.values.append(scrape.values)
    return tuple(
        SeriesBlock(run.series, np.array(run.t_ms, np.int64), np.stack(run.values, axis=1))
        for run in runs
    )


def count_samples(blocks: Iterable[SeriesBlock]) -> int:
    """How many samples the blocks hold."""
    return sum(block.values.size for block in blocks)


def newest_ms(blocks: Iterable[SeriesBlock]) -> int:
    """The time of the newest sample; 0 where there is none."""
    return max((int(block.t_ms.max()) for block in blocks if block.values.size), default=0)


def split_by_series(blocks: Blocks, parts: int) -> list[Blocks]:
    """So many parts or more, a power of two, of which each has series of its own.

    A series is in the same part in every process, and a part of more is within one of fewer.
    """
    if parts <= 1:
        return [blocks]
    parts = 1 << (parts - 1).bit_length()
    homes = [np.array([_checksum(labels) % parts for labels in block.series]) for block in blocks]
    split = (
        tuple(
            part
            for block, home in zip(blocks, homes, strict=True)
            if (part := _select(block, np.flatnonzero(home == number))).series
        )
        for number in range(parts)
    )
    return [part for part in split if part]


def split_by_time(blocks: Blocks) -> list[Blocks]:
    """A part for each time, the oldest first."""
    times = np.unique(np.concatenate([block.t_ms for block in blocks]))
    return [_cut(blocks, time, time) for time in times]


def halve(blocks: Blocks) -> list[Blocks]:
    """The older and the newer half; where all is of one time, two halves of the series."""
    times = np.unique(np.concatenate([block.t_ms for block in blocks]))
    if len(times) > 1:
        middle = len(times) // 2
        return [_cut(blocks, times[0], times[middle - 1]), _cut(blocks, times[middle], times[-1])]
    pieces = [
        SeriesBlock(block.series[n : n + 1], block.t_ms, block.values[n : n + 1])
        for block in blocks
        for n in range(len(block.series))
    ]
    if len(pieces) == 1:
        return [blocks]
    middle = len(pieces) // 2
    return [tuple(pieces[:middle]), tuple(pieces[middle:])]


def _checksum(labels: Labels) -> int:
    return zlib.crc32(repr(labels.pairs).encode())


def _select(block: SeriesBlock, at: npt.NDArray[np.intp]) -> SeriesBlock:
    return SeriesBlock(tuple(block.series[n] for n in at), block.t_ms, block.values[at])


def _cut(blocks: Blocks, first: np.int64, last: np.int64) -> Blocks:
    """The samples from `first` to `last`; blocks without any are left out."""
    found = ((block, (block.t_ms >= first) & (block.t_ms <= last)) for block in blocks)
    cut = (SeriesBlock(b.series, b.t_ms[wanted], b.values[:, wanted]) for b, wanted in found)
    return tuple(block for block in cut if block.values.size)
