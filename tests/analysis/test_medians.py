"""The fast median beside numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.medians import find_interval, find_median


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_it_is_the_median(numbers: list[float]) -> None:
    assert find_median(np.array(numbers)) == pytest.approx(np.median(numbers))


@pytest.mark.parametrize("shape", [(1, 1), (7, 24), (8, 24), (3, 5)])
@pytest.mark.parametrize("axis", [0, 1])
def test_it_is_the_median_along_an_axis(shape: tuple[int, int], axis: int) -> None:
    table = np.random.default_rng(1).normal(size=shape)
    assert find_median(table, axis) == pytest.approx(np.median(table, axis=axis))


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=50))
def test_the_usual_interval_is_the_median_of_the_distances(apart: list[int]) -> None:
    t_ms = np.cumsum([0, *apart])
    assert find_interval(t_ms) == int(np.median(np.diff(t_ms)))
