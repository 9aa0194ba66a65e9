"""The values of answers to PromQL queries, whichever source gave them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, SeriesBlock, Times, Values


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number at a moment."""

    t_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A text at a moment."""

    t_ms: int
    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """Series with one value each at one moment; `values` has shape (series,)."""

    t_ms: int
    series: tuple[Labels, ...]
    values: Values


@dataclass(frozen=True, slots=True)
class Matrix:
    """Series over common steps: `values` and `present` have shape (series, steps).

    Absence is `present == False`, never NaN: NaN is a value.
    """

    series: tuple[Labels, ...]
    t_ms: Times
    values: Values
    present: Mask


@dataclass(frozen=True, slots=True)
class RawMatrix:
    """The raw samples of an instant range selector, stale markers left out."""

    blocks: tuple[SeriesBlock, ...]


@dataclass(frozen=True, slots=True)
class LatestSamples:
    """The newest sample of each series, with its own time; arrays have shape (series,)."""

    series: tuple[Labels, ...]
    t_ms: Times
    values: Values


def sort_latest(samples: Mapping[Labels, tuple[int, float]]) -> LatestSamples:
    """Times and values of series, in the order of their labels."""
    series = sorted(samples)
    return LatestSamples(
        series=tuple(series),
        t_ms=np.array([samples[labels][0] for labels in series], np.int64),
        values=np.array([samples[labels][1] for labels in series], np.float64),
    )


Ranking = tuple[tuple[str, int], ...]
"""Names and their counts: the greatest first, equal ones by name."""


@dataclass(frozen=True, slots=True)
class Cardinality:
    """The totals and rankings of `/api/v1/status/tsdb` (Prometheus: web/api/v1, `TSDBStatus`)."""

    series: int
    label_pairs: int
    """Distinct pairs of name and value."""
    series_by_metric: Ranking
    values_by_label: Ranking
    """Distinct values of each label name."""
    bytes_by_label: Ranking
    """Bytes of those values in UTF-8, each counted once."""
    series_by_pair: Ranking
    """Series of each `name=value`."""


Value = Scalar | String | Vector | Matrix | RawMatrix


def count_samples(value: Value) -> int:
    """How many samples are in memory for a value, absent ones of a matrix included."""
    if isinstance(value, Matrix | Vector):
        return value.values.size
    return sum(block.values.size for block in value.blocks) if isinstance(value, RawMatrix) else 1


@dataclass(frozen=True, slots=True)
class QueryStats:
    """What an answer cost."""

    samples: int = 0
    series: int = 0
    seconds: float = 0.0
    bytes: int = 0
    """Of the answer as text; 0 for one that was computed in this process."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """An answer with its annotations."""

    value: Value
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    stats: QueryStats = field(default_factory=QueryStats)
    missing: tuple[JipyoError, ...] = ()
    """Why parts of the answer are missing, one error each; empty for a complete answer."""
    estimated: bool = False
    """Whether counts are extrapolated, because the source has no anchored windows."""
