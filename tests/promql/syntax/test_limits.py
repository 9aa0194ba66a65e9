import sys
import time

import pytest

from jipyo.model.errors import QueryError
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import walk
from jipyo.promql.syntax.ast_json import encode_tree
from jipyo.promql.syntax.durations import resolve
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.printer import format_pretty

TRACED = sys.gettrace() is not None
"""Under a coverage measurement everything takes its time."""

SECONDS = 10.0 if TRACED else 0.1

REFUSED = {
    "10,000 parentheses": "(" * 10_000 + "x" + ")" * 10_000,
    "a megabyte of parentheses": "(" * (1 << 20),
    "a megabyte of name": "x" * (1 << 20),
    "a megabyte of string": '"' + "a" * (1 << 20) + '"',
    "256 KiB in bytes": "가" * 90_000,
    "a long sum": "+".join(["x"] * 5_000),
    "a chain of signs": "-" * 5_000 + "x",
    "nested calls": "abs(" * 3_000 + "x" + ")" * 3_000,
    "open braces": "{" * 16_000,
    "open brackets": "[" * 16_000,
    "subqueries of subqueries": "x" + "[1m:]" * 3_000,
    "offsets": "x" + " offset 1m" * 1_500,
    "moments": "x" + " @ 1" * 3_000,
    "keywords": "and " * 4_000,
    "1e400": "1e400",
    "a thousand years": "x[1000y]",
    "long digits": "9" * 16_000,
    "long hexadecimal": "0x" + "f" * 16_000,
    "long duration": "1m" * 8_000,
    "long underscores": "1_" * 8_000,
    "deep durations": "x[" + "(" * 600 + "1m" + ")" * 600 + "]",
    "signs in durations": "x[" + "-" * 600 + "1m]",
    "a regular expression that explodes": 'x{a=~"(((a{100}){100}){100}){100}"}',
}

TAKEN = {
    "500 parentheses": "(" * 500 + "x" + ")" * 500,
    "500 calls": "abs(" * 500 + "x" + ")" * 500,
    "500 operators": "+".join(["x"] * 501),
    "500 powers": "^".join(["2"] * 501),
    "500 signs in parentheses": "-(" * 500 + "x" + ")" * 500,
    "500 sums to the right": "x+(" * 500 + "x" + ")" * 500,
    "500 aggregations": "sum by (a) (" * 500 + "x" + ")" * 500,
    "nested subqueries": "sum_over_time(" * 450 + "x" + "[1m:])" * 450,
    "a long duration": "x[" + "1m+" * 499 + "1m]",
    "nested durations": "x[" + "max_of(" * 450 + "1m" + ",1m)" * 450 + "]",
    "(a+)+$": 'x{a=~"(a+)+$"}',
    "1,500 matchers": "{" + ",".join(f'a{i}="b"' for i in range(1_500)) + "}",
    "long dots": "a" + "." * 16_000,
    "long escapes": '"' + "\\n" * 8_000 + '"',
    "long blanks": " " * 16_000 + "x",
    "what Grafana writes for many variables": 'x{a=~"' + "|".join(map(str, range(7_000))) + '"}',
}


def quickest(work: object) -> float:
    """The best of three, in processor time: other work on the machine does not count."""
    spent = []
    for _ in range(1 if TRACED else 3):
        start = time.thread_time()
        assert callable(work)
        work()
        spent.append(time.thread_time() - start)
    return min(spent)


def refusal(text: str) -> str:
    with pytest.raises(QueryError) as caught:
        parse(text, ALL)
    return caught.value.message


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_hostile_expressions_are_refused_at_once(text: str) -> None:
    assert len(refusal(text)) < 2 * len(text) + 200
    assert quickest(lambda: refusal(text)) < SECONDS


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN.keys())
def test_the_largest_expressions_are_taken_and_can_be_worked_on(text: str) -> None:
    expr = parse(text, ALL)
    assert quickest(lambda: parse(text, ALL)) < SECONDS
    assert parse(format_expr(expr), ALL) == expr
    for work in (
        format_expr,
        format_pretty,
        encode_tree,
        hash,
        lambda e: resolve(e, 1, 1),
        lambda e: [*walk(e)],
    ):
        assert quickest(lambda work=work: work(expr)) < SECONDS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 262_145, "expression is too long: more than 262,144 bytes are not accepted"),
        ("가" * 87_382, "expression is too long: more than 262,144 bytes are not accepted"),
        (
            "(" * 501 + "x" + ")" * 501,
            "expression is nested 501 deep: more than 500 is not accepted",
        ),
        (
            "+".join(["x"] * 502),
            "expression has 501 operators and windows: more than 500 are not accepted",
        ),
    ],
)
def test_limits_are_told(text: str, message: str) -> None:
    assert refusal(text) == message


def test_shallow_expressions_leave_the_interpreter_alone() -> None:
    before = sys.getrecursionlimit()
    parse("sum by (a) (rate(x[5m])) / 2")
    assert sys.getrecursionlimit() == before
