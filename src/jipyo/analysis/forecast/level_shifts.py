"""A history as if it had always been on today's level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.changepoints import Changepoint, detect_changepoints

if TYPE_CHECKING:
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.sample import Values

_CLEAR = 1.0
"""A jump of less than so many standard deviations of the noise is left as it is."""
_SETTLED_DAYS = 2
"""Days that a new level must have lasted."""
_MOST_TIMES = 5.0
"""A level that is more than so many times the other one is reached by adding, not in proportion."""


def remove_level_shifts(series: RegularSeries) -> RegularSeries:
    """The series with everything before a shift of its level moved to the level after.

    In proportion where nothing is negative, because a deployment that halves the load halves its
    daily rhythm; else by the difference. Only shifts from one flat stretch to another count:
    slopes are the business of trends. The same object where there is nothing to move.
    """
    found = detect_changepoints(series)
    shifts = [change for change in found if is_shift(change)] if isinstance(found, tuple) else []
    if not shifts:
        return series
    utc, last_start = series.utc_ms, len(series.values) - _SETTLED_DAYS * series.day
    places = [(shift, int(np.searchsorted(utc, shift.t_ms))) for shift in shifts]
    pairs = [(shift, start) for shift, start in places if start <= last_start]
    if not pairs:
        return series
    values: Values = series.values.copy()
    in_proportion = values.min() >= 0 and all(is_proportionate(shift) for shift, _ in pairs)
    for shift, start in pairs:
        if in_proportion:
            values[:start] *= shift.after / shift.before
        else:
            values[:start] += shift.jump
    return replace(series, values=values)


def is_shift(change: Changepoint) -> bool:
    """Whether a flat stretch follows another one on a clearly different level."""
    is_flat = change.slope_before == 0 == change.slope_after
    return is_flat and abs(change.jump) > _CLEAR * change.noise


def is_proportionate(shift: Changepoint) -> bool:
    """Whether the level after is a moderate multiple of the level before."""
    low, high = sorted((shift.before, shift.after))
    return low > 0 and high < _MOST_TIMES * low
