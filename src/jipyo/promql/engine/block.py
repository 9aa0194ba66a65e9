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
"""Labels that are dropped with the name: they describe the numbers before a change."""


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Values of series at common steps; absence is `present == False`, NaN is a value.

    `values` and `present` have shape (series, steps). `nameless` (series,) marks series
    whose name is to be dropped when the query is done (delayed name removal).
    """

    series: tuple[Labels, ...]
    values: Values
    present: Mask
    nameless: Mask

    @classmethod
    def of(
        cls, series: Sequence[Labels], values: Values, present: Mask | None = None
    ) -> VectorBlock:
        """Series that keep their names; present everywhere unless a mask says otherwise."""
        if present is None:
            present = np.ones(values.shape, np.bool_)
        return cls(tuple(series), values, present, np.zeros(len(series), np.bool_))

    @classmethod
    def empty(cls, steps: int) -> VectorBlock:
        """No series."""
        return cls.of((), np.empty((0, steps)))

    def take_rows(self, index: Times | Mask | Sequence[int]) -> VectorBlock:
        """Some of the series, in this order."""
        at = np.asarray(index)
        at = np.flatnonzero(at) if at.dtype == np.bool_ else at.astype(np.int64)
        series = tuple([self.series[row] for row in at.tolist()])
        return VectorBlock(series, self.values[at], self.present[at], self.nameless[at])

    def sort_by_labels(self) -> VectorBlock:
        """The series in the order of their labels."""
        pairs = [labels.pairs for labels in self.series]
        if all(map(le, pairs, pairs[1:])):
            return self
        return self.take_rows(sorted(range(len(pairs)), key=pairs.__getitem__))

    def drop_empty(self) -> VectorBlock:
        """Only the series that are present somewhere."""
        if self.present.all():
            return self
        some: Mask = np.any(self.present, axis=1)
        return self if some.all() else self.take_rows(some)

    def drop_names(self, *, delayed: bool) -> VectorBlock:
        """Drop the names: at once, which may merge series, or marked for the end of the query."""
        if delayed:
            nameless = np.ones(len(self.series), np.bool_)
            return VectorBlock(self.series, self.values, self.present, nameless)
        return replace(self, series=tuple(map(drop_name, self.series))).merge_duplicates()

    def drop_marked_names(self) -> VectorBlock:
        """Drop the names that are marked; series may merge."""
        if not self.nameless.any():
            return self
        return replace(self, series=self.final_series).merge_duplicates()

    @property
    def final_series(self) -> tuple[Labels, ...]:
        """The labels that the series have once marked names are dropped."""
        return tuple(
            drop_name(labels) if drop else labels
            for labels, drop in zip(self.series, self.nameless.tolist(), strict=True)
        )

    def merge_duplicates(self) -> VectorBlock:
        """Merge series with the same labels that are present at different steps.

        Raises:
            QueryError: two of them are present at the same step.
        """
        rows_by_labels: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for row, labels in enumerate(self.series):
            rows_by_labels.setdefault(labels.pairs, []).append(row)
        if len(rows_by_labels) == len(self.series):
            return self
        merged = [self._merge_rows(rows) for rows in rows_by_labels.values()]
        return join_blocks(merged, self.values.shape[1])

    def _merge_rows(self, rows: list[int]) -> VectorBlock:
        if len(rows) == 1:
            return self.take_rows(rows)
        present = self.present[rows]
        if (present.sum(axis=0) > 1).any():
            raise QueryError.execution("vector cannot contain metrics with the same labelset")
        # The series that is present first decides whether the name is dropped.
        begins = np.where(present.any(axis=1), present.argmax(axis=1), present.shape[1])
        earliest = self.take_rows([rows[int(begins.argmin())]])
        first = np.argmax(present, axis=0)
        values = np.take_along_axis(self.values[rows], first[None, :], axis=0)
        return replace(earliest, values=values, present=np.any(present, axis=0, keepdims=True))


def drop_name(labels: Labels) -> Labels:
    """All labels but the name, type and unit."""
    return labels.drop(NAME_LABELS)


def assemble_range(blocks: Iterable[VectorBlock], steps: int) -> VectorBlock:
    """The answer of a range query: marked names dropped, series ordered by labels.

    Raises:
        QueryError: two series have the same labels without their names.
    """
    parts = [block.drop_empty() for block in blocks]
    series = [labels for part in parts for labels in part.final_series]
    if len({labels.pairs for labels in series}) < len(series):
        return join_blocks(parts, steps).drop_marked_names().sort_by_labels()
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
    return VectorBlock.of([series[row] for row in order], values, present)


def join_blocks(blocks: Iterable[VectorBlock], steps: int) -> VectorBlock:
    """All series of the blocks, one after the other."""
    parts = list(blocks)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return VectorBlock.empty(steps)
    return VectorBlock(
        tuple(labels for part in parts for labels in part.series),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.nameless for part in parts]),
    )
