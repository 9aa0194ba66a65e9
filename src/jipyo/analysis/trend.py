"""Whether a series rises or falls over weeks, and by how much a day.

Samples of operations metrics resemble the ones before, so tests on raw samples find trends
everywhere (Mann-Kendall on hourly AR(1) noise of .95: two thirds of all series). Here a day is
one value, its median, and the variance of the test is raised by what memory is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.no_result import NoResult
from jipyo.analysis.student import find_t, find_two_sided_p
from jipyo.analysis.theil_sen import pairwise_slopes

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values

LEAST_DAYS = 8
SIGNIFICANCE = 0.05

_LEAST_MEASURED = 0.5
"""The share of a day's points without which the day does not count."""
_MOST_DAYS = 400
"""Slopes are quadratic in days: of more, only the newest are used."""
_MOST_MEMORY = 0.97
_LEAST_FREEDOM = 3.0


class TrendDirection(StrEnum):
    """Where a trend goes; `NONE` where it may be chance."""

    RISING = "rising"
    FALLING = "falling"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through the daily medians of a series."""

    direction: TrendDirection
    slope: float
    """By how much the series changes a day."""
    low: float
    """The lower end of the slope's 95 % interval."""
    high: float
    p_value: float
    """How often chance alone makes a trend as clear as this one, 0 to 1."""
    days: int
    """Days with data, on which this rests."""
    start_ms: int
    """The first point of the first of these days, UTC."""
    end_ms: int
    """The last point, UTC."""
    memory: float
    """How much a day resembles the day before beside the line: lag-1 autocorrelation, 0 to .97."""


def detect_trend(series: RegularSeries) -> Trend | NoResult:
    """The trend of the newest 400 days at most; none of less than eight days.

    Slope: Theil 1950, Sen 1968, with Sen's interval. Test: Mann 1945 and Kendall 1975, with
    ties, continuity correction, the variance times (1 + r) / (1 - r) for a lag-1
    autocorrelation r (Bayley and Hammersley 1946; Hamed and Rao 1998 for many lags) corrected
    for its bias in short series (Marriott and Pope 1954), and Student's t in place of the
    normal distribution. Limits: it sees what is monotonic over the whole window, not a rise
    that a fall undoes; a level shift is a trend to it, so ask `detect_changepoints` too.
    """
    if not series.day:
        return NoResult("analysis.no_trend.step")
    at, medians = find_daily_medians(series.last(_MOST_DAYS * series.day))
    if len(at) < LEAST_DAYS:
        return NoResult("analysis.no_trend.short", {"days": len(at), "least": LEAST_DAYS})
    scale = float(np.ptp(medians)) or 1.0
    slopes = np.sort(pairwise_slopes((medians - medians[-1]) / scale, at.astype(np.float64)))
    slope = float(np.median(slopes))
    memory = find_memory(medians / scale - slope * at)
    statistic, spread, freedom = _test(slopes, medians, memory)
    p_value = find_two_sided_p(statistic / spread, freedom) if spread else 1.0
    reach = find_t(1 - SIGNIFICANCE, freedom) * spread
    outer = max(int((len(slopes) - reach) / 2), 0)
    low, high = slopes[outer], slopes[len(slopes) - 1 - outer]
    start_ms, end_ms = series.utc_ms[[(at[0] - 1) * series.day, -1]].tolist()
    return Trend(
        direction=_find_direction(slope, p_value),
        slope=slope * scale,
        low=float(low) * scale,
        high=float(high) * scale,
        p_value=p_value,
        days=len(at),
        start_ms=start_ms,
        end_ms=end_ms,
        memory=memory,
    )


def find_daily_medians(series: RegularSeries) -> tuple[Indices, Values]:
    """Days counted back from the end, ascending: 0 the last 24 hours; and each one's median.

    Both have shape (days,). A day of which less than half was measured is left out. Days are
    counted from the end and not from midnight, so that every one has all hours.
    """
    days = len(series.values) // series.day
    skip = len(series.values) - days * series.day
    table = series.values[skip:].reshape(days, series.day)
    known = series.measured[skip:].reshape(table.shape).mean(axis=1) >= _LEAST_MEASURED
    medians: Values = np.median(table[known], axis=1)
    return np.arange(1 - days, 1)[known], medians


def find_memory(residuals: Values) -> float:
    """Lag-1 autocorrelation, corrected for the bias of short series, 0 to .97.

    The correction (r n + 1) / (n - 4) is Marriott and Pope's (1954) for a mean removed, as
    Yue and Wang use it.
    """
    size = len(residuals)
    off = residuals - np.median(residuals)
    whole = float(off @ off)
    if not whole or size <= LEAST_DAYS:
        return 0.0
    plain = (
        float(np.corrcoef(off[1:], off[:-1])[0, 1]) if np.ptp(off[1:]) and np.ptp(off[:-1]) else 0.0
    )
    return min(max((plain * size + 1) / (size - 4), 0.0), _MOST_MEMORY)


def _find_direction(slope: float, p_value: float) -> TrendDirection:
    if p_value >= SIGNIFICANCE or slope == 0:
        return TrendDirection.NONE
    return TrendDirection.RISING if slope > 0 else TrendDirection.FALLING


def _test(slopes: Values, medians: Values, memory: float) -> tuple[float, float, float]:
    """Kendall's S less its continuity correction, its standard deviation, degrees of freedom."""
    size = len(medians)
    total = float(np.sign(slopes).sum())
    _, ties = np.unique(medians, return_counts=True)
    counts = np.array([size, *ties], np.float64)
    terms = counts * (counts - 1) * (2 * counts + 5) / 18
    inflation = (1 + memory) / (1 - memory)
    spread = float(np.sqrt(max(terms[0] - terms[1:].sum(), 0.0) * inflation))
    return total - np.sign(total), spread, max(_LEAST_FREEDOM, size / inflation - 2)
