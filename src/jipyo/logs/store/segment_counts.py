"""Counts of records by time, as a block and a segment have them beside the records.

A block has them for itself; a segment sums them up by service, so that a chart over a month
reads some of them and no block.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from jipyo.logs.store.blobs import BlobReader, BlobWriter
from jipyo.logs.store.integers import (
    Integers,
    read_ascending,
    read_integers,
    write_ascending,
    write_integers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Counts: TypeAlias = "tuple[Integers, Integers]"
"""Different keys, ascending, and how many records have each."""

MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
LEVEL_BITS: Final = 3
LEVEL_MASK: Final = (1 << LEVEL_BITS) - 1
SKELETON_BITS: Final = 24
MOST_KEYS: Final = 1 << 18
"""A segment with more hours, levels and skeletons of a service leaves them to its blocks."""
_MOST_BINS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """What is counted of a block."""

    minutes: Counts
    """By minute since the epoch and level: `minute << 3 | level`."""
    hours: Counts
    """By hour, level and skeleton: `(hour << 3 | level) << 24 | id`."""
    has_lines: bool
    """The records are lines of a layout, whose skeleton does not say what is in their fields."""


def count_block(t_ns: Integers, level: Integers, ids: Integers, *, has_lines: bool) -> BlockCounts:
    """Count records with these times, levels and skeletons, at least one."""
    hours = t_ns // HOUR_NS << LEVEL_BITS | level
    return BlockCounts(
        _count(t_ns // MINUTE_NS, level, LEVEL_BITS), _count(hours, ids, SKELETON_BITS), has_lines
    )


def _count(high: Integers, low: Integers, shift: int) -> Counts:
    """By the keys `high << shift | low`."""
    first, least = int(high.min()), int(low.min())
    width = int(low.max()) - least + 1
    size = (int(high.max()) - first + 1) * width
    if size > _MOST_BINS:
        keys, counts = np.unique(high << shift | low, return_counts=True)
        return keys, counts
    bins = np.bincount((high - first) * width + (low - least), minlength=size)
    found = np.flatnonzero(bins)
    return (found // width + first) << shift | (found % width + least), bins[found]


def add_up(parts: Sequence[Counts]) -> Counts:
    """The counts of all of them together."""
    keys = np.concatenate([part[0] for part in parts])
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    if not len(distinct):
        return keys, keys
    return distinct, np.add.reduceat(np.concatenate([part[1] for part in parts])[order], starts)


def write_counts(counts: Counts, blobs: BlobWriter) -> list[Any]:
    """Put counts: `[number of keys, keys as ascending integers, counts as integers]`."""
    keys, numbers = counts
    return [len(keys), write_ascending(keys, blobs), write_integers(numbers, blobs)]


def read_counts(meta: Sequence[Any], blobs: BlobReader) -> Counts:
    """The counts that were put."""
    n, keys, counts = meta
    return read_ascending(keys, n, blobs), read_integers(counts, n, blobs)


class CountsGatherer:
    """Sums up the counts of a segment's blocks while it is written."""

    def __init__(self) -> None:
        self._blocks: defaultdict[str, list[BlockCounts]] = defaultdict(list)
        self._is_complete = True

    def add(self, service: str, counts: BlockCounts | None) -> None:
        """A block; None where it is damaged, so that the segment has no counts."""
        if counts is None:
            self._is_complete = False
        else:
            self._blocks[service].append(counts)

    def write(self, blobs: BlobWriter) -> dict[str, list[Any]] | None:
        """Of each service `[by minute, by hour or None, whether some are lines]`."""
        if not self._is_complete:
            return None
        return {service: self._sum_up(blocks, blobs) for service, blocks in self._blocks.items()}

    def _sum_up(self, blocks: Sequence[BlockCounts], blobs: BlobWriter) -> list[Any]:
        minutes = add_up([block.minutes for block in blocks])
        is_small = sum(len(block.hours[0]) for block in blocks) <= MOST_KEYS
        hours = write_counts(add_up([b.hours for b in blocks]), blobs) if is_small else None
        return [write_counts(minutes, blobs), hours, int(any(b.has_lines for b in blocks))]


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """What is counted of a segment; every method raises `StoreCorrupt` where it is damaged."""

    by_service: Mapping[str, Sequence[Any]]
    blob_lengths: Sequence[int]
    read: Callable[[int, int], bytes]
    """Bytes by offset among the blobs, and their number."""

    def read_minutes(self, service: str) -> Counts:
        """By minute and level, as in `BlockCounts`."""
        return read_counts(self.by_service[service][0], BlobReader(self.blob_lengths, self.read))

    def read_hours(self, service: str) -> Counts | None:
        """By hour, level and skeleton, as in `BlockCounts`; None where there are too many."""
        meta = self.by_service[service][1]
        return meta and read_counts(meta, BlobReader(self.blob_lengths, self.read))

    def has_lines(self, service: str) -> bool:
        """Whether records of a service are lines of a layout."""
        return bool(self.by_service[service][2])
