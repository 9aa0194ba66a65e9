"""What cannot have an answer is not asked; whatever might have one is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.shaped import METRIC
from catalogue.pages import filled
from jipyo.catalogue import MetricQuery, load
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.inventory import Inventory
from jipyo.source.metric_data import read_metric
from jipyo.source.prune import may_have_answer

if TYPE_CHECKING:
    from jipyo.model.result import QueryResult

NOW_MS = 1_795_186_800_000
NAMES = frozenset({"a", "b_total"})


@pytest.mark.parametrize(
    ("expr", "may"),
    [
        ("a", True),
        ("c", False),
        ('{__name__=~"a|c"}', True),
        ('{__name__=~"c|d"}', False),
        ('{__name__!="a",job="x"}', True),
        ('{job="x"}', True),
        ("rate(b_total[5m])", True),
        ("rate(c_total[5m])", False),
        ("max_over_time(rate(c_total[5m])[1h:1m])", False),
        ("sum by (x) (c)", False),
        ("-(c)", False),
        ("100 * c", False),
        ("100 * a", True),
        ("a / c", False),
        ("c / a", False),
        ("a and c", False),
        ("a or c", True),
        ("c or d", False),
        ("a unless c", True),
        ("c unless a", False),
        ("c > bool 1", False),
        ("histogram_quantile(0.9, sum by (le) (rate(c_bucket[5m])))", False),
        ("histogram_quantile(0.9, sum by (le) (rate(b_total[5m])))", True),
        ('label_replace(c, "x", "$1", "y", "(.*)")', False),
        ("clamp_max(a, scalar(c))", True),
        # Nothing is what these speak of, or they need nothing at all.
        ("absent(c)", True),
        ("absent_over_time(c[5m])", True),
        ("vector(1)", True),
        ("time()", True),
        ("hour()", True),
        ("1 + 1", True),
        ("scalar(c) + 1", True),
        ("vector(scalar(c))", True),
        ("sum(", True),  # refused in the proper words
    ],
)
def test_only_what_surely_has_no_answer_is_left_out(expr: str, may: bool) -> None:
    assert may_have_answer(expr, NAMES) is may


PAIRS = [(metric, query) for metric in load().metrics for query in metric.queries]


@pytest.mark.parametrize(
    ("metric", "query"), PAIRS, ids=[f"{m.id}-{q.exporter}-{i}" for i, (m, q) in enumerate(PAIRS)]
)
def test_every_expression_is_asked_where_it_has_an_answer(
    metric: object, query: MetricQuery
) -> None:
    source = Embedded(filled(query.expression("5m"), NOW_MS), Engine())
    assert may_have_answer(query.expression("5m"), source.metric_names(NOW_MS))
    assert not may_have_answer(query.expression("5m"), frozenset({"other"}))


class Counting:
    """A source that remembers what it was asked."""

    def __init__(self, source: Embedded) -> None:
        self._source = source
        self.asked: list[str] = []

    def range(self, expr: str, *times: int) -> QueryResult:
        self.asked.append(expr)
        return self._source.range(expr, *times)


def test_what_is_measured_is_the_same_with_less_asked() -> None:
    queries = tuple(MetricQuery(exporter=name, promql=name) for name in ("c", "node_load5", "d"))
    metric = replace(METRIC, queries=queries)
    source = Counting(Embedded(filled("node_load5", NOW_MS), Engine()))
    whole = read_metric(source, metric, NOW_MS, NOW_MS, 1)  # type: ignore[arg-type]
    assert source.asked == ["c", "node_load5", "d"]
    source.asked.clear()
    inventory = Inventory(frozenset({"node_load5", "other"}))
    less = read_metric(source, metric, NOW_MS, NOW_MS, 1, inventory)  # type: ignore[arg-type]
    assert source.asked == ["node_load5"]
    assert less.matrix.series == whole.matrix.series
    assert np.array_equal(less.matrix.values, whole.matrix.values)
    assert less.expressions == whole.expressions
