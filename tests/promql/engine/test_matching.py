"""Binary operations between vectors beside nested loops over one step at a time."""

import math
import operator
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, Scalar, Vector
from jipyo.promql import Engine, Feature, Options
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))
STEP_MS, STEPS = 600_000, 3
"""Longer than the lookback, so that each sample is seen at its own step only."""

SERIES = st.builds(
    lambda a, b: (("a", a), ("b", b)), st.sampled_from(["", "1", "2"]), st.sampled_from("12")
)
ROW = st.lists(st.none() | st.integers(-3, 3).map(float), min_size=STEPS, max_size=STEPS)
SIDE = st.dictionaries(SERIES.map(Labels.of), ROW, max_size=5)

Rows = Mapping[Labels, list[float | None]]
Step = dict[Labels, float]

ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: (
        (math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)) if b == 0 else a / b
    ),
    "%": lambda a, b: math.nan if b == 0 else math.fmod(a, b),
    "^": lambda a, b: math.inf if a == 0 and b < 0 else float(np.power(a, b)),
    "atan2": math.atan2,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def put(store: MemoryStore, name: str, rows: Rows) -> None:
    for labels, row in rows.items():
        points = [(at * STEP_MS, value) for at, value in enumerate(row) if value is not None]
        if points:
            store.put(labels.put({"__name__": name}), *zip(*points, strict=True))


def ask(left: Rows, right: Rows, expr: str) -> list[Step]:
    store = MemoryStore()
    put(store, "left", left)
    put(store, "right", right)
    value = ENGINE.range(store, expr, 0, (STEPS - 1) * STEP_MS, STEP_MS).value
    assert isinstance(value, Matrix)
    return [
        {
            labels: float(value.values[row, at])
            for row, labels in enumerate(value.series)
            if value.present[row, at]
        }
        for at in range(STEPS)
    ]


def at_step(rows: Rows, at: int) -> Step:
    return {labels: value for labels, row in rows.items() if (value := row[at]) is not None}


def key_of(matching: str) -> Callable[[Labels], Labels]:
    """`on (a)`, `ignoring (a)`, or nothing."""
    names = matching[matching.find("(") + 1 : -1].replace(" ", "").split(",") if matching else []
    if matching.startswith("on"):
        return lambda labels: labels.keep(names)
    return lambda labels: labels.drop([*names, "__name__"])


class TooMany(Exception):  # noqa: N818 - the outcome of the plain loops
    """More series meet than may."""


def combine_plainly(
    left: Step, right: Step, matching: str, calculate: Callable[[float, float], float | None]
) -> Step:
    """One-to-one matching at one step; None leaves a pair out."""
    key = key_of(matching)
    by_key: dict[Labels, float] = {}
    for labels, value in right.items():
        if key(labels) in by_key and left:
            raise TooMany
        by_key[key(labels)] = value
    result: Step = {}
    met = set()
    for labels, value in left.items():
        if key(labels) not in by_key:
            continue
        if key(labels) in met:
            raise TooMany
        met.add(key(labels))
        number = calculate(value, by_key[key(labels)])
        if number is not None:
            result[key(labels)] = number
    return result


MATCHINGS = st.sampled_from(["", "on (a, b)", "on (a)", "on (b)", "on ()", "ignoring (a)"])


def compare_with_loops(
    left: Rows,
    right: Rows,
    expr: str,
    matching: str,
    calculate: Callable[[float, float], float | None],
) -> None:
    try:
        expected = [
            combine_plainly(at_step(left, at), at_step(right, at), matching, calculate)
            for at in range(STEPS)
        ]
    except TooMany:
        with pytest.raises(QueryError, match="matching"):
            ask(left, right, expr)
        return
    for got, wanted in zip(ask(left, right, expr), expected, strict=True):
        assert got.keys() == wanted.keys()
        for labels, number in wanted.items():
            assert got[labels] == pytest.approx(number, rel=1e-14, nan_ok=True)


@settings(max_examples=250)
@given(SIDE, SIDE, MATCHINGS, st.sampled_from([*ARITHMETIC]))
def test_arithmetic_is_that_of_loops(left: Rows, right: Rows, matching: str, op: str) -> None:
    expr = f"left {op} {matching} right"
    compare_with_loops(left, right, expr, matching, ARITHMETIC[op])


@settings(max_examples=200)
@given(SIDE, SIDE, MATCHINGS, st.sampled_from([*COMPARISONS]))
def test_a_comparison_with_bool_gives_0_and_1(
    left: Rows, right: Rows, matching: str, op: str
) -> None:
    expr = f"left {op} bool {matching} right"
    compare_with_loops(left, right, expr, matching, lambda a, b: float(COMPARISONS[op](a, b)))


@given(SIDE, SIDE, st.sampled_from(["and", "or", "unless"]), MATCHINGS)
def test_set_operators_are_those_of_loops(left: Rows, right: Rows, op: str, matching: str) -> None:
    key = key_of(matching)
    for at, got in enumerate(ask(left, right, f"left {op} {matching} right")):
        ours, theirs = at_step(left, at), at_step(right, at)
        left_keys, right_keys = set(map(key, ours)), set(map(key, theirs))
        match op:
            case "and":
                wanted = {named(x, "left"): v for x, v in ours.items() if key(x) in right_keys}
            case "unless":
                wanted = {named(x, "left"): v for x, v in ours.items() if key(x) not in right_keys}
            case _:
                wanted = {named(x, "left"): v for x, v in ours.items()} | {
                    named(x, "right"): v for x, v in theirs.items() if key(x) not in left_keys
                }
        assert got == wanted


def named(labels: Labels, name: str) -> Labels:
    return labels.put({"__name__": name})


@given(SIDE, st.dictionaries(st.sampled_from("12"), ROW, max_size=2))
def test_group_left_gives_every_series_of_the_many_side_its_partner(
    left: Rows, by_b: dict[str, list[float | None]]
) -> None:
    right = {Labels.of({"b": b, "c": f"c{b}"}): row for b, row in by_b.items()}
    answer = ask(left, right, "left * on (b) group_left (c) right")
    mirrored = ask(right, left, "left * on (b) group_right (c) right")
    for at in range(STEPS):
        partners = {labels["b"]: value for labels, value in at_step(right, at).items()}
        wanted = {
            labels.put({"c": f"c{labels['b']}"}): value * partners[labels["b"]]
            for labels, value in at_step(left, at).items()
            if labels["b"] in partners
        }
        assert answer[at] == mirrored[at] == wanted


@given(SIDE, SIDE)
def test_fill_makes_up_for_the_missing_side(left: Rows, right: Rows) -> None:
    both = ask(left, right, "left + fill (10) right")
    only_left = ask(left, right, "left + fill_right (10) right")
    only_right = ask(left, right, "left + fill_left (10) right")
    for at in range(STEPS):
        ours, theirs = at_step(left, at), at_step(right, at)
        assert both[at] == {
            labels: ours.get(labels, 10) + theirs.get(labels, 10) for labels in ours | theirs
        }
        assert only_left[at] == {labels: ours[labels] + theirs.get(labels, 10) for labels in ours}
        assert only_right[at] == {
            labels: ours.get(labels, 10) + theirs[labels] for labels in theirs
        }


@given(SIDE, st.integers(-3, 3), st.sampled_from([*ARITHMETIC, *COMPARISONS]), st.booleans())
def test_a_vector_beside_a_scalar(left: Rows, number: int, op: str, swapped: bool) -> None:
    expr = f"{number} {op} left" if swapped else f"left {op} {number}"
    for at, got in enumerate(ask(left, {}, expr)):
        wanted: Step = {}
        for labels, value in at_step(left, at).items():
            sides = (number, value) if swapped else (value, number)
            if op in ARITHMETIC:
                wanted[labels] = ARITHMETIC[op](*map(float, sides))
            elif COMPARISONS[op](*sides):
                wanted[named(labels, "left")] = value
        assert got.keys() == wanted.keys()
        for labels, expected in wanted.items():
            assert got[labels] == pytest.approx(expected, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("7 % 4", 3),
        ("-7 % 4", -3),
        ("7 % 0", math.nan),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("0 / 0", math.nan),
        ("0 ^ 0", 1),
        ("NaN ^ 0", 1),
        ("1 ^ NaN", 1),
        ("1 == bool 1", 1),
        ("NaN == bool NaN", 0),
        ("NaN != bool NaN", 1),
        ("1 < bool NaN", 0),
        ("Inf > bool 1e308", 1),
        ("1 atan2 0", math.pi / 2),
        ("0x10 + 1", 17),
        ("1h + 30m", 5400),
        ("-(1)", -1),
        ("--1", 1),
    ],
)
def test_operators_between_scalars(expr: str, value: float) -> None:
    answer = ENGINE.instant(MemoryStore(), expr, 0).value
    assert isinstance(answer, Scalar)
    assert answer.value == pytest.approx(value, nan_ok=True)


def test_a_filter_keeps_the_value_and_the_name_of_the_left_side() -> None:
    store = MemoryStore()
    put(store, "left", {Labels.of({"a": "1"}): [5.0], Labels.of({"a": "2"}): [1.0]})
    put(store, "right", {Labels.of({"a": "1"}): [3.0], Labels.of({"a": "2"}): [3.0]})
    value = ENGINE.instant(store, "left > right", 0).value
    assert isinstance(value, Vector)
    assert value.series == (Labels.of({"__name__": "left", "a": "1"}),)
    assert value.values.tolist() == [5.0]
