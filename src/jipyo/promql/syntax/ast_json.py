"""The tree as JSON, in the shape of `/api/v1/parse_query`.

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
from jipyo.promql.syntax.printer import number_text

if TYPE_CHECKING:
    from jipyo.model.matcher import Matcher

Json = Mapping[str, object]
"""An object that `json` and `orjson` can write."""


def tree(expr: Expr) -> Json:
    """The expression as nested objects, each with its `type`."""
    match expr:
        case NumberLiteral():
            return {"type": "numberLiteral", "val": number_text(expr.value)}
        case StringLiteral():
            return {"type": "stringLiteral", "val": _sayable(expr.value)}
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector():
            range_ = _duration("range", expr.range)
            return {"type": "matrixSelector", **range_, **_selector(expr.selector)}
        case Subquery():
            return _subquery(expr)
        case _:
            return _composed(expr)


def _composed(expr: Binary | Call | Aggregate | Unary | Paren) -> Json:
    match expr:
        case Binary():
            return _binary(expr)
        case Call():
            return _call(expr)
        case Aggregate():
            return _aggregate(expr)
        case Unary():
            return {"type": "unaryExpr", "op": expr.op.value, "expr": tree(expr.expr)}
        case _:
            return {"type": "parenExpr", "expr": tree(expr.expr)}


def _selector(selector: VectorSelector) -> Json:
    return {
        "name": selector.name,
        **_duration("offset", selector.offset),
        "matchers": [_matcher(matcher) for matcher in selector.matchers],
        **_at(selector.at),
        "anchored": selector.extension is Extension.ANCHORED,
        "smoothed": selector.extension is Extension.SMOOTHED,
    }


def _matcher(matcher: Matcher) -> Json:
    name, value = _sayable(matcher.name), _sayable(matcher.value)
    return {"name": name, "value": value, "type": matcher.op.value}


def _sayable(text: str) -> str:
    """JSON has no place for bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _subquery(subquery: Subquery) -> Json:
    return {
        "type": "subquery",
        "expr": tree(subquery.expr),
        **_duration("range", subquery.range),
        **_duration("offset", subquery.offset),
        **_duration("step", subquery.step or 0),
        **_at(subquery.at),
    }


def _at(at: At) -> Json:
    boundary = at.value if isinstance(at, Boundary) else None
    return {"timestamp": at if isinstance(at, int) else None, "startOrEnd": boundary}


def _binary(binary: Binary) -> Json:
    return {
        "type": "binaryExpr",
        "op": binary.op.value,
        "lhs": tree(binary.left),
        "rhs": tree(binary.right),
        "matching": None if binary.matching is None else _matching(binary.matching),
        "bool": binary.return_bool,
    }


def _matching(matching: Matching) -> Json:
    return {
        "card": matching.card.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": _fill(matching.fill_left), "rhs": _fill(matching.fill_right)},
    }


def _fill(number: NumberLiteral | None) -> float | str | None:
    if number is None:
        return None
    # JSON has no place for NaN and infinities either.
    return number.value if math.isfinite(number.value) else number_text(number.value)


def _call(call: Call) -> Json:
    function = call.function
    return {
        "type": "call",
        "func": {
            "name": function.name,
            "argTypes": [value_type.value for value_type in function.arg_types],
            "variadic": function.variadic,
            "returnType": function.return_type.value,
        },
        "args": [tree(arg) for arg in call.args],
    }


def _aggregate(aggregate: Aggregate) -> Json:
    return {
        "type": "aggregation",
        "op": aggregate.op.name,
        "expr": tree(aggregate.expr),
        "param": None if aggregate.param is None else tree(aggregate.param),
        "grouping": list(aggregate.grouping),
        "without": aggregate.without,
    }


def _duration(name: str, duration: Duration) -> Json:
    if isinstance(duration, int):
        return {name: duration, f"{name}Expr": None}
    return {name: 0, f"{name}Expr": _duration_node(duration)}


def _duration_node(node: DurationNode) -> Json:
    match node:
        case NumberLiteral():
            number = number_text(node.value)
            return {"type": "numberLiteral", "val": number, "duration": node.duration}
        case DurationOperation():
            return _duration_expr(
                node.op.value, _duration_node(node.left), _duration_node(node.right)
            )
        case DurationNegation(operand=operand):
            return _duration_expr("-", None, _duration_node(operand))
        case DurationCall(function=function, args=args):
            left, right = map(_duration_node, args) if args else (None, None)
            return _duration_expr(function.value, left, right)
        case DurationParen(expr=NumberLiteral() as number):
            # A number knows no parentheses there: they become a plus sign in parentheses.
            return {**_duration_expr("+", None, _duration_node(number)), "wrapped": True}
        case _:
            return {**_duration_node(node.expr), "wrapped": True}


def _duration_expr(op: str, left: Json | None, right: Json | None) -> Json:
    return {"type": "durationExpr", "op": op, "lhs": left, "rhs": right, "wrapped": False}
