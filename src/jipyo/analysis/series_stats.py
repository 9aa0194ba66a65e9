"""One series over a window in a few numbers: average, percentile, extremes and their times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.sample import Values

QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class SeriesStats:
    """A series over a window; all NaN and -1 where no step has a value."""

    steps: int
    average: float
    p95: float
    """NaN where it is not asked for."""
    maximum: float
    minimum: float
    first: float
    last: float
    maximum_ms: int
    minimum_ms: int
    last_ms: int


def count_greatest(steps: int) -> int:
    """How many of the greatest values decide the percentile of at most so many."""
    return math.ceil((1 - QUANTILE) * max(steps - 1, 0)) + 2


def find_percentile(greatest: Values, count: int) -> float:
    """The 95th percentile of `count` values, of which the greatest are given.

    It interpolates linearly, as Prometheus' `quantile_over_time` does, and knows infinities,
    where numpy's gives NaN.

    Args:
        greatest: at least `count_greatest` of them, or all; in any order.
        count: how many values there are in all.
    """
    if not count:
        return math.nan
    rank = QUANTILE * (count - 1)
    low = int(rank)
    weight = rank - low
    ranked = np.sort(greatest)[::-1]
    lower, upper = ranked[count - 1 - low], ranked[max(count - 2 - low, 0)]
    if not weight or lower == upper:
        return float(lower)
    return float(lower * (1 - weight) + upper * weight)
