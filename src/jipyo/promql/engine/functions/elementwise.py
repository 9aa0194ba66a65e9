"""Functions that change each number of a vector for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from jipyo.model.sample import Values

_DEGREE = np.pi / 180

_Plain = Callable[[Values], Values]

ELEMENTWISE: Mapping[str, _Plain] = MappingProxyType(
    {
        "abs": np.abs,
        "acos": np.arccos,
        "acosh": np.arccosh,
        "asin": np.arcsin,
        "asinh": np.arcsinh,
        "atan": np.arctan,
        "atanh": np.arctanh,
        "ceil": np.ceil,
        "cos": np.cos,
        "cosh": np.cosh,
        "deg": lambda values: values * (180 / np.pi),
        "exp": np.exp,
        "floor": np.floor,
        "ln": np.log,
        "log10": np.log10,
        "log2": np.log2,
        "rad": lambda values: values * _DEGREE,
        "sgn": np.sign,
        "sin": np.sin,
        "sinh": np.sinh,
        "sqrt": np.sqrt,
        "tan": np.tan,
        "tanh": np.tanh,
    }
)
"""By name, functions of the values alone."""


def round_to_multiple(values: Values, to: Values) -> Values:
    """To the nearest multiple of `to` (steps,), halves up."""
    inverse = 1.0 / to
    return np.floor(values * inverse + 0.5) / inverse


def clip_values(values: Values, low: Values, high: Values) -> Values:
    """Between `low` and `high`; NaN stays unless a limit is infinite."""
    return pick_greater(low, pick_smaller(high, values))


def pick_smaller(one: Values, two: Values) -> Values:
    """The smaller of each two; -Inf even beside NaN, as Go's math.Min has it."""
    endless = np.isneginf(one) | np.isneginf(two)
    return np.where(endless, -np.inf, np.minimum(one, two))


def pick_greater(one: Values, two: Values) -> Values:
    """The greater of each two; +Inf even beside NaN, as Go's math.Max has it."""
    endless = np.isposinf(one) | np.isposinf(two)
    return np.where(endless, np.inf, np.maximum(one, two))
