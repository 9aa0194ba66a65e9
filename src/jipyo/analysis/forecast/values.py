"""What a forecast is: the expected course, its intervals, and how right it was on the past."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.sample import Times, Values

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
"""What is forecast: the median and the ends of the 95 % and 80 % intervals."""


@dataclass(frozen=True, slots=True)
class ValueBounds:
    """Between which values a metric can be: 0 and 100 for a percentage."""

    low: float = -math.inf
    high: float = math.inf


class Component(StrEnum):
    """The simple forecasts that the ensemble weighs; `components` has them."""

    LAST_DAY = "last_day"
    LAST_WEEK = "last_week"
    DAY_PROFILE = "day_profile"
    WEEK_PROFILE = "week_profile"
    AUTOREGRESSION = "autoregression"
    CHANGES = "changes"
    TREND = "trend"
    LAST_VALUE = "last_value"
    RECENT_MEDIAN = "recent_median"
    MEDIAN_WEEK = "median_week"
    MEDIAN_DAY = "median_day"
    SMOOTHED = "smoothed"

    @property
    def text_key(self) -> str:
        """The key of its name for people."""
        return f"analysis.component.{self}"


@dataclass(frozen=True, slots=True)
class Backtest:
    """How right the same method was inside the history, where the outcome is known.

    The weights for an origin come from the other origins, so that nothing is judged by what it
    was fitted to.
    """

    origins: int
    """From so many moments it forecast."""
    steps: int
    """So many points ahead each time: fewer than the forecast's, where history is short."""
    mase: float
    """Mean absolute error, in mean absolute differences of the history from day to day (daily
    values: from week to week); 0 where nothing ever differs."""
    naive_mase: float
    """The same of repeating the last day (daily values: the last week)."""
    coverage_80: float
    """The share of outcomes inside the 80 % interval; should be .80."""
    coverage_95: float
    weights: tuple[tuple[Component, float], ...]
    """What the forecast is made of, heaviest first; the weights add up to 1."""

    @property
    def leading(self) -> Component:
        """The heaviest component."""
        return self.weights[0][0]


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What is expected of a series."""

    t_ms: Times
    """Shape (steps,)."""
    quantiles: Values
    """Shape (5, steps): the rows are `QUANTILES`, ascending."""
    backtest: Backtest
    history_points: int
    filled_share: float
    """The share of the history that was not measured but filled, 0 to 1."""

    @property
    def median(self) -> Values:
        """Shape (steps,)."""
        middle: Values = self.quantiles[2]
        return middle

    @property
    def interval_80(self) -> tuple[Values, Values]:
        """The lower and the upper end, each of shape (steps,)."""
        return self.quantiles[1], self.quantiles[3]

    @property
    def interval_95(self) -> tuple[Values, Values]:
        """The lower and the upper end, each of shape (steps,)."""
        return self.quantiles[0], self.quantiles[4]
