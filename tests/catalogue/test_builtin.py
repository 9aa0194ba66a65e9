"""What must hold for every metric that is built in."""

from __future__ import annotations

import re

import pytest

from jipyo.catalogue import Catalogue, Direction, Metric, MetricGroup, Origin, Unit, load
from jipyo.i18n import LANGS, texts
from jipyo.promql import parse

CATALOGUE: Catalogue = load(parse=parse)
METRICS = pytest.mark.parametrize("metric", CATALOGUE.metrics, ids=lambda metric: metric.id)

MANUAL = {  # metric: (warning, critical) of the manual
    "system.cpu.utilization": (70, 85),
    "system.cpu.core.utilization": (70, 85),
    "system.cpu.load": (70, 85),
    "system.gpu.utilization": (80, 90),
    "system.gpu.memory.utilization": (80, 90),
    "system.gpu.temperature": (80, 90),
    "system.memory.utilization": (75, 90),
    "app.response_time": (1.5, 2),
    "app.error_rate": (0.05, 0.1),
    "ai.inference.time": (0.8, 1),
    "ai.gpu_memory": (80, 90),
}
OBJECTIVES = {
    "app.response_time": ("<=", 2),
    "app.throughput": (">=", 100),
    "app.error_rate": ("<=", 0.1),
    "ai.inference.time": ("<=", 1),
}
ASKED_FOR = {
    *MANUAL,
    *OBJECTIVES,
    "system.memory.process",
    "system.memory.swap",
    "system.disk.utilization",
    "system.network.receive",
    "system.network.transmit",
    "app.sessions.active",
    "ai.model.accuracy",
    "ai.queue.length",
    "ai.efficiency.tokens_per_joule",
    "db.query.time",
    "db.connections",
    "db.cache_hit_ratio",
}


def test_every_metric_of_the_draft_is_there_and_every_expression_parses() -> None:
    assert len(CATALOGUE.metrics) >= 60
    assert sum(len(metric.queries) for metric in CATALOGUE.metrics) >= 150
    assert {metric.group for metric in CATALOGUE.metrics} == set(MetricGroup)


def test_the_thresholds_of_the_manual_are_the_manuals() -> None:
    of_manual = {
        metric.id: (metric.thresholds.warning, metric.thresholds.critical)
        for metric in CATALOGUE.metrics
        if metric.thresholds and metric.thresholds.origin is Origin.SPECIFICATION
    }
    assert of_manual == MANUAL


def test_the_objectives_of_the_manual_are_the_manuals() -> None:
    objectives = {
        metric.id: (metric.objective.compare.value, metric.objective.value)
        for metric in CATALOGUE.metrics
        if metric.objective
    }
    assert objectives == OBJECTIVES


def test_what_the_manual_asks_for_is_marked() -> None:
    assert {metric.id for metric in CATALOGUE.metrics if metric.required} == ASKED_FOR


def test_nothing_built_in_pretends_to_be_the_sites() -> None:
    origins = {metric.thresholds.origin for metric in CATALOGUE.metrics if metric.thresholds}
    assert origins == {Origin.SPECIFICATION, Origin.DEFAULT}


@METRICS
def test_a_metric_is_described_in_both_languages(metric: Metric) -> None:
    for text in filter(None, (metric.description, metric.remedy)):
        assert re.search("[가-힣]", text.ko), text
        assert not re.search("[가-힣]", text.en), text
    assert metric.name.ko != ""
    assert not re.search("[가-힣]", metric.name.en)


@METRICS
def test_a_metric_stands_in_a_named_family_of_its_group(metric: Metric) -> None:
    assert metric.topic in {family.id for family in CATALOGUE.topics}
    prefixes = {"app": "application", "db": "database"}
    first = metric.id.partition(".")[0]
    assert metric.group.value == prefixes.get(first, first)
    assert metric.where.startswith(f"builtin/{metric.group.value}.yaml:")


@METRICS
def test_everybody_who_gives_a_metric_is_described(metric: Metric) -> None:
    for query in metric.queries:
        exporter = CATALOGUE.find_exporter(query.exporter)
        assert exporter is not None, query.exporter
        listens = exporter.url and exporter.job
        assert exporter.builtin or exporter.native or listens, query.exporter
        assert set(query.rename.values()) <= {*metric.labels, "gpu"}


@METRICS
def test_no_range_goes_over_a_pattern_of_names(metric: Metric) -> None:
    for query in metric.queries:
        assert not re.search(r"__name__\s*=~[^}]*}\s*\[", query.promql)
        # le="1" became le="1.0" in Prometheus 3, and older data keeps the old form.
        assert not re.search(r'\ble="', query.promql)


@METRICS
def test_a_metric_with_a_direction_is_judged_or_has_an_objective_or_only_shows(
    metric: Metric,
) -> None:
    if metric.direction is Direction.NEUTRAL:
        assert metric.thresholds is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("unit", list(Unit))
def test_every_unit_can_be_said(unit: Unit, lang: str) -> None:
    assert texts(lang).number(1.5, unit.value)
    assert isinstance(texts(lang).unit(unit.value), str)


def test_families_and_exporters_are_all_used() -> None:
    families = {family.id for family in CATALOGUE.topics}
    assert families == {metric.topic for metric in CATALOGUE.metrics}
    asked = {query.exporter for metric in CATALOGUE.metrics for query in metric.queries}
    assert {exporter.id for exporter in CATALOGUE.exporters} == asked
    assert CATALOGUE.topic_name("system.cpu", "ko") == "CPU"
    assert CATALOGUE.topic_name("site.own", "ko") == "site.own"
    assert CATALOGUE.find_exporter("nobody") is None
