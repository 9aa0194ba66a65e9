"""Values of any size as numbers around 0, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.regular_series import DAYS_A_WEEK

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.sample import Values

_OFFSET = 0.2
_LIVELY = 0.15
_MOST = 3.0
"""No forecast of logarithms is more than so many times the largest value seen."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A line, or a line through logarithms."""

    origin: float
    size: float
    offset: float = 0.0
    """What is added before the logarithm is taken; 0: none is taken."""
    most: float = math.inf
    """The largest logarithm that is restored."""

    def reduce(self, values: Values) -> Values:
        """Values of the series as numbers, shape as given."""
        plain = np.log(values + self.offset) if self.offset else values
        reduced: Values = (plain - self.origin) / self.size
        return reduced

    def restore(self, numbers: Values) -> Values:
        """Numbers as values of the series, shape as given."""
        plain: Values = numbers * self.size + self.origin
        if not self.offset:
            return plain
        restored: Values = np.exp(np.minimum(plain, self.most)) - self.offset
        return restored


def choose_scale(series: RegularSeries) -> Scale:
    """Logarithms of daily counts, which vary in proportion to their level.

    Those are never negative and differ by some 15 % or more from week to week: what grows
    steadily, such as a disk, does so along a line. Hours are left as they are: their nights are
    too close to zero.
    """
    values = series.values
    line = Scale(float(values[-1]), float(np.ptp(values)))
    middle = float(np.median(values))
    if series.day > 1 or values.min() < 0 or not middle:
        return line
    offset = _OFFSET * middle
    plain = np.log(values + offset)
    if np.median(np.abs(plain[DAYS_A_WEEK:] - plain[:-DAYS_A_WEEK])) < _LIVELY:
        return line
    most = math.log(_MOST * float(values.max()) + offset)
    return Scale(float(plain[-1]), float(np.ptp(plain)), offset, most)
