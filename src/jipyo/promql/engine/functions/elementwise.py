"""Functions of each number of a vector by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from jipyo.model.sample import Values

_DEGREE = np.pi / 180

_Elementwise = Callable[[Values], Values]

ELEMENTWISE: Mapping[str, _Elementwise] = MappingProxyType(
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
"""Functions of the values alone, by name."""


def round_to_multiple(values: Values, multiple: Values) -> Values:
    """The nearest multiple of `multiple` (steps,), halves up."""
    inverse = 1.0 / multiple
    return np.floor(values * inverse + 0.5) / inverse


def clip_values(values: Values, low: Values, high: Values) -> Values:
    """Limit to `low` and `high`; NaN stays unless a limit is infinite."""
    return pick_greater(low, pick_smaller(high, values))


def pick_smaller(left: Values, right: Values) -> Values:
    """The smaller of each two; -Inf even beside NaN, as in Go's math.Min."""
    infinite = np.isneginf(left) | np.isneginf(right)
    return np.where(infinite, -np.inf, np.minimum(left, right))


def pick_greater(left: Values, right: Values) -> Values:
    """The greater of each two; +Inf even beside NaN, as in Go's math.Max."""
    infinite = np.isposinf(left) | np.isposinf(right)
    return np.where(infinite, np.inf, np.maximum(left, right))
