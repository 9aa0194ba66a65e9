"""What was seen without a model: the load that was held, and the load that broke."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import ProvenLoad
from jipyo.analysis.capacity.loads import count_slower, find_quantile

if TYPE_CHECKING:
    from jipyo.analysis.capacity.history import CapacityObjective, Floats, LoadHistory
    from jipyo.analysis.capacity.loads import LoadBins

_Z = 1.7
"""One-sided 95%, for a handful of windows."""
_RESAMPLES = 80
_FEWEST_ERRORS = 15


def find_proven(
    history: LoadHistory, bins: LoadBins, objective: CapacityObjective
) -> ProvenLoad | None:
    """The highest bin that kept the objective at 95% confidence, no bin below having broken it."""
    slower = count_slower(history.buckets, history.bounds_s, objective.latency_s)
    answered = history.buckets.sum(axis=1)
    seen, total = bins.sum_by_bin(slower), bins.answered
    share = seen / total
    deviation = (slower - share[bins.bin_of] * answered) ** 2
    sd = np.maximum(np.sqrt(bins.sum_by_bin(deviation)), np.sqrt(seen + 1)) / total
    failed = bins.errors / np.maximum(bins.requests, 1e-300)
    broken = (share > objective.most_slow) | (failed > objective.most_errors)
    sure = share + _Z * sd <= objective.most_slow
    before_break = np.cumsum(broken) == 0
    good = np.flatnonzero(sure & before_break)
    if not len(good):
        return None
    k = int(good[-1])
    quantile = find_quantile(bins.counts[k], history.bounds_s, objective.quantile)
    windows = int(bins.windows[k])
    return ProvenLoad(
        float(bins.rate[k]),
        windows,
        windows * history.window_s,
        min(quantile, objective.latency_s),
        float(failed[k]),
    )


def fit_rising(values: Floats, weights: Floats) -> Floats:
    """The nearest values that never fall: pool adjacent violators.

    Source: R. E. Barlow et al. (1972), Statistical Inference under Order Restrictions.

    >>> fit_rising(np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4))
    array([1. , 2.5, 2.5, 4. ])
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pool = (float(value), float(weight), 1)
        while pools and pools[-1][0] > pool[0]:
            last = pools.pop()
            together = last[1] + pool[1]
            mean = (last[0] * last[1] + pool[0] * pool[1]) / together
            pool = (mean, together, last[2] + pool[2])
        pools.append(pool)
    return np.concatenate([np.full(n, value) for value, _, n in pools])


def draw_latency_break(
    history: LoadHistory,
    bins: LoadBins,
    objective: CapacityObjective,
    random: np.random.Generator,
) -> Floats | None:
    """Rates at which the share of slow requests passed the objective, over resampled windows.

    None where it did not, or only by chance.
    """
    slower = count_slower(history.buckets, history.bounds_s, objective.latency_s)
    answered = history.buckets.sum(axis=1)
    total = bins.answered
    rising = fit_rising(bins.sum_by_bin(slower) / total, total)
    if rising[-1] <= objective.most_slow:
        return None
    n, inside = len(slower), bins.bin_of >= 0
    found = []
    for _ in range(_RESAMPLES):
        rows = random.integers(0, n, n)
        rows = rows[inside[rows]]
        place = bins.bin_of[rows]
        weights = np.bincount(place, answered[rows], minlength=len(total)) + 1e-9
        share = np.bincount(place, slower[rows], minlength=len(total)) / weights
        crossing = _find_crossing(
            fit_rising(share.astype(float), weights.astype(float)), bins.rate, objective
        )
        if crossing is not None:
            found.append(crossing)
    return np.array(found) if len(found) > _RESAMPLES // 2 else None


def _find_crossing(shares: Floats, rates: Floats, objective: CapacityObjective) -> float | None:
    if shares[-1] <= objective.most_slow:
        return None
    k = int(np.argmax(shares > objective.most_slow))
    if k == 0:
        return float(rates[0])
    return float(np.interp(objective.most_slow, shares[k - 1 : k + 1], rates[k - 1 : k + 1]))


def draw_error_break(
    bins: LoadBins,
    objective: CapacityObjective,
    top_rate: float,
    draws: int,
    random: np.random.Generator,
) -> Floats | None:
    """Rates at which the share of errors passes the objective: a power law of the load.

    Quasi-Poisson: the law's spread is taken from how badly it fits. None with too few errors.
    """
    seen = bins.errors >= 1
    if bins.errors.sum() < _FEWEST_ERRORS or seen.sum() < 3:
        return None
    x = np.log(bins.rate[seen] / top_rate)
    y = np.log((bins.errors[seen] + 0.3) / bins.requests[seen])
    weights = 1 / (1 / (bins.errors[seen] + 0.3) + 0.03)
    design = np.column_stack([np.ones_like(x), x])
    covariance = np.linalg.inv((design * weights[:, None]).T @ design + np.diag([0.0, 0.01]))
    law = covariance @ (design.T @ (weights * y) + np.array([0.0, 0.03]))
    excess = float(weights @ (y - design @ law) ** 2) / max(1, len(x) - 2)
    drawn = random.multivariate_normal(law, covariance * max(1.0, excess), draws)
    slope = np.maximum(drawn[:, 1], 0.5)
    distance = (np.log(objective.most_errors) - drawn[:, 0]) / slope
    rates: Floats = top_rate * np.exp(np.clip(distance, -3.0, 3.0))
    return rates
