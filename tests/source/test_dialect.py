"""Expressions in the terms of a server: what has a plain form is rewritten, the rest refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.catalogue import load
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.result import Matrix
from jipyo.promql import Engine, Feature, Options, parse
from jipyo.promql.syntax.ast import MatrixSelector, VectorSelector, walk
from jipyo.promql.syntax.features import ALL
from jipyo.source.dialect import (
    EVERYTHING,
    PROMETHEUS_2,
    PROMETHEUS_3,
    Dialect,
    expand_to_whole_window,
    pin_period,
    translate_promql,
)
from support.expressions import Vocabulary, expressions
from support.memory import MemoryStore
from support.peculiar import Dataset

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("expr", "plain"),
    [
        # Extended windows lose their extension.
        ("increase(x[1h] anchored)", "increase(x[1h])"),
        ("rate(x[5m] smoothed)", "rate(x[5m])"),
        ("x smoothed", "x"),
        ("sum by (a) (changes(x[5m] anchored) and x > 0)", "sum by (a) (changes(x[5m]) and x > 0)"),
        ("increase(x[1h] anchored offset 5m)", "increase(x[1h] offset 5m)"),
        ("-increase(x[1h] anchored)", "-increase(x[1h])"),
        ("(increase(x[1h] anchored))", "(increase(x[1h]))"),
        ("max_over_time(delta(x[5m] anchored)[1h:])", "max_over_time(delta(x[5m])[1h:])"),
        ("topk(3, increase(x[1h] anchored))", "topk(3, increase(x[1h]))"),
        # Durations are computed.
        ("rate(x[5m * 2])", "rate(x[10m])"),
        ("rate(x[step() * 4])", "rate(x[4m])"),
        ("x offset (1h / 4)", "x offset 15m"),
        ("max_over_time(x[range():step()])", "max_over_time(x[1h:1m])"),
        # Names go in quotes, metric names into a matcher.
        ("요청수", '{__name__="요청수"}'),
        ('http.requests{job="a"}', '{__name__="http.requests",job="a"}'),
        ("rate(요청수[5m])", 'rate({__name__="요청수"}[5m])'),
        ('x{지역="서울"}', 'x{"지역"="서울"}'),
        ("sum by (지역) (x)", 'sum by ("지역") (x)'),
        ("x / on (지역) group_left (층) y", 'x / on ("지역") group_left ("층") y'),
        # What every server understands stays as it is written.
        ("sum   by(a)(x)", "sum   by(a)(x)"),
        ("job:requests:rate5m", "job:requests:rate5m"),
        ("x @ end() offset -5m", "x @ end() offset -5m"),
        ('{"http.requests"}', '{"http.requests"}'),
        ("1 + 1", "1 + 1"),
        ('"text"', '"text"'),
    ],
)
def test_prometheus_is_asked_the_plain_way(expr: str, plain: str) -> None:
    asked = translate_promql(expr, PROMETHEUS_3, step_ms=60_000, range_ms=3_600_000)
    assert asked == plain
    assert translate_promql(expr, EVERYTHING) == expr


@pytest.mark.parametrize(
    ("expr", "plain"),
    [
        # Windows that have both edges are 1 ms shorter: a sample on the left one is left out.
        ("max_over_time(x[5m])", "max_over_time(x[4m59s999ms])"),
        ("avg_over_time(up[1d:1m] offset 1d)", "avg_over_time(up[23h59m59s999ms:1m] offset 1d)"),
        ("quantile_over_time(0.9, x[1h])", "quantile_over_time(0.9,x[59m59s999ms])"),
        ("count_over_time(rate(x[5m])[1h:])", "count_over_time(rate(x[5m])[59m59s999ms:])"),
        ("x[2m]", "x[1m59s999ms]"),
        ("max_over_time(x[1ms])", "max_over_time(x[1ms])"),
        # What is extrapolated to the length of its window keeps it.
        ("increase(x[5m])", "increase(x[5m])"),
        # Quoted names of metrics become matchers.
        ('{"http.requests"}', '{__name__="http.requests"}'),
        ('sum({"load",job="a"})', 'sum({__name__="load",job="a"})'),
    ],
)
def test_prometheus_2_is_asked_for_the_same_windows(expr: str, plain: str) -> None:
    assert translate_promql(expr, PROMETHEUS_2).replace(", ", ",") == plain.replace(", ", ",")


@pytest.mark.parametrize(
    ("expr", "pinned"),
    [
        ("x @ end() - x @ start()", "x @ 600.000 - x @ 0.000"),
        ("max_over_time(x[range():step()] @ end())", "max_over_time(x[10m:1m] @ 600.000)"),
        ("rate(x[step() * 4])", "rate(x[4m])"),
        ("x  @  5", "x  @  5"),
    ],
)
def test_a_range_in_pieces_keeps_its_ends(expr: str, pinned: str) -> None:
    assert pin_period(expr, 0, 600_000, 60_000) == pinned


@pytest.mark.parametrize(
    ("expr", "dialect", "construct"),
    [
        ("a + fill(0) b", PROMETHEUS_3, "fill modifiers"),
        ("a + fill_left(0) b", PROMETHEUS_3, "fill modifiers"),
        ('x{지역="서울"}', PROMETHEUS_2, "the label name '지역'"),
        ('sum by ("http.status") (x)', PROMETHEUS_2, "the label name 'http.status'"),
        ("x @ 1700000000", replace(PROMETHEUS_2, at_modifier=False), "the @ modifier"),
        ("x[5m] @ end()", replace(PROMETHEUS_2, at_modifier=False), "the @ modifier"),
        ("x[1h:5m] @ 5", replace(PROMETHEUS_2, at_modifier=False), "the @ modifier"),
        ("x offset -5m", replace(PROMETHEUS_2, negative_offset=False), "a negative offset"),
        ("x[1h:] offset -5m", replace(PROMETHEUS_2, negative_offset=False), "a negative offset"),
        (
            "x offset (step() - 1h)",
            Dialect(negative_offset=False),
            "a negative offset",
        ),
    ],
)
def test_what_has_no_plain_form_is_refused(expr: str, dialect: Dialect, construct: str) -> None:
    with pytest.raises(QueryError) as error:
        translate_promql(expr, dialect)
    assert error.value.kind is QueryErrorKind.BAD_DATA
    assert error.value.message == f"the source does not support {construct}: {expr}"
    assert translate_promql(expr, EVERYTHING) == expr


@pytest.mark.parametrize("expr", ["sum(", "", "x{", "no_such_function(x)", "sum(x[5m])"])
def test_what_cannot_be_parsed_is_left_to_the_source(expr: str) -> None:
    for dialect in (EVERYTHING, PROMETHEUS_3, PROMETHEUS_2):
        assert translate_promql(expr, dialect) == expr


def test_a_duration_that_is_not_positive_is_refused() -> None:
    with pytest.raises(QueryError, match="duration must be greater than 0"):
        translate_promql("rate(x[step()])", PROMETHEUS_3)


def without(lacking: frozenset[str]) -> Dialect:
    return Dialect(**dict.fromkeys(lacking, False))


LACKING = [field.name for field in fields(Dialect) if field.default]
DIALECTS = st.frozensets(st.sampled_from(LACKING)).map(without)


@given(expressions(Vocabulary(), depth=3), DIALECTS)
def test_a_translation_is_understood_and_needs_no_other(expr: str, dialect: Dialect) -> None:
    try:
        plain = translate_promql(expr, dialect, step_ms=60_000, range_ms=3_600_000)
    except QueryError:
        return
    shortened = replace(dialect, left_open_windows=True)
    assert translate_promql(plain, shortened, step_ms=60_000, range_ms=3_600_000) == plain
    features = ALL if dialect.unquoted_names else ALL - {Feature.UNQUOTED_UTF8_NAMES}
    if not dialect.fill_modifiers:
        features -= {Feature.FILL_MODIFIERS}
    for node in walk(parse(plain, features)):
        if isinstance(node, VectorSelector):
            assert dialect.extended_ranges or node.extension is None
            assert dialect.at_modifier or node.at is None
        if isinstance(node, MatrixSelector):
            assert dialect.duration_expressions or isinstance(node.range, int)


@settings(max_examples=60)
@given(st.sampled_from(range(3)), st.data())
def test_names_in_quotes_select_the_same_series(number: int, data: st.DataObject) -> None:
    """Of the rewritings only that of extended windows may change an answer."""
    dataset = Dataset(number)
    expr = data.draw(expressions(dataset.vocabulary, depth=2))
    dialect = replace(PROMETHEUS_3, extended_ranges=True, fill_modifiers=True)
    end_ms, step_ms = 3_600_000, 60_000
    try:
        plain = translate_promql(expr, dialect, step_ms=step_ms, range_ms=end_ms)
    except QueryError:
        return
    engine, store = Engine(Options(features=ALL)), filled(dataset)

    def ask(text: str) -> Matrix | QueryErrorKind:
        try:
            value = engine.range(store, text, 0, end_ms, step_ms).value
        except QueryError as error:
            return error.kind
        assert isinstance(value, Matrix)
        return value

    exact, answer = ask(expr), ask(plain)
    if not isinstance(exact, Matrix) or not isinstance(answer, Matrix):
        assert exact == answer
        return
    assert answer.series == exact.series
    assert np.array_equal(answer.present, exact.present)
    assert np.array_equal(answer.values, exact.values, equal_nan=True)


def filled(dataset: Dataset) -> MemoryStore:
    store = MemoryStore()
    for block in dataset.series():
        store.put(block.series[0], block.t_ms.tolist(), block.values[0])
    return store


@pytest.mark.parametrize(
    ("promql", "expanded"),
    [
        ("increase(x[$w])", "increase(x[1d] anchored)"),
        ("increase(x[$w] anchored)", "increase(x[86400s] anchored)"),
        ("increase(x[$w] smoothed)", "increase(x[1d] anchored)"),
        ("sum(rate(x[$w])) / sum(rate(y[$w]))", None),
        ("irate(x[$w])", "irate(x[86400s])"),
        ("max_over_time(x[$w])", "max_over_time(x[86400s])"),
        ("increase(x[1h])", "increase(x[1h])"),
        ("increase(x[1h]) + increase(y[$w])", "increase(x[1h]) + increase(y[1d] anchored)"),
        ("max_over_time(x[$w:1m])", "max_over_time(x[86400s:1m])"),
        ("x", "x"),
        ("sum(rate(x[$w])", "sum(rate(x[86400s])"),  # cannot be parsed: left to the source
    ],
)
def test_the_rolling_window_becomes_the_whole_one(promql: str, expanded: str | None) -> None:
    if expanded is None:
        expanded = "sum(rate(x[1d] anchored)) / sum(rate(y[1d] anchored))"
    assert expand_to_whole_window(promql, DAY_MS) == expanded


@pytest.mark.parametrize(
    "promql",
    sorted(
        {
            promql
            for metric in load().metrics
            for query in metric.queries
            for promql in (query.promql, query.total_promql)
            if promql is not None
        }
    ),
)
def test_every_expression_of_the_catalogue_can_be_asked_of_prometheus(promql: str) -> None:
    for text in (promql.replace("$w", "5m"), expand_to_whole_window(promql, DAY_MS)):
        for dialect in (PROMETHEUS_3, PROMETHEUS_2):
            if "histogram_fraction" in text and dialect is PROMETHEUS_2:
                with pytest.raises(QueryError, match="classic buckets"):
                    translate_promql(text, dialect)
                continue
            plain = translate_promql(text, dialect)
            assert "anchored" not in plain
            parse(plain, frozenset())
