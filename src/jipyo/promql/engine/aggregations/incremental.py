"""Aggregations that need one block at a time: sum, avg, count, group, min, max, stddev, stdvar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from jipyo.promql.engine.block import VectorBlock, join_blocks
from jipyo.promql.engine.groups import GroupIndex, split_by_size
from jipyo.promql.engine.summation import finish_sum, sum_rows, two_sum, update_mean

if TYPE_CHECKING:
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.promql.syntax.ast import Aggregate

ReadBlocks = Callable[[], Iterator[VectorBlock]]
"""Reads the series that are aggregated, from the start at every call."""


class Accumulator(Protocol):
    """The state of an aggregation; results have shape (groups, steps)."""

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        """Add groups of one size: values and present (groups, members, steps)."""
        ...

    def result(self) -> Values:
        """The aggregate of all that was added."""
        ...


class _Grid:
    """An array (groups, steps) that grows with the groups."""

    def __init__(self, steps: int, start: float) -> None:
        self._start = start
        self._room = np.full((0, steps), start)

    def grow(self, groups: int) -> Values:
        room = len(self._room)
        if groups > room:
            more = np.full((max(groups, 2 * room) - room, self._room.shape[1]), self._start)
            self._room = np.concatenate((self._room, more)) if room else more
        return self._room

    def trim(self, groups: int) -> Values:
        return self._room[:groups]


class _Sums:
    """Compensated sums."""

    def __init__(self, steps: int) -> None:
        self.total = _Grid(steps, 0.0)
        self.lost = _Grid(steps, 0.0)
        self.groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        self.groups = max(self.groups, int(groups.max()) + 1)
        filled = values if present.all() else np.where(present, values, 0.0)
        total, lost = self.total.grow(self.groups), self.lost.grow(self.groups)
        more, gone = sum_rows(filled)
        total[groups], rounding = two_sum(total[groups], more)
        lost[groups] += gone + rounding

    def result(self) -> Values:
        return finish_sum(self.total.trim(self.groups), self.lost.trim(self.groups))


class _Ones:
    """1 for every group: `group`, and `count`, which is counted beside it."""

    def __init__(self, steps: int) -> None:
        self._ones = _Grid(steps, 1.0)
        self._groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        del values, present
        self._groups = max(self._groups, int(groups.max()) + 1)
        self._ones.grow(self._groups)

    def result(self) -> Values:
        return self._ones.trim(self._groups)


class _Extreme:
    """The smallest or greatest; NaN only where all are."""

    def __init__(self, steps: int, pick: np.ufunc) -> None:
        self._best = _Grid(steps, np.nan)
        self._pick = pick
        self._groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        self._groups = max(self._groups, int(groups.max()) + 1)
        filled = values if present.all() else np.where(present, values, np.nan)
        best = self._best.grow(self._groups)
        best[groups] = self._pick(best[groups], self._pick.reduce(filled, axis=1))

    def result(self) -> Values:
        return self._best.trim(self._groups)


class _Variance:
    """Mean and squared distance from it, combined as Chan, Golub and LeVeque do (1979)."""

    def __init__(self, steps: int, *, root: bool) -> None:
        self._count = _Grid(steps, 0.0)
        self._mean = _Grid(steps, 0.0)
        self._squares = _Grid(steps, 0.0)
        self._root = root
        self._groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        self._groups = max(self._groups, int(groups.max()) + 1)
        count = present.sum(axis=1)
        some = np.maximum(count, 1)
        first = np.take_along_axis(values, present.argmax(axis=1)[:, None, :], axis=1)
        # Equal values must give exactly zero, so distances are taken from one of them.
        shifted = np.where(present, values - first, 0.0)
        mean = shifted.sum(axis=1) / some
        apart = np.where(present, shifted - mean[:, None, :], 0.0)
        centre = np.where(count > 0, mean + first[:, 0, :], 0.0)
        self._join(groups, count.astype(np.float64), centre, (apart * apart).sum(axis=1))

    def _join(self, groups: Times, count: Values, mean: Values, squares: Values) -> None:
        counts, means, sums = (
            grid.grow(self._groups) for grid in (self._count, self._mean, self._squares)
        )
        before, centre = counts[groups], means[groups]
        total = np.maximum(before + count, 1.0)
        step = np.where((before > 0) & (count > 0), mean - centre, 0.0)
        means[groups] = np.where(before > 0, centre + step * count / total, mean)
        sums[groups] += squares + step * step * before * count / total
        counts[groups] = before + count

    def result(self) -> Values:
        variance = self._squares.trim(self._groups) / np.maximum(self._count.trim(self._groups), 1)
        return np.sqrt(variance) if self._root else variance


_ACCUMULATORS: Mapping[str, Callable[[int], Accumulator]] = MappingProxyType(
    {
        "sum": _Sums,
        "avg": _Sums,
        "count": _Ones,
        "group": _Ones,
        "min": lambda steps: _Extreme(steps, np.fmin),
        "max": lambda steps: _Extreme(steps, np.fmax),
        "stddev": lambda steps: _Variance(steps, root=True),
        "stdvar": lambda steps: _Variance(steps, root=False),
    }
)

INCREMENTAL = frozenset(_ACCUMULATORS)
"""The aggregators of this file."""


def aggregate_blocks(aggregate: Aggregate, read_blocks: ReadBlocks, steps: int) -> VectorBlock:
    """Aggregate series block by block, with little more than the groups in memory."""
    name = aggregate.op.name
    groups, accumulator = GroupIndex.of(aggregate), _ACCUMULATORS[name](steps)
    counts = _Grid(steps, 0.0)
    for block in _batch_small_blocks(read_blocks(), steps):
        numbers = groups.assign(block.series, block.nameless)
        for which, rows in split_by_size(numbers):
            present = block.present[rows]
            accumulator.add(which, block.values[rows], present)
            counts.grow(len(groups))[which] += present.sum(axis=1)
    count = counts.trim(len(groups))
    values = count if name == "count" else accumulator.result()
    if name == "avg":
        values = values / np.maximum(count, 1.0)
        doubtful = ~np.isfinite(values) & (count > 0)
        if doubtful.any():
            values[doubtful] = _compute_running_means(aggregate, read_blocks, doubtful)
    block = VectorBlock.of(groups.labels, values, count > 0)
    return replace(block, nameless=groups.nameless).drop_empty()


_SMALL = 1 << 14
"""Blocks of fewer values are aggregated together."""


def _batch_small_blocks(blocks: Iterator[VectorBlock], steps: int) -> Iterator[VectorBlock]:
    waiting: list[VectorBlock] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += block.values.size
        if size >= _SMALL:
            yield join_blocks(waiting, steps)
            waiting, size = [], 0
    if waiting:
        yield join_blocks(waiting, steps)


def _compute_running_means(aggregate: Aggregate, read_blocks: ReadBlocks, wanted: Mask) -> Values:
    """The means of the `wanted` cells, one series after the other: their sums would overflow."""
    groups = GroupIndex.of(aggregate)
    total, lost, count = (np.zeros(wanted.shape) for _ in range(3))
    running = np.zeros(wanted.shape, np.bool_)
    for block in read_blocks():
        numbers = groups.assign(block.series, block.nameless)
        for group, values, present in zip(numbers, block.values, block.present, strict=True):
            at = np.flatnonzero(present & wanted[group])
            begun = at[count[group, at] > 0]
            count[group, at] += 1
            fresh = np.setdiff1d(at, begun)
            total[group, fresh] = values[fresh]
            total[group, begun], lost[group, begun], running[group, begun] = update_mean(
                total[group, begun],
                lost[group, begun],
                running[group, begun],
                values[begun],
                count[group, begun],
            )
    by = np.where(running, 1.0, np.maximum(count, 1.0))
    return (total / by + lost / by)[wanted]
