"""Durations that are computed from the query's step and range, resolved to milliseconds."""

from __future__ import annotations

import math
from dataclasses import replace

from jipyo.model.errors import QueryError
from jipyo.promql.syntax.ast import (
    Duration,
    DurationCall,
    DurationExpr,
    DurationFunction,
    DurationNegation,
    DurationNode,
    DurationOp,
    DurationOperation,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Subquery,
    VectorSelector,
    transform,
)

MAX_SECONDS = 2**63 / 1e9
"""Prometheus counts durations in nanoseconds, 64 bits: 292 years."""


def seconds_to_ms(seconds: float) -> int:
    """Whole milliseconds, truncated, computed through nanoseconds as in the reference."""
    nanoseconds = math.floor(abs(seconds) * 1e9 + 0.5)
    return int(math.copysign(nanoseconds // 1_000_000, seconds))


def evaluate(duration: Duration, step_ms: int, range_ms: int, *, negative: bool = False) -> int:
    """The milliseconds of a duration in a query with this step and this range.

    Args:
        duration: as in the tree.
        step_ms: the step of the query, 0 for an instant one.
        range_ms: end minus start of the query.
        negative: whether zero and less are allowed, as they are in offsets.

    Raises:
        QueryError: it is not positive where it must be, divides by zero, or is out of range.
    """
    if isinstance(duration, int):
        return duration
    seconds = _compute_seconds(duration, step_ms / 1e3, range_ms / 1e3)
    if math.isnan(seconds) or math.isinf(seconds):
        raise _build_error(duration, "duration is NaN or infinite")
    if seconds <= 0 and not negative:
        raise _build_error(duration, "duration must be greater than 0")
    if abs(seconds) > MAX_SECONDS:
        raise _build_error(duration, "duration is out of range")
    return int(seconds * 1e3)


def _build_error(duration: DurationExpr, reason: str) -> QueryError:
    return QueryError.bad_data(f"{duration.pos.start}:{duration.pos.end}: {reason}")


def _compute_seconds(node: DurationNode, step: float, span: float) -> float:
    match node:
        case NumberLiteral(value=value):
            return value
        case DurationNegation(operand=operand):
            return -_compute_seconds(operand, step, span)
        case DurationOperation():
            left = _compute_seconds(node.left, step, span)
            return _apply_operator(node, left, _compute_seconds(node.right, step, span))
        case DurationCall(function=function, args=args):
            return _call_function(
                function, [_compute_seconds(arg, step, span) for arg in args], step, span
            )
        case _:
            return _compute_seconds(node.expr, step, span)


def _call_function(
    function: DurationFunction, args: list[float], step: float, span: float
) -> float:
    match function:
        case DurationFunction.STEP:
            return step
        case DurationFunction.RANGE:
            return span
        case DurationFunction.MIN_OF:
            return math.nan if any(map(math.isnan, args)) else min(args)
        case _:
            return math.nan if any(map(math.isnan, args)) else max(args)


def _apply_operator(node: DurationOperation, left: float, right: float) -> float:
    match node.op:
        case DurationOp.ADD:
            return left + right
        case DurationOp.SUB:
            return left - right
        case DurationOp.MUL:
            return left * right
        case DurationOp.DIV:
            if right == 0:
                raise _build_error(node, "division by zero")
            return left / right
        case DurationOp.MOD:
            if right == 0:
                raise _build_error(node, "modulo by zero")
            return math.fmod(left, right) if math.isfinite(left) else math.nan
        case _:
            return _compute_power(left, right)


def _compute_power(base: float, exponent: float) -> float:
    try:
        power = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.nan if isinstance(power, complex) else float(power)


def resolve(expr: Expr, step_ms: int, range_ms: int) -> Expr:
    """The same tree with every duration an int.

    Raises:
        QueryError: as `evaluate`.
    """

    def resolve_node(node: Expr) -> Expr:
        match node:
            case VectorSelector(offset=offset):
                return replace(node, offset=evaluate(offset, step_ms, range_ms, negative=True))
            case MatrixSelector():
                return replace(node, range=evaluate(node.range, step_ms, range_ms))
            case Subquery(step=step):
                return replace(
                    node,
                    range=evaluate(node.range, step_ms, range_ms),
                    step=None if step is None else evaluate(step, step_ms, range_ms),
                    offset=evaluate(node.offset, step_ms, range_ms, negative=True),
                )
            case _:
                return node

    return transform(expr, resolve_node)
