"""Groups of series by labels: `by`, `without`, `on` and `ignoring`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.promql.engine.block import NAME_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.sample import Mask, Times
    from jipyo.promql.syntax.ast import Aggregate

_Pairs = tuple[tuple[str, str], ...]


def make_group_key(names: Sequence[str], *, without: bool) -> Callable[[Labels], _Pairs]:
    """A function that returns the label pairs by which a series is grouped."""
    chosen = frozenset(names) | NAME_LABELS if without else frozenset(names)
    # Lists first: making a tuple out of a generator takes twice as long.
    if without:
        return lambda labels: tuple([pair for pair in labels.pairs if pair[0] not in chosen])
    if not chosen:
        return lambda _: ()
    return lambda labels: tuple([pair for pair in labels.pairs if pair[0] in chosen])


class GroupIndex:
    """Numbers groups in the order in which they first occur, block after block."""

    def __init__(self, key: Callable[[Labels], _Pairs]) -> None:
        """Group by what `key` returns for the labels of a series."""
        self._key = key
        self._numbers: dict[_Pairs, int] = {}
        self._nameless: list[bool] = []

    @classmethod
    def of(cls, aggregate: Aggregate) -> GroupIndex:
        """An index for the groups of an aggregation."""
        return cls(make_group_key(aggregate.grouping, without=aggregate.without))

    def __len__(self) -> int:
        return len(self._numbers)

    def assign(self, series: Sequence[Labels], nameless: Mask) -> Times:
        """The number of each series' group, shape (series,)."""
        index = self._numbers
        keys = map(self._key, series)
        numbers = np.array([index.setdefault(key, len(index)) for key in keys], np.int64)
        self._nameless += [False] * (len(index) - len(self._nameless))
        for number in np.unique(numbers[nameless]):
            self._nameless[number] = True
        return numbers

    @property
    def labels(self) -> tuple[Labels, ...]:
        """The labels of each group."""
        return tuple(map(Labels, self._numbers))

    @property
    def nameless(self) -> Mask:
        """Which groups hold series whose name is to be dropped."""
        return np.array(self._nameless, np.bool_)


def split_by_size(numbers: Times) -> Iterator[tuple[Times, Times]]:
    """Groups of one size at a time: their numbers (n,) and their rows (n, size)."""
    order = np.argsort(numbers, kind="stable")
    unique, start, size = np.unique(numbers[order], return_index=True, return_counts=True)
    for members in np.unique(size):
        which = np.flatnonzero(size == members)
        yield unique[which], order[start[which][:, None] + np.arange(members)]
