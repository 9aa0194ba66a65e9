"""How a series moved over the period: a level that changed for good, or a rise a day."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.changepoints import detect_changepoints
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

_HOURS, _WEEK = 24, 7
_QUARTILES = (0.25, 0.5, 0.75)
_CLEAR = 0.05
"""A course is worth words where it is this share of the mean over the whole period."""
_CLEAR_POINTS = 1.0
"""Of what is in per cent, that many points."""


def describe_course(
    metric: Metric, series: SeriesSummary, window: Window, zone: str
) -> Phrase | None:
    """In words what a series did since when; None where it is not clear or does not matter.

    What it did since the last changepoint of its hourly values (`analysis.changepoints`): its
    level, or its slope; else the trend of its daily means (`analysis.trend`); else, of what
    drifts faster and faster, its first week beside its last.
    """
    where = ZoneInfo(zone)
    return (
        _describe_change(metric, series, window, where)
        or _describe_trend(metric, series, window, where)
        or _describe_weeks(metric, series)
    )


def _describe_change(
    metric: Metric, series: SeriesSummary, window: Window, zone: ZoneInfo
) -> Phrase | None:
    """A new level or slope since the last changepoint that the medians bear out.

    Hours of an outage are a stretch of their own to the changepoints, after which all is as
    it was before: the medians of whole stretches tell.
    """
    if series.values is None or window.drawn_ms != HOUR_MS:
        return None
    found = detect_changepoints(make_regular(window.drawn_t_ms, series.values, HOUR_MS, zone))
    if isinstance(found, NoResult) or not found:
        return None
    change = found[-1]
    is_later = window.drawn_t_ms > change.t_ms
    before, after = (_find_days(series.values[part]) for part in (~is_later, is_later))
    since = Day(local_day(change.t_ms, zone), short=True)
    rise = change.slope_after * len(after)
    middle = len(after) // 2
    if _agree(metric, after[:middle], after[middle:], rise / 2):
        way = "rose" if rise > 0 else "fell"
        rate = _describe_rate(metric, change.slope_after)
        return phrase(f"chapters.course.{way}", since=since, rate=rate)
    if _agree(metric, before, after, change.after - change.before):
        unit = metric.unit.value
        levels = {"before": _show_level(before, unit), "after": _show_level(after, unit)}
        return phrase("chapters.course.level", since=since, **levels)
    return None


def _find_days(values: Values) -> Values:
    """The medians of whole days of hourly values, counted back from the end; shape (days,)."""
    days = values[len(values) % _HOURS :].reshape(-1, _HOURS)
    known = days[np.isfinite(days).all(axis=1)]
    medians: Values = np.median(known, axis=1)
    return medians


def _agree(metric: Metric, before: Values, after: Values, rise: float) -> bool:
    """Whether the days lie apart clearly, most of them, and in the direction of a rise."""
    if not (len(before) and len(after)):
        return False
    low, level, high = np.quantile(before, _QUARTILES)
    later_low, later, later_high = np.quantile(after, _QUARTILES)
    is_apart = later_low > high if rise > 0 else later_high < low
    return bool(
        is_apart and is_clear(metric, level, later - level) and is_clear(metric, level, rise)
    )


def _show_level(days: Values, unit: str) -> Quantity:
    return Quantity(float(np.median(days)), unit)


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


def _describe_weeks(metric: Metric, series: SeriesSummary) -> Phrase | None:
    """The first and the last seven days, where the days of one are not those of the other."""
    if series.days is None or len(series.days.mean) < 2 * _WEEK:
        return None
    days = choose_daily(series)
    first, last = (part[np.isfinite(part)] for part in (days[:_WEEK], days[-_WEEK:]))
    if len(first) < _WEEK or len(last) < _WEEK:
        return None
    if not _agree(metric, first, last, float(np.median(last) - np.median(first))):
        return None
    unit = metric.unit.value
    before, after = _show_level(first, unit), _show_level(last, unit)
    return phrase("chapters.course.weeks", n=_WEEK, before=before, after=after)


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
