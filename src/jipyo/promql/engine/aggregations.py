"""Aggregations that take in block after block: sum, avg, count, group, min, max, stddev, stdvar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from jipyo.promql.engine.block import Block, concatenate
from jipyo.promql.engine.groups import Groups, members
from jipyo.promql.engine.summation import joined, mean_step, sum_rows, two_sum

if TYPE_CHECKING:
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.promql.syntax.ast import Aggregate

Source = Callable[[], Iterator[Block]]
"""Begins to read the series that are aggregated, each time from the start."""


class Fold(Protocol):
    """Takes block after block in; shapes (groups, steps)."""

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        """Take in groups of one size: values (groups, members, steps)."""
        ...

    def result(self) -> Values:
        """What has come together."""
        ...


class _Grid:
    """An array (groups, steps) that grows with the groups."""

    def __init__(self, steps: int, start: float) -> None:
        self._start = start
        self._room = np.full((0, steps), start)

    def grown(self, groups: int) -> Values:
        room = len(self._room)
        if groups > room:
            more = np.full((max(groups, 2 * room) - room, self._room.shape[1]), self._start)
            self._room = np.concatenate((self._room, more)) if room else more
        return self._room

    def cut(self, groups: int) -> Values:
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
        total, lost = self.total.grown(self.groups), self.lost.grown(self.groups)
        more, gone = sum_rows(filled)
        total[groups], rounding = two_sum(total[groups], more)
        lost[groups] += gone + rounding

    def result(self) -> Values:
        return joined(self.total.cut(self.groups), self.lost.cut(self.groups))


class _Ones:
    """1, however many there are."""

    def __init__(self, steps: int) -> None:
        self._ones = _Grid(steps, 1.0)
        self._groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        del values, present
        self._groups = max(self._groups, int(groups.max()) + 1)
        self._ones.grown(self._groups)

    def result(self) -> Values:
        return self._ones.cut(self._groups)


class _Extreme:
    """The smallest or greatest; NaN only where all are."""

    def __init__(self, steps: int, pick: np.ufunc) -> None:
        self._best = _Grid(steps, np.nan)
        self._pick = pick
        self._groups = 0

    def add(self, groups: Times, values: Values, present: Mask) -> None:
        self._groups = max(self._groups, int(groups.max()) + 1)
        filled = values if present.all() else np.where(present, values, np.nan)
        best = self._best.grown(self._groups)
        best[groups] = self._pick(best[groups], self._pick.reduce(filled, axis=1))

    def result(self) -> Values:
        return self._best.cut(self._groups)


class _Variance:
    """Mean and squared distance from it, joined as Chan, Golub and LeVeque do (1979)."""

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
            grid.grown(self._groups) for grid in (self._count, self._mean, self._squares)
        )
        before, centre = counts[groups], means[groups]
        total = np.maximum(before + count, 1.0)
        step = np.where((before > 0) & (count > 0), mean - centre, 0.0)
        means[groups] = np.where(before > 0, centre + step * count / total, mean)
        sums[groups] += squares + step * step * before * count / total
        counts[groups] = before + count

    def result(self) -> Values:
        variance = self._squares.cut(self._groups) / np.maximum(self._count.cut(self._groups), 1)
        return np.sqrt(variance) if self._root else variance


_FOLDS: Mapping[str, Callable[[int], Fold]] = MappingProxyType(
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

FOLDED = frozenset(_FOLDS)
"""The aggregators of this file."""


def fold(aggregate: Aggregate, source: Source, steps: int) -> Block:
    """Aggregate series as they come; little more than the groups is in memory."""
    name = aggregate.op.name
    groups, folded = Groups.of(aggregate), _FOLDS[name](steps)
    counts = _Grid(steps, 0.0)
    for block in _batched(source(), steps):
        numbers = groups.number(block.series, block.nameless)
        for which, rows in members(numbers):
            present = block.present[rows]
            folded.add(which, block.values[rows], present)
            counts.grown(len(groups))[which] += present.sum(axis=1)
    count = counts.cut(len(groups))
    values = _finished(name, folded.result(), count)
    if name == "avg":
        doubtful = ~np.isfinite(values) & (count > 0)
        if doubtful.any():
            values[doubtful] = _running_means(aggregate, source, doubtful)
    return _named(groups, values, count > 0)


_SMALL = 1 << 14
"""Blocks of fewer values are taken in together."""


def _batched(blocks: Iterator[Block], steps: int) -> Iterator[Block]:
    waiting: list[Block] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += block.values.size
        if size >= _SMALL:
            yield concatenate(waiting, steps)
            waiting, size = [], 0
    if waiting:
        yield concatenate(waiting, steps)


def _finished(name: str, values: Values, count: Values) -> Values:
    if name == "avg":
        return values / np.maximum(count, 1.0)
    return count if name == "count" else values


def _named(groups: Groups, values: Values, present: Mask) -> Block:
    block = Block.of(groups.labels, values, present)
    return replace(block, nameless=groups.nameless).seen()


def _running_means(aggregate: Aggregate, source: Source, wanted: Mask) -> Values:
    """The means of these cells, one series after the other, where the sum would overflow."""
    groups = Groups.of(aggregate)
    total, lost, count = (np.zeros(wanted.shape) for _ in range(3))
    running = np.zeros(wanted.shape, np.bool_)
    for block in source():
        numbers = groups.number(block.series, block.nameless)
        for group, values, present in zip(numbers, block.values, block.present, strict=True):
            at = np.flatnonzero(present & wanted[group])
            begun = at[count[group, at] > 0]
            count[group, at] += 1
            fresh = np.setdiff1d(at, begun)
            total[group, fresh] = values[fresh]
            total[group, begun], lost[group, begun], running[group, begun] = mean_step(
                total[group, begun],
                lost[group, begun],
                running[group, begun],
                values[begun],
                count[group, begun],
            )
    by = np.where(running, 1.0, np.maximum(count, 1.0))
    return (total / by + lost / by)[wanted]
