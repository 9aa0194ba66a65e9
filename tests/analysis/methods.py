"""Every forecaster, detector and trend test, for the checks of `test_methods`.

A new method is one row of `METHODS`: what it makes of a series, and its numbers by how they
follow the series when that is multiplied and moved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.changepoints import detect_changepoints
from jipyo.analysis.forecast import Forecast, ValueBounds, forecast
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.trend import Trend, detect_trend

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


METHODS = (
    *(forecast_of(steps) for steps in (1, 24, 168)),
    Method("trend", lambda series: describe_trend(detect_trend(series))),
    Method("changepoints", lambda series: describe_changes(detect_changepoints(series))),
)
