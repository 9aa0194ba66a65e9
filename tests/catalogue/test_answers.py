"""Every expression that is built in, asked of our engine over series that it selects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogue.pages import filled
from jipyo.catalogue import Metric, MetricQuery, Unit, load
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import MetricData, read_metric

NOW_MS = 1_795_186_800_000
PAIRS = [(metric, query) for metric in load().metrics for query in metric.queries]
ALTERNATIVES = pytest.mark.parametrize(
    ("metric", "query"),
    PAIRS,
    ids=[f"{metric.id}-{query.exporter}-{i}" for i, (metric, query) in enumerate(PAIRS)],
)


def answered(metric: Metric, query: MetricQuery) -> MetricData:
    source = Embedded(filled(query.expression("5m"), NOW_MS), Engine())
    return read_metric(source, replace(metric, queries=(query,)), NOW_MS, NOW_MS, 60_000)


@ALTERNATIVES
def test_an_expression_gives_finite_values_under_the_labels_of_its_metric(
    metric: Metric, query: MetricQuery
) -> None:
    measured = answered(metric, query)
    assert measured.matrix.present.any()
    assert np.isfinite(measured.matrix.values).all()
    assert not measured.warnings
    for labels in measured.matrix.series:
        assert "__name__" not in labels
        # Device memory stands in for a model's where nobody tells the model.
        assert query.fallback or set(metric.labels[:1]) <= set(labels), labels
    if query.total_promql is not None:
        assert measured.n is not None
        assert (measured.n > 0).all()
    if metric.unit is Unit.PERCENT:
        assert (measured.matrix.values <= 100.001).all()
