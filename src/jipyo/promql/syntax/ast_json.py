"""The encode_tree as JSON, in the shape of `/api/v1/parse_query`.

Source: prometheus/web/api/v1/translate_ast.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jipyo.promql.syntax.ast import (
    Aggregate,
    At,
    Binary,
    Boundary,
    Call,
    Duration,
    DurationCall,
    DurationNegation,
    DurationNode,
    DurationOperation,
    DurationParen,
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
)
from jipyo.promql.syntax.printer import format_number

if TYPE_CHECKING:
    from jipyo.model.matcher import Matcher

Json = Mapping[str, object]
"""An object that `json` and `orjson` can write."""


def encode_tree(expr: Expr) -> Json:
    """The expression as nested objects, each with its `type`."""
    match expr:
        case NumberLiteral():
            return {"type": "numberLiteral", "val": format_number(expr.value)}
        case StringLiteral():
            return {"type": "stringLiteral", "val": _replace_invalid_utf8(expr.value)}
        case VectorSelector():
            return {"type": "vectorSelector", **_encode_selector(expr)}
        case MatrixSelector():
            range_ = _encode_duration("range", expr.range)
            return {"type": "matrixSelector", **range_, **_encode_selector(expr.selector)}
        case Subquery():
            return _encode_subquery(expr)
        case _:
            return _encode_composed(expr)


def _encode_composed(expr: Binary | Call | Aggregate | Unary | Paren) -> Json:
    match expr:
        case Binary():
            return _encode_binary(expr)
        case Call():
            return _encode_call(expr)
        case Aggregate():
            return _encode_aggregate(expr)
        case Unary():
            return {"type": "unaryExpr", "op": expr.op.value, "expr": encode_tree(expr.expr)}
        case _:
            return {"type": "parenExpr", "expr": encode_tree(expr.expr)}


def _encode_selector(selector: VectorSelector) -> Json:
    return {
        "name": selector.name,
        **_encode_duration("offset", selector.offset),
        "matchers": [_encode_matcher(matcher) for matcher in selector.written or selector.matchers],
        **_encode_at(selector.at),
        "anchored": selector.extension is Extension.ANCHORED,
        "smoothed": selector.extension is Extension.SMOOTHED,
    }


def _encode_matcher(matcher: Matcher) -> Json:
    name, value = _replace_invalid_utf8(matcher.name), _replace_invalid_utf8(matcher.value)
    return {"name": name, "value": value, "type": matcher.op.value}


def _replace_invalid_utf8(text: str) -> str:
    """The text with bytes that are not UTF-8 as U+FFFD: JSON cannot hold them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _encode_subquery(subquery: Subquery) -> Json:
    return {
        "type": "subquery",
        "expr": encode_tree(subquery.expr),
        **_encode_duration("range", subquery.range),
        **_encode_duration("offset", subquery.offset),
        **_encode_duration("step", subquery.step or 0),
        **_encode_at(subquery.at),
    }


def _encode_at(at: At) -> Json:
    boundary = at.value if isinstance(at, Boundary) else None
    return {"timestamp": at if isinstance(at, int) else None, "startOrEnd": boundary}


def _encode_binary(binary: Binary) -> Json:
    return {
        "type": "binaryExpr",
        "op": binary.op.value,
        "lhs": encode_tree(binary.left),
        "rhs": encode_tree(binary.right),
        "matching": None if binary.matching is None else _encode_matching(binary.matching),
        "bool": binary.return_bool,
    }


def _encode_matching(matching: Matching) -> Json:
    return {
        "card": matching.card.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {
            "lhs": _encode_fill(matching.fill_left),
            "rhs": _encode_fill(matching.fill_right),
        },
    }


def _encode_fill(number: NumberLiteral | None) -> float | str | None:
    if number is None:
        return None
    # Nor can JSON hold NaN and infinities.
    return number.value if math.isfinite(number.value) else format_number(number.value)


def _encode_call(call: Call) -> Json:
    function = call.function
    return {
        "type": "call",
        "func": {
            "name": function.name,
            "argTypes": [value_type.value for value_type in function.arg_types],
            "variadic": function.variadic,
            "returnType": function.return_type.value,
        },
        "args": [encode_tree(arg) for arg in call.args],
    }


def _encode_aggregate(aggregate: Aggregate) -> Json:
    return {
        "type": "aggregation",
        "op": aggregate.op.name,
        "expr": encode_tree(aggregate.expr),
        "param": None if aggregate.param is None else encode_tree(aggregate.param),
        "grouping": list(aggregate.grouping),
        "without": aggregate.without,
    }


def _encode_duration(name: str, duration: Duration) -> Json:
    if isinstance(duration, int):
        return {name: duration, f"{name}Expr": None}
    return {name: 0, f"{name}Expr": _encode_duration_node(duration)}


def _encode_duration_node(node: DurationNode) -> Json:
    match node:
        case NumberLiteral():
            number = format_number(node.value)
            return {"type": "numberLiteral", "val": number, "duration": node.duration}
        case DurationOperation():
            return _encode_operation(
                node.op.value, _encode_duration_node(node.left), _encode_duration_node(node.right)
            )
        case DurationNegation(operand=operand):
            return _encode_operation("-", None, _encode_duration_node(operand))
        case DurationCall(function=function, args=args):
            left, right = map(_encode_duration_node, args) if args else (None, None)
            return _encode_operation(function.value, left, right)
        case DurationParen(expr=NumberLiteral() as number):
            # There numbers have no parentheses: they become a plus sign in parentheses.
            return {**_encode_operation("+", None, _encode_duration_node(number)), "wrapped": True}
        case _:
            return {**_encode_duration_node(node.expr), "wrapped": True}


def _encode_operation(op: str, left: Json | None, right: Json | None) -> Json:
    return {"type": "durationExpr", "op": op, "lhs": left, "rhs": right, "wrapped": False}
