"""A PromQL tree as `parse_query` gives it (web/api/v1/translate_ast.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.promql import ast
from jipyo.web.encode import plain

if TYPE_CHECKING:
    from jipyo.model.matcher import Matcher
    from jipyo.promql.ast import Expr

Json = dict[str, object]


def tree(expr: Expr) -> Json:
    """The node and all below it, under Prometheus' names."""
    match expr:
        case ast.NumberLiteral():
            return {"type": "numberLiteral", "val": plain(expr.value)}
        case ast.StringLiteral():
            return {"type": "stringLiteral", "val": expr.value}
        case ast.VectorSelector() | ast.MatrixSelector() | ast.Subquery():
            return _selection(expr)
        case _:
            return _operation(expr)


def _operation(expr: ast.Paren | ast.Unary | ast.Call | ast.Aggregate | ast.Binary) -> Json:
    match expr:
        case ast.Paren():
            return {"type": "parenExpr", "expr": tree(expr.expr)}
        case ast.Unary():
            return {"type": "unaryExpr", "op": expr.op.value, "expr": tree(expr.expr)}
        case ast.Call():
            return _call(expr)
        case ast.Aggregate():
            return _aggregate(expr)
        case ast.Binary():
            return _binary(expr)


def _selection(expr: ast.VectorSelector | ast.MatrixSelector | ast.Subquery) -> Json:
    match expr:
        case ast.VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case ast.MatrixSelector():
            window = _duration("range", expr.range)
            return {"type": "matrixSelector", **_selector(expr.selector), **window}
        case ast.Subquery():
            return _subquery(expr)


def _call(expr: ast.Call) -> Json:
    function = expr.function
    return {
        "type": "call",
        "func": {
            "name": function.name,
            "argTypes": [kind.value for kind in function.arg_types],
            "variadic": function.variadic,
            "returnType": function.return_type.value,
        },
        "args": [tree(arg) for arg in expr.args],
    }


def _aggregate(expr: ast.Aggregate) -> Json:
    return {
        "type": "aggregation",
        "op": expr.op.name,
        "expr": tree(expr.expr),
        "param": tree(expr.param) if expr.param else None,
        "grouping": list(expr.grouping),
        "without": expr.without,
    }


def _binary(expr: ast.Binary) -> Json:
    return {
        "type": "binaryExpr",
        "op": expr.op.value,
        "lhs": tree(expr.left),
        "rhs": tree(expr.right),
        "matching": _matching(expr.matching) if expr.matching else None,
        "bool": expr.return_bool,
    }


def _matching(matching: ast.Matching) -> Json:
    fills = {"lhs": matching.fill_left, "rhs": matching.fill_right}
    return {
        "card": matching.card.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {side: fill.value if fill else None for side, fill in fills.items()},
    }


def _subquery(expr: ast.Subquery) -> Json:
    return {
        "type": "subquery",
        "expr": tree(expr.expr),
        **_duration("range", expr.range),
        **_duration("offset", expr.offset),
        **_duration("step", expr.step or 0),
        **_at(expr.at),
    }


def _selector(selector: ast.VectorSelector) -> Json:
    return {
        "name": selector.name,
        **_duration("offset", selector.offset),
        "matchers": [_matcher(matcher) for matcher in selector.matchers],
        **_at(selector.at),
        "anchored": selector.extension is ast.Extension.ANCHORED,
        "smoothed": selector.extension is ast.Extension.SMOOTHED,
    }


def _matcher(matcher: Matcher) -> Json:
    return {"name": matcher.name, "value": matcher.value, "type": matcher.op.value}


def _at(at: ast.At) -> Json:
    return {
        "timestamp": at if isinstance(at, int) else None,
        "startOrEnd": at.value if isinstance(at, ast.Boundary) else None,
    }


def _duration(name: str, duration: ast.Duration) -> Json:
    """Milliseconds; what is only known when the query runs is 0, and stands as a tree."""
    if isinstance(duration, int):
        return {name: duration, f"{name}Expr": None}
    return {name: 0, f"{name}Expr": _duration_tree(duration)}


def _duration_tree(node: ast.DurationNode, *, wrapped: bool = False) -> Json:
    match node:
        case ast.NumberLiteral():
            value = {"val": plain(node.value), "duration": node.duration}
            return {"type": "numberLiteral", **value}
        case ast.DurationParen():
            return _duration_tree(node.expr, wrapped=True)
        case ast.DurationNegation():
            sides = {"op": "-", "lhs": None, "rhs": _duration_tree(node.operand)}
        case ast.DurationOperation():
            left, right = _duration_tree(node.left), _duration_tree(node.right)
            sides = {"op": node.op.value, "lhs": left, "rhs": right}
        case _:
            args = [*map(_duration_tree, node.args), None, None]
            sides = {"op": node.function.value, "lhs": args[0], "rhs": args[1]}
    return {"type": "durationExpr", **sides, "wrapped": wrapped}
