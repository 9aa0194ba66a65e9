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
    if bins.errors.sum() < _FEWEST_ERRORS:
        return None
    x = np.log(bins.rate / top_rate)
    design = np.column_stack([np.ones_like(x), x])
    law, covariance = _fit_poisson(design, bins.errors, bins.requests)
    drawn = random.multivariate_normal(law, covariance, draws)
    slope = np.maximum(drawn[:, 1], 0.5)
    distance = (np.log(objective.most_errors) - drawn[:, 0]) / slope
    rates: Floats = top_rate * np.exp(np.clip(distance, -3.0, 3.0))
    return rates


def _fit_poisson(design: Floats, errors: Floats, requests: Floats) -> tuple[Floats, Floats]:
    """Coefficients of log(errors / requests) and their covariance, by reweighted least squares.

    Bins without an error count as well: without them the law would be too flat.
    Source: P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, ch. 6 and 9.
    """
    law = np.array([np.log(errors.sum() / requests.sum()), 3.0])
    prior, towards = np.diag([1e-6, 0.02]), np.array([0.0, 0.06])
    for _ in range(25):
        weights, response = _linearise(design @ law, errors, requests)
        curvature = (design * weights[:, None]).T @ design + prior
        wanted = np.linalg.solve(curvature, design.T @ (weights * response) + towards)
        law = law + np.clip(wanted - law, -2.0, 2.0)
    weights, response = _linearise(design @ law, errors, requests)
    covariance = np.linalg.inv((design * weights[:, None]).T @ design + prior)
    excess = float(np.sum(weights * (response - design @ law) ** 2)) / max(1, len(errors) - 2)
    return law, np.asarray(covariance * max(1.0, excess), np.float64)


def _linearise(logs: Floats, errors: Floats, requests: Floats) -> tuple[Floats, Floats]:
    """Weights and responses of the next step; no bin is better known than to 17%."""
    logs = np.clip(logs, -30.0, 0.0)
    expected: Floats = requests * np.exp(logs)
    response: Floats = logs + (errors - expected) / expected
    return expected / (1 + 0.03 * expected), response
