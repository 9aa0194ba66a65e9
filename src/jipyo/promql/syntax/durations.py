"""Durations that are computed from the query's step and range, resolved to milliseconds."""

from __future__ import annotations

import math
from dataclasses import replace

from jipyo.model.errors import QueryError
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    Call,
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
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)

MAX_SECONDS = 2**63 / 1e9
"""Prometheus counts durations in nanoseconds, 64 bits: 292 years."""


def seconds_to_ms(seconds: float) -> int:
    """Whole milliseconds, towards zero, as the reference gets them by way of nanoseconds."""
    nanoseconds = math.floor(abs(seconds) * 1e9 + 0.5)
    return int(math.copysign(nanoseconds // 1_000_000, seconds))


def evaluate(duration: Duration, step_ms: int, range_ms: int, *, negative: bool = False) -> int:
    """The milliseconds of a duration in a query with this step and this range.

    Args:
        duration: as it stands in the tree.
        step_ms: the step of the query, 0 for an instant one.
        range_ms: end minus start of the query.
        negative: whether zero and less are allowed, as they are in offsets.

    Raises:
        QueryError: it is not positive where it must be, divides by zero, or leads too far.
    """
    if isinstance(duration, int):
        return duration
    seconds = _seconds(duration, step_ms / 1e3, range_ms / 1e3)
    if math.isnan(seconds) or math.isinf(seconds):
        raise _refused(duration, "duration is NaN or infinite")
    if seconds <= 0 and not negative:
        raise _refused(duration, "duration must be greater than 0")
    if abs(seconds) > MAX_SECONDS:
        raise _refused(duration, "duration is out of range")
    return int(seconds * 1e3)


def _refused(duration: DurationExpr, reason: str) -> QueryError:
    return QueryError.bad_data(f"{duration.pos.start}:{duration.pos.end}: {reason}")


def _seconds(node: DurationNode, step: float, span: float) -> float:
    match node:
        case NumberLiteral(value=value):
            return value
        case DurationNegation(operand=operand):
            return -_seconds(operand, step, span)
        case DurationOperation():
            left = _seconds(node.left, step, span)
            return _computed(node, left, _seconds(node.right, step, span))
        case DurationCall(function=function, args=args):
            return _called(function, [_seconds(arg, step, span) for arg in args], step, span)
        case _:
            return _seconds(node.expr, step, span)


def _called(function: DurationFunction, args: list[float], step: float, span: float) -> float:
    match function:
        case DurationFunction.STEP:
            return step
        case DurationFunction.RANGE:
            return span
        case DurationFunction.MIN_OF:
            return math.nan if any(map(math.isnan, args)) else min(args)
        case _:
            return math.nan if any(map(math.isnan, args)) else max(args)


def _computed(node: DurationOperation, left: float, right: float) -> float:
    match node.op:
        case DurationOp.ADD:
            return left + right
        case DurationOp.SUB:
            return left - right
        case DurationOp.MUL:
            return left * right
        case DurationOp.DIV:
            if right == 0:
                raise _refused(node, "division by zero")
            return left / right
        case DurationOp.MOD:
            if right == 0:
                raise _refused(node, "modulo by zero")
            return math.fmod(left, right) if math.isfinite(left) else math.nan
        case _:
            return _power(left, right)


def _power(base: float, exponent: float) -> float:
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
    return _Resolver(step_ms, range_ms).visit(expr)


class _Resolver:
    def __init__(self, step_ms: int, range_ms: int) -> None:
        self._step_ms = step_ms
        self._range_ms = range_ms

    def visit(self, expr: Expr) -> Expr:
        match expr:
            case VectorSelector():
                return self._selector(expr)
            case MatrixSelector(selector=selector):
                range_ms = self._positive(expr.range)
                return replace(expr, selector=self._selector(selector), range=range_ms)
            case Subquery():
                return self._subquery(expr)
            case NumberLiteral() | StringLiteral():
                return expr
            case _:
                return self._composed(expr)

    def _composed(self, expr: Binary | Call | Aggregate | Unary | Paren) -> Expr:
        match expr:
            case Binary():
                return replace(expr, left=self.visit(expr.left), right=self.visit(expr.right))
            case Aggregate(param=param):
                known = None if param is None else self.visit(param)
                return replace(expr, expr=self.visit(expr.expr), param=known)
            case Call(args=args):
                return replace(expr, args=tuple([self.visit(arg) for arg in args]))
            case _:
                return replace(expr, expr=self.visit(expr.expr))

    def _positive(self, duration: Duration) -> int:
        return evaluate(duration, self._step_ms, self._range_ms)

    def _offset(self, duration: Duration) -> int:
        return evaluate(duration, self._step_ms, self._range_ms, negative=True)

    def _selector(self, selector: VectorSelector) -> VectorSelector:
        return replace(selector, offset=self._offset(selector.offset))

    def _subquery(self, subquery: Subquery) -> Subquery:
        return replace(
            subquery,
            expr=self.visit(subquery.expr),
            offset=self._offset(subquery.offset),
            step=None if subquery.step is None else self._positive(subquery.step),
            range=self._positive(subquery.range),
        )
