"""The plan of a query as text, an operation a line."""

import pytest

from jipyo.model.errors import QueryError
from jipyo.promql import Engine, Feature, Options
from jipyo.promql.engine.explain import PlanStep
from support.memory import HOUR_MS

DAY_MS = 24 * HOUR_MS
ENGINE = Engine(Options(features=frozenset(Feature)))


def explained(expr: str, end_ms: int = 60_000, step_ms: int = 0) -> list[str]:
    return list(ENGINE.explain(expr, 0, end_ms, step_ms).lines())


def test_an_explanation_says_how_each_operation_is_done() -> None:
    expr = "max_over_time(x[1d]) / on (i) max_over_time(rate(y[5m])[1d:5m]) + time() * (z @ 5)"
    once = "newest sample within 5m; the same at every step: computed once"
    assert explained(expr, 2 * DAY_MS, DAY_MS) == [
        "+  (one-to-one, ignoring ())",
        "  /  (one-to-one, on (i))",
        "    max_over_time  (from hourly statistics)",
        '      select {__name__="x"}[1d]',
        "    max_over_time  (all windows of a block at once)",
        "      subquery [1d]",
        "        rate  (all windows of a block at once)",
        '          select {__name__="y"}[5m]',
        "  *",
        "    time",
        f'    select {{__name__="z"}}  ({once})',
    ]


@pytest.mark.parametrize(
    ("expr", "first"),
    [
        ('label_replace(x, "a", "b", "c", "d")', "label_replace"),
        ("-(x offset 1m)", "-"),
        ("topk by (i) (1, x)", "topk by (i)  (all series at once)"),
        ("sum without (i) (x)", "sum without (i)  (block by block)"),
        ("sum by (i, j) (x)", "sum by (i, j)  (block by block)"),
        ("sum(x)", "sum  (block by block)"),
        ("quantile(0.5, x)", "quantile  (all series at once)"),
        ("count_values('v', x)", "count_values  (all series at once)"),
        ("limitk(2, x)", "limitk  (all series at once)"),
        ("1", "1"),
        ("1e300", "1" + "0" * 300),
        ("-Inf", "-Inf"),
        ('"a"', '"a"'),
        ("x", 'select {__name__="x"}  (newest sample within 5m)'),
        ('x{b="1", a!="2"}', 'select {a!="2", b="1", __name__="x"}  (newest sample within 5m)'),
        ("x offset 1m", 'select {__name__="x"}  (newest sample within 5m; offset 1m)'),
        ("x offset -1m", 'select {__name__="x"}  (newest sample within 5m; offset -1m)'),
        ("((x))", 'select {__name__="x"}  (newest sample within 5m)'),
        ("+x", 'select {__name__="x"}  (newest sample within 5m)'),
        ("x[5m * 2]", 'select {__name__="x"}[10m]'),
        ("x[1h:]", "subquery [1h]"),
        ("x == bool 1", "=="),
        ("x and on (a, b) y", "and  (many-to-many, on (a, b))"),
        ("x / ignoring (a) group_left (c) y", "/  (many-to-one, ignoring (a))"),
        ("x * on (a) group_right () y", "*  (one-to-many, on (a))"),
        ("rate(x[5m])", "rate  (all windows of a block at once)"),
        ("abs(x)", "abs"),
        ("time()", "time"),
        ("pi()", "pi"),
    ],
)
def test_an_explanation_begins_with_the_last_operation(expr: str, first: str) -> None:
    step = ENGINE.explain(expr, 0, 60_000)
    assert isinstance(step, PlanStep)
    assert next(step.lines()).removesuffix("  (the same at every step: computed once)") == first


@pytest.mark.parametrize(
    ("expr", "step_ms", "from_hours"),
    [
        ("max_over_time(x[1h])", HOUR_MS, True),
        ("sum_over_time(x[24h])", DAY_MS, True),
        ("avg_over_time(x[2h] offset 1h)", HOUR_MS, True),
        ("count_over_time(x[1h] @ 7200)", HOUR_MS, True),
        ("max_over_time(x[90m])", HOUR_MS, False),  # no whole hours
        ("max_over_time(x[1h])", 60_000, False),  # steps beside the hours
        ("max_over_time(x[1h] offset 5m)", HOUR_MS, False),
        ("rate(x[1h])", HOUR_MS, False),  # no statistic gives it exactly
        ("quantile_over_time(0.5, x[1h])", HOUR_MS, False),
        ("increase(x[1h] anchored)", HOUR_MS, False),
        ("max_over_time(x[1h:1m])", HOUR_MS, False),
    ],
)
def test_windows_of_whole_hours_are_read_from_statistics(
    expr: str, step_ms: int, from_hours: bool
) -> None:
    text = "\n".join(explained(expr, 2 * DAY_MS, step_ms))
    assert ("from hourly statistics" in text) is from_hours


def test_a_repeated_expression_is_computed_once() -> None:
    text = "\n".join(explained("sum(x) + sum(x)", step_ms=60_000))
    assert text.count("asked for more than once: computed once") == 2


def test_what_differs_in_its_time_is_not_the_same() -> None:
    assert "more than once" not in "\n".join(explained("x + x offset 1m", step_ms=60_000))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("sum(", "unclosed left parenthesis"),
        ("x[0s]", "duration must be greater than 0"),
        ("rate(x)", "expected type range vector"),
    ],
)
def test_a_wrong_query_is_refused(expr: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        explained(expr)


def test_a_range_that_is_too_long_is_not_explained() -> None:
    with pytest.raises(QueryError, match="maximum resolution"):
        explained("x", DAY_MS, 1)
