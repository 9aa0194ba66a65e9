"""Crossings and their reasons as sentences in the reader's language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jipyo.analysis.crossing.result import CrossingReason, CrossingState, Motion
from jipyo.analysis.regular_series import DAY_MS
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.crossing.result import Crossing, CrossingForecast
    from jipyo.i18n import Texts

_WITH_RATE = (Motion.STEADY, Motion.ACCELERATING, Motion.SATURATING, Motion.STEPS)
_SOON_MS = 2 * DAY_MS
"""Until which dates are given with their time of day."""
_POINTS = ("percent", "ratio")
"""Units whose differences have a name of their own."""


def describe_crossing(
    crossing: Crossing, forecast: CrossingForecast, unit: str, t: Texts, zone: ZoneInfo
) -> str:
    """When the threshold is reached, how sure that is, and why, in one or two sentences."""
    days = forecast.horizon_ms / DAY_MS
    horizon = t.number(days, "days") if days >= 1 else t.span(forecast.horizon_ms)
    soon = crossing.t_ms is not None and crossing.t_ms - forecast.end_ms < _SOON_MS
    name = _name_moment if soon else _name_day
    earliest, latest = name(crossing.earliest_ms, t, zone), name(crossing.latest_ms, t, zone)
    text = t(
        f"crossing.{_name_case(crossing, earliest, latest)}",
        threshold=t.number(crossing.threshold, unit),
        day=name(crossing.t_ms, t, zone),
        earliest=earliest,
        latest=latest,
        probability=name_probability(crossing.probability, t),
        horizon=horizon,
        samples=forecast.samples,
    )
    if forecast.reason is None or crossing.state is CrossingState.REACHED:
        return f"{text}."
    return t("crossing.because", text=text, reason=describe_reason(forecast.reason, unit, t, zone))


def _name_case(crossing: Crossing, earliest: str, latest: str) -> str:
    if crossing.state is not CrossingState.EXPECTED:
        return str(crossing.state.value)
    if crossing.latest_ms is None:
        return "expected.open"
    return "expected.same" if earliest == latest else "expected"


def describe_reason(reason: CrossingReason, unit: str, t: Texts, zone: ZoneInfo) -> str:
    """`steady growth of 0.42 points a day since 3 Nov`, as a part of a sentence."""
    key = f"crossing.reason.{reason.motion.value}"
    if reason.motion in _WITH_RATE:
        key += ".up" if reason.per_day > 0 else ".down"
    return t(
        key,
        rate=_name_rate(abs(reason.per_day), unit, t),
        since=_name_day(reason.since_ms, t, zone),
        period=_name_period(reason.period_ms, t),
        last=_name_day(reason.last_ms, t, zone),
    )


def name_probability(probability: float, t: Texts) -> str:
    """In whole per cent; never 0 or 100, which a simulation cannot know."""
    if math.isnan(probability):
        return t("i18n.no_data")
    percent = round(100 * probability)
    if percent in (0, 100):
        return t(f"crossing.probability.{'least' if percent == 0 else 'most'}")
    return t.number(percent, "percent")


def _name_period(period_ms: int | None, t: Texts) -> str:
    """`3 days`, and below a day by its units."""
    if period_ms is None:
        return ""
    if period_ms < DAY_MS:
        return t.span(period_ms)
    return t.number(float(f"{period_ms / DAY_MS:.2g}"), "days")


def _name_rate(per_day: float, unit: str, t: Texts) -> str:
    if unit in _POINTS:
        points = per_day * (100 if unit == "ratio" else 1)
        return t("crossing.points", n=t.number(float(f"{points:.2g}")))
    return t.number(float(f"{per_day:.2g}") if unit == "count" else per_day, unit)


def _name_day(t_ms: int | None, t: Texts, zone: ZoneInfo) -> str:
    if t_ms is None:
        return ""
    day = local_time(t_ms, zone)
    return t("i18n.day_of_year", month=t(f"i18n.month.{day.month}"), day=day.day)


def _name_moment(t_ms: int | None, t: Texts, zone: ZoneInfo) -> str:
    return "" if t_ms is None else f"{_name_day(t_ms, t, zone)} {t.clock(t_ms, zone)}"
