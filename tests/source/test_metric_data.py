from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.shaped import METRIC
from jipyo.catalogue import Metric, MetricQuery
from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.metric_data import MetricData, choose_rate_window, read_metric
from jipyo.source.remote import Remote
from support.memory import MemoryStore
from support.sources import SteadyClock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINUTE_MS = 60_000
T0_MS = 1_795_186_800_000
STEPS = 4


def source(series: Mapping[str, float | Sequence[float | None]]) -> Embedded:
    """A value a minute for each series, written `name{label="value"}`."""
    store = MemoryStore()
    for text, values in series.items():
        name, _, inside = text.rstrip("}").partition("{")
        pairs = dict(pair.split("=") for pair in inside.replace('"', "").split(",") if pair)
        row: list[float | None] = [values] * STEPS if isinstance(values, int | float) else [*values]
        times = (T0_MS + MINUTE_MS * i for i, value in enumerate(row) if value is not None)
        labels = Labels.of({"__name__": name, **pairs})
        store.put(labels, times, (value for value in row if value is not None))
    return Embedded(store, Engine())


def metric(*queries: MetricQuery, labels: tuple[str, ...] = ("instance",)) -> Metric:
    return replace(METRIC, queries=queries, labels=labels)


def ask(answering: Embedded, of: Metric) -> MetricData:
    return read_metric(answering, of, T0_MS, T0_MS + (STEPS - 1) * MINUTE_MS, MINUTE_MS)


def rows(measured: MetricData) -> list[tuple[str, str, list[float]]]:
    """Labels, exporter and values of each series, in order."""
    return [
        (str(labels), exporter, values.tolist())
        for labels, exporter, values in zip(
            measured.matrix.series, measured.exporters, measured.matrix.values, strict=True
        )
    ]


FIRST = MetricQuery(exporter="first", promql="a")
SECOND = MetricQuery(exporter="second", promql="b")
LAST = MetricQuery(exporter="last", promql="c", fallback=True)


def test_for_each_target_the_first_alternative_with_data_wins() -> None:
    answering = source({'a{instance="x"}': 1, 'b{instance="x"}': 2, 'b{instance="y"}': 3})
    measured = ask(answering, metric(FIRST, SECOND))
    assert rows(measured) == [
        ('a{instance="x"}', "first", [1] * 4),
        ('b{instance="y"}', "second", [3] * 4),
    ]
    assert measured.expressions == (("first", "a"), ("second", "b"))


def test_all_series_of_a_target_come_from_one_alternative() -> None:
    answering = source(
        {'a{instance="x",cpu="0"}': 1, 'b{instance="x",cpu="0"}': 2, 'b{instance="x",cpu="1"}': 3}
    )
    assert len(rows(ask(answering, metric(FIRST, SECOND)))) == 1


def test_a_metric_without_targets_has_one_alternative() -> None:
    answering = source({'a{x="1"}': 1, 'b{x="2"}': 2})
    assert ask(answering, metric(FIRST, SECOND, labels=())).exporters == ("first",)


@pytest.mark.parametrize(
    ("series", "exporters"),
    [
        ({'a{instance="x"}': 1, 'c{gpu="0"}': 2}, ("first",)),
        ({'b{instance="x"}': 1, 'c{gpu="0"}': 2}, ("second",)),
        ({'c{gpu="0"}': 2}, ("last",)),
    ],
)
def test_a_fallback_is_asked_only_where_nothing_else_has_data(
    series: dict[str, float], exporters: tuple[str, ...]
) -> None:
    assert ask(source(series), metric(LAST, FIRST, SECOND)).exporters == exporters


def test_labels_get_the_names_of_the_catalogue() -> None:
    renamed = MetricQuery(exporter="first", promql="a", rename={"host": "instance", "id": "gpu"})
    answering = source(
        {'a{host="x",id="0"}': 1, 'a{host="x",instance="y"}': 2, 'b{instance="x"}': 3}
    )
    names = [row[0] for row in rows(ask(answering, metric(renamed, SECOND)))]
    assert names == ['a{gpu="0",instance="x"}', 'a{host="x",instance="y"}']


def test_an_answer_of_nan_counts_as_absent() -> None:
    answering = source({'a{instance="x"}': [1, math.nan, 3, math.nan], 'a{instance="y"}': math.nan})
    measured = ask(answering, metric(FIRST))
    assert measured.matrix.series == (Labels.of({"__name__": "a", "instance": "x"}),)
    assert measured.matrix.present.tolist() == [[True, False, True, False]]


def test_without_data_there_are_steps_but_no_series() -> None:
    measured = ask(source({}), metric(FIRST, SECOND))
    assert measured.matrix.values.shape == (0, STEPS)
    assert measured.matrix.t_ms.tolist() == [T0_MS + i * MINUTE_MS for i in range(STEPS)]
    assert (measured.expressions, measured.exporters) == ((), ())


def test_one_step_is_a_moment() -> None:
    measured = read_metric(source({'a{instance="x"}': 7}), metric(FIRST), T0_MS, T0_MS, 1)
    assert measured.matrix.values.tolist() == [[7]]


def test_what_has_to_be_said_is_said_once() -> None:
    odd = MetricQuery(exporter="odd", promql="quantile by (instance) (2, a)")
    again = MetricQuery(exporter="again", promql="quantile by (instance) (2, b)")
    measured = ask(source({'a{instance="x"}': 1, 'b{instance="y"}': 1}), metric(odd, again))
    assert len(measured.matrix.series) == 2
    assert len(measured.warnings) == len(set(measured.warnings)) >= 1


def test_a_refused_question_is_not_hidden() -> None:
    with pytest.raises(QueryError):
        ask(source({}), metric(MetricQuery(exporter="odd", promql="sum(")))


@pytest.mark.parametrize(
    ("window_ms", "step_ms", "window"),
    [
        (300_000, 60_000, "5m"),
        (300_000, 3_600_000, "1h"),
        (300_000, 301_000, "301s"),
        (1500, 1000, "1500ms"),
    ],
)
def test_the_rate_window_is_never_shorter_than_the_step(
    window_ms: int, step_ms: int, window: str
) -> None:
    assert choose_rate_window(replace(METRIC, window_ms=window_ms), step_ms) == window


def test_the_rate_window_stands_in_the_question() -> None:
    counter = MetricQuery(exporter="first", promql="rate(a[$w])")
    answering = source({'a{instance="x"}': [0, 60, 120, 180]})
    measured = ask(answering, metric(counter))
    assert measured.expressions == (("first", "rate(a[5m])"),)
    assert measured.matrix.present.tolist() == [[False, True, True, True]]


RATIO = MetricQuery(exporter="ratio", promql="c")
COUNTED = MetricQuery(
    exporter="counted",
    promql="100 * sum by (host) (a) / sum by (host) (b)",
    total_promql="sum by (host) (b)",
    rename={"host": "instance"},
)


def test_a_share_comes_with_the_number_of_its_cases() -> None:
    answering = source(
        {'a{host="x"}': [9, 18, 27, 36], 'b{host="x"}': [10, 20, 30, 40], 'c{instance="y"}': 0.5}
    )
    measured = ask(answering, metric(COUNTED, RATIO))
    assert measured.exporters == ("counted", "ratio")
    assert measured.n is not None
    assert measured.n[0].tolist() == [10, 20, 30, 40]
    assert np.isnan(measured.n[1]).all()
    assert ask(answering, metric(RATIO)).n is None


def test_cases_that_nobody_counted_are_unknown() -> None:
    answering = source({'a{host="x"}': 9, 'b{host="x"}': 10})
    elsewhere = replace(COUNTED, total_promql='sum by (host) (b{host="z"})')
    measured = ask(answering, metric(elsewhere))
    assert measured.n is not None
    assert np.isnan(measured.n).all()


def test_each_member_answers_by_the_first_of_the_queries_that_it_has() -> None:
    servers = {"a": source({"one": 1.0}), "b": source({"two": 2.0, "spare": 9.0})}
    combined = CombinedSource(
        source({"other": 1.0}),
        tuple(Remote(name, each, SteadyClock(T0_MS)) for name, each in servers.items()),
    )
    queries = [MetricQuery(exporter=name, promql=f"sum({name})") for name in ("one", "two")]
    spare = MetricQuery(exporter="spare", promql="sum(spare)", fallback=True)
    data = read_metric(
        combined, metric(spare, *queries, labels=()), T0_MS, T0_MS + 3 * MINUTE_MS, MINUTE_MS
    )
    found = zip(data.matrix.series, data.exporters, data.matrix.values[:, 0], strict=True)
    assert [(labels["source"], name, value) for labels, name, value in found] == [
        ("a", "one", 1.0),
        ("b", "two", 2.0),
    ]
