"""A metric hour by hour over weeks: what trends, forecasts and expected values are made from.

A gauge is read as its mean over each hour, which the embedded store has in its hourly statistics
and every server of the family computes itself; a rate covers the hour anyway. So weeks of
history cost an answer of a thousand values a series and no raw samples.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Unary,
    UnaryOp,
    VectorSelector,
    walk,
)
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.signatures import FUNCTIONS
from jipyo.source.metric_data import choose_rate_window, read_series

if TYPE_CHECKING:
    from collections.abc import Collection

    from jipyo.catalogue import Metric
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

HOUR_MS = 3_600_000
_SAMPLE_BY_SAMPLE = frozenset({"timestamp", "info", "absent", "time", "histogram_quantile"})
"""Functions that a mean over an hour would mean something else to."""


def read_hourly(
    source: Source,
    metric: Metric,
    end_ms: int,
    hours: int,
    inventory: Inventory | None = None,
    only: Collection[Labels] | None = None,
) -> MetricData:
    """The hourly means of a metric's series over the last whole hours before `end_ms`.

    Args:
        source: answers the queries.
        metric: what to read.
        end_ms: the last hour is the one that was over then (UTC).
        hours: how many, at least one. A value stands at the end of its hour.
        inventory: as for `read_metric`.
        only: the labels of the wanted series.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    last_ms = end_ms // HOUR_MS * HOUR_MS
    t_ms = last_ms - HOUR_MS * np.arange(hours - 1, -1, -1, dtype=np.int64)
    window = choose_rate_window(metric, HOUR_MS)
    queries = tuple(
        replace(query, promql=average_over_hours(query.expression(window)))
        for query in metric.queries
    )
    averaged = replace(metric, queries=queries)
    data = read_series(source, averaged, t_ms, HOUR_MS, inventory, only)
    return replace(data, metric=metric)


def read_hour_extremes(
    source: Source, metric: Metric, end_ms: int, hours: int, inventory: Inventory | None = None
) -> MetricData | None:
    """The least and the greatest value of each hour, from hourly statistics; None for a ratio.

    Args:
        source: answers the queries.
        metric: what to read.
        end_ms: the last hour is the one that was over then (UTC).
        hours: how many, at least one.
        inventory: as for `read_metric`.

    Returns:
        Two steps an hour: at its half the least, at its end the greatest value. None where an
        expression is of several gauges, whose extremes need not be of one moment.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    window = choose_rate_window(metric, HOUR_MS)
    pairs = [find_hour_extremes(query.expression(window)) for query in metric.queries]
    if None in pairs:
        return None
    last_ms = end_ms // HOUR_MS * HOUR_MS
    t_ms = last_ms - HOUR_MS * np.arange(hours - 1, -1, -1, dtype=np.int64)
    lows, highs = (
        read_series(
            source,
            replace(
                metric,
                queries=tuple(
                    replace(query, promql=pair[side])
                    for query, pair in zip(metric.queries, pairs, strict=True)
                    if pair is not None
                ),
            ),
            t_ms,
            HOUR_MS,
            inventory,
        )
        for side in (0, 1)
    )
    low, high = lows.matrix, highs.matrix
    row_of = {labels: row for row, labels in enumerate(low.series)}
    rows = [row_of.get(labels) for labels in high.series]
    values, present = high.values.repeat(2, axis=1), high.present.repeat(2, axis=1)
    for row, of_low in enumerate(rows):
        if of_low is not None:
            values[row, ::2] = low.values[of_low]
            present[row, ::2] = low.present[of_low]
    both_ms = np.stack([t_ms - HOUR_MS // 2, t_ms], axis=1).ravel()
    matrix = Matrix(high.series, both_ms, values, present)
    return replace(highs, metric=metric, matrix=matrix)


@lru_cache(1024)
def find_hour_extremes(expr: str) -> tuple[str, str] | None:
    """The expressions of the least and the greatest value of the last hour.

    Known where one gauge is only scaled, shifted or turned round; None otherwise.
    """
    try:
        tree = parse(expr, ALL)
    except QueryError:
        return None
    low, high = _find_extreme(tree, -1), _find_extreme(tree, 1)
    return None if low is None or high is None else (format_expr(low), format_expr(high))


def _find_extreme(node: Expr, sign: float) -> Expr | None:
    """The expression of the greatest value of an hour, of the least where the sign is negative."""
    match node:
        case VectorSelector():
            name = "max_over_time" if sign > 0 else "min_over_time"
            return Call(FUNCTIONS[name], (MatrixSelector(node, HOUR_MS),))
        case Paren(expr=inner):
            found = _find_extreme(inner, sign)
            return None if found is None else replace(node, expr=found)
        case Unary(op=op, expr=inner):
            found = _find_extreme(inner, -sign if op is UnaryOp.MINUS else sign)
            return None if found is None else replace(node, expr=found)
        case Binary(op=BinaryOp.ADD | BinaryOp.SUB | BinaryOp.MUL | BinaryOp.DIV):
            return _find_extreme_of_binary(node, sign)
        case _:
            return None


def _find_extreme_of_binary(node: Binary, sign: float) -> Expr | None:
    scales = node.op in {BinaryOp.MUL, BinaryOp.DIV}
    if isinstance(node.right, NumberLiteral):
        found = _find_extreme(node.left, sign * node.right.value if scales else sign)
        return None if found is None else replace(node, left=found)
    if isinstance(node.left, NumberLiteral) and node.op is not BinaryOp.DIV:
        turned = sign * node.left.value if scales else -sign if node.op is BinaryOp.SUB else sign
        found = _find_extreme(node.right, turned)
        return None if found is None else replace(node, right=found)
    return None


@lru_cache(1024)
def average_over_hours(expr: str) -> str:
    """The expression with the mean of the last hour in place of each gauge's newest sample.

    An expression that depends on single samples (a comparison that is not with 0, `timestamp`)
    stays as it is.
    """
    try:
        tree = parse(expr, ALL)
    except QueryError:
        return expr
    if not all(map(_allows_means, walk(tree))):
        return expr
    return format_expr(_average(tree))


def _allows_means(node: Expr) -> bool:
    if isinstance(node, Call):
        return node.function.name not in _SAMPLE_BY_SAMPLE
    if isinstance(node, Binary) and node.op.is_comparison:
        return isinstance(node.right, NumberLiteral) and node.right.value == 0
    return True


def _average(node: Expr) -> Expr:
    """The tree with means; what is in a range already stays."""
    match node:
        case VectorSelector():
            return Call(FUNCTIONS["avg_over_time"], (MatrixSelector(node, HOUR_MS),))
        case Binary(left=left, right=right):
            return replace(node, left=_average(left), right=_average(right))
        case Call(args=args):
            return replace(node, args=tuple(map(_average, args)))
        case Aggregate(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return replace(node, expr=_average(inner))
        case _:
            return node
