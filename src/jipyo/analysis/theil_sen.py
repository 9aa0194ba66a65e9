"""The median of all slopes between two points: a line that a quarter of outliers cannot turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.medians import find_median

if TYPE_CHECKING:
    from jipyo.model.sample import Values


def pairwise_slopes(values: Values, at: Values | None = None) -> Values:
    """The slope from each point to each later one, shape (n (n - 1) / 2,), in no order.

    `values` and `at`, ascending and distinct, have shape (n,); without `at` they are a step apart.
    """
    earlier, later = np.triu_indices(len(values), 1)
    run = later - earlier if at is None else at[later] - at[earlier]
    slopes: Values = (values[later] - values[earlier]) / run
    return slopes


def theil_sen_slope(values: Values, at: Values | None = None) -> float:
    """The slope of the line (Theil 1950, Sen 1968); quadratic in time and memory."""
    return float(find_median(pairwise_slopes(values, at)))
