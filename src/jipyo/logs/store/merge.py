"""Which segments become one, and the records of several blocks in order, cut into new ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from jipyo.logs.store.block import MOST_ROWS as BLOCK_ROWS
from jipyo.logs.store.block import take_rows
from jipyo.logs.store.rows import join_batches
from jipyo.model.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.reader import StoredBlock, StoreReader
    from jipyo.logs.store.segment import LogSegmentWriter
    from jipyo.logs.store.skeleton_file import SkeletonFile

BLOCK_BYTES: Final = 8 << 20
"""Of messages and texts in a block, unless one record alone has more."""
_DAY_NS: Final = 86_400 * 10**9
_FAN_IN: Final = 8
_MAX_FAN_IN: Final = 64
_SMALLEST_TIER: Final = 512
_LEAST_GROWTH: Final = 3
"""A merge makes of its largest segment one that is so many times larger, else it does not pay."""
MAX_ROWS: Final = 2_000_000
"""A segment of as many records is not merged any more."""
_BLOCKS_READY: Final = 2
"""Blocks' worth of records that wait before full blocks are written."""
_MAX_WAITING: Final = 4
"""Blocks' worth of records that wait for others of their time."""
_FULL: Final = 0.9
_END: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Numbered:
    """Records with the number of each."""

    batch: LogBatch
    seq: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.seq)

    def take(self, rows: NDArray[np.intp]) -> Numbered:
        """These records, in the order given."""
        return Numbered(take_rows(self.batch, rows), self.seq[rows])


def plan_merge(sizes: Sequence[int | None]) -> range | None:
    """Which adjacent segments to merge next, by their records; None where it is not worth it.

    A None among the sizes is a segment that cannot be read, which no merge goes across. Eight
    of a size or smaller become one, so a record is written once for each power of eight.
    """
    for tier in range(_find_tier(MAX_ROWS) + 1):
        is_small = [rows is not None and _find_tier(rows) <= tier for rows in sizes]
        for is_run, group in groupby(range(len(sizes)), is_small.__getitem__):
            found = _cut_run(list(group), sizes) if is_run else None
            if found is not None:
                return found
    return None


def _cut_run(run: Sequence[int], sizes: Sequence[int | None]) -> range | None:
    """Neighbours of a run that are not too large together, and none of them most of it."""
    for start in range(max(len(run) - _FAN_IN + 1, 0)):
        rows = np.array([sizes[n] or 0 for n in run[start : start + _MAX_FAN_IN]])
        length = int(np.searchsorted(np.cumsum(rows), MAX_ROWS, "right"))
        chosen = rows[:length]
        if length >= _FAN_IN and chosen.sum() >= _LEAST_GROWTH * chosen.max():
            return range(run[start], run[start] + length)
    return None


def _find_tier(rows: int) -> int:
    tier = 0
    while rows > _SMALLEST_TIER * _FAN_IN**tier:
        tier += 1
    return tier


def sort_records(parts: Sequence[Numbered]) -> list[Numbered]:
    """Records of one service by time, then by number; apart where their layouts differ."""
    joined = []
    for _, alike in groupby(sorted(parts, key=_layout_key), key=_layout_key):
        group = list(alike)
        (batch,) = join_batches(part.batch for part in group)
        whole = Numbered(batch, np.concatenate([part.seq for part in group]))
        steps, order = np.diff(whole.batch.t_ns), np.diff(whole.seq)
        if not ((steps > 0) | ((steps == 0) & (order > 0))).all():
            whole = whole.take(np.lexsort((whole.seq, whole.batch.t_ns)))
        joined.append(whole)
    return joined


def _layout_key(part: Numbered) -> str:
    return repr(part.batch.layout) if part.batch.messages is None else ""


def cut_blocks(records: Numbered) -> Iterator[Numbered]:
    """Sorted records in pieces of a block's size at most, each of one day (UTC)."""
    if not len(records):
        return
    ends = np.flatnonzero(np.diff(records.batch.t_ns // _DAY_NS)) + 1
    bounds = [0, *ends.tolist(), len(records)]
    sizes = measure_records(records.batch)
    for start, end in pairwise(bounds):
        at = start
        while at < end:
            within = np.searchsorted(np.cumsum(sizes[at:end]), BLOCK_BYTES, "right")
            length = min(max(int(within), 1), BLOCK_ROWS, end - at)
            is_all = length == len(records)
            yield records if is_all else records.take(np.arange(at, at + length))
            at += length


def measure_records(batch: LogBatch) -> NDArray[np.int64]:
    """About how many bytes each record has."""
    sizes = np.full(len(batch), 32, np.int64)
    if batch.messages is not None:
        sizes += np.fromiter(map(len, batch.messages), np.int64, len(batch))
    return sizes


def write_records(
    writer: LogSegmentWriter, parts: Sequence[Numbered], skeletons: SkeletonFile
) -> None:
    """Encode records of one service into blocks of a segment.

    Raises:
        StoreFull: they cannot be written.
    """
    for whole in sort_records(parts):
        for piece in cut_blocks(whole):
            writer.add(skeletons.encode(piece.batch), piece.batch, piece.seq)


@dataclass(slots=True)
class _Waiting:
    """Records of a service that may still get others between them."""

    parts: list[Numbered] = field(default_factory=list)

    @property
    def last_ns(self) -> int:
        """The newest time; before all times where nothing waits."""
        return max((int(part.batch.t_ns.max()) for part in self.parts), default=-(1 << 63))

    @property
    def blocks(self) -> float:
        """How many blocks they would fill."""
        rows = sum(map(len, self.parts))
        size = sum(int(measure_records(part.batch).sum()) for part in self.parts)
        return max(rows / BLOCK_ROWS, size / BLOCK_BYTES)


def merge_blocks(
    writer: LogSegmentWriter, blocks: Sequence[StoredBlock], reader: StoreReader
) -> None:
    """Write the records of one service's blocks, in order of time as far as memory allows.

    Full blocks that stand alone in their time are copied, and damaged ones with their damage.

    Raises:
        StoreError: they cannot be read.
        StoreFull: they cannot be written.
    """
    ordered = sorted(blocks, key=lambda block: block.summary.first_ns)
    skeletons, waiting = reader.skeletons, _Waiting()
    for block, after in zip(ordered, [*ordered[1:], None], strict=True):
        next_ns = after.summary.first_ns if after else _END
        if _is_copied(block, waiting, next_ns):
            write_records(writer, waiting.parts, skeletons)
            waiting.parts = []
            writer.copy(block.segment, block.summary, reader.read_counts(block))
            continue
        try:
            waiting.parts.append(Numbered(*reader.read_block(block)))
        except StoreCorrupt:
            writer.copy(block.segment, block.summary, None)
            continue
        while waiting.blocks >= _BLOCKS_READY and _write_ready(writer, waiting, next_ns, skeletons):
            pass
    write_records(writer, waiting.parts, skeletons)


def _is_copied(block: StoredBlock, waiting: _Waiting, next_ns: int) -> bool:
    """Whether a block is full and alone, and what waits fills half a block at least or none."""
    summary = block.summary
    is_full = max(summary.n / BLOCK_ROWS, summary.size / BLOCK_BYTES) >= _FULL
    is_alone = summary.last_ns < next_ns and summary.first_ns > waiting.last_ns
    is_one_day = summary.first_ns // _DAY_NS == summary.last_ns // _DAY_NS
    is_worth_it = not waiting.parts or waiting.blocks * 2 >= 1
    return is_full and is_alone and is_one_day and is_worth_it


def _write_ready(
    writer: LogSegmentWriter, waiting: _Waiting, next_ns: int, skeletons: SkeletonFile
) -> bool:
    """Write full blocks of what is before the next block, or of half where too much waits."""
    is_too_much = waiting.blocks > _MAX_WAITING
    rest: list[Numbered] = []
    has_written = False
    for whole in sort_records(waiting.parts):
        ready = int(np.searchsorted(whole.batch.t_ns, next_ns))
        if is_too_much:
            ready = max(ready, len(whole) // 2)
        pieces = list(cut_blocks(whole.take(np.arange(ready))))
        for piece in pieces[:-1]:
            writer.add(skeletons.encode(piece.batch), piece.batch, piece.seq)
            has_written = True
        rest += [*pieces[-1:], whole.take(np.arange(ready, len(whole)))]
    waiting.parts = [part for part in rest if len(part)]
    return has_written
