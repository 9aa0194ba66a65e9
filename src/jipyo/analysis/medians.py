"""Medians, without what makes numpy's several times slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.sample import Times, Values


def find_median(values: Values, axis: int = 0) -> Values:
    """The median along an axis of finite values, of which there is at least one."""
    size = values.shape[axis]
    low, high = (size - 1) // 2, size // 2
    ranked = np.partition(values, (low, high) if low < high else low, axis=axis)
    median: Values = (ranked.take(low, axis) + ranked.take(high, axis)) / 2
    return median


def find_interval(t_ms: Times) -> int:
    """The usual distance of ascending times, of which there are two at least.

    Distances are nearly all equal, which is the worst case of a selection and the best of a
    stable sort.
    """
    apart = np.sort(np.diff(t_ms), kind="stable")
    return int((apart[(apart.size - 1) // 2] + apart[apart.size // 2]) // 2)
