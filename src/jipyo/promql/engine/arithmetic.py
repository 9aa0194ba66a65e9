"""What binary operators do to numbers, and to a vector beside a scalar."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.syntax.ast import Binary, BinaryOp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.sample import Mask, Values
    from jipyo.promql.engine.block import Block

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
"""Operators that give nothing on floats."""


def is_arithmetic(op: BinaryOp) -> bool:
    """Whether the result means something else than its operands, so that the name goes."""
    return op in _ARITHMETIC


def of_scalars(op: BinaryOp, left: Values, right: Values) -> Values:
    """Both sides scalars, shape (steps,); comparisons give 0 and 1."""
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](left, right)
    return _COMPARISONS[op](left, right).astype(np.float64)


def elementwise(
    expr: Binary, left: Values, right: Values, kept: Values
) -> tuple[Values, Mask | None]:
    """The results, and where a comparison holds if it filters; `kept` is what then remains."""
    if expr.op in _ARITHMETIC:
        return _ARITHMETIC[expr.op](left, right), None
    holds = _COMPARISONS[expr.op](left, right)
    if expr.return_bool:
        return holds.astype(np.float64), None
    return kept, holds


def with_scalar(
    expr: Binary, block: Block, scalar: Values, *, swapped: bool, delayed: bool
) -> Block:
    """A vector on one side, a scalar (steps,) on the other; `swapped` means it stands left."""
    left, right = (scalar, block.values) if swapped else (block.values, scalar)
    values, holds = elementwise(expr, left, right, block.values)
    present = block.present if holds is None else block.present & holds
    result = replace(block, values=values, present=present)
    if is_arithmetic(expr.op) or expr.return_bool:
        return result.without_names(delayed=delayed)
    return result.seen()
