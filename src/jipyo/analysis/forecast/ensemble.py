"""A forecast from simple ones, each weighing what it was right inside the history.

Combining simple forecasts beats choosing one (Bates and Granger 1969; the M4 competition,
Makridakis, Spiliotis and Assimakopoulos 2020); intervals are quantiles of what the combination
was off in its own backtest (split conformal prediction, Vovk, Gammerman and Shafer 2005).

Limits: it knows nothing of holidays or of what people plan; intervals are symmetric, and too
narrow where the future is unlike the whole history.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.forecast.components import COMPONENTS, Periods
from jipyo.analysis.forecast.level_shifts import remove_level_shifts
from jipyo.analysis.forecast.scale import choose_scale
from jipyo.analysis.forecast.values import (
    QUANTILES,
    Backtest,
    Component,
    Forecast,
    ValueBounds,
)
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.regular_series import DAY_MS, DAYS_A_WEEK

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values

LEAST_DAYS = 3
"""Days of history without which there is no forecast, of values of less than a day."""
LEAST_WEEKS = 3
"""The same of daily values, in weeks."""
LEAST_MEASURED = 0.5
"""The share of the history that must be measured."""

_ORIGINS = 8
_ORIGINS_APART = 2
"""Days, or weeks of daily values, at most."""
_POWER = 5.0
_LEAST_WEIGHT = 0.25
_ERROR_LIMIT = 12.0
"""A single error counts no more than so many times the scale."""
_ERROR_FLOOR = 0.02
_LEVELS = (0.8, 0.95)
_MARGINS = {0.8: 0.15, 0.95: 0.3}
"""By how much, over the number of origins, a level is raised: few origins know few futures."""
_NARROW = 0.05
"""An error of less than this share of the standard deviation needs no rival to beat."""
_TINY = 1e-12
_ANY = ValueBounds()
_DAILY = (Component.LAST_DAY, Component.DAY_PROFILE, Component.MEDIAN_DAY)
_WEEKLY = (Component.LAST_WEEK, Component.WEEK_PROFILE, Component.MEDIAN_WEEK)
_EXACT = Backtest(0, 0, 0.0, 0.0, 1.0, 1.0, ((Component.LAST_VALUE, 1.0),))


def forecast(series: RegularSeries, steps: int, bounds: ValueBounds = _ANY) -> Forecast | NoResult:
    """The next `steps` points of the series: hourly ones for days, daily ones for months.

    Nothing random is in it: the same history has the same forecast. There is none where the
    history is short, mostly filled or shorter than the horizon, or where the method did not
    beat the seasonal naive forecast in its backtest. What was before a shift of the level counts
    as if it had been on the level after, in the backtest too: the next shift is not foreseen.
    """
    assert steps > 0, f"BUG: a forecast of {steps} steps"
    missing = _find_obstacle(series, steps)
    if missing is not None:
        return missing
    values = series.values
    if not np.ptp(values):
        return _continue_constant(series, steps)
    t_ms, ahead = series.future_ms(steps)
    result = _forecast_values(remove_level_shifts(series), int(ahead.max()) + 1)
    if isinstance(result, NoResult):
        return result
    quantiles, backtest = result
    shown = np.clip(quantiles[:, ahead], *_find_bounds(values, bounds))
    return Forecast(t_ms, shown, backtest, len(values), series.filled_share)


def _find_obstacle(series: RegularSeries, steps: int) -> NoResult | None:
    """Why no forecast can be made, before anything is computed."""
    size = len(series.values)
    if not series.day or series.step_ms > DAY_MS:
        return NoResult("analysis.no_forecast.step")
    least = LEAST_DAYS if series.day > 1 else LEAST_WEEKS * DAYS_A_WEEK
    days = size // series.day
    if days < least:
        return NoResult("analysis.no_forecast.short", {"days": days, "least": least})
    if steps > size:
        return NoResult(
            "analysis.no_forecast.far", {"days": days, "ahead": -(-steps // series.day)}
        )
    if 1 - series.filled_share < LEAST_MEASURED:
        return NoResult("analysis.no_forecast.gaps", {"percent": round(100 * series.filled_share)})
    return None


def _find_bounds(values: Values, bounds: ValueBounds) -> tuple[float, float]:
    """The metric's bounds, moved to what was seen beyond; what was never negative stays so."""
    least, most = float(values.min()), float(values.max())
    low = max(bounds.low, 0.0) if least >= 0 else bounds.low
    return min(low, least), max(bounds.high, most)


def _continue_constant(series: RegularSeries, steps: int) -> Forecast:
    """What never changed is expected not to; there is nothing to tell how far it would."""
    t_ms, _ = series.future_ms(steps)
    quantiles = np.full((len(QUANTILES), steps), series.values[-1])
    return Forecast(t_ms, quantiles, _EXACT, len(series.values), series.filled_share)


def _forecast_values(series: RegularSeries, steps: int) -> tuple[Values, Backtest] | NoResult:
    """Quantiles of shape (5, steps), not yet within any bounds, and the backtest."""
    periods, scale = series.periods, choose_scale(series)
    components = choose_components(series)
    values = scale.reduce(series.values)
    trial = _run_backtest(values, steps, periods, components)
    truth, guess, naive = map(scale.restore, (trial.truth, trial.combined, trial.naive))
    rounding = _TINY * float(np.ptp(series.values))
    usual = float(_find_differences(series.values, periods).mean()) + rounding
    error, naive_error = (float(np.abs(one - truth).mean()) for one in (guess, naive))
    figures = {"mase": error / usual, "naive": naive_error / usual}
    if error >= max(naive_error, _NARROW * float(series.values.std())):
        period = "day" if series.day > 1 else "week"
        return NoResult(f"analysis.no_forecast.naive.{period}", figures)
    misses = np.abs(trial.combined - trial.truth)
    spreads = [_find_reach(misses, level, steps, periods[0]) for level in _LEVELS]
    (reach_80, inside_80), (reach_95, inside_95) = spreads
    middle = _combine(values, trial.weights, steps, periods, components)
    rows = (
        middle - reach_95,
        middle - reach_80,
        middle,
        middle + reach_80,
        middle + reach_95,
    )
    backtest = Backtest(
        origins=len(misses),
        steps=misses.shape[1],
        mase=figures["mase"],
        naive_mase=figures["naive"],
        coverage_80=inside_80,
        coverage_95=inside_95,
        weights=_rank(trial.weights, components),
    )
    return scale.restore(np.stack(rows)), backtest


def choose_components(series: RegularSeries) -> tuple[Component, ...]:
    """Those that differ, the seasonal naive first: with one period day and week are the same."""
    if len(series.periods) > 1:
        return tuple(COMPONENTS)
    same = _WEEKLY if series.day > 1 else _DAILY
    return tuple(component for component in COMPONENTS if component not in same)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a backtest showed, in reduced values; all but the weights of shape (origins, steps)."""

    weights: Values
    """What each component weighs in the forecast, shape (components,)."""
    truth: Values
    combined: Values
    """The weighted forecast, each origin's weights from the other origins."""
    naive: Values
    """The last day or week repeated."""


def _run_backtest(
    values: Values, steps: int, periods: Periods, components: tuple[Component, ...]
) -> _Trial:
    origins, tested = _plan_backtest(len(values), steps, periods)
    truth = values[origins[:, None] + np.arange(tested)]
    forecasts = np.stack([COMPONENTS[c](values, origins, tested, periods) for c in components])
    usual = float(_find_differences(values, periods).mean()) + _TINY
    errors = np.minimum(np.abs(forecasts - truth), _ERROR_LIMIT * usual).mean(axis=2)
    every = np.ones((1, len(origins)))
    others = 1 - np.eye(len(origins)) if len(origins) > 1 else every
    each = _weigh(errors, others, usual).T[:, :, None]
    combined = (each * forecasts).sum(axis=0)
    return _Trial(_weigh(errors, every, usual)[0], truth, combined, forecasts[0])


def _find_differences(values: Values, periods: Periods) -> Values:
    """How much each value differs from the one a day (daily values: a week) before."""
    differences: Values = np.abs(values[periods[0] :] - values[: -periods[0]])
    return differences


def _plan_backtest(size: int, steps: int, periods: Periods) -> tuple[Indices, int]:
    """How many values are known at each origin, newest first, and how many steps are tested.

    Origins are no whole day apart where they can be, so that they fall on different hours. At
    least a quarter of a day is tested: single steps are too few to judge by.
    """
    day, week = periods[0], periods[-1]
    least = max(2 * day + 2, min(size // 2, 2 * week + 2))
    tested = min(max(steps, -(-day // 4)), max(day, (size - least) // 2))
    apart = max(1, min(_ORIGINS_APART * day, (size - tested - least) // (_ORIGINS - 1)))
    if apart > 3 and apart % 2 == 0:
        apart -= 1
    origins = size - tested - apart * np.arange(_ORIGINS)
    return np.maximum(origins[(origins >= least) | (origins == size - tested)], 1), tested


def _weigh(errors: Values, chosen: Values, scale: float) -> Values:
    """Weights of components, shape (rows, components), from their errors (components, origins).

    A row of `chosen` of shape (rows, origins) is 1 for the origins that count, else 0.
    """
    mean = chosen @ errors.T / chosen.sum(axis=1, keepdims=True) + _ERROR_FLOOR * scale
    weights = (mean.min(axis=1, keepdims=True) / mean) ** _POWER
    weights[weights < _LEAST_WEIGHT] = 0
    shares: Values = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _rank(
    weights: Values, components: tuple[Component, ...]
) -> tuple[tuple[Component, float], ...]:
    pairs = zip(components, weights.tolist(), strict=True)
    return tuple(sorted(((c, w) for c, w in pairs if w > 0), key=lambda pair: -pair[1]))


def _combine(
    values: Values,
    weights: Values,
    steps: int,
    periods: Periods,
    components: tuple[Component, ...],
) -> Values:
    """The weighted forecast from the end, shape (steps,); what weighs nothing is not computed."""
    end = np.array([len(values)])
    total = np.zeros(steps)
    for weight, component in zip(weights, components, strict=True):
        if weight > 0:
            total += weight * COMPONENTS[component](values, end, steps, periods)[0]
    return total


def _find_reach(misses: Values, level: float, steps: int, day: int) -> tuple[Values, float]:
    """How far an interval reaches to either side, shape (steps,), and what it would have covered.

    Misses of shape (origins, tested) are pooled by day, or in thirds of less than a day; the
    reach never shrinks with the horizon, and grows with its square root beyond what was tested.
    """
    origins, tested = misses.shape
    buckets = max(1, min(7, tested // day)) if tested > day else min(3, tested)
    edges = np.linspace(0, tested, buckets + 1).astype(np.int64)
    parts = [misses[:, start:end] for start, end in pairwise(edges.tolist())]
    raised = min(1.0, level * (1 + _MARGINS[level] / origins))
    reaches = np.maximum.accumulate([np.quantile(part, raised) for part in parts])
    ahead = np.arange(steps)
    reach = np.interp(ahead, (edges[:-1] + edges[1:]) / 2, reaches)
    beyond = reaches[-1] * np.sqrt((ahead + 1) / tested)
    inside = [_count_inside(part, raised) for part in parts]
    return np.where(ahead >= tested, beyond, reach), sum(inside) / misses.size


def _count_inside(misses: Values, level: float) -> int:
    """How many misses the others' quantile covers: those of the other origins, if there are."""
    origins, width = misses.shape
    ranks = misses.ravel().argsort().argsort().reshape(misses.shape)
    if origins > 1:
        ranks = ranks - misses.argsort(axis=1).argsort(axis=1)
    return int((ranks <= level * max(origins - 1, 1) * width).sum())
