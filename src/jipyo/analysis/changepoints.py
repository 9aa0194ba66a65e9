"""Where a series changed its level or its slope for good.

Optimal segmentation by dynamic programming (Jackson et al. 2005; Bai and Perron 1998) into
straight lines with free jumps. The penalty for a segment is the noise's long-run variance, not
its variance: noise that wanders would otherwise be cut into pieces (in a trial, PELT with the
usual penalty found changes in every trendless series from an AR(1) coefficient of .5 on).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.no_result import NoResult

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.sample import Values

LEAST_DAYS = 6

_BLOCKS_A_DAY = 4
_MOST_BLOCKS = 400
"""The search is quadratic: of a longer series only the newest part is used."""
_LEAST_LENGTH = 6
"""Blocks of the shortest segment: a day and a half."""
_PENALTY = 6.0
_MOST_MEMORY = 0.9
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Changepoint:
    """A moment from which a series is another one."""

    t_ms: int
    """The first point of the new stretch, UTC; right to some six hours."""
    before: float
    """The level that the stretch before ends at, the daily rhythm removed."""
    after: float
    """The level that the new stretch begins at."""
    slope_before: float
    """By how much a day the stretch before changed."""
    slope_after: float
    noise: float
    """The standard deviation of 6-hour medians around the lines: what the jump stands beside."""

    @property
    def jump(self) -> float:
        """From the level before to the level after."""
        return self.after - self.before


def detect_changepoints(series: RegularSeries) -> tuple[Changepoint, ...] | NoResult:
    """The changes within the newest 100 days, oldest first; none within a day and a half.

    Works on 6-hour medians less the daily profile, of hourly values or finer.
    """
    size = series.day // _BLOCKS_A_DAY
    if not size or series.day % _BLOCKS_A_DAY:
        return NoResult("analysis.no_changepoints.step")
    days = len(series.values) // series.day
    if days < LEAST_DAYS:
        return NoResult("analysis.no_changepoints.short", {"days": days, "least": LEAST_DAYS})
    recent = series.last(_MOST_BLOCKS * size)
    blocks = make_blocks(recent, size)
    scale = float(np.ptp(blocks)) or 1.0
    scaled = (blocks - blocks[0]) / scale
    penalty = _PENALTY * estimate_long_run_variance(scaled) * np.log(len(scaled))
    segments = find_segments(scaled, penalty, _LEAST_LENGTH)
    return _describe(recent, blocks, segments, size)


def make_blocks(series: RegularSeries, size: int) -> Values:
    """Medians of so many points of the series less its daily profile, shape (blocks,).

    Counted back from the end, so that the newest points are in.
    """
    days = len(series.values) // series.day
    values = series.values[len(series.values) - days * series.day :].reshape(days, series.day)
    profile = np.median(values - np.median(values, axis=1, keepdims=True), axis=0)
    blocks: Values = np.median((values - profile).reshape(-1, size), axis=1)
    return blocks


def estimate_long_run_variance(blocks: Values) -> float:
    """The variance of the noise times 1 / (1 - r), r its lag-1 autocorrelation, 0 to .9.

    The noise is what is left beside a running median, so that a jump is not part of it.
    """
    off = blocks - np.median(blocks)
    whole = float(np.sqrt(off[1:] @ off[1:] * (off[:-1] @ off[:-1])))
    memory = min(max(float(off[1:] @ off[:-1]) / (whole + _TINY), 0.0), _MOST_MEMORY)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(blocks, 4, mode="edge"), 9)
    noise = np.var(blocks - np.median(around, axis=1))
    return float(noise) / (1 - memory) + _TINY


def find_segments(values: Values, penalty: float, least: int) -> list[tuple[int, int]]:
    """The stretches [start, end) whose lines fit best, each costing `penalty`, in order.

    Minimises the sum of squares around a least-squares line a segment, plus the penalties,
    exactly; `values` has shape (n,), `least` is the shortest segment. O(n^2).
    """
    size = len(values)
    at = np.arange(size, dtype=np.float64)
    terms = np.stack([np.ones(size), at, values, at * at, at * values, values * values])
    sums = np.concatenate([np.zeros((6, 1)), terms.cumsum(axis=1)], axis=1)
    best = np.full(size + 1, np.inf)
    best[0] = 0.0
    previous = np.zeros(size + 1, np.int64)
    for end in range(least, size + 1):
        total = best[: end - least + 1] + _sum_squares(
            sums[:, end, None] - sums[:, : end - least + 1]
        )
        previous[end] = int(total.argmin())
        best[end] = total[previous[end]] + penalty
    ends = [size]
    while ends[-1] > 0:
        ends.append(int(previous[ends[-1]]))
    return list(pairwise(reversed(ends)))


def _sum_squares(sums: Values) -> Values:
    """What is left around the least-squares line of each stretch, from its six sums."""
    count, x, y, xx, xy, yy = sums
    spread = np.maximum(xx - x * x / count, _TINY)
    left: Values = np.maximum(yy - y * y / count - (xy - x * y / count) ** 2 / spread, 0.0)
    return left


def _describe(
    series: RegularSeries, blocks: Values, segments: list[tuple[int, int]], size: int
) -> tuple[Changepoint, ...]:
    lines = [np.polynomial.Polynomial.fit(np.arange(a, b), blocks[a:b], 1) for a, b in segments]
    fitted = [line(np.arange(a, b)) for line, (a, b) in zip(lines, segments, strict=True)]
    noise = float(np.std(blocks - np.concatenate(fitted)))
    utc = series.utc_ms[len(series.values) - len(blocks) * size :]
    slopes = [float(line.deriv()(0)) * _BLOCKS_A_DAY for line in lines]
    return tuple(
        Changepoint(
            int(utc[start * size]),
            float(before[-1]),
            float(after[0]),
            slopes[index],
            slopes[index + 1],
            noise,
        )
        for index, ((start, _), (before, after)) in enumerate(
            zip(segments[1:], pairwise(fitted), strict=True)
        )
    )
