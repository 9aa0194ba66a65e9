from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import examples.python_api as example
import pytest

from jipyo.analysis.thresholds import State
from jipyo.api import (
    SPECIFICATION_NAMES,
    CurrentValues,
    DailyReportGenerator,
    GroupName,
    MetricsCollector,
    PerformanceAnalyzer,
    Workspace,
    find_last_day,
)
from jipyo.catalogue import load
from jipyo.model.figure import UNKNOWN_PROPORTION
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
NOW_MS = 1_795_186_800_000 + 9 * HOUR_MS  # 2026-11-21 09:00 in Seoul
SEOUL = ZoneInfo("Asia/Seoul")
MEMORY = 256 * 2**30


def gauge(store: MemoryStore, name: str, value: float, hours: int = 2, **labels: str) -> None:
    times = range(NOW_MS - hours * HOUR_MS, NOW_MS + 1, MINUTE_MS)
    full = {"__name__": name, "instance": "gpu-server-1", "job": "node", **labels}
    store.put(Labels.of(full), times, (value for _ in times))


def counter(store: MemoryStore, name: str, per_second: float, **labels: str) -> None:
    times = range(NOW_MS - 2 * HOUR_MS, NOW_MS + 1, MINUTE_MS)
    full = {"__name__": name, "instance": "gpu-server-1", "job": "node", **labels}
    store.put(Labels.of(full), times, (per_second * (t - times[0]) / 1000 for t in times))


def stored() -> MemoryStore:
    """A host at 40% CPU and 95% memory, with an API that fails 0.07% of its requests."""
    store = MemoryStore()
    for cpu in "01":
        counter(store, "node_cpu_seconds_total", 0.6, cpu=cpu, mode="idle")
        counter(store, "node_cpu_seconds_total", 0.4, cpu=cpu, mode="user")
    gauge(store, "node_memory_MemTotal_bytes", MEMORY)
    gauge(store, "node_memory_MemAvailable_bytes", MEMORY / 20)
    counter(store, "http_requests_total", 99.93, status="2xx", job="api")
    counter(store, "http_requests_total", 0.07, status="5xx", job="api")
    return store


def workspace(store: MemoryStore, out_dir: Path) -> Workspace:
    return Workspace(
        source=Embedded(store, Engine()),
        catalogue=load(),
        zone=SEOUL,
        now_ms=lambda: NOW_MS,
        out_dir=out_dir,
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(stored(), tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def metrics(here: Workspace) -> Mapping[GroupName, CurrentValues]:
    return asyncio.run(MetricsCollector(here).collect_metrics())


def test_metrics_are_collected_by_group_and_found_by_the_manuals_names(
    metrics: Mapping[GroupName, CurrentValues],
) -> None:
    assert list(metrics) == ["system", "application", "ai", "database"]
    cpu = metrics["system"]["cpu_usage"]
    assert cpu is metrics["system"]["system.cpu.utilization"]
    assert cpu.values == (pytest.approx(40),)
    assert cpu.series[0].labels == Labels.of({"instance": "gpu-server-1"})
    assert cpu.series[0].exporter == "node_exporter"
    assert (cpu.t_ms, cpu.has_data) == (NOW_MS, True)
    assert cpu.text("ko") in ("40%", "40.0%")
    assert cpu.expressions[0][0] == "node_exporter"
    assert metrics["application"]["request_count"].values == (pytest.approx(100),)


def test_a_metric_without_data_is_there_and_says_so(
    metrics: Mapping[GroupName, CurrentValues],
) -> None:
    inference = metrics["ai"]["inference_time"]
    assert (inference.has_data, inference.values) == (False, ())
    assert (inference.text("ko"), inference.text("en")) == ("데이터 없음", "no data")
    assert len(metrics["ai"]) == len(list(metrics["ai"])) > 5
    with pytest.raises(KeyError):
        metrics["ai"]["cpu_usage"]


def test_every_name_of_the_manual_finds_a_metric(
    metrics: Mapping[GroupName, CurrentValues],
) -> None:
    for group, names in SPECIFICATION_NAMES.items():
        for name, meant in names.items():
            assert metrics[group.value][name].metric.id == meant


def test_a_name_of_the_manual_whose_metric_the_site_took_out_is_not_found(here: Workspace) -> None:
    catalogue = here.catalogue
    cpu = tuple(one for one in catalogue.metrics if one.topic == "system.cpu")
    without = replace(here, catalogue=replace(catalogue, metrics=cpu))
    metrics = asyncio.run(MetricsCollector(without).collect_metrics())
    assert "gpu_utilization" not in metrics["ai"]
    assert "gpu_usage" not in metrics["system"]


def test_performance_is_analyzed_by_part_with_the_alerts_gravest_first(here: Workspace) -> None:
    analysis, alerts = asyncio.run(PerformanceAnalyzer(here).analyze_performance())
    assert {name: health.state for name, health in analysis.items()} == {
        "system_health": State.CRITICAL,
        "api_performance": State.WARNING,
        "ai_performance": State.UNKNOWN,
        "database_performance": State.UNKNOWN,
    }
    assert [alert.state for alert in alerts] == [State.CRITICAL, State.WARNING]
    assert alerts[0].text("ko") == (
        "메모리 사용률: 07:55 이전부터 위험 임계치 90% 이상, 현재 95% (gpu-server-1)"
    )
    assert alerts[1].text("en").startswith("API error rate: At or above warning 0.05% since")


def test_a_daily_report_is_written_where_the_workspace_says(here: Workspace) -> None:
    path = asyncio.run(DailyReportGenerator(here).generate_report(date(2026, 11, 21)))
    assert path.parent == here.out_dir
    assert path.suffix == ".html"
    assert "메모리 사용률" in path.read_text("utf-8")


@pytest.mark.parametrize(("hours", "day"), [(2, date(2026, 11, 21)), (10, date(2026, 11, 20))])
def test_the_report_is_of_yesterday_where_yesterday_has_samples(
    hours: int, day: date, tmp_path: Path
) -> None:
    store = MemoryStore()
    gauge(store, "up", 1, hours)
    assert find_last_day(workspace(store, tmp_path)) == day


def test_without_a_day_the_last_one_is_reported(tmp_path: Path) -> None:
    store = MemoryStore()
    gauge(store, "up", 1)
    english = replace(workspace(store, tmp_path), lang="en")
    path = asyncio.run(DailyReportGenerator(english).generate_report())
    assert "2026-11-21" in path.name


def test_the_example_runs(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(example.main(here))
    said = capsys.readouterr().out
    assert "CPU utilisation 40" in said
    assert "critical Memory utilisation" in said
    assert str(here.out_dir) in said


def test_accuracy_is_told_with_its_cases(tmp_path: Path) -> None:
    store = stored()
    counter(store, "jipyo_predictions_labelled_total", 0.1, model="m")
    counter(store, "jipyo_predictions_correct_total", 0.09, model="m")
    gauge(store, "jipyo_model_accuracy_ratio", 0.8, model="other", dataset="d")
    metrics = asyncio.run(MetricsCollector(workspace(store, tmp_path)).collect_metrics())
    accuracy = metrics["ai"]["model_accuracy"]
    counted, told = accuracy.series
    assert counted.proportion is not None
    assert counted.proportion.n == 720
    assert told.proportion == UNKNOWN_PROPORTION
    assert accuracy.text("en").replace("\u00a0", " ") == (
        "90% (n = 720, 95% CI 87.6–92.0%), 80% (n unknown)"
    )
    assert metrics["system"]["cpu_usage"].series[0].proportion is None
