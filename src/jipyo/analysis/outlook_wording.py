"""Outlooks in words: what is expected, how right that was on the past, and when thresholds come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.crossing.wording import describe_crossing
from jipyo.analysis.no_result import NoResult
from jipyo.source.hourly import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from jipyo.analysis.forecast import Forecast
    from jipyo.analysis.outlook import Outlook
    from jipyo.i18n import Texts

_FAR_MS = 2**62


def describe_backtest(outlook: Outlook, t: Texts) -> str:
    """How right the forecast was on the past; why there is none, where there is none."""
    forecast = outlook.forecast
    if isinstance(forecast, NoResult):
        return t(forecast.key, **forecast.values)
    test = forecast.backtest
    if not test.origins:
        return t("insight.constant")
    return t(
        "insight.backtest",
        origins=test.origins,
        span=t.span(test.steps * _find_step_ms(forecast)),
        better=t.number(round(100 * (1 - _compare(test.mase, test.naive_mase))), "percent"),
        inside=t.number(round(100 * test.coverage_80), "percent"),
        leading=t(test.leading.text_key),
    )


def _compare(error: float, naive: float) -> float:
    return error / naive if naive > 0 else 1.0


def _find_step_ms(forecast: Forecast) -> int:
    t_ms = forecast.t_ms
    return int(t_ms[1] - t_ms[0]) if len(t_ms) > 1 else HOUR_MS


def describe_crossings(outlook: Outlook, unit: str, t: Texts, zone: ZoneInfo) -> list[str]:
    """A sentence for each threshold, the warning first."""
    if outlook.crossing is None:
        return []
    levels = [level for level, _ in outlook.history.thresholds]
    return [
        t(
            f"insight.crossing.{level}",
            text=describe_crossing(crossing, outlook.crossing, unit, t, zone),
        )
        for level, crossing in zip(levels, outlook.crossing.crossings, strict=True)
    ]


def sort_by_urgency(outlooks: Iterable[Outlook]) -> list[Outlook]:
    """What is beyond a threshold first, then by the date at which one is reached."""
    return sorted(outlooks, key=_find_urgency)


def _find_urgency(outlook: Outlook) -> tuple[int, float]:
    if outlook.crossing is None:
        return _FAR_MS, 0.0
    crossings = outlook.crossing.crossings
    if any(one.state is CrossingState.REACHED for one in crossings):
        return 0, 0.0
    dates = [one.t_ms for one in crossings if one.t_ms is not None]
    known = [one.probability for one in crossings if one.state is not CrossingState.UNKNOWN]
    return min(dates, default=_FAR_MS), -max(known, default=0.0)
