"""Samples of series that share their times, from a store or from a subquery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import group_by_presence
from jipyo.model.sample import Mask, SeriesBlock, Times, Values, is_stale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.promql.engine.block import VectorBlock


@dataclass(frozen=True, slots=True)
class Samples:
    """Values (series, samples) at `t_ms` (samples,), without stale markers and without holes."""

    series: tuple[Labels, ...]
    t_ms: Times
    values: Values
    nameless: Mask


def split_at_stale_markers(block: SeriesBlock) -> Iterator[Samples]:
    """The samples of a store's block, split where stale markers leave holes."""
    nameless = np.zeros(len(block.series), np.bool_)
    samples = Samples(block.series, block.t_ms, block.values, nameless)
    # Few blocks hold any NaN, and looking for one is cheap.
    if not np.isnan(block.values.min(initial=np.inf)):
        yield samples
        return
    yield from _split_by_presence(samples, ~is_stale(block.values))


def split_subquery(block: VectorBlock, t_ms: Times) -> Iterator[Samples]:
    """The points of a subquery, split where they have holes; nothing where there are none."""
    if block.series:
        samples = Samples(block.series, t_ms, block.values, block.nameless)
        yield from _split_by_presence(samples, block.present)


def _split_by_presence(samples: Samples, present: Mask) -> Iterator[Samples]:
    """Series that are present at the same times go together."""
    if present.all():
        yield samples
        return
    for rows, columns in group_by_presence(present):
        yield Samples(
            tuple(samples.series[row] for row in rows.tolist()),
            samples.t_ms[columns],
            samples.values[np.ix_(rows, columns)],
            samples.nameless[rows],
        )
