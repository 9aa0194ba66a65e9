"""Student's t distribution: tails and quantiles for any degrees of freedom above 0.

By the continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8 and
26.7.1, evaluated as Lentz does); right to about 12 digits, slow in numbers.
"""

from __future__ import annotations

import math

_STEPS = 300
_TINY = 1e-300
_LARGEST_T = 1e6


def find_two_sided_p(t: float, freedom: float) -> float:
    """The probability of a value at least as far from 0 as `t`, on either side."""
    if t == 0:
        return 1.0
    square = t * t
    if square < freedom:  # near 1, where the other form would lose digits
        return 1 - _incomplete_beta(0.5, freedom / 2, square / (freedom + square))
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square))


def find_t(level: float, freedom: float) -> float:
    """How far from 0 `level` (0 to 1) of the distribution reaches, on both sides; at most 1e6."""
    low, high = 0.0, _LARGEST_T
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if find_two_sided_p(middle, freedom) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(whole + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _find_fraction(a, b, x) / a
    return 1 - front * _find_fraction(b, a, 1 - x) / b


def _find_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _keep_away(1 - (a + b) * x / (a + 1))
    value = d
    for step in range(1, _STEPS):
        for term in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            d = 1 / _keep_away(1 + term * d)
            c = _keep_away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _keep_away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
