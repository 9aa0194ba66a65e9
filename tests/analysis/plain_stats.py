"""Statistics of a series from all of its values at once: the plain form of `series_fold`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.series_stats import SeriesStats

if TYPE_CHECKING:
    from jipyo.model.sample import Times, Values

_HOUR_MS = 3_600_000
EMPTY = SeriesStats(0, *(np.nan,) * 6, -1, -1, -1)


def compute_stats(t_ms: Times, values: Values) -> SeriesStats:
    """The series' numbers; `t_ms` and `values` have shape (steps,), NaN where absent.

    The percentile interpolates linearly, as Prometheus' `quantile_over_time` does.
    """
    where = np.flatnonzero(~np.isnan(values))
    if not where.size:
        return EMPTY
    real = values[where]
    times = t_ms[where]
    highest, lowest = int(real.argmax()), int(real.argmin())
    return SeriesStats(
        steps=int(where.size),
        average=float(real.mean()),
        p95=_quantile(real, 0.95),
        maximum=float(real[highest]),
        minimum=float(real[lowest]),
        first=float(real[0]),
        last=float(real[-1]),
        maximum_ms=int(times[highest]),
        minimum_ms=int(times[lowest]),
        last_ms=int(times[-1]),
    )


def average_hours(values: Values, step_ms: int) -> Values:
    """The mean of each hour from the first step on, shape (hours,); NaN where none is."""
    size = _HOUR_MS // step_ms
    padding = np.full(-values.size % size, np.nan)
    hours = np.concatenate((values, padding)).reshape(-1, size)
    count = (~np.isnan(hours)).sum(axis=1)
    sums = np.nansum(hours, axis=1)
    mean: Values = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return mean


def _quantile(values: Values, q: float) -> float:
    """Linear interpolation that also knows infinities, where numpy's gives NaN."""
    ranked = np.sort(values)
    rank = q * (ranked.size - 1)
    low = int(rank)
    high = min(low + 1, ranked.size - 1)
    weight = rank - low
    if not weight or ranked[low] == ranked[high]:
        return float(ranked[low])
    return float(ranked[low] * (1 - weight) + ranked[high] * weight)
