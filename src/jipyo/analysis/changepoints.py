"""Where a series changed its level or its slope for good.

Optimal segmentation by dynamic programming (Jackson et al. 2005; Bai and Perron 1998) into
levels and straight lines with free jumps. The penalty for a segment is the noise's long-run
variance, not its variance: noise that wanders would otherwise be cut into pieces (in a trial,
PELT with the usual penalty found changes in every trendless series from an AR(1) coefficient
of .5 on).
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

LEAST_DAYS = 8

_BLOCKS_A_DAY = 4
_MOST_BLOCKS = 400
"""The search is quadratic: of a longer series only the newest part is used."""
_LEAST_LENGTH = 6
"""Blocks of the shortest segment: a day and a half."""
_STEP_MARGIN = 12
"""Blocks at either end in which no step is looked for, to estimate the noise."""
_STEP_FACTORS = (1.0, 1.5, 1.75, 2.0)
_PENALTY = 2.3
"""Long-run variances, times ln(blocks), for a level; by simulation (`bench/analysis_trend.py`)."""
_LINE_COST = 1.5
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

    Works on 6-hour medians less the daily profile, of hourly values or finer. Limits: steps that
    follow one another evenly look like a line, and a sawtooth like noise with a long memory; a
    shift of less than about two standard deviations of the noise is not found in a month.
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
    unit = _PENALTY * float(np.log(len(scaled)))
    penalty = unit * _find_noise(scaled)
    segments = find_segments(scaled, penalty, _LEAST_LENGTH)
    if len(segments) > 1:
        around = scaled - np.concatenate(_fit_stretches(scaled, segments, penalty)[1])
        penalty = unit * estimate_long_run_variance(around)
        segments = find_segments(scaled, penalty, _LEAST_LENGTH)
    slopes, fitted = _fit_stretches(blocks, segments, penalty * scale * scale)
    utc = recent.utc_ms[len(recent.values) - len(blocks) * size :: size]
    noise = float(np.std(blocks - np.concatenate(fitted)))
    return tuple(
        Changepoint(
            t_ms=int(utc[segments[index][0]]),
            before=float(fitted[index - 1][-1]),
            after=float(fitted[index][0]),
            slope_before=slopes[index - 1] * _BLOCKS_A_DAY,
            slope_after=slopes[index] * _BLOCKS_A_DAY,
            noise=noise,
        )
        for index in range(1, len(segments))
    )


def make_blocks(series: RegularSeries, size: int) -> Values:
    """Medians of so many points of the series less its daily profile, shape (blocks,).

    Counted back from the end, so that the newest points are in.
    """
    days = len(series.values) // series.day
    values = series.values[len(series.values) - days * series.day :].reshape(days, series.day)
    profile = np.median(values - np.median(values, axis=1, keepdims=True), axis=0)
    blocks: Values = np.median((values - profile).reshape(-1, size), axis=1)
    return blocks


def estimate_long_run_variance(residuals: Values) -> float:
    """The variance of noise times (1 + r) / (1 - r), r its lag-1 autocorrelation, 0 to .9.

    What the mean of many such values varies by, times their number, if the noise is AR(1). Of
    r the bias of short series is taken away (Marriott and Pope 1954).
    """
    off = residuals - residuals.mean()
    variance = float(off @ off) / len(off)
    if not variance:
        return _TINY
    memory = float(off[1:] @ off[:-1]) / float(off @ off) + 2.25 / len(off)
    memory = min(max(memory, 0.0), _MOST_MEMORY)
    return variance * (1 + memory) / (1 - memory) + _TINY


def find_segments(values: Values, penalty: float, least: int) -> list[tuple[int, int]]:
    """The stretches [start, end) that are cheapest to tell apart, in order.

    A stretch costs the sum of squares around its mean and `penalty`, or that around its
    least-squares line and half as much again, whichever is less; the sum of costs is the least
    there is. `values` has shape (n,), `least` is the shortest segment. O(n^2).
    """
    size = len(values)
    at = np.arange(size, dtype=np.float64)
    terms = np.stack([np.ones(size), at, values, at * at, at * values, values * values])
    sums = np.concatenate([np.zeros((6, 1)), terms.cumsum(axis=1)], axis=1)
    flat, line = _sum_squares(sums[:, :, None] - sums[:, None, :])
    costs = np.minimum(flat + penalty, line + _LINE_COST * penalty)  # (ends, starts)
    best = np.full(size + 1, np.inf)
    best[0] = 0.0
    previous = np.zeros(size + 1, np.int64)
    for end in range(least, size + 1):
        total = best[: end - least + 1] + costs[end, : end - least + 1]
        previous[end] = int(total.argmin())
        best[end] = total[previous[end]]
    ends = [size]
    while ends[-1] > 0:
        ends.append(int(previous[ends[-1]]))
    return list(pairwise(reversed(ends)))


def _sum_squares(sums: Values) -> tuple[Values, Values]:
    """What is left around the mean and around the line of each stretch, from its six sums.

    Nonsense for stretches of no length or less.
    """
    count, x, y, xx, xy, yy = sums
    count = np.maximum(count, 1.0)
    spread = np.maximum(xx - x * x / count, _TINY)
    flat = np.maximum(yy - y * y / count, 0.0)
    return flat, np.maximum(flat - (xy - x * y / count) ** 2 / spread, 0.0)


def _find_noise(values: Values) -> float:
    """The long-run variance around a line or around up to four steps, whichever leaves least.

    Around the mean a change would be taken for noise, and hide behind its own penalty. More
    steps leave less by chance alone, for which `_STEP_FACTORS` makes up.
    """
    at = np.arange(len(values), dtype=np.float64)
    line = np.polynomial.Polynomial.fit(at, values, 1)(at)
    noises = [estimate_long_run_variance(values - line)]
    left = values
    for factor in _STEP_FACTORS:
        left = left - _find_step(left)
        noises.append(factor * estimate_long_run_variance(left))
    return min(noises)


def _find_step(values: Values) -> Values:
    """The two levels, one after the other, that leave the least, shape as `values`."""
    size = len(values)
    cuts = np.arange(_STEP_MARGIN, size - _STEP_MARGIN)
    sums = values.cumsum()
    before, after = sums[cuts - 1] / cuts, (sums[-1] - sums[cuts - 1]) / (size - cuts)
    best = int((cuts * (size - cuts) * (before - after) ** 2).argmax())
    step: Values = np.where(np.arange(size) < cuts[best], before[best], after[best])
    return step


def _fit_stretches(
    values: Values, segments: list[tuple[int, int]], penalty: float
) -> tuple[list[float], list[Values]]:
    """The slope a block and the fitted values of each segment: level, unless a line is cheaper."""
    slopes, fitted = [], []
    for start, end in segments:
        at, own = np.arange(end - start), values[start:end]
        line = np.polynomial.Polynomial.fit(at, own, 1)
        level = np.full(len(own), own.mean())
        gain = float(((own - level) ** 2).sum() - ((own - line(at)) ** 2).sum())
        is_level = gain < (_LINE_COST - 1) * penalty
        slopes.append(0.0 if is_level else float(line.deriv()(0)))
        fitted.append(level if is_level else line(at))
    return slopes, fitted
