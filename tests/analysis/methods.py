"""Every forecaster, detector and trend test, for the checks of `test_methods`.

A new method is one row of `METHODS`: what it makes of a series, and its numbers by how they
follow the series when that is multiplied and moved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.anomaly import AnomalyDetector
from jipyo.analysis.changepoints import detect_changepoints
from jipyo.analysis.crossing import predict_crossings
from jipyo.analysis.forecast import Forecast, ValueBounds, forecast
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.trend import Trend, detect_trend
from jipyo.catalogue import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.changepoints import Changepoint
    from jipyo.analysis.regular_series import RegularSeries

LOW, HIGH = 0.0, 100.0
"""The bounds that a bounded method is given."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a result."""

    values: np.ndarray = field(default_factory=lambda: np.empty(0))
    """Of the series' unit: follow both scale and shift."""
    sizes: np.ndarray = field(default_factory=lambda: np.empty(0))
    """Differences and slopes: follow the scale alone."""
    plain: np.ndarray = field(default_factory=lambda: np.empty(0))
    """Times, shares and probabilities: follow neither."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row."""

    name: str
    run: Callable[[RegularSeries], Figures | NoResult]
    bounded: Callable[[RegularSeries], Figures | NoResult] | None = None
    """The same between `LOW` and `HIGH`, where the method knows of bounds."""


def describe_forecast(result: Forecast | NoResult) -> Figures | NoResult:
    if isinstance(result, NoResult):
        return result
    shares = [result.backtest.mase, result.backtest.naive_mase, result.backtest.coverage_80]
    return Figures(values=result.quantiles, plain=np.array([*result.t_ms, *shares]))


def describe_trend(result: Trend | NoResult) -> Figures | NoResult:
    if isinstance(result, NoResult):
        return result
    return Figures(
        sizes=np.array([result.slope, result.low, result.high]),
        plain=np.array([result.p_value, result.start_ms, result.end_ms, result.days]),
    )


def describe_changes(result: tuple[Changepoint, ...] | NoResult) -> Figures | NoResult:
    if isinstance(result, NoResult):
        return result
    return Figures(
        values=np.array([level for one in result for level in (one.before, one.after)]),
        sizes=np.array([size for one in result for size in (one.slope_after, one.noise)]),
        plain=np.array([one.t_ms for one in result]),
    )


def forecast_of(steps: int) -> Method:
    bounds = ValueBounds(LOW, HIGH)
    return Method(
        f"forecast of {steps} steps",
        lambda series: describe_forecast(forecast(series, steps)),
        lambda series: describe_forecast(forecast(series, steps, bounds)),
    )


def cross(series: RegularSeries) -> Figures | NoResult:
    """The dates of two thresholds above the series and one below it; -1 where there is none."""
    seen = series.values[series.measured]
    low, high = (seen.min(), seen.max()) if len(seen) else (0.0, 1.0)
    above = [high + share * (high - low) for share in (0.2, 0.8)]
    up = predict_crossings(series, above, Direction.HIGHER_IS_WORSE)
    down = predict_crossings(series, [2 * low - high], Direction.LOWER_IS_WORSE)
    if up.reason is None or down.reason is None:
        return NoResult("crossing.unknown", {"threshold": "1", "samples": up.samples})
    found = (*up.crossings, *down.crossings)
    times = [t or -1 for one in found for t in (one.t_ms, one.earliest_ms, one.latest_ms)]
    return Figures(
        sizes=np.array([up.reason.per_day, down.reason.per_day]),
        plain=np.array([*times, *(one.probability for one in found), up.reason.since_ms]),
    )


def score_values(series: RegularSeries) -> Figures:
    """Every score, and what was expected; -1 where there is none."""
    detector = AnomalyDetector(["a"], ["x"], series.step_ms)
    rows = zip(series.utc_ms.tolist(), series.values, series.measured, strict=True)
    scores = [detector.step(t, np.array([v if seen else np.nan])) for t, v, seen in rows]
    known = [one for one in scores if np.isfinite(one.score[0])]
    figures = [x for one in known for x in (one.score[0], one.deviation[0], one.joint[0])]
    return Figures(
        values=np.array([one.expected[0] for one in known]),
        plain=np.array(figures),
    )


METHODS = (
    *(forecast_of(steps) for steps in (1, 24, 168)),
    Method("trend", lambda series: describe_trend(detect_trend(series))),
    Method("changepoints", lambda series: describe_changes(detect_changepoints(series))),
    Method("crossing", cross),
    Method("anomaly", score_values),
)
