"""What is evaluated: resolved times, no parentheses, invariant and repeated parts marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.promql import parse
from jipyo.promql.engine.plan import (
    Node,
    QueryPeriod,
    Repeats,
    StepInvariant,
    build_plan,
    get_parts,
    walk,
)
from jipyo.promql.syntax.ast import (
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    VectorSelector,
)
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.signatures import ValueType
from support.expressions import Vocabulary, expressions

PERIOD = QueryPeriod(600_000, 4_200_000, 60_000)


def planned(expr: str, period: QueryPeriod = PERIOD) -> Node:
    return build_plan(parse(expr, ALL), period)


def only(node: Node, kind: type) -> Node:
    (match,) = [part for part in walk(node) if isinstance(part, kind)]
    return match


@pytest.mark.parametrize(
    ("expr", "at_ms"),
    [
        ("x", None),
        ("x @ 5", 5_000),
        ("x @ start()", 600_000),
        ("x @ end()", 4_200_000),
        ("rate(x[5m] @ end())", 4_200_000),
    ],
)
def test_boundaries_become_times(expr: str, at_ms: int | None) -> None:
    selector = only(planned(expr), MatrixSelector if "[" in expr else VectorSelector)
    if isinstance(selector, MatrixSelector):
        selector = selector.selector
    assert isinstance(selector, VectorSelector)
    assert selector.at == at_ms


@pytest.mark.parametrize(
    ("expr", "value"),
    [("start()", 600), ("end()", 4200), ("range()", 3600), ("step()", 60)],
)
def test_functions_of_the_query_become_numbers(expr: str, value: float) -> None:
    assert planned(expr) == NumberLiteral(value)


def test_an_instant_query_has_no_step() -> None:
    assert planned("step()", QueryPeriod(5, 5, 0)) == NumberLiteral(0)
    assert planned("range()", QueryPeriod(5, 5, 0)) == NumberLiteral(0)


@pytest.mark.parametrize(
    ("expr", "range_ms"),
    [
        ("rate(x[step() * 2])", 120_000),
        ("rate(x[range() / 4])", 900_000),
        ("rate(x[1h])", 3_600_000),
    ],
)
def test_durations_become_milliseconds(expr: str, range_ms: int) -> None:
    window = only(planned(expr), MatrixSelector)
    assert isinstance(window, MatrixSelector)
    assert window.range == range_ms


def test_parentheses_and_plus_signs_go() -> None:
    node = planned("((+x) + (y))")
    assert not any(isinstance(part, Paren) for part in walk(node))
    assert node == planned("x + y")


@pytest.mark.parametrize(
    ("expr", "invariant"),
    [
        ("x @ 5", True),
        ("sum(x @ 5)", True),
        ("-(x @ 5)", True),
        ("x @ 5 + y @ end()", True),
        ("rate(x[5m] @ 5)", True),
        ("max_over_time(x[1h:] @ 5)", True),
        ("vector(1)", True),
        ("1 + 1", True),
        ("topk(scalar(x @ 5), y @ 5)", True),
        ("timestamp(x @ 5)", True),
        ("label_replace(x @ 5, 'a', 'b', 'c', 'd')", True),
        ("x", False),
        ("x @ 5 + y", False),
        ("time()", False),
        ("hour()", False),
        ("vector(time())", False),
        ("predict_linear(x[5m] @ 5, 60)", False),
        ("timestamp(sum(x @ 5))", False),
        ("max_over_time(x[1h:])", False),
        ("info(x @ 5)", False),
        ("hour(x @ 5)", False),
    ],
)
def test_what_is_the_same_at_every_step_is_marked(expr: str, invariant: bool) -> None:
    assert isinstance(planned(expr), StepInvariant) is invariant


@pytest.mark.parametrize("expr", ["1", '"a"', "x[5m] @ 5", "x[1h:] @ 5"])
def test_literals_and_windows_are_never_marked(expr: str) -> None:
    assert not isinstance(planned(expr), StepInvariant)


def test_only_the_largest_invariant_part_is_marked() -> None:
    marked = [
        part for part in walk(planned("y + sum(x @ 5 * 2)")) if isinstance(part, StepInvariant)
    ]
    assert len(marked) == 1
    assert planned("sum(x @ 5 * 2)") == marked[0]


@given(expressions(Vocabulary(), depth=3))
def test_a_plan_has_no_open_times_and_keeps_its_type(text: str) -> None:
    tree = parse(text, ALL)
    node = build_plan(tree, PERIOD)
    assert node.value_type is tree.value_type
    for part in walk(node):
        if isinstance(part, VectorSelector | Subquery):
            assert part.at is None or isinstance(part.at, int)
            assert isinstance(part.offset, int)
        if isinstance(part, MatrixSelector | Subquery):
            assert isinstance(part.range, int)
        if isinstance(part, StepInvariant):
            assert not isinstance(part.expr, StepInvariant)


@given(expressions(Vocabulary(), depth=3))
def test_walking_meets_every_part_once_parents_first(text: str) -> None:
    node = build_plan(parse(text, ALL), PERIOD)
    order = list(walk(node))
    place = {id(part): at for at, part in enumerate(order)}
    for part in order:
        for below in get_parts(part):
            assert place[id(below)] > place[id(part)] or order.count(below) > 1


# Repeats.


@pytest.mark.parametrize(
    ("expr", "repeated"),
    [
        ("x", []),
        ("x + y", []),
        ("x + x", ["x"]),
        ("sum(x) / sum(x)", ["sum"]),
        ("sum(x) / count(x)", ["x"]),
        ("x / on () (x + y) * y", ["x", "y"]),
        ("x + x offset 5m", []),
        ("x + x @ 5", []),
        ("x{a='1', b='2'} + x{b='2', a='1'}", ["x"]),
        ("sum by (a) (x) + sum by (b) (x)", ["x"]),
        ("rate(x[5m]) > 1 and rate(x[5m]) < 2", ["rate"]),
        ("rate(x[5m]) + rate(x[6m])", []),
        ("x == bool 1 or x == 1", ["x"]),
        # Within a subquery the steps are others.
        ("x + max_over_time(x[1h:])", []),
        ("max_over_time(x[1h:]) + min_over_time(x[1h:])", ["x"]),
        ("max_over_time(x[1h:]) + min_over_time(x[2h:])", []),
        ("time() + time()", []),
    ],
)
def test_vectors_that_repeat_over_the_same_steps_are_found(expr: str, repeated: list[str]) -> None:
    node = planned(expr)
    repeats = Repeats.find(node)
    names = {
        getattr(part, "name", "")
        or getattr(getattr(part, "op", None), "name", "")
        or getattr(getattr(part, "function", None), "name", "")
        for part in walk(node)
        if repeats.find_number(part) is not None
    }
    assert names == set(repeated)


def test_equal_expressions_share_a_number() -> None:
    node = planned("rate(x[5m]) / rate(x[5m]) + rate(y[5m]) / rate(y[5m])")
    repeats = Repeats.find(node)
    numbers = [number for part in walk(node) if (number := repeats.find_number(part)) is not None]
    assert len(numbers) == 4
    assert len(set(numbers)) == 2


@given(expressions(Vocabulary(), kind=ValueType.VECTOR, depth=2), st.booleans())
def test_an_expression_beside_itself_repeats(text: str, paren: bool) -> None:
    node = planned(f"({text}) or ({'(' if paren else ''}{text}{')' if paren else ''})")
    inner = planned(text)
    if isinstance(node, StepInvariant) or isinstance(inner, StepInvariant):
        return
    left, right = get_parts(node)
    repeats = Repeats.find(node)
    assert repeats.find_number(left) == repeats.find_number(right) is not None
