"""Wilson's interval, at its edges and against values worked out elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.proportion import estimate_proportion, wilson
from jipyo.catalogue import Unit
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # R: prop.test(part, whole, correct = FALSE)$conf.int
        (15, 20, 0.531299, 0.888138),
        (1, 10, 0.017876, 0.404150),
        # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("part", "whole"),
    [(0, 0), (1, 0), (5, 4), (-1, 4), (1, -4), (math.nan, 4), (1, math.nan), (1, math.inf)],
)
def test_without_cases_there_is_no_interval(part: float, whole: float) -> None:
    assert wilson(part, whole) is None


def test_the_ends_are_exact() -> None:
    none, all_of_them = wilson(0, 7), wilson(7, 7)
    assert none is not None
    assert all_of_them is not None
    assert none[0] == 0.0
    assert all_of_them[1] == 1.0
    assert none[1] == pytest.approx(1 - all_of_them[0])


def test_of_very_many_cases_the_interval_is_as_narrow_as_the_normal_one() -> None:
    n = 10**15
    bounds = wilson(n // 2, n)
    assert bounds is not None
    assert bounds[1] - bounds[0] == pytest.approx(2 * 1.959964 * math.sqrt(0.25 / n), rel=1e-6)


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(n: int, share: float) -> None:
    part = round(n * share)
    bounds = wilson(part, n)
    assert bounds is not None
    assert 0 <= bounds[0] <= part / n <= bounds[1] <= 1


@pytest.mark.parametrize(
    ("value", "n", "unit", "sure"),
    [
        (75.0, 20.0, Unit.PERCENT, (20, 53.13, 88.81)),
        (0.75, 20.0, Unit.RATIO, (20, 0.5313, 0.8881)),
        (100.0, 3.0, Unit.PERCENT, (3, 43.85, 100)),
    ],
)
def test_a_share_is_as_sure_as_its_cases(
    value: float, n: float, unit: Unit, sure: tuple[float, float, float]
) -> None:
    found = estimate_proportion(value, n, unit)
    assert (found.n, found.low, found.high) == pytest.approx(sure, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "n"), [(90, math.nan), (90, 0), (math.nan, 9), (110, 50), (-5, 50)]
)
def test_what_nobody_counted_is_unknown(value: float, n: float) -> None:
    assert estimate_proportion(value, n, Unit.PERCENT) == UNKNOWN_PROPORTION


@pytest.mark.parametrize(
    ("sure", "limit", "straddles"),
    [
        (ProportionEstimate(10, 80, 95), 90, True),
        (ProportionEstimate(10, 91, 95), 90, False),
        (ProportionEstimate(10, 80, 90), 90, False),
        (UNKNOWN_PROPORTION, 90, False),
    ],
)
def test_an_interval_on_both_sides_of_a_limit_straddles_it(
    sure: ProportionEstimate, limit: float, straddles: bool
) -> None:
    assert sure.straddles(limit) is straddles
