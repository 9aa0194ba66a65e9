"""What repeats every day and every week, taken off a series with its trend left in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.sample import Values

_LEAST_EXPLAINED = 0.15
"""Share of the variance around the moving mean that a profile must explain to be used."""


def find_season(y: Values, periods: tuple[int, ...]) -> Values:
    """The repeating part of `y` (n,) over `n` points: the sum of one profile a period.

    `periods` are in points, ascending. A profile is the median of what differs from a centred
    mean of its period, at each of its points; it is zero where fewer than two periods are
    there, or where it explains too little to be real. NaN points are left out.
    """
    season = np.zeros(len(y))
    for period in periods:
        if len(y) >= 2 * period >= 6:
            season += np.resize(_find_profile(y - season, period), len(y))
    return season


def continue_season(season: Values, periods: tuple[int, ...], steps: int) -> Values:
    """The season of the `steps` points that follow; it repeats its longest period."""
    longest = max((period for period in periods if len(season) >= 2 * period), default=0)
    return np.resize(season[-longest:], steps) if longest else np.zeros(steps)


def _find_profile(y: Values, period: int) -> Values:
    rest = y - _average_around(y, period)
    pad = -len(y) % period
    table = np.concatenate((rest, np.full(pad, np.nan))).reshape(-1, period)
    seen = np.isfinite(table)
    profile = np.zeros(period)
    used = seen.sum(axis=0) >= 2
    if not used.any():
        return profile
    profile[used] = np.nanmedian(table[:, used], axis=0)
    profile -= profile.mean()
    whole = np.nanvar(rest)
    left = np.nanvar(table - profile)
    # What a median of few cycles explains by chance is taken off.
    cycles = float(seen.sum(axis=0)[used].mean())
    explained = 1 - left / whole * cycles / max(cycles - 1, 1) if whole > 0 else 0.0
    return profile if explained >= _LEAST_EXPLAINED else np.zeros(period)


def _average_around(y: Values, width: int) -> Values:
    """The mean of what is there of the `width` points around each; shorter at the ends."""
    seen = np.isfinite(y)
    total = np.concatenate(([0.0], np.cumsum(np.where(seen, y, 0.0))))
    count = np.concatenate(([0.0], np.cumsum(seen)))
    at = np.arange(len(y))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + (width + 1) // 2, len(y))
    mean: Values = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
    return mean
