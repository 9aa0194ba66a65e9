"""Compensated sums and means beside plain loops and exact arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.promql.engine.summation import (
    average_literally,
    finish_sum,
    sum_literally,
    sum_rows,
    sum_windows,
)
from promql.engine import windows_oracle as oracle

finite = st.integers(-9, 9).map(float) | st.floats(-1e18, 1e18) | st.sampled_from([1e100, -1e100])
anything = finite | st.sampled_from([math.nan, math.inf, -math.inf])


def same(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or one == two


def close(one: float, two: float, scale: float) -> bool:
    return same(one, two) or abs(one - two) <= 1e-12 * abs(two) + 1e-30 * scale


@given(values=st.lists(anything, min_size=1, max_size=60), ends=st.data())
def test_sums_of_windows_are_those_of_a_plain_loop(
    values: list[float], ends: st.DataObject
) -> None:
    bound = st.integers(0, len(values))
    pairs = ends.draw(st.lists(st.tuples(bound, bound).map(sorted), min_size=1, max_size=8))
    lo, hi = (np.array(each) for each in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        got = finish_sum(*sum_windows(np.array([values]), lo, hi))[0]
    scale = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    for (first, last), total in zip(pairs, got, strict=True):
        assert close(total, oracle.total(values[first:last]), scale), (first, last)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([1, 1e100, 1, -1e100], 2),
        ([0.1] * 10, 1.0),
        ([5, math.inf, 1], math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1], math.nan),
        ([], 0),
    ],
)
def test_a_sum_loses_nothing(values: list[float], total: float) -> None:
    array = np.array([values], float).reshape(1, -1)
    got = finish_sum(*sum_windows(array, np.array([0]), np.array([len(values)])))[0, 0]
    assert same(float(got), total)


def test_small_windows_beside_huge_ones_are_added_again() -> None:
    values = np.array([[1e100, 1e50, -1e100, 3.0, 1e-3]])
    lo, hi = np.array([0, 3, 4]), np.array([5, 5, 5])
    assert finish_sum(*sum_windows(values, lo, hi))[0, 1:].tolist() == [3.001, 0.001]


@given(st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1, max_size=40))
def test_sums_of_rows_are_exact_but_for_the_last_rounding(rows: list[list[float]]) -> None:
    total, lost = sum_rows(np.array(rows))
    for column in range(3):
        values = [row[column] for row in rows]
        scale = max(map(abs, values))
        assert close(float(total[column] + lost[column]), math.fsum(values), scale * 100)


def test_many_rows_are_added_in_parts() -> None:
    rows = np.ones((300, 5000))
    assert (sum_rows(rows)[0] == 300).all()


def test_means_do_not_overflow() -> None:
    values = np.array([1.7e308, 1.7e308, 1.7e308, 1.0])
    means = average_literally(values, np.array([0, 3]), np.array([3, 4]))
    assert means.tolist() == pytest.approx([1.7e308, 1.0])
    with np.errstate(over="ignore", invalid="ignore"):
        total, lost = sum_literally(values, np.array([0]), np.array([4]))
    assert finish_sum(total, lost).tolist() == [math.inf]
