import math

import pytest
from hypothesis import example, given

from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import NumberLiteral
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.printer import format_number, format_pretty
from support.expressions import expressions, respaced


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1+2*3", "1 + 2 * 3"),
        ("x{b='2',a=~\"1\"}", 'x{a=~"1",b="2"}'),
        ("{'a b','c d'='e'}", '{"c d"="e",__name__="a b"}'),
        ("info(x,{})", "info(x, {})"),
        ("{__name__='x'}", '{__name__="x"}'),
        ("x[300]offset 60", "x[5m] offset 1m"),
        ("x[5m] @ 1.5 anchored offset -1h", "x[5m] anchored @ 1.500 offset -1h"),
        ("x smoothed offset 1m @ end()", "x @ end() smoothed offset 1m"),
        ("x[1h:]@start()", "x[1h:] @ start()"),
        ("x[90d:1w] offset -1y", "x[90d:1w] offset -1y"),
        ("x[(5m)*(step()+-2)]", "x[(5m) * (step() + -2)]"),
        ("x offset -(min_of(1m,range())/2)", "x offset -(min_of(1m, range()) / 2)"),
        ("SUM(x)BY(a)", "sum by (a) (x)"),
        ("sum without()(x)", "sum without () (x)"),
        ("sum(x)by()", "sum(x)"),
        ("topk by('a b',c)(5,x)", 'topk by ("a b", c) (5, x)'),
        ("x/on(a)group_left(b)y", "x / on (a) group_left (b) y"),
        ("x/ignoring(a)group_right y", "x / ignoring (a) group_right () y"),
        ("x==bool on()y", "x == bool on () y"),
        ("x+fill(1)y", "x + fill (1) y"),
        ("x+fill_left(1)fill_right(-2)y", "x + fill_left (1) fill_right (-2) y"),
        ("x+fill_right(1e-7)y", "x + fill_right (1e-07) y"),
        ("x+fill(-1234567.5)y", "x + fill (-1.2345675e+06) y"),
        ("x+fill(1e6)y", "x + fill (1e+06) y"),
        ("x+fill(NaN)y", "x + fill_left (NaN) fill_right (NaN) y"),
        ("x+fill(0)y", "x + fill (0) y"),
        ("-x", "-x"),
        ("-(1)", "-(1)"),
        ("1h30m", "1h30m"),
        ("-5m", "-5m"),
        ("Inf^2", "Inf ^ 2"),
        ("Inf*2", "+Inf * 2"),
        (r'"\x00\xff\u200d\U000e0001\"é"', r'"\x00\xff\u200d\U000e0001\"é"'),
        ("'a\\nb'", r'"a\nb"'),
        ("요청수{서비스='추론'}", '요청수{서비스="추론"}'),
        ("time()", "time()"),
        ("label_join(x,'a','b')", 'label_join(x, "a", "b")'),
    ],
)
def test_an_expression_is_printed_in_one_way(text: str, printed: str) -> None:
    assert format_expr(parse(text, ALL)) == printed
    assert parse(printed, ALL) == parse(text, ALL)


def test_names_in_any_letters_are_quoted_where_they_must() -> None:
    expr = parse("sum by (서비스, a.b, c) (x{서비스='추론'})")
    printed = format_expr(expr, unquoted_utf8=False)
    assert printed == 'sum by ("서비스", "a.b", c) (x{"서비스"="추론"})'


@given(expressions(depth=3))
@example("x offset -+1 ^ 1")
@example("Inf ^ -Inf")
def test_what_is_printed_is_parsed_to_the_same_tree(text: str) -> None:
    expr = parse(text, ALL)
    assert parse(format_expr(expr), ALL) == expr
    assert parse(format_pretty(expr), ALL) == expr


@given(expressions(depth=2).flatmap(respaced))
def test_printing_is_done_once_and_for_all(text: str) -> None:
    printed = format_expr(parse(text, ALL))
    assert format_expr(parse(printed, ALL)) == printed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (-1.25e-9, "-0.00000000125"),
        (1.5e300, "15" + "0" * 299),
        (123456789012345678.0, "123456789012345680"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_written_without_exponents(value: float, text: str) -> None:
    assert format_number(value) == text
    assert parse(text) == NumberLiteral(value)


LONG = "a_rather_long_metric_name_of_requests_total"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("sum(x)", ["sum(x)"]),
        (
            f'sum by (job) (rate({LONG}{{instance="10.0.0.1:9100",job="api",path="/v1"}}[5m]))',
            [
                "sum by (job) (",
                f'  rate({LONG}{{instance="10.0.0.1:9100",job="api",path="/v1"}}[5m])',
                ")",
            ],
        ),
        (
            f"{LONG} + on (job) group_left (instance) -({LONG} * 100 - 1) > bool 0",
            [
                f"    {LONG}",
                "  + on (job) group_left (instance)",
                f"    -({LONG} * 100 - 1)",
                "> bool",
                "  0",
            ],
        ),
        (
            f"topk(5, max_over_time((rate({LONG}[5m]) / rate({LONG}[5m] offset 1h))[1d:1h]))",
            [
                "topk(",
                "  5,",
                "  max_over_time(",
                "    (",
                f"        rate({LONG}[5m])",
                "      /",
                f"        rate({LONG}[5m] offset 1h)",
                "    )[1d:1h]",
                "  )",
                ")",
            ],
        ),
        (
            f"-(quantile_over_time(0.9, {LONG}[5m]) / quantile_over_time(0.5, {LONG}[5m]))",
            [
                "-(",
                f"    quantile_over_time(0.9, {LONG}[5m])",
                "  /",
                f"    quantile_over_time(0.5, {LONG}[5m])",
                ")",
            ],
        ),
        (
            f'{LONG}{{a="{"x" * 60}"}}',
            [f'{LONG}{{a="{"x" * 60}"}}'],
        ),
        (
            f"max_over_time(abs({LONG} + {LONG} + {LONG})[1d:])",
            [
                "max_over_time(",
                "  abs(",
                f"      {LONG} + {LONG}",
                "    +",
                f"      {LONG}",
                "  )[1d:]",
                ")",
            ],
        ),
    ],
)
def test_long_expressions_are_split_over_lines(text: str, lines: list[str]) -> None:
    assert format_pretty(parse(text)) == "\n".join(lines)
