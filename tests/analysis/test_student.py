"""Student's t beside printed tables and the closed forms of 1 and 2 degrees of freedom."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.student import find_t, find_two_sided_p


@pytest.mark.parametrize(
    ("level", "freedom", "t"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
        (0.95, 1, 12.706),
        (0.95, 3, 3.182),
        (0.95, 10, 2.228),
        (0.80, 10, 1.372),
        (0.99, 30, 2.750),
        (0.95, 100, 1.984),
        (0.95, 1e9, 1.960),
    ],
)
def test_the_quantile_is_the_printed_one(level: float, freedom: float, t: float) -> None:
    assert find_t(level, freedom) == pytest.approx(t, abs=6e-4)


@given(st.floats(0, 1e4))
def test_one_degree_of_freedom_is_cauchys(t: float) -> None:
    assert find_two_sided_p(t, 1) == pytest.approx(1 - 2 * math.atan(t) / math.pi, abs=1e-11)


@given(st.floats(0, 1e4))
def test_two_degrees_of_freedom_have_a_closed_form(t: float) -> None:
    assert find_two_sided_p(t, 2) == pytest.approx(1 - t / math.sqrt(2 + t * t), abs=1e-11)


@given(st.floats(-50, 50), st.floats(0.5, 500))
def test_both_sides_weigh_the_same_and_the_tails_shrink(t: float, freedom: float) -> None:
    p = find_two_sided_p(t, freedom)
    assert p == find_two_sided_p(-t, freedom)
    assert 0 <= find_two_sided_p(abs(t) + 1, freedom) <= p <= 1


@given(st.floats(0.01, 0.999), st.floats(1, 1000))
def test_the_quantile_inverts_the_tail(level: float, freedom: float) -> None:
    assert find_two_sided_p(find_t(level, freedom), freedom) == pytest.approx(1 - level, abs=1e-6)
