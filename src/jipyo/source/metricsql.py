"""Expressions for VictoriaMetrics, whose language (MetricsQL) gives some of them another meaning.

Source: https://docs.victoriametrics.com/victoriametrics/metricsql/, and app/vmselect/promql of
its releases of 2022 and 2025. Put into other words is what it would answer differently:

- `x` looks back as far as it guesses samples to be apart: `default_rollup(x[5m])`.
- `max_over_time(x[1h])` and other functions keep the metric name: it is taken off.
- `changes` counts the first sample of a series, and `delta` counts from 0:
  `changes_prometheus`, `delta_prometheus`.
- `rate(x[1h] anchored)`: `increase(x[1h]) / 3600`, since `increase` counts from the last sample
  before the window without extrapolation, and `rate` divides by the time between samples.
- `timestamp(x)` does not know stale markers: `timestamp(x) and x`.
- `histogram_fraction(a, b, x)`: `histogram_share(b, x) - histogram_share(a, x)`.
- `x[1h:]` has the step of the query, which is 1 minute with us.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    Card,
    Expr,
    Extension,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    transform,
)
from jipyo.promql.syntax.signatures import FUNCTIONS, Function, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable

_M = ValueType.MATRIX
_DEFAULT_ROLLUP = Function("default_rollup", (_M,))
_SHARE = Function("histogram_share", (ValueType.SCALAR, ValueType.VECTOR))
_RENAMED = {name: Function(f"{name}_prometheus", (_M,)) for name in ("changes", "delta")}
_KEEPING_NAMES = frozenset(
    {
        "avg_over_time", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "max_over_time",
        "min_over_time", "predict_linear", "quantile_over_time", "round",
    }
)  # fmt: skip
"""Functions that keep the metric name there and drop it in Prometheus (transform.go, rollup.go)."""
_COUNTING_FROM_BEFORE = frozenset({"increase", "rate", "resets"})
"""Functions whose windows are anchored: they begin with the last sample before."""
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_TAKES_NAMES_OFF = frozenset(
    {BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.DIV, BinaryOp.MOD, BinaryOp.POW}
)
_NO_NAME = tuple(StringLiteral(text) for text in (METRIC_NAME, "", "", ""))
_SUBQUERY_STEP_MS = 60_000


def rewrite_for_metricsql(expr: Expr, lookback_ms: int) -> Expr:
    """The expression in words that VictoriaMetrics understands as Prometheus does.

    Args:
        expr: a tree with durations in milliseconds.
        lookback_ms: how old the sample of an instant selector may be.
    """
    return _read_instants(transform(expr, _rewrite), lookback_ms)


def drop_kept_anchor(node: Expr) -> Expr:
    """A call without the `anchored` that its function does there anyway."""
    match node:
        case Call(function=function, args=(MatrixSelector(selector=selector) as window,)) if (
            function.name in _COUNTING_FROM_BEFORE and selector.extension is Extension.ANCHORED
        ):
            plain = replace(window, selector=replace(selector, extension=None))
            return replace(node, args=(plain,))
        case _:
            return node


def _rewrite(node: Expr) -> Expr:
    match node:
        case Subquery(step=None):
            return replace(node, step=_SUBQUERY_STEP_MS)
        case Call():
            return _rewrite_call(node)
        case Aggregate(op=op, expr=inner, grouping=grouping, without=without):
            needs_name = op.name in _CHOOSING or without or METRIC_NAME in grouping
            return node if needs_name else replace(node, expr=_unwrap(inner))
        case Binary(op=op, left=left, right=right) if op in _TAKES_NAMES_OFF:
            return replace(node, left=_unwrap(left), right=_unwrap(right))
        case _:
            return node


def _rewrite_call(call: Call) -> Expr:
    name = call.function.name
    if name == "rate" and _is_anchored(call.args[0]):
        return _divide_increase(call)
    if name == "histogram_fraction":
        return _subtract_shares(call)
    if name in _RENAMED:
        return replace(call, function=_RENAMED[name])
    return _take_name_off(call) if name in _KEEPING_NAMES else call


def _is_anchored(node: Expr) -> bool:
    return isinstance(node, MatrixSelector) and node.selector.extension is Extension.ANCHORED


def _divide_increase(rate: Call) -> Expr:
    (window,) = rate.args
    assert isinstance(window, MatrixSelector), "BUG: only a selector can be anchored"
    assert isinstance(window.range, int), "BUG: durations are computed before"
    increase = replace(rate, function=FUNCTIONS["increase"])
    return Paren(Binary(BinaryOp.DIV, increase, NumberLiteral(window.range / 1000)))


def _subtract_shares(fraction: Call) -> Expr:
    lower, upper, buckets = fraction.args
    below_upper, below_lower = (Call(_SHARE, (bound, buckets)) for bound in (upper, lower))
    return Paren(Binary(BinaryOp.SUB, below_upper, below_lower, Matching()))


def _take_name_off(node: Expr) -> Expr:
    return Call(FUNCTIONS["label_replace"], (node, *_NO_NAME))


def _unwrap(node: Expr) -> Expr:
    """What was wrapped to take its name off, where that happens anyway."""
    match node:
        case Call(function=function, args=(inner, *rest)) if tuple(rest) == _NO_NAME:
            return inner if function.name == "label_replace" else node
        case _:
            return node


def _read_instants(node: Expr, lookback_ms: int) -> Expr:
    """The tree with a window of the lookback behind every instant selector."""

    def read(inner: Expr) -> Expr:
        return _read_instants(inner, lookback_ms)

    match node:
        case VectorSelector():
            return Call(_DEFAULT_ROLLUP, (MatrixSelector(node, lookback_ms),))
        case Call():
            return _read_instants_of_call(node, read)
        case Binary(left=left, right=right):
            return replace(node, left=read(left), right=read(right))
        case Aggregate(expr=inner, param=param):
            return replace(node, expr=read(inner), param=param and read(param))
        case Subquery(expr=inner) | Paren(expr=inner) | Unary(expr=inner):
            return replace(node, expr=read(inner))
        case _:
            return node


def _read_instants_of_call(call: Call, read: Callable[[Expr], Expr]) -> Expr:
    match call:
        case Call(function=function, args=(VectorSelector(),)) if function.name == "absent":
            return call  # it takes labels from its selector
        case Call(function=function, args=(VectorSelector() as selector,)) if (
            function.name == "timestamp"
        ):
            matching = Matching(Card.MANY_TO_MANY)
            return Paren(Binary(BinaryOp.AND, call, read(selector), matching))
        case _:
            return replace(call, args=tuple(read(arg) for arg in call.args))
