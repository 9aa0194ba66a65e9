"""Series over steps: what every vector expression evaluates to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import le
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.model.sample import Mask, Times, Values

NAME_LABELS = frozenset({METRIC_NAME, "__type__", "__unit__"})
"""What goes when a name goes: it said what the numbers were before they were changed."""


@dataclass(frozen=True, slots=True)
class Block:
    """Values of series at common steps; absence is `present == False`, NaN is a value.

    `values` and `present` have shape (series, steps). `nameless` (series,) marks series
    whose name is to be dropped when the query is done (delayed name removal).
    """

    series: tuple[Labels, ...]
    values: Values
    present: Mask
    nameless: Mask

    @classmethod
    def of(cls, series: Sequence[Labels], values: Values, present: Mask | None = None) -> Block:
        """Series that keep their names; present everywhere unless a mask says otherwise."""
        if present is None:
            present = np.ones(values.shape, np.bool_)
        return cls(tuple(series), values, present, np.zeros(len(series), np.bool_))

    @classmethod
    def empty(cls, steps: int) -> Block:
        """No series."""
        return cls.of((), np.empty((0, steps)))

    def rows(self, index: Times | Mask | Sequence[int]) -> Block:
        """Some of the series, in this order."""
        at = np.asarray(index)
        at = np.flatnonzero(at) if at.dtype == np.bool_ else at.astype(np.int64)
        series = tuple([self.series[row] for row in at.tolist()])
        return Block(series, self.values[at], self.present[at], self.nameless[at])

    def by_labels(self) -> Block:
        """The series in the order of their labels."""
        pairs = [labels.pairs for labels in self.series]
        if all(map(le, pairs, pairs[1:])):
            return self
        return self.rows(sorted(range(len(pairs)), key=pairs.__getitem__))

    def seen(self) -> Block:
        """Only the series that are present somewhere."""
        if self.present.all():
            return self
        some: Mask = np.any(self.present, axis=1)
        return self if some.all() else self.rows(some)

    def without_names(self, *, delayed: bool) -> Block:
        """Drop the names, at once or by mark; at once, series may become one."""
        if delayed:
            nameless = np.ones(len(self.series), np.bool_)
            return Block(self.series, self.values, self.present, nameless)
        return replace(self, series=tuple(map(without_name, self.series))).merged()

    def finished(self) -> Block:
        """Drop the names that are marked."""
        return replace(self, series=self.final_series).merged() if self.nameless.any() else self

    @property
    def final_series(self) -> tuple[Labels, ...]:
        """What the series are called when the query is done."""
        return tuple(
            without_name(labels) if drop else labels
            for labels, drop in zip(self.series, self.nameless.tolist(), strict=True)
        )

    def merged(self) -> Block:
        """Join series with the same labels.

        Raises:
            QueryError: two of them are present at the same step.
        """
        places: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for row, labels in enumerate(self.series):
            places.setdefault(labels.pairs, []).append(row)
        if len(places) == len(self.series):
            return self
        return concatenate([self._one_of(rows) for rows in places.values()], self.values.shape[1])

    def _one_of(self, rows: list[int]) -> Block:
        if len(rows) == 1:
            return self.rows(rows)
        present = self.present[rows]
        if (present.sum(axis=0) > 1).any():
            raise same_labelset()
        # Whether the name is to go is said by whoever comes first.
        begins = np.where(present.any(axis=1), present.argmax(axis=1), present.shape[1])
        one = self.rows([rows[int(begins.argmin())]])
        first = np.argmax(present, axis=0)
        values = np.take_along_axis(self.values[rows], first[None, :], axis=0)
        return replace(one, values=values, present=np.any(present, axis=0, keepdims=True))


def same_labelset() -> QueryError:
    """Two series of one answer cannot be told apart."""
    return QueryError.execution("vector cannot contain metrics with the same labelset")


def without_name(labels: Labels) -> Labels:
    """All labels but the name, type and unit."""
    return labels.drop(NAME_LABELS)


def assembled(blocks: Iterable[Block], steps: int) -> Block:
    """The answer of a range: names dropped where marked, series in the order of their labels.

    Raises:
        QueryError: series cannot be told apart without their names.
    """
    parts = [block.seen() for block in blocks]
    series = [labels for part in parts for labels in part.final_series]
    if len({labels.pairs for labels in series}) < len(series):
        return concatenate(parts, steps).finished().by_labels()
    order = sorted(range(len(series)), key=lambda row: series[row].pairs)
    place = np.empty(len(series), np.int64)
    place[order] = np.arange(len(series))
    # Every number is copied once, to where it belongs.
    values = np.empty((len(series), steps))
    present = np.empty((len(series), steps), np.bool_)
    at = 0
    for part in parts:
        rows = place[at : at + len(part.series)]
        values[rows], present[rows] = part.values, part.present
        at += len(part.series)
    return Block.of([series[row] for row in order], values, present)


def concatenate(blocks: Iterable[Block], steps: int) -> Block:
    """All series of the blocks, one after the other."""
    parts = list(blocks)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Block.empty(steps)
    return Block(
        tuple(labels for part in parts for labels in part.series),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.nameless for part in parts]),
    )
