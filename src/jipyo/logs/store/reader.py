"""What a log store has at the moment, for the process that writes and for any other."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.store.block import BlockReader
from jipyo.logs.store.paths import SegmentName, list_segments, list_valid
from jipyo.logs.store.segment import BlockSummary, LogSegment
from jipyo.logs.store.skeleton_file import SkeletonFile
from jipyo.model.errors import JipyoError, StoreCorrupt, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.segment_counts import BlockCounts

_CACHED_BLOCKS: Final = 2048
_ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block in its segment."""

    segment: LogSegment
    summary: BlockSummary

    @property
    def key(self) -> tuple[SegmentName, int]:
        """What no other block has."""
        return self.segment.name, self.summary.offset

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of its columns.

        Raises:
            StoreError: they cannot be read.
        """
        assert 0 <= offset <= offset + size <= self.summary.size, "BUG: a column outside of a block"
        return self.segment.read(self.summary.offset + offset, size)


class StoreSnapshot:
    """The segments of one moment; they stay readable for as long as it is kept."""

    def __init__(
        self, segments: Sequence[LogSegment] = (), missing: Sequence[JipyoError] = ()
    ) -> None:
        """`missing` are the segments that cannot be read."""
        self.segments = tuple(segments)
        self.missing = tuple(missing)
        self.blocks = tuple(
            StoredBlock(segment, summary) for segment in segments for summary in segment.blocks
        )
        """In order of the flushes."""
        self._first_ns = np.array([block.summary.first_ns for block in self.blocks], np.int64)
        self._last_ns = np.array([block.summary.last_ns for block in self.blocks], np.int64)

    def find_segments(self, start_ns: int, end_ns: int) -> list[LogSegment]:
        """Those with times in [start, end)."""
        return [
            segment
            for segment in self.segments
            if segment.last_ns >= start_ns and segment.first_ns < end_ns
        ]

    def find_blocks(self, start_ns: int, end_ns: int) -> list[StoredBlock]:
        """Those with times in [start, end)."""
        found = np.flatnonzero((self._last_ns >= start_ns) & (self._first_ns < end_ns))
        return [self.blocks[number] for number in found.tolist()]


class StoreReader:
    """Opens what other processes have written; segments that were replaced stay open in use."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder
        self.skeletons = SkeletonFile(folder)
        self._lock = threading.Lock()
        self._names: frozenset[SegmentName] = frozenset()
        self._open: dict[SegmentName, LogSegment] = {}
        self._snapshot = StoreSnapshot()
        self._blocks: OrderedDict[tuple[SegmentName, int], BlockReader] = OrderedDict()

    def snapshot(self) -> StoreSnapshot:
        """What is there now, with segments that appeared since the last time.

        Raises:
            StoreError: the folder cannot be read.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                names = frozenset(list_segments(self.folder))
                if names == self._names:
                    break
                try:
                    self._snapshot = self._open_all(names)
                except FileNotFoundError:
                    continue  # merged since the folder was listed
                self._names = names
            return self._snapshot

    def open_block(self, block: StoredBlock) -> BlockReader:
        """The reader of a block's columns.

        Raises:
            StoreCorrupt: its description is damaged.
            StoreError: it cannot be read.
        """
        with self._lock:
            found = self._blocks.get(block.key)
            if found is not None:
                self._blocks.move_to_end(block.key)
                return found
        meta = block.segment.read_meta(block.summary)
        reader = BlockReader(meta, block.read, self.skeletons.table)
        with self._lock:
            self._blocks[block.key] = reader
            if len(self._blocks) > _CACHED_BLOCKS:
                self._blocks.popitem(last=False)
        return reader

    def read_block(self, block: StoredBlock) -> tuple[LogBatch, NDArray[np.int64]]:
        """All records of a block, and the number of each.

        Raises:
            StoreCorrupt: it is damaged.
            StoreError: it cannot be read.
        """
        return self.open_block(block).batch(), block.segment.read_order(block.summary)

    def read_counts(self, block: StoredBlock) -> BlockCounts | None:
        """The counts of a block; None where they are damaged.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            return self.open_block(block).read_counts()
        except StoreCorrupt:
            return None

    def _open_all(self, names: frozenset[SegmentName]) -> StoreSnapshot:
        """Open the valid ones; what several threads wait for meanwhile is quick."""
        opened, missing = {}, []
        for name in list_valid(names):
            try:
                opened[name] = self._open.get(name) or LogSegment(self.folder, name)
            except StoreError as error:
                missing.append(error)
        self.skeletons.refresh()
        self._open = opened
        for key in [key for key in self._blocks if key[0] not in opened]:
            del self._blocks[key]
        return StoreSnapshot(list(opened.values()), missing)
