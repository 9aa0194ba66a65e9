"""Percentiles by group, for arrays."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GroupPercentiles:
    """Percentiles by group, in the order of the groups' numbers."""

    groups: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: NDArray[np.int64]
    """Shape (groups, percents)."""


def find_percentiles(
    groups: NDArray[np.int64], values: NDArray[np.int64], percents: Sequence[float]
) -> GroupPercentiles:
    """Percentiles by nearest rank of the values of each group.

    Args:
        groups: the group of each value, shape (values,).
        values: shape (values,).
        percents: from 0 to 100.
    """
    numbers, places = _number(groups)
    order = _sort_within(places, values)
    counts = np.bincount(places, minlength=len(numbers)).astype(np.int64)
    starts = np.cumsum(counts) - counts
    ranks = np.array([[find_rank(p, int(n)) for p in percents] for n in counts], np.int64)
    ranks = ranks.reshape(len(numbers), len(percents))
    return GroupPercentiles(numbers, counts, order[starts[:, None] + ranks])


def find_rank(percent: float, n: int) -> int:
    """The place, from 0, of the smallest of n values that so many percent do not exceed."""
    return max(ceil(Fraction(str(percent)) * n / 100), 1) - 1


def _number(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct groups, and of each value the place of its group among them."""
    if not len(groups):
        return groups, groups
    low = int(groups.min())
    if int(groups.max()) - low > len(groups):
        return np.unique(groups, return_inverse=True)
    shifted = groups - low
    present = np.flatnonzero(np.bincount(shifted))
    places = np.zeros(int(present[-1]) + 1, np.int64)
    places[present] = np.arange(len(present))
    return present + low, places[shifted]


def _sort_within(places: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values in the order of their group, and in order within it."""
    if not len(values):
        return values
    low = int(values.min())
    bits = (int(values.max()) - low).bit_length()
    if bits + int(places.max()).bit_length() > 63:
        return values[np.lexsort((values, places))]
    keys = np.sort(places << bits | (values - low))
    return (keys & ((1 << bits) - 1)) + low
