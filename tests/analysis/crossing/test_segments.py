"""The optimal division, against every division there is."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.crossing.segments import divide, measure_lines

SHORTEST = 3


def measure_line(y):
    seen = np.isfinite(y)
    if seen.sum() < 2:
        return 0.0
    x = np.arange(len(y))[seen]
    slope, level = np.polyfit(x, y[seen], 1)
    return float(np.sum((y[seen] - level - slope * x) ** 2))


def find_least_cost(y, penalty):
    """By trying every division."""
    n, costs = len(y), []
    for count in range(n // SHORTEST):
        for cuts in combinations(range(1, n), count):
            edges = (0, *cuts, n)
            if all(b - a >= SHORTEST for a, b in pairwise(edges)):
                pieces = sum(measure_line(y[a:b]) for a, b in pairwise(edges))
                costs.append(pieces + penalty * count)
    return min(costs)


def find_cost(y, division, penalty):
    pieces = sum(measure_line(y[one.start : one.stop]) for one in division.segments)
    return pieces + penalty * (len(division.segments) - 1)


@given(
    st.lists(st.floats(-50, 50), min_size=6, max_size=12),
    st.sampled_from([0.5, 20.0, 1000.0]),
)
def test_no_division_costs_less(values, penalty):
    y = np.array(values)
    division = divide(measure_lines(y), penalty, SHORTEST)
    least = find_least_cost(y, penalty)
    assert find_cost(y, division, penalty) == pytest.approx(least, rel=1e-6, abs=1e-6)
    assert np.min(division.costs) == pytest.approx(least, rel=1e-6, abs=1e-6)


@given(st.lists(st.floats(-50, 50), min_size=6, max_size=60))
def test_the_segments_cover_the_series_once(values):
    segments = divide(measure_lines(np.array(values)), 20.0, SHORTEST).segments
    assert segments[0].start == 0
    assert segments[-1].stop == len(values)
    assert all(a.stop == b.start for a, b in pairwise(segments))


def test_a_jump_and_a_bend_are_found_through_a_gap():
    y = np.concatenate((np.zeros(20), 10 + np.zeros(20), 10 + 0.5 * np.arange(30)))
    y[5:9] = np.nan
    starts = [one.start for one in divide(measure_lines(y), 1.0, 6).segments]
    assert starts[:2] == [0, 20]
    assert starts[2] == pytest.approx(40, abs=2)
