import json
from collections.abc import Mapping

import pytest
from hypothesis import given

from jipyo.promql import parse
from jipyo.promql.syntax.ast_json import encode_tree
from jipyo.promql.syntax.features import ALL
from support.expressions import expressions

X_MATCHERS = [{"name": "__name__", "value": "x", "type": "="}]
SELECTOR: Mapping[str, object] = {
    "name": "x",
    "offset": 0,
    "offsetExpr": None,
    "matchers": X_MATCHERS,
    "timestamp": None,
    "startOrEnd": None,
    "anchored": False,
    "smoothed": False,
}
X = {"type": "vectorSelector", **SELECTOR}
ONE = {"type": "numberLiteral", "val": "1"}
MINUTE = {"type": "numberLiteral", "val": "60", "duration": True}


def computed(
    op: str, left: object = None, right: object = None, *, wrapped: bool = False
) -> dict[str, object]:
    return {"type": "durationExpr", "op": op, "lhs": left, "rhs": right, "wrapped": wrapped}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ONE),
        ("+Inf", {"type": "numberLiteral", "val": "+Inf"}),
        (r"'a\xffb'", {"type": "stringLiteral", "val": "a\ufffdb"}),
        ("x @ 1.5 offset 1m", {**X, "timestamp": 1_500, "offset": 60_000}),
        ("x @ end() smoothed", {**X, "startOrEnd": "end", "smoothed": True}),
        (
            "x[1m] anchored",
            {
                **SELECTOR,
                "type": "matrixSelector",
                "range": 60_000,
                "rangeExpr": None,
                "anchored": True,
            },
        ),
        (
            "x[1h:] @ start()",
            {
                "type": "subquery",
                "expr": X,
                "range": 3_600_000,
                "rangeExpr": None,
                "offset": 0,
                "offsetExpr": None,
                "step": 0,
                "stepExpr": None,
                "timestamp": None,
                "startOrEnd": "start",
            },
        ),
        ("(1)", {"type": "parenExpr", "expr": ONE}),
        ("-x", {"type": "unaryExpr", "op": "-", "expr": X}),
        (
            "round(x, 1)",
            {
                "type": "call",
                "func": {
                    "name": "round",
                    "argTypes": ["vector", "scalar"],
                    "variadic": 1,
                    "returnType": "vector",
                },
                "args": [X, ONE],
            },
        ),
        (
            "topk by (a) (1, x)",
            {
                "type": "aggregation",
                "op": "topk",
                "expr": X,
                "param": ONE,
                "grouping": ["a"],
                "without": False,
            },
        ),
        (
            "sum without () (x)",
            {
                "type": "aggregation",
                "op": "sum",
                "expr": X,
                "param": None,
                "grouping": [],
                "without": True,
            },
        ),
        (
            "1 == bool 1",
            {
                "type": "binaryExpr",
                "op": "==",
                "lhs": ONE,
                "rhs": ONE,
                "matching": None,
                "bool": True,
            },
        ),
        (
            "x + on (a) group_left (b) fill_left (1) fill_right (NaN) x",
            {
                "type": "binaryExpr",
                "op": "+",
                "lhs": X,
                "rhs": X,
                "matching": {
                    "card": "many-to-one",
                    "labels": ["a"],
                    "on": True,
                    "include": ["b"],
                    "fillValues": {"lhs": 1.0, "rhs": "NaN"},
                },
                "bool": False,
            },
        ),
    ],
)
def test_a_tree_is_json_as_prometheus_gives_it(text: str, expected: object) -> None:
    assert encode_tree(parse(text, ALL)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("step()", computed("step")),
        ("-step()", computed("-", None, computed("step"))),
        ("(1m * 1m)", computed("*", MINUTE, MINUTE, wrapped=True)),
        ("(1m)", computed("+", None, MINUTE, wrapped=True)),
        ("max_of(1m, range())", computed("max_of", MINUTE, computed("range"))),
    ],
)
def test_durations_that_are_computed_stand_beside_a_zero(text: str, expected: object) -> None:
    assert encode_tree(parse(f"x offset {text}")) == {**X, "offset": 0, "offsetExpr": expected}


@given(expressions(depth=3))
def test_every_tree_can_be_sent(text: str) -> None:
    sent = json.dumps(encode_tree(parse(text, ALL)), allow_nan=False)
    assert json.loads(sent)["type"]
