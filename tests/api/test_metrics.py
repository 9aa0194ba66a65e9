"""`MetricsCollector`: the current value of every metric, by id and by the specification's names."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from api.stores import NOW_MS, add_counter, add_gauge, build_store, build_workspace
from jipyo.api import SPECIFICATION_NAMES, CurrentValues, MetricsCollector
from jipyo.catalogue import MetricGroup
from jipyo.model.errors import SourceError
from jipyo.model.figure import UNKNOWN_PROPORTION
from jipyo.model.labels import Labels
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.api import Workspace

Metrics = dict[str, CurrentValues]
BY_NAME = [
    (group.value, name, metric_id)
    for group, names in SPECIFICATION_NAMES.items()
    for name, metric_id in names.items()
]


def collect(workspace: Workspace) -> Metrics:
    return asyncio.run(MetricsCollector(workspace).collect_metrics())


@pytest.fixture(scope="module")
def metrics(workspace: Workspace) -> Metrics:
    return collect(workspace)


def test_metrics_are_collected_by_group(metrics: Metrics, workspace: Workspace) -> None:
    assert list(metrics) == ["system", "application", "ai", "database"]
    for group in MetricGroup:
        values, named = metrics[group.value], SPECIFICATION_NAMES[group]
        assert list(values)[: len(named)] == list(named)
        ids = {one.id for one in workspace.catalogue.metrics if one.group is group}
        assert {value.metric.id for value in values.values() if value.metric} == {
            *ids,
            *named.values(),
        }
        assert len(values) == len(ids | set(named.values()))


def test_a_value_knows_its_metric_its_time_its_labels_and_its_query(metrics: Metrics) -> None:
    cpu = metrics["system"]["system.cpu.utilization"]
    assert cpu.metric is not None
    assert cpu.metric.id == "system.cpu.utilization"
    assert cpu.numbers == pytest.approx((40,))
    assert cpu.series[0].labels == Labels.of({"instance": "gpu-server-1"})
    assert cpu.series[0].exporter == "node_exporter"
    assert (cpu.t_ms, cpu.has_data) == (NOW_MS, True)
    ((exporter, promql),) = cpu.expressions
    assert exporter == "node_exporter"
    assert "node_cpu_seconds_total" in promql


@pytest.mark.parametrize(("group", "name", "metric_id"), BY_NAME)
def test_every_name_of_the_specification_finds_its_metric(
    group: str, name: str, metric_id: str, metrics: Metrics
) -> None:
    metric = metrics[group][name].metric
    assert metric is not None
    assert metric.id == metric_id
    assert metrics[group][name] is metrics[group][metric_id]


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("system", "cpu_usage", 40),
        ("system", "memory_usage", 95),
        ("application", "request_count", 100),
        ("application", "error_rate", 0.07),
    ],
)
def test_values_are_those_of_the_newest_samples(
    group: str, name: str, value: float, metrics: Metrics
) -> None:
    assert metrics[group][name].numbers == pytest.approx((value,), rel=1e-3)


@pytest.mark.parametrize(
    ("group", "name", "ko", "en"),
    [
        ("system", "memory_usage", "95%", "95%"),
        ("application", "request_count", "100건/초", "100 req/s"),
        ("ai", "inference_time", "데이터 없음", "no data"),
    ],
)
def test_a_value_is_written_with_its_unit_in_both_languages(
    group: str, name: str, ko: str, en: str, metrics: Metrics
) -> None:
    value = metrics[group][name]
    assert (value.text("ko"), value.text("en")) == (ko, en)


def test_a_metric_without_data_is_there_without_series(metrics: Metrics) -> None:
    inference = metrics["ai"]["inference_time"]
    assert (inference.has_data, inference.numbers, inference.series) == (False, (), ())


@pytest.mark.parametrize(
    ("group", "name"), [("ai", "cpu_usage"), ("system", "app.error_rate"), ("system", "nothing")]
)
def test_a_name_of_another_group_is_not_found(group: str, name: str, metrics: Metrics) -> None:
    with pytest.raises(KeyError):
        metrics[group][name]
    assert name not in metrics[group]


def test_a_name_whose_metric_the_site_removed_is_not_found(workspace: Workspace) -> None:
    catalogue = workspace.catalogue
    cpu = tuple(metric for metric in catalogue.metrics if metric.topic == "system.cpu")
    metrics = collect(replace(workspace, catalogue=replace(catalogue, metrics=cpu)))
    assert "gpu_utilization" not in metrics["ai"]
    assert "gpu_usage" not in metrics["system"]
    assert metrics["system"]["cpu_usage"].has_data


def test_several_targets_are_several_series(tmp_path: Path) -> None:
    store = build_store()
    for name, value in (("MemTotal", 100.0), ("MemAvailable", 75.0)):
        add_gauge(store, f"node_memory_{name}_bytes", value, instance="gpu-server-2")
    memory = collect(build_workspace(store, tmp_path))["system"]["memory_usage"]
    by_instance = {series.labels["instance"]: series.value for series in memory.series}
    assert by_instance == {
        "gpu-server-1": pytest.approx(95),
        "gpu-server-2": pytest.approx(25),
    }
    assert memory.text("en") == "95%, 25%"


def test_without_any_samples_every_metric_is_there_without_data(tmp_path: Path) -> None:
    metrics = collect(build_workspace(MemoryStore(), tmp_path))
    values = [value for group in metrics.values() for value in group.values()]
    assert not any(value.has_data for value in values)
    assert {value.text("en") for value in values} == {"no data"}


def test_a_share_of_counted_cases_has_its_proportion(tmp_path: Path) -> None:
    store = build_store()
    add_counter(store, "jipyo_predictions_labelled_total", 0.1, model="m")
    add_counter(store, "jipyo_predictions_correct_total", 0.09, model="m")
    add_gauge(store, "jipyo_model_accuracy_ratio", 0.8, model="other", dataset="d")
    metrics = collect(build_workspace(store, tmp_path))
    counted, uncounted = metrics["ai"]["model_accuracy"].series
    assert counted.proportion is not None
    assert counted.proportion.n == 720
    assert uncounted.proportion == UNKNOWN_PROPORTION
    assert metrics["ai"]["model_accuracy"].text("en").replace("\u00a0", " ") == (
        "90% (n = 720, 95% CI 87.6–92.0%), 80% (n unknown)"
    )
    assert metrics["system"]["cpu_usage"].series[0].proportion is None


def test_what_fails_is_raised_and_not_hidden(workspace: Workspace) -> None:
    def fail() -> int:
        raise SourceError("query.refused", message="no")

    with pytest.raises(SourceError):
        collect(replace(workspace, now_ms=fail))


def test_values_cannot_be_changed(metrics: Mapping[str, CurrentValues]) -> None:
    with pytest.raises(FrozenInstanceError):
        metrics["system"]["cpu_usage"].t_ms = 0  # type: ignore[misc]  # that is the point
