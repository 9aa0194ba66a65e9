"""What cannot have an answer, told by the names of the metrics that there are.

Most alternatives of the catalogue ask for exporters that a site does not have. To look
each name up in a set costs a thousandth of asking for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
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
)
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Expr
    from jipyo.source.base import Source

Names = frozenset[str]
_OF_NOTHING = frozenset({"absent", "absent_over_time"})
_MOST = 1024


def metric_names(source: Source, t_ms: int) -> Names:
    """The names of all metrics that have ever had a sample up to `t_ms`.

    Raises:
        SourceError: whoever answers failed.
    """
    return frozenset(source.label_values(METRIC_NAME, (), 0, t_ms))


@lru_cache(_MOST)
def answerable(expr: str, names: Names) -> bool:
    """Whether an expression may have an answer: False only where it surely has none.

    What cannot be parse_cached is left to whoever answers, to be refused in the proper words.
    """
    try:
        return not _empty(parse_cached(expr), names)
    except QueryError:
        return True


def _empty(node: Expr, names: Names) -> bool:
    match node:
        case VectorSelector():
            return not _is_there(node, names)
        case MatrixSelector():
            return not _is_there(node.selector, names)
        case Aggregate() | Subquery() | Paren() | Unary():
            return node.value_type is not ValueType.SCALAR and _empty(node.expr, names)
        case Call():
            return _call_is_empty(node, names)
        case Binary():
            return node.value_type is not ValueType.SCALAR and _binary_is_empty(node, names)
        case _:
            return False


def _is_there(selector: VectorSelector, names: Names) -> bool:
    """Whether any metric's name fits all that the selector says of it."""
    said = [matcher for matcher in selector.matchers if matcher.name == METRIC_NAME]
    known: Names | set[str] = names & {selector.name} if selector.name else names
    return any(all(matcher.matches(name) for matcher in said) for name in known)


def _call_is_empty(call: Call, names: Names) -> bool:
    """A function of nothing gives nothing, unless nothing is what it speaks of."""
    if call.value_type is ValueType.SCALAR or call.function.name in _OF_NOTHING:
        return False
    of = [one for one in call.args if one.value_type in (ValueType.VECTOR, ValueType.MATRIX)]
    return bool(of) and _empty(of[0], names)


def _binary_is_empty(node: Binary, names: Names) -> bool:
    left, right = _empty(node.left, names), _empty(node.right, names)
    matching = node.matching
    fills = matching is not None and (matching.fill_left or matching.fill_right) is not None
    if node.op is BinaryOp.OR or fills:
        return left and right
    return left or (right and node.op is not BinaryOp.UNLESS)
