"""The simple forecasts that the ensemble weighs, each from many origins at once.

A component is `f(values, origins, steps, periods)`: from each origin (the number of values that
are known) so many steps ahead, shape (origins, steps). It reads nothing at or after an origin.
`periods` are the points of a day and, where two weeks are known, of a week.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.forecast.values import Component
from jipyo.analysis.medians import find_median
from jipyo.analysis.theil_sen import theil_sen_slope

if TYPE_CHECKING:
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values

Periods = tuple[int, ...]
Forecaster = Callable[["Values", "Indices", int, Periods], "Values"]

_TINY = 1e-12
_NEGLIGIBLE = 1e-6
"""Older values that weigh less than this in all are left out of a smoothed level."""
_CYCLES = 8
"""Cycles from which a profile is made."""
_CYCLE_DECAY = 0.75
_LEVEL_DECAY = 0.97
"""How much of the residual's level is left a day later."""
_TREND_DAYS = 28
_MEDIAN_WEEKS = 6
_MEDIAN_DAYS = 7
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
_SMOOTHING_STEPS = 300
_RIDGE = 0.01
_OUTER = 0.002
"""The share at either end that is clipped before the autoregression is fitted."""
_ROBUST = 2.5
"""Residuals of more median deviations count less in the second fit (Huber's weights)."""
_MAD_TO_SD = 1.4826


def repeat_day(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The last day again: the seasonal naive."""
    return _repeat(values, origins, steps, periods[0])


def repeat_week(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The last week again."""
    return _repeat(values, origins, steps, periods[-1])


def repeat_value(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The last value: what a random walk leaves to expect."""
    return np.repeat(values[origins - 1][:, None], steps, axis=1)


def repeat_median(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The median of the last day: what noise around a level leaves to expect."""
    days = np.stack([values[origin - periods[0] : origin] for origin in origins])
    return np.repeat(find_median(days, axis=1)[:, None], steps, axis=1)


def repeat_median_week(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The median of the last six weeks, hour by hour: what single events do not move."""
    return _repeat_median(values, origins, steps, periods[-1], _MEDIAN_WEEKS)


def repeat_median_day(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The median of the last seven days, hour by hour."""
    return _repeat_median(values, origins, steps, periods[0], _MEDIAN_DAYS)


def _repeat_median(values: Values, origins: Indices, steps: int, period: int, most: int) -> Values:
    usual = []
    for origin in origins:
        cycles = min(int(origin) // period, most)
        table = values[origin - cycles * period : origin].reshape(cycles, period)
        usual.append(find_median(table))
    return np.stack(usual)[:, np.arange(steps) % period]


def repeat_level(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """Exponential smoothing (Brown 1959) with the share, of six, that was best a step ahead.

    Best over the 300 steps before each origin.
    """
    levels, errors = [], []
    for share in _SHARES:
        level = smooth(values, share)
        total = np.concatenate([[0, 0], np.abs(values[1:] - level[:-1]).cumsum()])
        levels.append(level[origins - 1])
        errors.append(total[origins] - total[np.maximum(origins - _SMOOTHING_STEPS, 1)])
    best = np.argmin(errors, axis=0)
    chosen = np.stack(levels)[best, np.arange(len(origins))]
    return np.repeat(chosen[:, None], steps, axis=1)


def _repeat(values: Values, origins: Indices, steps: int, period: int) -> Values:
    ahead = np.arange(steps) % period
    repeated: Values = values[(origins - period)[:, None] + ahead]
    return repeated


def follow_week(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The profile of the week, and where the series is beside it."""
    return _follow_profiles(values, origins, steps, (periods[-1], periods[0]))


def follow_day(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The profile of the day, and where the series is beside it."""
    return _follow_profiles(values, origins, steps, (periods[0], periods[0]))


def _follow_profiles(
    values: Values, origins: Indices, steps: int, periods: tuple[int, int]
) -> Values:
    period, day = periods
    return np.stack(
        [
            _follow_profile(values[:origin], steps, period if origin >= 2 * period else day, day)
            for origin in origins
        ]
    )


def _follow_profile(known: Values, steps: int, period: int, day: int) -> Values:
    """The profile, a level that fades within weeks, and the last residual, which fades faster.

    Level: exponential smoothing of the residuals over a day. Its remainder is taken as AR(1).
    """
    profile = find_profile(known, period, _CYCLE_DECAY)
    cycles = min(len(known) // period, _CYCLES)
    residual = _subtract(known[len(known) - cycles * period :], profile)
    level = smooth(residual, 2 / (max(day, 4) + 1))
    rest = residual - level
    memory = float(np.clip(rest[1:] @ rest[:-1] / (rest[:-1] @ rest[:-1] + _TINY), 0, 0.99))
    ahead = np.arange(1, steps + 1)
    fading = level[-1] * _LEVEL_DECAY ** (ahead / day) + rest[-1] * memory**ahead
    shape: Values = profile[np.arange(steps) % period] + fading
    return shape


def _subtract(values: Values, profile: Values) -> Values:
    """Values of whole cycles less the profile."""
    rest: Values = (values.reshape(-1, len(profile)) - profile).ravel()
    return rest


def find_profile(known: Values, period: int, decay: float) -> Values:
    """The usual cycle, shape (period,): its first value is that of the step after the last.

    The mean of the last eight cycles, newer ones weighing more; from four cycles on, outliers
    beyond about four median deviations are clipped.
    """
    cycles = min(len(known) // period, _CYCLES)
    table = known[len(known) - cycles * period :].reshape(cycles, period)
    weights = decay ** np.arange(cycles - 1, -1, -1)
    if cycles >= _CYCLES // 2:
        middle = find_median(table)
        spread = _MAD_TO_SD * find_median(np.abs(table - middle))
        reach = 4 * (spread + spread.mean())
        table = np.clip(table, middle - reach, middle + reach)
    profile: Values = weights @ table / weights.sum()
    return profile


def smooth(values: Values, share: float) -> Values:
    """Exponential smoothing from the first value on, shape as `values`."""
    reach = min(len(values), int(np.ceil(np.log(_NEGLIGIBLE) / np.log1p(-share))))
    kernel = share * (1 - share) ** np.arange(reach)
    smoothed: Values = np.convolve(values, kernel)[: len(values)]
    start = values[0] * (1 - share) ** np.arange(1, len(values) + 1, dtype=np.float64)
    total: Values = smoothed + start
    return total


def follow_trend(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """A straight line through the last four weeks of daily levels, and the profile.

    The line is Theil and Sen's (Sen 1968): a third of the days may be anything. It is not
    damped, so it is wrong for growth that levels off.
    """
    return np.stack([_follow_line(values[:origin], steps, periods) for origin in origins])


def _follow_line(known: Values, steps: int, periods: Periods) -> Values:
    day = periods[0]
    period = periods[-1] if len(known) >= 3 * periods[-1] else day
    profile = find_profile(known, period, 0.9)
    profile = profile - profile.mean()
    cycles = len(known) // period
    level = _subtract(known[len(known) - cycles * period :], profile)
    days = min(len(level) // day, _TREND_DAYS)
    daily = find_median(level[len(level) - days * day :].reshape(days, day), axis=1)
    if days < 4:
        return _follow_profile(known, steps, period, day)
    slope = theil_sen_slope(daily)
    end = find_median((daily - slope * np.arange(days))[-7:]) + slope * (days - 1)
    ahead = (np.arange(1, steps + 1) + (day - 1) / 2) / day
    line: Values = profile[np.arange(steps) % period] + end + slope * ahead
    return line


def autoregress(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """A linear model of what the series was 1 to 3 steps, a day and a week before.

    Ridge regression (Hoerl and Kennard 1970), newer samples weighing more, fitted twice, the
    second time with Huber's weights; iterated, and kept within the range seen and a standard
    deviation around it.
    """
    lags = _choose_lags(int(origins.min()), periods)
    longest = int(lags[-1])
    fits = [_fit_lags(values[:origin], lags, periods[0]) for origin in origins]
    middle, scale, low, high = np.array([fit[:4] for fit in fits]).T
    slopes = np.stack([fit[4] for fit in fits])
    buffer = np.empty((longest + steps, len(origins)))
    known = np.stack([values[origin - longest : origin] for origin in origins])
    buffer[:longest] = ((known - middle[:, None]) / scale[:, None]).T
    at = longest - lags
    weights, constant = slopes[:, :-1].T, slopes[:, -1]
    for step in range(steps):
        row = (weights * buffer[at + step]).sum(axis=0) + constant
        buffer[longest + step] = np.minimum(np.maximum(row, low), high)
    forecast: Values = buffer[longest:].T * scale[:, None] + middle[:, None]
    return forecast


def autoregress_changes(values: Values, origins: Indices, steps: int, periods: Periods) -> Values:
    """The same model of the changes from step to step, added up from the last value.

    What grows steadily goes on growing, and what wanders has no level to return to (an
    integrated autoregression, Box and Jenkins 1970).
    """
    changes = autoregress(np.diff(values), origins - 1, steps, periods)
    forecast: Values = values[origins - 1][:, None] + changes.cumsum(axis=1)
    return forecast


def _choose_lags(known: int, periods: Periods) -> Indices:
    day, week = periods[0], periods[-1]
    lags = {1, 2, 3, day, day + 1}
    if week > day and known >= 2 * week + 2 * day:
        lags |= {week, week + 1}
    return np.array(sorted(lag for lag in lags if lag < known // 2), np.int64)


def _fit_lags(known: Values, lags: Indices, day: int) -> tuple[float, float, float, float, Values]:
    """Middle, scale, lowest and highest allowed, and the coefficients, the constant last."""
    middle, scale = float(find_median(known)), float(known.std()) + _TINY
    scaled = (known - middle) / scale
    outer = int(_OUTER * len(scaled)), len(scaled) - 1 - int(_OUTER * len(scaled))
    ranked = np.partition(scaled, outer)
    scaled = np.clip(scaled, ranked[outer[0]] - 0.5, ranked[outer[1]] + 0.5)
    longest, size = int(lags[-1]), len(scaled)
    rows = size - longest
    table = np.stack([scaled[longest - lag : size - lag] for lag in lags] + [np.ones(rows)])
    target = scaled[longest:]
    age = np.arange(rows - 1, -1, -1)
    weights: Values = np.exp2(-age / max(14.0 * day, rows / 2)).astype(np.float64)
    slopes = _solve_ridge(table, target, weights)
    off = np.abs(target - slopes @ table)
    allowed = _ROBUST * (_MAD_TO_SD * find_median(off) + 1e-9)
    slopes = _solve_ridge(table, target, weights * np.minimum(1, allowed / np.maximum(off, _TINY)))
    return middle, scale, float(scaled.min()) - 1, float(scaled.max()) + 1, slopes


def _solve_ridge(table: Values, target: Values, weights: Values) -> Values:
    weighted = table * weights
    penalty = np.full(len(table), _RIDGE * float(weights.sum()))
    penalty[-1] = _TINY
    square = weighted @ table.T
    square.flat[:: len(table) + 1] += penalty
    return np.linalg.solve(square, weighted @ target).astype(np.float64, copy=False)


COMPONENTS: dict[Component, Forecaster] = {
    Component.LAST_DAY: repeat_day,
    Component.LAST_WEEK: repeat_week,
    Component.WEEK_PROFILE: follow_week,
    Component.DAY_PROFILE: follow_day,
    Component.AUTOREGRESSION: autoregress,
    Component.CHANGES: autoregress_changes,
    Component.TREND: follow_trend,
    Component.LAST_VALUE: repeat_value,
    Component.RECENT_MEDIAN: repeat_median,
    Component.MEDIAN_WEEK: repeat_median_week,
    Component.MEDIAN_DAY: repeat_median_day,
    Component.SMOOTHED: repeat_level,
}
