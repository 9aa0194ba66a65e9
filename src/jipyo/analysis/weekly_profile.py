"""What a series usually is at each hour of the week, and what it is now beside that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import DAYS_A_WEEK
from jipyo.analysis.trend import find_daily_medians

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.sample import Values

HOURS = 24
WEEKS_BACK = 4
"""The weekdays before that a day is compared with."""
MONTH_DAYS = 28
"""Four whole weeks, so that both months have the same weekdays."""
_LEAST_SHARE = 0.5
_LEAST_SAME = 2


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyProfile:
    """The usual value by weekday and hour, local time; NaN where nothing was measured."""

    median: Values
    """Shape (7, 24), Monday first."""
    low: Values
    """The tenth percentile, shape (7, 24)."""
    high: Values
    """The ninetieth percentile, shape (7, 24)."""
    count: Values
    """How many measured points each cell rests on, shape (7, 24)."""

    @property
    def peak(self) -> tuple[int, int]:
        """The weekday (0 = Monday) and hour with the highest median."""
        weekday, hour = divmod(int(np.nanargmax(self.median)), HOURS)
        return weekday, hour


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """A stretch of days beside an earlier one, by their daily medians."""

    now: float
    before: float
    days_now: int
    days_before: int
    low: float
    """The lowest daily median of the earlier days."""
    high: float
    """The highest."""

    @property
    def difference(self) -> float:
        """By how much it is more now."""
        return self.now - self.before

    @property
    def is_unusual(self) -> bool:
        """Whether it is beyond all earlier days."""
        return not self.low <= self.now <= self.high


def find_weekly_profile(series: RegularSeries) -> WeeklyProfile | NoResult:
    """Medians and percentiles of what was measured, by local weekday and hour.

    None of less than a week, or of steps longer than an hour. Limits: a holiday counts as its
    weekday, and a trend widens the percentiles.
    """
    if series.day < HOURS:
        return NoResult("analysis.no_profile.step")
    days = len(series.values) // series.day
    if days < DAYS_A_WEEK:
        return NoResult("analysis.no_profile.short", {"days": days, "least": DAYS_A_WEEK})
    known = series.measured
    cells = (series.weekdays * HOURS + series.hours)[known]
    order = np.lexsort((series.values[known], cells))
    ranked, ends = series.values[known][order], np.bincount(cells, minlength=7 * HOURS).cumsum()
    parts = np.split(ranked, ends[:-1])
    figures = np.array(
        [np.quantile(part, [0.5, 0.1, 0.9]) if len(part) else [np.nan] * 3 for part in parts]
    ).T.reshape(3, DAYS_A_WEEK, HOURS)
    count = np.array([len(part) for part in parts], np.float64).reshape(DAYS_A_WEEK, HOURS)
    return WeeklyProfile(figures[0], figures[1], figures[2], count)


def compare_weekday(series: RegularSeries) -> PeriodChange | NoResult:
    """The last 24 hours beside the same of the four weeks before; two of them must have data."""
    before = tuple(-DAYS_A_WEEK * week for week in range(1, WEEKS_BACK + 1))
    return _compare(series, (0,), before, _LEAST_SAME)


def compare_month(series: RegularSeries) -> PeriodChange | NoResult:
    """The last 28 days beside the 28 before; half of either must have data."""
    now = tuple(range(1 - MONTH_DAYS, 1))
    before = tuple(day - MONTH_DAYS for day in now)
    return _compare(series, now, before, round(_LEAST_SHARE * MONTH_DAYS))


def _compare(
    series: RegularSeries, now: tuple[int, ...], before: tuple[int, ...], least: int
) -> PeriodChange | NoResult:
    """Medians of daily medians; a day is counted back from the end, 0 the last 24 hours."""
    if not series.day:
        return NoResult("analysis.no_comparison.step")
    at, medians = find_daily_medians(series)
    new, old = medians[np.isin(at, now)], medians[np.isin(at, before)]
    if len(new) < min(least, len(now)) or len(old) < least:
        return NoResult("analysis.no_comparison.short", {"days": len(old), "least": least})
    return PeriodChange(
        now=float(np.median(new)),
        before=float(np.median(old)),
        days_now=len(new),
        days_before=len(old),
        low=float(old.min()),
        high=float(old.max()),
    )
