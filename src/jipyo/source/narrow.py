"""An expression over fewer series: only those whose labels have certain values.

A comparison needs one or two series of a metric with thousands. Where every series of an answer
can only be from series with the same value of a label, the condition is put into the selectors,
so that the source neither reads nor sends the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    transform,
    walk,
)
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Collection

    from jipyo.model.labels import Labels

Wanted = tuple[tuple[str, tuple[str, ...]], ...]
"""Names of labels, each with the values that are wanted."""

_VECTORS = frozenset({ValueType.VECTOR, ValueType.MATRIX})
_NOT_SERIES_BY_SERIES = frozenset(
    {"absent", "absent_over_time", "histogram_quantile", "histogram_quantiles", "info"}
)
"""Functions whose answers have labels that their argument has not, or lack some of its."""
_WRITES_LABEL = frozenset({"label_join", "label_replace"})
_MOST_VALUES = 200
_CACHED_TEXTS = 1024


@lru_cache(_CACHED_TEXTS)
def narrow(expr: str, wanted: Wanted) -> str:
    """The expression over the wanted series, as far as that leaves their values what they are.

    Its answer has all series whose labels have one of the values for each name, and may have
    others.

    Args:
        expr: an expression in the PromQL of the embedded engine.
        wanted: labels of the answer; a value that is empty, or too many, make no condition.
    """
    try:
        tree = parse(expr, ALL)
    except QueryError:
        return expr
    conditions = tuple(
        Matcher(name, MatchOp.EQ, values[0])
        if len(values) == 1
        else Matcher(name, MatchOp.RE, "|".join(map(re.escape, values)))
        for name, values in wanted
        if name != METRIC_NAME
        and all(values)
        and len(values) <= _MOST_VALUES
        and _keeps(tree, name)
    )
    if not conditions:
        return expr

    whole = {
        id(each)
        for node in walk(tree)
        if isinstance(node, Binary) and _asks_for_any(node)
        for each in walk(node.right)
    }

    def add_conditions(node: Expr) -> Expr:
        if not isinstance(node, VectorSelector) or id(node) in whole:
            return node
        return replace(node, matchers=(*node.matchers, *conditions))

    return format_expr(transform(tree, add_conditions))


def list_values(series: Collection[Labels]) -> Wanted:
    """The labels that all of these series have, each with its values."""
    names = set.intersection(*(set(labels) for labels in series)) if series else set()
    return tuple(
        (name, tuple(sorted({labels[name] for labels in series}))) for name in sorted(names)
    )


def keeps_label(expr: str, name: str) -> bool:
    """Whether each series of the answer has the value of this label of all series it is from."""
    try:
        return _keeps(parse(expr, ALL), name)
    except QueryError:
        return False


def _keeps(node: Expr, name: str) -> bool:
    match node:
        case VectorSelector() | MatrixSelector():
            return True
        case Paren() | Unary() | Subquery():
            return _keeps(node.expr, name)
        case Call():
            return _call_keeps(node, name)
        case Aggregate():
            return _aggregate_keeps(node, name)
        case Binary():
            return _binary_keeps(node, name)
        case _:
            return False


def _aggregate_keeps(node: Aggregate, name: str) -> bool:
    if node.op.name == "count_values" or not (node.param is None or _is_fixed(node.param)):
        return False
    return (name in node.grouping) is not node.without and _keeps(node.expr, name)


def _asks_for_any(node: Binary) -> bool:
    """Whether its right side only decides if there is an answer: `x and on () y`."""
    matching = node.matching
    is_set = node.op in {BinaryOp.AND, BinaryOp.UNLESS}
    return is_set and matching is not None and matching.on and not matching.labels


def _binary_keeps(node: Binary, name: str) -> bool:
    if _asks_for_any(node):
        return _keeps(node.left, name)
    sides = (node.left, node.right)
    matching = node.matching
    if matching is not None:
        matches_it = (name in matching.labels) is matching.on and name not in matching.include
        return matches_it and all(_keeps(side, name) for side in sides)
    vectors = [side for side in sides if side.value_type is ValueType.VECTOR]
    scalars = [side for side in sides if side.value_type is ValueType.SCALAR]
    return len(vectors) == 1 and _keeps(vectors[0], name) and all(map(_is_fixed, scalars))


def _call_keeps(call: Call, name: str) -> bool:
    function, args = call.function, call.args
    if function.return_type is ValueType.SCALAR:
        return False
    if function.name in _NOT_SERIES_BY_SERIES:
        is_quantile = function.name == "histogram_quantile" and name != "le"
        return is_quantile and _is_fixed(args[0]) and _keeps(args[1], name)
    vectors = [arg for arg in args if arg.value_type in _VECTORS]
    fixed = all(_is_fixed(arg) for arg in args if arg.value_type not in _VECTORS)
    if function.name in _WRITES_LABEL and args[1] == StringLiteral(name):
        return False
    return len(vectors) == 1 and fixed and _keeps(vectors[0], name)


def _is_fixed(node: Expr) -> bool:
    """Whether a scalar or text depends on no series."""
    return not any(isinstance(part, VectorSelector) for part in walk(node))
