import math

import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import Duration, MatrixSelector, VectorSelector
from jipyo.promql.syntax.durations import evaluate, resolve
from jipyo.promql.syntax.features import ALL

MINUTE = 60_000


def range_of(text: str) -> Duration:
    window = parse(f"x[{text}]")
    assert isinstance(window, MatrixSelector)
    return window.range


def offset_of(text: str) -> Duration:
    selector = parse(f"x offset {text}")
    assert isinstance(selector, VectorSelector)
    return selector.offset


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("5m", 5 * MINUTE),
        ("5m * 2", 10 * MINUTE),
        ("1h / 2 + 1m - 30s", 30.5 * MINUTE),
        ("1h30m % 1h", 30 * MINUTE),
        ("2 ^ 3 ^ 2", 512_000),
        ("-(-1m)", MINUTE),
        ("-5m + 35m", 30 * MINUTE),
        ("step()", 15_000),
        ("step() + 1ms", 15_001),
        ("range()", 60 * MINUTE),
        ("min_of(step(), 1h)", 15_000),
        ("max_of(step(), 1h)", 60 * MINUTE),
        ("(step() - 5) * 2", 20_000),
        ("1.0019 * 1", 1_001),
    ],
)
def test_a_range_is_computed_from_step_and_range(text: str, ms: float) -> None:
    assert evaluate(range_of(text), 15_000, 60 * MINUTE) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("-step()", -15_000),
        ("(1m * 0)", 0),
        ("-(min_of(step(), 2s) - 5)", 3_000),
        ("(-2 ^ 2)", -4_000),
    ],
)
def test_an_offset_may_be_zero_or_less(text: str, ms: int) -> None:
    assert evaluate(offset_of(text), 15_000, 0, negative=True) == ms


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step() - 15", "2:13: duration must be greater than 0"),
        ("1m / (0)", "2:10: division by zero"),
        ("1m % (0)", "2:10: modulo by zero"),
        ("1e9 * 100", "2:11: duration is out of range"),
        ("10 ^ 400", "2:10: duration is NaN or infinite"),
        ("0 ^ -1", "2:8: duration is NaN or infinite"),
        ("(-8) ^ 0.5", "2:12: duration is NaN or infinite"),
        ("10 ^ 400 % 7", "2:14: duration is NaN or infinite"),
        ("min_of(10 ^ 400 - 10 ^ 400, 1)", "2:32: duration is NaN or infinite"),
        ("max_of(10 ^ 400 - 10 ^ 400, 1)", "2:32: duration is NaN or infinite"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(text: str, message: str) -> None:
    duration = range_of(text)
    with pytest.raises(QueryError) as caught:
        evaluate(duration, 15_000, 0)
    assert (caught.value.kind, caught.value.message) == (QueryErrorKind.BAD_DATA, message)


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("x[step()]", "x[15s]"),
        ("x[5m] offset step()", "x[5m] offset 15s"),
        ("-(x offset (1m * 2))", "-(x offset 2m)"),
        ("rate(x[1m + 1m]) + y", "rate(x[2m]) + y"),
        (
            "topk(1, sum by (a) (max_over_time(x[range():step() * 2] offset -step())))",
            "topk(1, sum by (a) (max_over_time(x[1h:30s] offset -15s)))",
        ),
        ("max_over_time(x[1h:])", "max_over_time(x[1h:])"),
        ("vector(1) + scalar(x)", "vector(1) + scalar(x)"),
        ("count_values('a', x offset step())", 'count_values("a", x offset 15s)'),
    ],
)
def test_a_tree_is_resolved_for_a_query(text: str, resolved: str) -> None:
    expr = resolve(parse(text, ALL), 15_000, 60 * MINUTE)
    assert format_expr(expr) == resolved
    assert expr == parse(resolved, ALL)


def test_whole_milliseconds_come_from_rounded_nanoseconds() -> None:
    assert range_of("0.0015") == 1
    assert range_of("0.0009999999999") == 1
    assert offset_of("-0.0015") == -1
    assert math.copysign(1, offset_of("-0")) == 1  # type: ignore[arg-type]
