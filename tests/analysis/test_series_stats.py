"""The numbers of one series against plain loops."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.plain_stats import EMPTY, compute_stats

MINUTE = 60_000
GAP = math.nan

SOME_VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(GAP)), min_size=1, max_size=80).map(
    lambda values: np.array(values, np.float64)
)


def steps(n: int) -> np.ndarray:
    return MINUTE * np.arange(1, n + 1, dtype=np.int64)


@given(SOME_VALUES)
def test_a_summary_is_what_plain_loops_say(values: np.ndarray) -> None:
    t_ms = steps(values.size)
    stats = compute_stats(t_ms, values)
    real = [(t, v) for t, v in zip(t_ms.tolist(), values.tolist(), strict=True) if v == v]
    if not real:
        assert stats == EMPTY
        return
    plain = [v for _, v in real]
    assert stats.steps == len(real)
    assert stats.average == pytest.approx(statistics.fmean(plain), rel=1e-9, abs=1e-6)
    assert (stats.first, stats.last, stats.last_ms) == (plain[0], plain[-1], real[-1][0])
    assert (stats.maximum, stats.minimum) == (max(plain), min(plain))
    assert stats.maximum_ms == next(t for t, v in real if v == stats.maximum)
    assert stats.minimum_ms == next(t for t, v in real if v == stats.minimum)
    ranked = sorted(plain)
    rank = 0.95 * (len(ranked) - 1)
    low = ranked[math.floor(rank)]
    high = ranked[min(math.floor(rank) + 1, len(ranked) - 1)]
    assert stats.p95 == pytest.approx(low + (rank - math.floor(rank)) * (high - low), abs=1e-6)


def test_a_percentile_beside_infinity_is_no_nan() -> None:
    stats = compute_stats(steps(3), np.array([1.0, math.inf, math.inf]))
    assert (stats.p95, stats.maximum) == (math.inf, math.inf)
    assert compute_stats(steps(2), np.array([1.0, math.inf])).p95 == math.inf
