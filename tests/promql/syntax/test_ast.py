"""The laws of the tree: walking, transforming, comparing, and what depends on its durations."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import (
    NOWHERE,
    Binary,
    BinaryOp,
    Call,
    Expr,
    Extension,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    VectorSelector,
    children,
    strip_parens,
    transform,
    walk,
)
from jipyo.promql.syntax.durations import evaluate, resolve
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.signatures import ValueType
from support.expressions import Vocabulary, expressions

TREES = expressions(Vocabulary(), depth=3).map(lambda text: parse(text, ALL))


@given(TREES)
def test_nothing_changed_is_an_equal_tree(tree: Expr) -> None:
    assert transform(tree, lambda node: node) == tree


@given(TREES)
def test_every_node_is_changed_once_and_those_below_first(tree: Expr) -> None:
    seen: list[Expr] = []

    def note(node: Expr) -> Expr:
        seen.append(node)
        return node

    transform(tree, note)
    assert seen[-1] == tree
    assert sorted(map(type_name, seen)) == sorted(map(type_name, walk(tree)))
    for at, node in enumerate(seen):
        for child in children(node):
            assert child in seen[:at]


def type_name(node: Expr) -> str:
    return type(node).__name__


@given(TREES)
def test_walking_is_recursion_over_children(tree: Expr) -> None:
    def recursed(node: Expr) -> list[Expr]:
        return [node, *(below for child in children(node) for below in recursed(child))]

    assert list(walk(tree)) == recursed(tree)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a", "z"),
        ("rate(a[5m])", "rate(z[5m])"),
        ("topk(scalar(a), b)", "topk(scalar(z), z)"),
        ("a + on () b", "z + on () z"),
        ("max_over_time(a[1h:5m] offset 1m)", "max_over_time(z[1h:5m] offset 1m)"),
        ("(((a)))", "(((z)))"),
        ("-a", "-z"),
        ("1 + 2", "1 + 2"),
    ],
)
def test_selectors_are_changed_wherever_they_stand(text: str, changed: str) -> None:
    def rename(node: Expr) -> Expr:
        return parse("z") if isinstance(node, VectorSelector) else node

    assert format_expr(transform(parse(text, ALL), rename)) == changed


def test_a_range_must_stay_one_of_a_selector() -> None:
    with pytest.raises(AssertionError, match="BUG"):
        transform(
            parse("x[5m]"),
            lambda node: NumberLiteral(1) if isinstance(node, VectorSelector) else node,
        )


# Comparing.


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("x", "  x  # comment", True),
        ('x{a="1",b="2"}', 'x{b="2",a="1"}', True),
        ('{__name__="x"}', "x", False),  # printed otherwise
        ("1", "1.0", True),
        ("0x10", "16", True),
        ("0", "-0", False),
        ("NaN", "nan", True),
        ("300", "5m", False),  # printed otherwise
        ("x[300]", "x[5m]", True),
        ("x offset 0s", "x", True),
        ("sum(x)", "sum by () (x)", True),
        ("sum(x)", "sum without () (x)", False),
        ("a + b", "(a + b)", False),
        ("x anchored", "x smoothed", False),
        ("'a'", '"a"', True),
    ],
)
def test_trees_are_equal_by_meaning(left: str, right: str, equal: bool) -> None:
    one, two = parse(left, ALL), parse(right, ALL)
    assert (one == two) is equal
    if equal:
        assert hash(one) == hash(two)


@given(st.floats(), st.floats())
def test_numbers_are_equal_as_floats_are_but_for_nan_and_zero(a: float, b: float) -> None:
    alike = NumberLiteral(a) == NumberLiteral(b)
    if math.isnan(a) or math.isnan(b):
        assert alike is (math.isnan(a) and math.isnan(b))
    elif a == b == 0:
        assert alike is (math.copysign(1, a) == math.copysign(1, b))
    else:
        assert alike is (a == b)
    assert NumberLiteral(a) != a


def test_positions_do_not_count() -> None:
    tree = parse("sum(x)")
    assert tree.pos != NOWHERE
    assert tree == parse("   sum(x)")
    assert parse("   sum(x)").pos.start == 3


@pytest.mark.parametrize(
    ("text", "inner"), [("x", "x"), ("(x)", "x"), ("(((x)))", "x"), ("-(x)", "-(x)")]
)
def test_parentheses_are_stripped_around_an_expression(text: str, inner: str) -> None:
    assert strip_parens(parse(text)) == parse(inner)


@pytest.mark.parametrize(
    ("text", "value_type"),
    [
        ("1", ValueType.SCALAR),
        ("1 + 1", ValueType.SCALAR),
        ("-(1)", ValueType.SCALAR),
        ("scalar(x)", ValueType.SCALAR),
        ("time() * 2", ValueType.SCALAR),
        ("x", ValueType.VECTOR),
        ("1 + x", ValueType.VECTOR),
        ("-x", ValueType.VECTOR),
        ("vector(1)", ValueType.VECTOR),
        ("x[5m]", ValueType.MATRIX),
        ("x[5m:]", ValueType.MATRIX),
        ('"a"', ValueType.STRING),
    ],
)
def test_the_type_of_an_expression(text: str, value_type: ValueType) -> None:
    assert parse(text).value_type is value_type


def test_operators_know_their_kind() -> None:
    kinds = {op: (op.is_set, op.is_comparison) for op in BinaryOp if op.is_set or op.is_comparison}
    assert {op.value for op, (is_set, _) in kinds.items() if is_set} == {"and", "or", "unless"}
    assert {op.value for op, (_, compares) in kinds.items() if compares} == {
        *("==", "!=", "<=", "<", ">=", ">")
    }


# Durations.


@given(TREES, st.integers(1, 10**6), st.integers(1, 10**8))
def test_resolving_leaves_only_milliseconds(tree: Expr, step_ms: int, range_ms: int) -> None:
    resolved = resolve(tree, step_ms, range_ms)
    assert resolve(resolved, 1, 1) == resolved
    for before, after in zip(walk(tree), walk(resolved), strict=True):
        assert type(before) is type(after)
        if isinstance(before, MatrixSelector | Subquery):
            assert isinstance(after, MatrixSelector | Subquery)
            assert after.range == evaluate(before.range, step_ms, range_ms)
        if isinstance(before, VectorSelector | Subquery):
            assert isinstance(after, VectorSelector | Subquery)
            assert after.offset == evaluate(before.offset, step_ms, range_ms, negative=True)


def test_a_tree_can_be_built_by_hand() -> None:
    selector = VectorSelector("x", parse("x").matchers, extension=Extension.ANCHORED)  # type: ignore[union-attr]
    window = MatrixSelector(selector, 300_000)
    call = parse("increase(y[1m])")
    assert isinstance(call, Call)
    built = Binary(BinaryOp.MUL, Call(call.function, (window,)), Paren(NumberLiteral(2)))
    assert format_expr(built) == "increase(x[5m] anchored) * (2)"
    assert built.value_type is ValueType.VECTOR
    assert children(StringLiteral("a")) == ()
