"""Which expressions cannot have an answer, judged by the names of all existing metrics.

Most queries of the catalogue are for exporters that a site does not have. Looking up a
name in a set costs a thousandth of a query.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import MatchOp
from jipyo.promql import parse_cached
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Expr

MetricNames = frozenset[str]
_ANSWERS_FOR_NOTHING = frozenset({"absent", "absent_over_time"})
_CACHED_ANSWERS = 1024


@lru_cache(maxsize=4)
def list_selected_names(expressions: tuple[str, ...]) -> MetricNames:
    """The names of all metrics that some expressions select by name."""
    return frozenset(
        node.name
        for expression in expressions
        for node in walk(parse_cached(expression))
        if isinstance(node, VectorSelector) and node.name
    )


@lru_cache(_CACHED_ANSWERS)
def may_have_answer(expr: str, names: MetricNames | None) -> bool:
    """Whether an expression may have an answer: False only where it certainly has none.

    Where the names of the metrics are not known, that shows by contradicting matchers alone.

    An expression that cannot be parsed is left to the source, which rejects it in its words.
    """
    try:
        return not _is_empty(parse_cached(expr), names)
    except QueryError:
        return True


def _is_empty(node: Expr, names: MetricNames | None) -> bool:
    match node:
        case VectorSelector():
            return not _selects_any(node, names)
        case MatrixSelector():
            return not _selects_any(node.selector, names)
        case Aggregate() | Subquery() | Paren() | Unary():
            return node.value_type is not ValueType.SCALAR and _is_empty(node.expr, names)
        case Call():
            return _is_empty_call(node, names)
        case Binary():
            return node.value_type is not ValueType.SCALAR and _is_empty_binary(node, names)
        case _:
            return False


def _selects_any(selector: VectorSelector, names: MetricNames | None) -> bool:
    """Whether the name of any metric passes the selector's matchers for it."""
    if _contradicts_itself(selector):
        return False
    if names is None:
        return True
    name_matchers = [matcher for matcher in selector.matchers if matcher.name == METRIC_NAME]
    candidates = names & {selector.name} if selector.name else names
    return any(all(matcher.matches(name) for matcher in name_matchers) for name in candidates)


def _contradicts_itself(selector: VectorSelector) -> bool:
    """Whether no label can pass the matchers: one asks for a value that another excludes."""
    return any(
        not other.matches(matcher.value)
        for matcher in selector.matchers
        if matcher.op is MatchOp.EQ
        for other in selector.matchers
        if other.name == matcher.name
    )


def _is_empty_call(call: Call, names: MetricNames | None) -> bool:
    """A function of no series returns none, except those that report their absence."""
    if call.value_type is ValueType.SCALAR or call.function.name in _ANSWERS_FOR_NOTHING:
        return False
    vectors = [arg for arg in call.args if arg.value_type in (ValueType.VECTOR, ValueType.MATRIX)]
    return bool(vectors) and _is_empty(vectors[0], names)


def _is_empty_binary(node: Binary, names: MetricNames | None) -> bool:
    left, right = _is_empty(node.left, names), _is_empty(node.right, names)
    matching = node.matching
    fills = matching is not None and (matching.fill_left or matching.fill_right) is not None
    if node.op is BinaryOp.OR or fills:
        return left and right
    return left or (right and node.op is not BinaryOp.UNLESS)
