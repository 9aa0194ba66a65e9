"""`PerformanceAnalyzer`: the health of each part, and what is beyond a threshold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.stores import NOW_MS, add_gauge, build_store, build_workspace
from jipyo.analysis.thresholds import State
from jipyo.api import SPECIFICATION_NAMES, ActiveBreach, PartHealth, PerformanceAnalyzer
from jipyo.catalogue import MetricGroup
from support.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.api import Workspace

Performance = tuple[dict[str, PartHealth], tuple[ActiveBreach, ...]]


def analyze(workspace: Workspace) -> Performance:
    return asyncio.run(PerformanceAnalyzer(workspace).analyze_performance())


@pytest.fixture(scope="module")
def performance(workspace: Workspace) -> Performance:
    return analyze(workspace)


def test_each_part_has_its_state(performance: Performance) -> None:
    assert {name: health.state for name, health in performance[0].items()} == {
        "system_health": State.CRITICAL,
        "api_performance": State.WARNING,
        "ai_performance": State.UNKNOWN,
        "database_performance": State.UNKNOWN,
    }


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("system_health", MetricGroup.SYSTEM),
        ("api_performance", MetricGroup.APPLICATION),
        ("ai_performance", MetricGroup.AI),
        ("database_performance", MetricGroup.DATABASE),
    ],
)
def test_each_part_has_the_metrics_of_its_group(
    name: str, group: MetricGroup, performance: Performance, workspace: Workspace
) -> None:
    metrics = {metric.metric.id for metric in performance[0][name].metrics}
    named = {*SPECIFICATION_NAMES[group].values()}
    ids = {one.id for one in workspace.catalogue.metrics if one.group is group}
    assert metrics == ids | named


def test_breaches_come_with_the_most_severe_first(performance: Performance) -> None:
    assert [(breach.health.metric.id, breach.state) for breach in performance[1]] == [
        ("system.memory.utilization", State.CRITICAL),
        ("app.error_rate", State.WARNING),
    ]


def test_a_breach_is_worded_in_both_languages(performance: Performance) -> None:
    memory, errors = performance[1]
    assert memory.text("ko") == (
        "메모리 사용률: 07:55 이전부터 위험 임계치 90% 이상, 현재 95% (gpu-server-1)"
    )
    assert memory.text("en").startswith("Memory utilisation: ")
    assert errors.text("en").startswith("API error rate: At or above warning 0.05% since")
    assert memory.t_ms == NOW_MS


def test_below_all_thresholds_there_is_no_breach(tmp_path: Path) -> None:
    store = MemoryStore()
    add_gauge(store, "node_memory_MemTotal_bytes", 100)
    add_gauge(store, "node_memory_MemAvailable_bytes", 90)
    analysis, breaches = analyze(build_workspace(store, tmp_path))
    assert (analysis["system_health"].state, breaches) == (State.OK, ())


def test_thresholds_of_the_catalogue_decide(workspace: Workspace) -> None:
    catalogue = workspace.catalogue
    unjudged = tuple(replace(metric, thresholds=None) for metric in catalogue.metrics)
    free = replace(workspace, catalogue=replace(catalogue, metrics=unjudged))
    assert analyze(free)[1] == ()


def test_without_samples_every_part_is_unknown_and_never_ok(tmp_path: Path) -> None:
    analysis, breaches = analyze(build_workspace(MemoryStore(), tmp_path))
    assert {health.state for health in analysis.values()} == {State.UNKNOWN}
    assert breaches == ()


def test_analyzing_again_gives_the_same(workspace: Workspace, performance: Performance) -> None:
    again = analyze(
        replace(workspace, source=build_workspace(build_store(), workspace.out_dir).source)
    )
    assert [breach.text("en") for breach in again[1]] == [
        breach.text("en") for breach in performance[1]
    ]
