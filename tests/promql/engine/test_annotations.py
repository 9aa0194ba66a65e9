"""Warnings and infos: their texts, places and number."""

import pytest

from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from jipyo.promql.engine.annotations import Annotations, Flattening
from jipyo.promql.syntax.ast import Span
from support.answers import vector_of
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))
HERE = Span(0, 1)


def test_a_text_is_said_once_with_line_and_column() -> None:
    annotations = Annotations()
    for q in (2.0, 2.0, -1.0):
        annotations.warn_invalid_quantile(q, Span(3, 4))
    warnings, infos = annotations.format_texts("a\n+b", 10)
    assert warnings == (
        "PromQL warning: quantile value should be between 0 and 1, got 2 (2:2)",
        "PromQL warning: quantile value should be between 0 and 1, got -1 (2:2)",
    )
    assert infos == ()


def test_what_is_too_much_to_say_is_counted() -> None:
    annotations = Annotations()
    for nth in range(13):
        annotations.note_not_a_counter(f"m{nth}", HERE)
        annotations.warn_invalid_ratio(2.0 + nth, 1.0, HERE)
    warnings, infos = annotations.format_texts("x", 10)
    assert len(warnings) == len(infos) == 11
    assert warnings[-1] == "3 more warning annotations omitted"
    assert infos[-1] == "3 more info annotations omitted"


def test_flattened_buckets_are_told_together() -> None:
    annotations = Annotations()
    annotations.note_flattening("x", Flattening(1, 2, 3.14159, 1, 60_000, 60_000), HERE)
    annotations.note_flattening("x", Flattening(0.5, 1, 1, 2, 0, 120_000), HERE)
    (text,) = annotations.format_texts("x", 10)[1]
    assert text.endswith(
        'for metric name "x", from buckets 0.5 to 2, with a max diff of 3.1, over 3 samples '
        "from 1970-01-01T00:00:00Z to 1970-01-01T00:02:00Z (1:1)"
    )


@pytest.mark.parametrize(
    ("expr", "warning"),
    [
        ("quantile(2, x)", "quantile value should be between 0 and 1, got 2 (1:10)"),
        ("quantile(-1, x)", "quantile value should be between 0 and 1, got -1 (1:10)"),
        ("quantile(NaN, x)", "quantile value should be between 0 and 1, got NaN (1:10)"),
        ("quantile_over_time(2, x[1m])", "quantile value should be between 0 and 1, got 2 (1:20)"),
        ("limit_ratio(1.5, x)", "ratio value should be between -1 and 1, got 1.5, capping to 1"),
        ("limit_ratio(-2, x)", "ratio value should be between -1 and 1, got -2, capping to -1"),
        ("integral(x[1m], 7)", "strategy should be 0, 1, or 2 (default), using 2, got 7 (1:17)"),
        ("histogram_quantile(0.5, x)", 'bucket label "le" is missing or has a malformed value of'),
    ],
)
def test_what_is_odd_is_warned_of(expr: str, warning: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [1.0])
    (text,) = ENGINE.instant(store, expr, 0).warnings
    assert warning in text


@pytest.mark.parametrize(
    "expr", ["x </ 1", "x >/ x", "1 </ x"], ids=["vector-scalar", "vectors", "scalar-vector"]
)
def test_operators_for_histograms_give_nothing_on_floats(expr: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [1.0])
    result = ENGINE.instant(store, expr, 0)
    assert vector_of(result).series == ()
    assert "incompatible sample types encountered for binary operator" in result.infos[0]
    assert ENGINE.instant(MemoryStore(), expr, 0).infos == ()
