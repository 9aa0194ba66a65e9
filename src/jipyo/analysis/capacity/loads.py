"""Windows pooled by load, and the distribution of latency when there is hardly any.

Percentiles of windows are never averaged: the counts of their buckets are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.analysis.capacity.history import Floats, LoadHistory

BINS = 14
TOP_QUANTILE = 0.998
"""The load that counts as the highest seen: single windows beyond it are chance."""
_FEWEST_REQUESTS = 150
_FEWEST_WINDOWS = 2
_BASE_REQUESTS = 1500
_CLOSED_LOOP = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class LoadBins:
    """Windows of similar load, added up; `k` bins of ascending load."""

    rate: Floats
    """(k,) mean rate of a bin, weighted by requests."""
    counts: Floats
    """(k, bounds + 1) requests by latency."""
    requests: Floats
    errors: Floats
    windows: NDArray[np.int64]
    """(k,) how many windows are in a bin."""
    bin_of: NDArray[np.int64]
    """(windows,) bin of each window; -1: its bin has too little to tell."""

    @property
    def answered(self) -> Floats:
        """(k,) requests whose latency was counted."""
        total: Floats = self.counts.sum(axis=1)
        return total

    def sum_by_bin(self, values: Floats) -> Floats:
        """(k,) sum over the windows of each bin."""
        inside = self.bin_of >= 0
        sums = np.bincount(self.bin_of[inside], values[inside], minlength=len(self.rate))
        return sums.astype(np.float64)


def find_top_rate(rate: Floats) -> float:
    """The highest load that is more than chance."""
    return float(np.quantile(rate, TOP_QUANTILE))


def pool_by_load(history: LoadHistory) -> LoadBins:
    """Bins of equal width from no load to the highest; those with too little are left out."""
    rate = history.rate
    edges = np.linspace(0.0, find_top_rate(rate), BINS + 1)[1:-1]
    place = np.digitize(rate, edges)
    answered = history.buckets.sum(axis=1)
    windows = np.bincount(place, minlength=BINS)
    enough = (windows >= _FEWEST_WINDOWS) & (
        np.bincount(place, answered, minlength=BINS) >= _FEWEST_REQUESTS
    )
    number = np.where(enough, np.cumsum(enough) - 1, -1)
    bin_of = number[place]
    kept = bin_of >= 0
    counts = np.zeros((int(enough.sum()), history.buckets.shape[1]))
    np.add.at(counts, bin_of[kept], history.buckets[kept])

    def add(values: Floats) -> Floats:
        sums = np.bincount(bin_of[kept], values[kept], minlength=len(counts))
        return sums.astype(np.float64)

    requests = add(history.requests)
    weighted = add(history.requests * rate)
    mean = weighted / np.maximum(requests, 1e-300)
    return LoadBins(mean, counts, requests, add(history.errors), windows[enough], bin_of)


def count_slower(buckets: Floats, bounds_s: Floats, limit_s: float) -> Floats:
    """(rows,) requests that took longer than `limit_s`, of `buckets` (rows, bounds + 1).

    Exact at a bound. Between bounds the bucket is shared out evenly over the logarithm of
    latency; above the last bound nothing is known, and its bucket counts whole.
    """
    i = int(np.searchsorted(bounds_s, limit_s * (1 - 1e-9)))
    if i == len(bounds_s):
        return buckets[:, -1].copy()
    slower: Floats = buckets[:, i + 1 :].sum(axis=1)
    if is_bound(bounds_s, limit_s):
        return slower
    below = bounds_s[i - 1] if i else bounds_s[0] / 2
    share = float(np.log(bounds_s[i] / max(limit_s, below)) / np.log(bounds_s[i] / below))
    inside: Floats = buckets[:, i] * share
    return slower + inside


def is_bound(bounds_s: Floats, limit_s: float) -> bool:
    """Whether a bucket ends at this latency, so that nothing needs to be interpolated."""
    return bool(np.any(np.abs(bounds_s / limit_s - 1) < 1e-6))


def find_quantile(counts: Floats, bounds_s: Floats, quantile: float) -> float:
    """The latency that this share of the requests stayed below; the last bound at most."""
    reached = np.concatenate([[0.0], np.cumsum(counts)[:-1]]) / counts.sum()
    log_s = np.log(np.concatenate([[bounds_s[0] / 2], bounds_s]))
    return float(np.exp(np.interp(quantile, reached, log_s)))


def find_mean_latency(history: LoadHistory) -> Floats:
    """(windows,) mean latency in seconds, from the middles of the buckets."""
    bounds = history.bounds_s
    inner = np.sqrt(bounds[1:] * bounds[:-1])
    middles = np.concatenate([[bounds[0] / 1.4], inner, [bounds[-1] * 1.2]])
    mean: Floats = history.buckets @ middles / history.buckets.sum(axis=1)
    return mean


def is_closed_loop(history: LoadHistory) -> bool:
    """Whether callers wait for an answer before they ask again: the rate falls with latency.

    Requests in flight (Little's law) grow at least as fast as the rate where callers do not
    wait. Where they do, many more in flight bring hardly any more requests.
    """
    rate = history.rate
    in_flight = np.log(rate * find_mean_latency(history))
    order = np.argsort(in_flight)
    groups = np.array_split(order, BINS)
    rates = np.array([np.median(rate[one]) for one in groups])
    return bool(rates[-1] < _CLOSED_LOOP * rates.max())


@dataclass(frozen=True, slots=True, eq=False)
class BaseLatency:
    """Latency at the lowest loads as weighted points: what it takes without waiting."""

    points_s: Floats
    weights: Floats
    rate: float
    """The mean load of the bins that it is from."""

    @property
    def mean_s(self) -> float:
        """The mean of the points."""
        return float(self.points_s @ self.weights)


_LEVELS = np.concatenate(
    [
        np.arange(0, 0.901, 0.05),
        [0.92, 0.94, 0.955, 0.97, 0.98, 0.987, 0.992, 0.996, 0.998, 0.999, 1.0],
    ]
)
"""Where the points lie: dense in the tail, which decides when a percentile is passed."""


def describe_base(bins: LoadBins, bounds_s: Floats) -> BaseLatency:
    """The latency of the lowest bins with 1,500 requests, or 30% of all if there are fewer."""
    answered = bins.answered
    wanted = min(_BASE_REQUESTS, answered.sum() * 0.3)
    used = slice(0, int(np.searchsorted(np.cumsum(answered), wanted)) + 1)
    counts = bins.counts[used].sum(axis=0)
    reached = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    log_s = np.log(np.concatenate([[bounds_s[0] / 1.15], bounds_s, [bounds_s[-1] * 1.15]]))
    middles = (_LEVELS[1:] + _LEVELS[:-1]) / 2
    points = np.exp(np.interp(middles, reached, log_s))
    rate = float(np.average(bins.rate[used], weights=answered[used]))
    return BaseLatency(points, np.diff(_LEVELS), rate)
