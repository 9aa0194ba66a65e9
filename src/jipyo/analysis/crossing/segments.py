"""Straight pieces with free jumps: the optimal division of a short series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True, eq=False)
class LineErrors:
    """What every line over a stretch of a series leaves: squared errors, slopes and levels.

    Each of shape (n, n + 1), by first point and by the one after the last; `levels` are at the
    first point, `flat_errors` those of lines without a slope. NaN points weigh nothing.
    """

    errors: Values
    flat_errors: Values
    slopes: Values
    levels: Values


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """The best division, and what lines over the newest points would cost from each start.

    `costs` has one value a start: all squared error and penalties when the last line begins
    there; there is none for starts of which that line would be too short.
    """

    segments: tuple[LinearSegment, ...]
    costs: Values


def measure_lines(y: Values) -> LineErrors:
    """Every line over `y` (n,), by prefix sums: for some hundred points."""
    weight = np.isfinite(y).astype(float)
    seen, x = np.where(weight > 0, y, 0.0), np.arange(len(y)) * weight
    products = np.stack((weight, x, seen, x * x, x * seen, seen * seen))
    sums = np.concatenate((np.zeros((6, 1)), np.cumsum(products, axis=1)), axis=1)
    w, x, y, xx, xy, yy = sums[:, None, :] - sums[:, :-1, None]
    w = np.maximum(w, 1e-12)
    spread, joint = np.maximum(xx - x * x / w, 1e-9), xy - x * y / w
    slopes = np.where(spread > 1e-6, joint / spread, 0.0)
    flat = np.maximum(yy - y * y / w, 0.0)
    errors = np.maximum(flat - slopes * joint, 0.0)
    return LineErrors(
        errors, flat, slopes, y / w + slopes * (np.arange(len(weight))[:, None] - x / w)
    )


def divide(lines: LineErrors, penalty: float, shortest: int) -> Division:
    """Lines with the least squared error plus `penalty` for each.

    Exact, by dynamic programming over the last start (optimal partitioning), in O(n^2). Every
    segment has at least `shortest` points, gaps included.

    Source: Jackson et al. (2005), An algorithm for optimal partitioning of data on an interval,
    IEEE Signal Processing Letters 12:105-108.
    """
    n = len(lines.errors)
    best, before = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
    best[0] = -penalty
    costs = best[:1]
    for stop in range(min(shortest, n), n + 1):
        starts = max(stop - shortest, 0) + 1
        costs = best[:starts] + lines.errors[:starts, stop]
        before[stop] = costs.argmin()
        best[stop] = costs[before[stop]] + penalty
    stops = [n]
    while stops[-1] > 0:
        stops.append(int(before[stops[-1]]))
    pairs = list(zip(stops[1:], stops[:-1], strict=True))[::-1]
    segments = tuple(
        LinearSegment(a, b, float(lines.levels[a, b]), float(lines.slopes[a, b])) for a, b in pairs
    )
    return Division(segments, costs + penalty)
