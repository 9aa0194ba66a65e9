from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.shaped import METRIC
from jipyo.analysis.coverage import MetricCoverage, Provider, examine_catalogue
from jipyo.catalogue import Catalogue, MetricQuery
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW_MS = 1_795_186_800_000


def examine(*series: dict[str, str], queries: Sequence[MetricQuery]) -> MetricCoverage:
    store = MemoryStore()
    for labels in series:
        store.put(Labels.of(labels), [NOW_MS - 60_000, NOW_MS], [1.0, 2.0])
    catalogue = Catalogue((replace(METRIC, queries=tuple(queries)),))
    (coverage,) = examine_catalogue(Embedded(store, Engine()), catalogue, NOW_MS)
    return coverage


A = MetricQuery(exporter="first", promql="a")
B = MetricQuery(exporter="second", promql="b")


def test_a_metric_is_found_with_its_providers() -> None:
    coverage = examine(
        {"__name__": "a", "instance": "x", "cpu": "0"},
        {"__name__": "a", "instance": "x", "cpu": "1"},
        {"__name__": "b", "instance": "y"},
        queries=(A, B),
    )
    assert coverage.providers == (Provider("first", 2, "a"), Provider("second", 1, "b"))
    assert (coverage.has_data, coverage.series, coverage.problem) == (True, 3, "")


def test_a_metric_without_data_is_missing() -> None:
    coverage = examine(queries=(A, B))
    assert (coverage.has_data, coverage.series) == (False, 0)


def test_a_refused_query_is_told_and_the_others_go_on() -> None:
    coverage = examine(queries=(MetricQuery(exporter="first", promql="sum("),))
    assert not coverage.has_data
    assert "parse error" in coverage.problem


def test_data_older_than_the_time_looked_at_does_not_count() -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "cpu"}), [NOW_MS - 3_600_000 * 2], [1.0])
    source = Embedded(store, Engine())
    (coverage,) = examine_catalogue(source, Catalogue((METRIC,)), NOW_MS)
    assert not coverage.has_data
    (coverage,) = examine_catalogue(
        source, Catalogue((METRIC,)), NOW_MS, look_back_ms=3_600_000 * 3
    )
    assert coverage.has_data
