"""Samples of series that share their times, out of a store or out of a subquery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import Mask, SeriesBlock, Times, Values, is_stale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.promql.engine.block import Block


@dataclass(frozen=True, slots=True)
class Samples:
    """Values (series, samples) at `t_ms` (samples,), without stale markers and without holes."""

    series: tuple[Labels, ...]
    t_ms: Times
    values: Values
    nameless: Mask


def stored(block: SeriesBlock) -> Iterator[Samples]:
    """A store's block, apart where stale markers leave holes."""
    nameless = np.zeros(len(block.series), np.bool_)
    whole = Samples(block.series, block.t_ms, block.values, nameless)
    # Few blocks hold any NaN, and looking for one is cheap.
    if not np.isnan(block.values.min(initial=np.inf)):
        yield whole
        return
    stale = is_stale(block.values)
    yield from _apart(whole, ~stale)


def of_subquery(block: Block, t_ms: Times) -> Iterator[Samples]:
    """The points of a subquery, apart where they have holes; nothing where there are none."""
    if block.series:
        yield from _apart(Samples(block.series, t_ms, block.values, block.nameless), block.present)


def _apart(samples: Samples, present: Mask) -> Iterator[Samples]:
    if present.all():
        yield samples
        return
    patterns: dict[bytes, list[int]] = {}
    for row, here in enumerate(present):
        patterns.setdefault(here.tobytes(), []).append(row)
    for alike in patterns.values():
        rows = np.array(alike)
        here = present[rows[0]]
        if here.any():
            yield Samples(
                tuple(samples.series[row] for row in alike),
                samples.t_ms[here],
                samples.values[np.ix_(rows, np.flatnonzero(here))],
                samples.nameless[rows],
            )
