"""Arithmetic and comparisons of arrays, and of a vector with a scalar."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.promql.syntax.ast import Binary, BinaryOp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.sample import Mask, Values
    from jipyo.promql.engine.block import VectorBlock

_ARITHMETIC: Mapping[BinaryOp, Callable[[Values, Values], Values]] = MappingProxyType(
    {
        BinaryOp.ADD: np.add,
        BinaryOp.SUB: np.subtract,
        BinaryOp.MUL: np.multiply,
        BinaryOp.DIV: np.divide,
        BinaryOp.MOD: np.fmod,
        BinaryOp.POW: np.power,
        BinaryOp.ATAN2: np.arctan2,
    }
)

_COMPARISONS: Mapping[BinaryOp, Callable[[Values, Values], Mask]] = MappingProxyType(
    {
        BinaryOp.EQ: np.equal,
        BinaryOp.NE: np.not_equal,
        BinaryOp.GT: np.greater,
        BinaryOp.LT: np.less,
        BinaryOp.GE: np.greater_equal,
        BinaryOp.LE: np.less_equal,
    }
)

FOR_HISTOGRAMS = frozenset({BinaryOp.TRIM_UPPER, BinaryOp.TRIM_LOWER})
"""Operators of native histograms, which drop every float."""


def is_arithmetic(op: BinaryOp) -> bool:
    """Whether the result is another quantity than its operands, so that the name is dropped."""
    return op in _ARITHMETIC


def compute_scalars(op: BinaryOp, left: Values, right: Values) -> Values:
    """The operator between scalars, shape (steps,); comparisons give 0 and 1.

    Raises:
        QueryError: the operator is one of native histograms.
    """
    if op in FOR_HISTOGRAMS:
        raise QueryError.execution(f'operator "{op.value}" not allowed for Scalar operations')
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](left, right)
    return _COMPARISONS[op](left, right).astype(np.float64)


def apply_elementwise(
    expr: Binary, left: Values, right: Values, filtered: Values
) -> tuple[Values, Mask | None]:
    """The results, and where a comparison that filters `filtered` holds."""
    if expr.op in _ARITHMETIC:
        return _ARITHMETIC[expr.op](left, right), None
    holds = _COMPARISONS[expr.op](left, right)
    if expr.return_bool:
        return holds.astype(np.float64), None
    return filtered, holds


def combine_with_scalar(
    expr: Binary, block: VectorBlock, scalar: Values, *, swapped: bool, delayed: bool
) -> VectorBlock:
    """The operator between a vector and a scalar (steps,), which is on the left if `swapped`."""
    left, right = (scalar, block.values) if swapped else (block.values, scalar)
    values, holds = apply_elementwise(expr, left, right, block.values)
    present = block.present if holds is None else block.present & holds
    result = replace(block, values=values, present=present)
    if is_arithmetic(expr.op) or expr.return_bool:
        return result.drop_names(delayed=delayed)
    return result.drop_empty()
