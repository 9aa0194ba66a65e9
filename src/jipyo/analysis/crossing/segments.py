"""Straight pieces with free jumps: the optimal division of a short series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values


@dataclass(frozen=True, slots=True)
class LinearSegment:
    """A line over the points `start` to `stop` (excluded): `level` at `start`, `slope` a point."""

    start: int
    stop: int
    level: float
    slope: float

    @property
    def last(self) -> float:
        """The line's value at its last point."""
        return self.level + self.slope * (self.stop - 1 - self.start)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Prefix sums of weight, x, y and their products, from which any line's error follows."""

    w: Values
    x: Values
    y: Values
    xx: Values
    xy: Values
    yy: Values

    def fit(self, starts: Indices, stop: int) -> tuple[Values, Values, Values, Values]:
        """Slope, mean x, mean y and squared error of lines from each start to `stop`."""
        every = (self.w, self.x, self.y, self.xx, self.xy, self.yy)
        w, x, y, xx, xy, yy = (sums[stop] - sums[starts] for sums in every)
        w = np.maximum(w, 1e-12)
        spread, joint = xx - x * x / w, xy - x * y / w
        slope = np.where(spread > 1e-9, joint / np.maximum(spread, 1e-9), 0.0)
        return slope, x / w, y / w, np.maximum(yy - y * y / w - slope * joint, 0.0)


@dataclass(frozen=True, slots=True)
class Division:
    """The best division, and what lines over the newest points would cost from each start.

    `costs` has one value a start: all squared error and penalties when the last line begins
    there; infinite where that line would be too short.
    """

    segments: tuple[LinearSegment, ...]
    costs: Values


def divide(y: Values, penalty: float, shortest: int) -> Division:
    """Lines with the least squared error plus `penalty` for each; NaN points weigh nothing.

    Exact, by dynamic programming over the last start (optimal partitioning), in O(n^2): for
    some hundred points. Every segment has at least `shortest` points, gaps included.

    Source: Jackson et al. (2005), An algorithm for optimal partitioning of data on an interval,
    IEEE Signal Processing Letters 12:105-108.
    """
    sums, n = _add_up(y), len(y)
    best, before = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
    best[0] = -penalty
    costs = best[:1]
    for stop in range(min(shortest, n), n + 1):
        starts = np.arange(max(stop - shortest, 0) + 1)
        costs = best[starts] + sums.fit(starts, stop)[3] + penalty
        before[stop] = int(np.argmin(costs))
        best[stop] = costs[before[stop]]
    stops = [n]
    while stops[-1] > 0:
        stops.append(int(before[stops[-1]]))
    pairs = list(zip(stops[1:], stops[:-1], strict=True))[::-1]
    return Division(tuple(_build_segment(sums, *pair) for pair in pairs), costs)


def fit_line(y: Values) -> LinearSegment:
    """One line over all points by least squares; NaN points weigh nothing."""
    return _build_segment(_add_up(y), 0, len(y))


def _build_segment(sums: _Sums, start: int, stop: int) -> LinearSegment:
    slope, x, y, _ = (float(one[0]) for one in sums.fit(np.array([start]), stop))
    return LinearSegment(start, stop, y + slope * (start - x), slope)


def _add_up(y: Values) -> _Sums:
    weight = np.isfinite(y).astype(float)
    seen, x = np.where(weight > 0, y, 0.0), np.arange(len(y)) * weight
    products = (weight, x, seen, x * x, x * seen, seen * seen)
    return _Sums(*(np.concatenate(([0.0], np.cumsum(product))) for product in products))
