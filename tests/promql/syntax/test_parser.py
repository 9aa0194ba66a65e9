import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql import Feature, parse, parse_selector
from jipyo.promql.syntax.ast import (
    NOWHERE,
    Aggregate,
    Binary,
    BinaryOp,
    Boundary,
    Call,
    Card,
    DurationCall,
    DurationFunction,
    DurationNegation,
    DurationOp,
    DurationOperation,
    DurationParen,
    Expr,
    Extension,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    UnaryOp,
    VectorSelector,
    children,
    strip_parens,
    walk,
)
from jipyo.promql.syntax.features import ALL, DEFAULT, Features
from jipyo.promql.syntax.signatures import AGGREGATORS, FUNCTIONS, ValueType
from support.expressions import expressions, respaced


def refusal(text: str, features: Features = ALL) -> str:
    with pytest.raises(QueryError) as caught:
        parse(text, features)
    assert caught.value.kind is QueryErrorKind.BAD_DATA
    return caught.value.message


def named(name: str, *matchers: Matcher) -> VectorSelector:
    return VectorSelector(name, (*matchers, Matcher("__name__", MatchOp.EQ, name)))


def number(value: float, *, duration: bool = False) -> NumberLiteral:
    return NumberLiteral(value, duration)


X, Y, Z = named("x"), named("y"), named("z")
ONE_TO_ONE = Matching()
MINUTE = number(60, duration=True)
STEP = DurationCall(DurationFunction.STEP)


def vectors(op: BinaryOp, left: Expr, right: Expr) -> Binary:
    return Binary(op, left, right, ONE_TO_ONE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-1", -1), ("+1", 1), ("--1", 1), ("-+1", -1),
        (".5", 0.5), ("5.", 5), ("1.5e3", 1500), ("1e-3", 0.001), ("1E+2", 100),
        ("0x8f", 143), ("0XFF", 255), ("0x_53", 83), ("0xee", 238), ("0x1e5", 485),
        ("1_000_000", 1e6), ("010", 8), ("08", 8), ("0", 0), ("0777", 511),
        ("0777777777777777777777777", 777777777777777777777777.0),
        ("Inf", math.inf), ("-inF", -math.inf), ("NaN", math.nan), ("nan", math.nan),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
    ],
)  # fmt: skip
def test_numbers_have_many_forms(text: str, value: float) -> None:
    assert parse(text) == number(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001), ("5m", 300), ("1h30m", 5400), ("-2h", -7200), ("1y", 31_536_000),
        ("1w1d", 691_200), ("1y2w3d4h5m6s7ms", 33_019_506.007),
    ],
)  # fmt: skip
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert parse(text) == number(seconds, duration=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ("'a\"b'", 'a"b'),
        ("`a\\n\nb`", "a\\n\nb"),
        (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'),
        (r"'\''", "'"),
        (r'"\x41\101é\U0001F600"', "AAé😀"),
        (r'"\xc3\xa9"', "é"),
        (r'"\xff"', "\udcff"),
        ('"한글"', "한글"),
    ],
)
def test_strings_know_go_s_escapes_and_raw_bytes(text: str, value: str) -> None:
    assert parse(text) == StringLiteral(value)


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("x", X),
        ("{'x'}", VectorSelector("", X.matchers)),
        ("x{}", X),
        ('x{a="1",}', named("x", Matcher("a", MatchOp.EQ, "1"))),
        (
            'x{b!~"2", a=~"1", "c d"!="3"}',
            named(
                "x",
                Matcher("c d", MatchOp.NE, "3"),
                Matcher("a", MatchOp.RE, "1"),
                Matcher("b", MatchOp.NRE, "2"),
            ),
        ),
        ('{__name__=~"x|y"}', VectorSelector("", (Matcher("__name__", MatchOp.RE, "x|y"),))),
        ("요청수{서비스='추론'}", named("요청수", Matcher("서비스", MatchOp.EQ, "추론"))),
        ("x offset 5m", replace(X, offset=300_000)),
        ("x offset -5m @ 10", replace(X, offset=-300_000, at=10_000)),
        ("x @ -1.5 offset 60", replace(X, offset=60_000, at=-1_500)),
        ("x @ +1m", replace(X, at=60_000)),
        ("x @ start()", replace(X, at=Boundary.START)),
        ("x @ END()", replace(X, at=Boundary.END)),
        ("x smoothed", replace(X, extension=Extension.SMOOTHED)),
        ("x offset 0.0015", replace(X, offset=1)),
    ],
)
def test_a_selector_holds_matchers_and_modifiers(text: str, selector: VectorSelector) -> None:
    assert parse(text) == selector


@pytest.mark.parametrize(
    "name",
    [
        *("sum", "by", "start", "offset", "without", "and", "or", "unless", "step", "range"),
        *("anchored", "smoothed", "fill", "fill_left", "min_of", "limitk", "a:b", "http.x"),
    ],
)
def test_most_words_may_be_metric_and_label_names(name: str) -> None:
    assert parse(name) == named(name)
    if ":" not in name:
        assert parse(f"sum by ({name}) (x)") == Aggregate(AGGREGATORS["sum"], X, grouping=(name,))


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("x[5m]", MatrixSelector(X, 300_000)),
        ("x[300]", MatrixSelector(X, 300_000)),
        ("x[5m] offset 1m @ 2", MatrixSelector(replace(X, offset=60_000, at=2_000), 300_000)),
        ("x[1m] anchored", MatrixSelector(replace(X, extension=Extension.ANCHORED), 60_000)),
        ("x anchored[1m]", MatrixSelector(replace(X, extension=Extension.ANCHORED), 60_000)),
        ("x[1h:5m]", Subquery(X, 3_600_000, 300_000)),
        ("x[1h:]", Subquery(X, 3_600_000)),
        (
            "x[1h:] @ end() offset 1m",
            Subquery(X, 3_600_000, None, 60_000, Boundary.END),
        ),
        ("(1 + x)[1h:5m]", Subquery(Paren(Binary(BinaryOp.ADD, number(1), X)), 3_600_000, 300_000)),
    ],
)
def test_windows_and_subqueries(text: str, expr: Expr) -> None:
    assert parse(text) == expr


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("1 + 2 * 3", Binary(BinaryOp.ADD, number(1), Binary(BinaryOp.MUL, number(2), number(3)))),
        ("1 * 2 + 3", Binary(BinaryOp.ADD, Binary(BinaryOp.MUL, number(1), number(2)), number(3))),
        ("1 - 2 - 3", Binary(BinaryOp.SUB, Binary(BinaryOp.SUB, number(1), number(2)), number(3))),
        ("1 ^ 2 ^ 3", Binary(BinaryOp.POW, number(1), Binary(BinaryOp.POW, number(2), number(3)))),
        ("-1 ^ 2", Unary(UnaryOp.MINUS, Binary(BinaryOp.POW, number(1), number(2)))),
        ("2 ^ -1", Binary(BinaryOp.POW, number(2), number(-1))),
        ("-x * y", vectors(BinaryOp.MUL, Unary(UnaryOp.MINUS, X), Y)),
        ("+x", Unary(UnaryOp.PLUS, X)),
        ("x == y + z", vectors(BinaryOp.EQ, X, vectors(BinaryOp.ADD, Y, Z))),
        ("x atan2 y % z", vectors(BinaryOp.MOD, vectors(BinaryOp.ATAN2, X, Y), Z)),
        ("-x offset 1m", Unary(UnaryOp.MINUS, replace(X, offset=60_000))),
        ("(x) + 1", Binary(BinaryOp.ADD, Paren(X), number(1))),
        ("1 > bool 2", Binary(BinaryOp.GT, number(1), number(2), return_bool=True)),
        ("x </ 5", Binary(BinaryOp.TRIM_UPPER, X, number(5))),
    ],
)
def test_operators_bind_as_in_mathematics(text: str, expr: Expr) -> None:
    assert parse(text) == expr


def test_set_operators_bind_weakest_and_match_many_to_many() -> None:
    many = Matching(Card.MANY_TO_MANY)
    y_and_z = Binary(BinaryOp.AND, Y, Z, many)
    assert parse("x or y AND z") == Binary(BinaryOp.OR, X, y_and_z, many)


@pytest.mark.parametrize(
    ("modifiers", "matching"),
    [
        ("", Matching()),
        ("on ()", Matching(on=True)),
        ("on (a, 'b c',)", Matching(on=True, labels=("a", "b c"))),
        ("ignoring (a)", Matching(labels=("a",))),
        ("on (a) group_left", Matching(Card.MANY_TO_ONE, True, ("a",))),
        ("on (a) GROUP_RIGHT (b)", Matching(Card.ONE_TO_MANY, True, ("a",), ("b",))),
        ("fill (0)", Matching(fill_left=number(0), fill_right=number(0))),
        ("fill_left (-1)", Matching(fill_left=number(-1))),
        ("fill_right (5m)", Matching(fill_right=number(300))),
        ("fill_left(1) fill_right(+2)", Matching(fill_left=number(1), fill_right=number(2))),
        (
            "fill_right(2) fill_left(NaN)",
            Matching(fill_left=number(math.nan), fill_right=number(2)),
        ),
        (
            "on (a) group_left fill (1)",
            Matching(Card.MANY_TO_ONE, True, ("a",), (), number(1), number(1)),
        ),
    ],
)
def test_vector_matching_is_kept(modifiers: str, matching: Matching) -> None:
    assert parse(f"x + {modifiers} y", ALL) == Binary(BinaryOp.ADD, X, Y, matching)


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("sum(x)", Aggregate(AGGREGATORS["sum"], X)),
        ("SUM(x) BY (a, b,)", Aggregate(AGGREGATORS["sum"], X, grouping=("a", "b"))),
        ("sum without () (x)", Aggregate(AGGREGATORS["sum"], X, without=True)),
        ("topk(5, x) by (a)", Aggregate(AGGREGATORS["topk"], X, number(5), ("a",))),
        ("count_values('v', x)", Aggregate(AGGREGATORS["count_values"], X, StringLiteral("v"))),
        ("limitk(1, x)", Aggregate(AGGREGATORS["limitk"], X, number(1))),
        ("time()", Call(FUNCTIONS["time"], ())),
        ("rate(x[1m])", Call(FUNCTIONS["rate"], (MatrixSelector(X, 60_000),))),
        ("round(x)", Call(FUNCTIONS["round"], (X,))),
        ("round(x, 5)", Call(FUNCTIONS["round"], (X, number(5)))),
        (
            "label_join(x, 'a', 'b')",
            Call(FUNCTIONS["label_join"], (X, StringLiteral("a"), StringLiteral("b"))),
        ),
        ("start() + 1", Binary(BinaryOp.ADD, Call(FUNCTIONS["start"], ()), number(1))),
        ("min_of(1, 2)", Call(FUNCTIONS["min_of"], (number(1), number(2)))),
        ("info(x)", Call(FUNCTIONS["info"], (X,))),
        ("info(x, {})", Call(FUNCTIONS["info"], (X, VectorSelector("", ())))),
    ],
)
def test_calls_and_aggregations(text: str, expr: Expr) -> None:
    assert parse(text, ALL) == expr


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("x[step()]", STEP),
        ("x[Range()]", DurationCall(DurationFunction.RANGE)),
        ("x[1m * 2]", DurationOperation(DurationOp.MUL, MINUTE, number(2))),
        (
            "x[1m - 2 ^ 2 ^ 3]",
            DurationOperation(
                DurationOp.SUB,
                MINUTE,
                DurationOperation(
                    DurationOp.POW,
                    number(2),
                    DurationOperation(DurationOp.POW, number(2), number(3)),
                ),
            ),
        ),
        ("x[((1m))]", DurationParen(MINUTE)),
        ("x[-(-1m)]", DurationNegation(DurationParen(number(-60, duration=True)))),
        ("x[+step()]", STEP),
        (
            "x[max_of(1m, step() % 7)]",
            DurationCall(
                DurationFunction.MAX_OF,
                (MINUTE, DurationOperation(DurationOp.MOD, STEP, number(7))),
            ),
        ),
    ],
)
def test_durations_may_be_computed(text: str, expr: object) -> None:
    window = parse(text)
    assert isinstance(window, MatrixSelector)
    assert window.range == expr


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("x offset step()", STEP),
        ("x offset -step()", DurationNegation(STEP)),
        ("x offset +step()", STEP),
        ("x offset (1m)", DurationParen(MINUTE)),
        ("x offset (1m) * 2", DurationOperation(DurationOp.MUL, DurationParen(MINUTE), number(2))),
        ("x offset -(1m)", DurationNegation(DurationParen(MINUTE))),
        ("x offset --5", 5_000),
        (
            "x offset -+1 ^ 2",
            DurationNegation(
                DurationParen(DurationOperation(DurationOp.POW, number(1), number(2)))
            ),
        ),
        (
            "x offset min_of(1m, step())",
            DurationCall(DurationFunction.MIN_OF, (MINUTE, STEP)),
        ),
    ],
)
def test_offsets_may_be_computed(text: str, offset: object) -> None:
    selector = parse(text)
    assert isinstance(selector, VectorSelector)
    assert selector.offset == offset


def test_an_offset_without_parentheses_ends_before_the_operator() -> None:
    later = replace(X, offset=-2_000)
    assert parse("x offset -2 ^ 2") == Binary(BinaryOp.POW, later, number(2))


def list_expected_errors() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "parse_errors.txt").read_text().splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    return [(text, message.strip()) for text, message in zip(kept[::2], kept[1::2], strict=True)]


@pytest.mark.parametrize(("text", "message"), list_expected_errors())
def test_what_is_wrong_is_told_in_prometheus_words(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown position: parse error: no expression found in input"),
        ("  # nothing", "1:1: parse error: no expression found in input"),
        ("x\n +\n  ;", "3:3: parse error: unexpected character: ';'"),
    ],
)
def test_places_are_counted_in_lines_and_columns(text: str, message: str) -> None:
    assert refusal(text) == message


def test_hexadecimals_end_at_64_bits() -> None:
    assert refusal("0x" + "f" * 17).endswith(f'parsing "0x{"f" * 17}": invalid syntax')


@pytest.mark.parametrize(
    ("text", "feature", "message"),
    [
        (
            "mad_over_time(x[1m])",
            Feature.EXPERIMENTAL_FUNCTIONS,
            'function "mad_over_time" is not enabled',
        ),
        (
            "limitk(1, x)",
            Feature.EXPERIMENTAL_FUNCTIONS,
            "limitk() is experimental and must be enabled with "
            "--enable-feature=promql-experimental-functions",
        ),
        (
            "x + fill(0) y",
            Feature.FILL_MODIFIERS,
            "binop fill modifiers are experimental and not enabled",
        ),
        ("요청수", Feature.UNQUOTED_UTF8_NAMES, "unexpected character: '요'"),
    ],
)
def test_features_open_parts_of_the_language(text: str, feature: Feature, message: str) -> None:
    assert refusal(text, ALL - {feature}) == f"1:1: parse error: {message}"
    parse(text, ALL)


def test_unquoted_names_are_the_only_feature_on_by_default() -> None:
    assert frozenset({Feature.UNQUOTED_UTF8_NAMES}) == DEFAULT


def test_colons_in_grouping_labels_pass_only_without_unquoted_names() -> None:
    assert parse("sum by (a:b) (x)", frozenset()) == Aggregate(
        AGGREGATORS["sum"], X, grouping=("a:b",)
    )


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("x", ["x"]),
        ("x{a='b'} offset 5m", ["x{a='b'} offset 5m"]),
        ("rate(x[5m] @ 1)", ["rate(x[5m] @ 1)", "x[5m] @ 1", "x"]),
        ("sum(x) by (a) + -y", ["sum(x) by (a) + -y", "sum(x) by (a)", "x", "-y", "y"]),
        ("( x )[5m:] offset 1m", ["( x )[5m:] offset 1m", "( x )", "x"]),
        ("- 1 + 'é'", ["- 1 + 'é'", "- 1", "'é'"]),
    ],
)
def test_nodes_know_their_place(text: str, spans: list[str]) -> None:
    if "'é'" in text:
        text = text.replace("+ 'é'", "+ é")
        spans = [span.replace("'é'", "é") for span in spans]
    found = [text[node.pos.start : node.pos.end] for node in walk(parse(text))]
    assert found == spans


def test_positions_and_the_order_of_matchers_do_not_count() -> None:
    assert parse("x{a='1',b='2'}") == parse(" x { b = '2' , a = '1' } ")
    assert hash(parse("x{a='1',b='2'}")) == hash(parse("x{b='2',a='1'}"))
    assert Paren(X).pos == NOWHERE
    assert parse("x").pos == Span(0, 1)


def test_numbers_compare_by_meaning() -> None:
    assert number(math.nan) == number(-math.nan)
    assert number(0) != number(-0.0)
    assert number(60) != MINUTE
    assert number(1) != "1"
    assert len({number(math.nan), number(math.nan)}) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 + 1", ValueType.SCALAR),
        ("1 + x", ValueType.VECTOR),
        ("-(time())", ValueType.SCALAR),
        ("(x[1m])", ValueType.MATRIX),
        ("x[1m:]", ValueType.MATRIX),
        ("('a')", ValueType.STRING),
        ("sum(x)", ValueType.VECTOR),
        ("scalar(x)", ValueType.SCALAR),
    ],
)
def test_every_expression_has_a_type(text: str, kind: ValueType) -> None:
    assert parse(text).value_type is kind


def test_the_tree_can_be_walked() -> None:
    expr = parse("topk(2, sum_over_time((x + 1)[5m:]))")
    assert [type(node).__name__ for node in walk(expr)] == [
        *("Aggregate", "NumberLiteral", "Call", "Subquery", "Paren", "Binary"),
        *("VectorSelector", "NumberLiteral"),
    ]
    assert children(parse("x[5m]")) == (X,)
    assert strip_parens(parse("(((x)))")) == X


def test_a_selector_alone_can_be_asked_for() -> None:
    assert parse_selector("x{a='1'}") == (
        Matcher("a", MatchOp.EQ, "1"),
        Matcher("__name__", MatchOp.EQ, "x"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown position: parse error: unexpected end of input"),
        ("rate(x[1m])", '1:5: parse error: unexpected "("'),
        ("x offset 1m", "1:3: parse error: unexpected <offset>"),
        ("1", '1:1: parse error: unexpected number "1"'),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("(x", '1:1: parse error: unexpected "("'),
    ],
)
def test_only_a_selector_passes_as_a_selector(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_selector(text)
    assert caught.value.message == message


@given(expressions(depth=3).flatmap(lambda text: st.tuples(st.just(text), respaced(text))))
def test_blanks_comments_and_capitals_do_not_matter(texts: tuple[str, str]) -> None:
    plain, loose = texts
    assert parse(loose, ALL) == parse(plain, ALL)


def outcome(text: str) -> str:
    """What a text leads to: nothing to say, or the error's message."""
    try:
        parse(text, ALL)
    except QueryError as error:
        return error.message
    return ""


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    message = outcome(text)
    assert not message or ": parse error: " in message


@given(expressions(depth=2), st.integers(0), st.text(max_size=3))
def test_a_broken_expression_is_parsed_or_refused(text: str, place: int, wrong: str) -> None:
    at = place % (len(text) + 1)
    message = outcome(text[:at] + wrong + text[at + 1 :])
    assert not message or ": parse error: " in message
