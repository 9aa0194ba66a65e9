"""Pooling by load, shares between bounds, and the load that was seen to hold or break."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.capacity.loads import (
    BINS,
    count_slower,
    describe_base,
    find_quantile,
    find_top_rate,
    pool_by_load,
)
from jipyo.analysis.capacity.observed import draw_error_break, find_proven, fit_rising
from support.queues import BOUNDS_S, make_history

BOUNDS = np.array([0.1, 1.0, 10.0])
OBJECTIVE = CapacityObjective(2.0)


@pytest.mark.parametrize(
    ("limit_s", "slower"),
    [
        (0.1, 70.0),  # exact at a bound
        (1.0, 30.0),
        (10.0, 10.0),
        (10**0.5, 20.0),  # half of the bucket on the logarithm
        (0.1**0.5, 50.0),
        (0.05, 100.0),
        (0.01, 100.0),
        (20.0, 10.0),  # nothing is known beyond the last bound
    ],
)
def test_requests_slower_than_a_limit_are_counted(limit_s: float, slower: float) -> None:
    counts = np.array([[30.0, 40.0, 20.0, 10.0]])
    assert count_slower(counts, BOUNDS, limit_s)[0] == pytest.approx(slower)


@pytest.mark.parametrize(
    ("quantile", "value"), [(0.3, 0.1), (0.7, 1.0), (0.9, 10.0), (0.8, 10**0.5)]
)
def test_a_quantile_is_read_from_buckets(quantile: float, value: float) -> None:
    counts = np.array([30.0, 40.0, 20.0, 10.0])
    assert find_quantile(counts, BOUNDS, quantile) == pytest.approx(value)


def test_pooling_keeps_every_request_of_the_bins() -> None:
    history = make_history(10.0, 8.0)
    bins = pool_by_load(history)
    kept = bins.bin_of >= 0
    assert bins.counts.sum() == history.buckets[kept].sum()
    assert bins.requests.sum() == history.requests[kept].sum()
    assert np.all(np.diff(bins.rate) > 0)
    edges = np.linspace(0, find_top_rate(history.rate), BINS + 1)
    for k, rate in enumerate(bins.rate):
        inside = history.rate[bins.bin_of == k]
        assert inside.min() <= rate <= inside.max()
        assert np.searchsorted(edges[1:-1], inside.min()) == np.searchsorted(edges[1:-1], rate)


def test_the_base_is_the_latency_of_quiet_hours() -> None:
    history = make_history(10.0, 8.0)
    base = describe_base(pool_by_load(history), BOUNDS_S)
    assert base.weights.sum() == pytest.approx(1)
    assert np.all(np.diff(base.points_s) >= 0)
    assert base.mean_s == pytest.approx(1 / (10 - base.rate), rel=0.15)


def test_a_load_is_proven_only_below_the_first_break() -> None:
    history = make_history(10.0, 8.0)
    middle = (history.rate > 3.5) & (history.rate < 4.5)
    slow = history.buckets.copy()
    slow[middle, -1] += slow[middle].sum(axis=1) * 0.2
    proven = find_proven(
        replace(history, buckets=slow), pool_by_load(replace(history, buckets=slow)), OBJECTIVE
    )
    assert proven is not None
    assert proven.rate < 4.0


def test_errors_disprove_a_load() -> None:
    history = make_history(10.0, 8.0)
    failing = replace(history, errors=np.where(history.rate > 5, history.requests * 0.03, 0.0))
    proven = find_proven(failing, pool_by_load(failing), OBJECTIVE)
    assert proven is not None
    assert proven.rate < 5.5


def average_plainly(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rising fit by its definition: the largest over starts of the least mean over ends."""
    n = len(values)
    return np.array(
        [
            max(
                min(np.average(values[i : k + 1], weights=weights[i : k + 1]) for k in range(j, n))
                for i in range(j + 1)
            )
            for j in range(n)
        ]
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 100)), min_size=1, max_size=14))
def test_a_rising_fit_is_the_one_of_its_definition(pairs: list[tuple[float, float]]) -> None:
    values, weights = np.array(pairs).T
    assert fit_rising(values, weights) == pytest.approx(average_plainly(values, weights), abs=1e-9)


@pytest.mark.parametrize("power", [3.0, 6.0, 12.0])
@pytest.mark.parametrize("breaking", [7.0, 9.0, 12.0])
def test_a_power_law_of_errors_is_found_again(power: float, breaking: float) -> None:
    history = make_history(14.0, 6.8)
    random = np.random.default_rng(1)
    share = 0.01 * (history.rate / breaking) ** power
    errors = random.binomial(history.requests.astype(int), share).astype(float)
    bins = pool_by_load(replace(history, errors=errors))
    drawn = draw_error_break(bins, OBJECTIVE, find_top_rate(history.rate), 500, random)
    if drawn is None:
        assert errors.sum() < 15
        return
    low, high = np.quantile(drawn, [0.005, 0.995])
    assert low < breaking < high


def test_hardly_any_errors_tell_nothing() -> None:
    bins = pool_by_load(make_history(10.0, 8.0))
    random = np.random.default_rng(1)
    assert draw_error_break(bins, OBJECTIVE, 8.0, 100, random) is None
