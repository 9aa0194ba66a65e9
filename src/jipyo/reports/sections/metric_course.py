"""How a series moved over the period: a level that changed for good, or a rise a day."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.changepoints import Changepoint, detect_changepoints
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS, make_regular
from jipyo.analysis.trend import TrendDirection, detect_trend
from jipyo.catalogue import Unit
from jipyo.model.calendar import local_day
from jipyo.reports.document import Day, Inline, Phrase, Quantity, phrase

if TYPE_CHECKING:
    from jipyo.analysis.summary import SeriesSummary
    from jipyo.analysis.window import Window
    from jipyo.catalogue import Metric
    from jipyo.model.sample import Values

_CLEAR = 0.05
"""A course is worth words where it is this share of the mean over the whole period."""
_CLEAR_POINTS = 1.0
"""Of what is in per cent, that many points."""


def describe_course(
    metric: Metric, series: SeriesSummary, window: Window, zone: str
) -> Phrase | None:
    """In words what a series did since when; None where it is not clear or does not matter.

    What it did since the last changepoint of its hourly values (`analysis.changepoints`): its
    level, or its slope; else the trend of its daily means (`analysis.trend`).
    """
    where = ZoneInfo(zone)
    change = _find_last_change(series, window, where)
    if change is not None:
        since = Day(local_day(change.t_ms, where), short=True)
        if is_clear(metric, change.before, change.after - change.before):
            return phrase(
                "chapters.course.level",
                since=since,
                before=Quantity(change.before, metric.unit.value),
                after=Quantity(change.after, metric.unit.value),
            )
        days = (window.end_ms - change.t_ms) / DAY_MS
        if is_clear(metric, change.after, change.slope_after * days):
            way = "rose" if change.slope_after > 0 else "fell"
            rate = _describe_rate(metric, change.slope_after)
            return phrase(f"chapters.course.{way}", since=since, rate=rate)
    return _describe_trend(metric, series, window, where)


def _find_last_change(series: SeriesSummary, window: Window, zone: ZoneInfo) -> Changepoint | None:
    """The last changepoint of the values that are drawn; None where these are not hourly."""
    if series.values is None or window.drawn_ms != HOUR_MS:
        return None
    found = detect_changepoints(make_regular(window.drawn_t_ms, series.values, HOUR_MS, zone))
    return None if isinstance(found, NoResult) or not found else found[-1]


def _describe_trend(
    metric: Metric, series: SeriesSummary, window: Window, zone: ZoneInfo
) -> Phrase | None:
    if series.days is None:
        return None
    noon_ms = np.array([(day.start_ms + day.end_ms) // 2 for day in window.days], np.int64)
    days = choose_daily(series)
    trend = detect_trend(make_regular(noon_ms, days, DAY_MS, zone))
    if isinstance(trend, NoResult) or trend.direction is TrendDirection.NONE:
        return None
    if not is_clear(metric, float(np.nanmean(days)), trend.slope * trend.days):
        return None
    rate = _describe_rate(metric, trend.slope)
    return phrase(f"chapters.course.{trend.direction.value}", rate=rate)


def _describe_rate(metric: Metric, per_day: float) -> Inline:
    """A slope without its sign, to two digits: what it was fitted to is not surer."""
    rate = float(f"{abs(per_day):.2g}")
    if metric.unit is Unit.PERCENT:
        return phrase("crossing.points", n=f"{rate:g}")
    return Quantity(rate, metric.unit.value)


def choose_daily(series: SeriesSummary) -> Values:
    """The daily figures of a share of cases, of all else the daily means; shape (days,)."""
    assert series.days is not None, "BUG: a series that is not divided into days"
    figure = series.days.figure
    is_share = series.figure is not None and series.figure.proportion is not None
    return figure if is_share and np.isfinite(figure).any() else series.days.mean


def is_clear(metric: Metric, level: float, difference: float) -> bool:
    """Whether a difference over the period is large enough to speak of."""
    if metric.unit is Unit.PERCENT:
        return abs(difference) >= _CLEAR_POINTS
    return abs(difference) >= _CLEAR * abs(level) > 0
