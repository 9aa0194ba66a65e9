"""The specification's code over a real Prometheus, and its results beside those of the store."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import jipyo
from api.sites import build_site, list_scrapes
from jipyo.model.errors import SourceError, UnknownNameError
from jipyo.reports.document import find_figures
from support.metric_servers import built, prometheus
from support.services import free_port
from support.specification import SpecifiedAnalyzer, SpecifiedCollector, SpecifiedReport

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), built("prometheus")) as server:
        server.load(list_scrapes(time.time_ns() // 1_000_000))
        yield server.url


@pytest.fixture(autouse=True)
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An embedded store with the same samples, and nothing configured but where it is."""
    folder = build_site(tmp_path_factory.mktemp("site"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


def test_values_are_those_of_the_embedded_store(url: str) -> None:
    async def collect(source: str | None) -> dict[str, dict[str, tuple[float, ...]]]:
        with jipyo.MetricsCollector(source) as collector:
            metrics = await collector.collect_metrics()
        return {
            group: {name: value.numbers for name, value in values.items()}
            for group, values in metrics.items()
        }

    remote, own = asyncio.run(collect(url)), asyncio.run(collect(None))
    assert {group: list(values) for group, values in remote.items()} == {
        group: list(values) for group, values in own.items()
    }
    for group, values in remote.items():
        for name, numbers in values.items():
            assert numbers == pytest.approx(own[group][name], rel=1e-3), name
    assert remote["system"]["cpu_usage"] == pytest.approx((40,))


def test_the_analysis_is_that_of_the_embedded_store(url: str) -> None:
    async def analyze(source: str | None) -> tuple[dict[str, str], list[tuple[str, str]]]:
        with jipyo.PerformanceAnalyzer(source) as analyzer:
            analysis, alerts = await analyzer.analyze_performance()
        assert json.loads(json.dumps([analysis, alerts]))
        states = {name: part.state.value for name, part in analysis.items()}
        return states, [(one.state.value, one.health.metric.id) for one in alerts]

    assert asyncio.run(analyze(url)) == asyncio.run(analyze(None))


def test_the_report_is_of_the_server_and_saved_here(url: str, site: Path) -> None:
    with jipyo.DailyReportGenerator(url) as generator:
        report = asyncio.run(generator.generate_report())
    assert json.loads(json.dumps(report))["path"] == str(report.path)
    assert report.path is not None
    assert report.path.parent == site.parent / "data" / "reports"
    with jipyo.DailyReportGenerator() as generator:
        own = asyncio.run(generator.generate_report(report.day))  # midnight may pass between
    assert (report.day, report.state) == (own.day, own.state)


def test_a_name_that_is_unknown_to_the_server_names_similar_ones(url: str) -> None:
    with jipyo.PrometheusClient(url) as client:
        with pytest.raises(UnknownNameError) as caught:
            asyncio.run(client.query(["up", "node_memory_MemTotal"]))
        assert "node_memory_MemTotal_bytes" in str(caught.value.values["similar"])
        values = asyncio.run(client.query(["up", "sum(node_memory_MemTotal_bytes) / 2^30"]))
    assert [value.numbers for value in values.values()] == [(1.0,), (256.0,)]


def test_several_run_at_once_and_leave_nothing_open(url: str) -> None:
    threads = set(threading.enumerate())

    async def run() -> list[tuple[float, ...]]:
        client = jipyo.PrometheusClient(url)
        found = await asyncio.gather(*(client.query("cpu_usage") for _ in range(8)))
        return [values["cpu_usage"].numbers for values in found]

    assert asyncio.run(run()) == [pytest.approx((40,))] * 8
    gc.collect()
    assert set(threading.enumerate()) <= threads


@pytest.fixture
def configured(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site whose configuration names the server, and that has no data of its own."""
    file = tmp_path / "jipyo" / "jipyo.yaml"
    file.parent.mkdir()
    file.write_text(
        f"data: {tmp_path / 'data'}\ntimezone: Asia/Seoul\nlanguage: en\n"
        f"sources: [{{name: prod, url: '{url}'}}]\n"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("configured")
def test_section_2_1_collects_from_the_configured_server() -> None:
    metrics = asyncio.run(SpecifiedCollector().collect_metrics())
    assert [list(values) for values in metrics.values()] == [
        ["cpu_usage", "memory_usage", "disk_usage", "gpu_usage"],
        ["api_response_time", "error_rate", "request_count"],
        ["inference_time", "model_accuracy", "gpu_utilization"],
    ]
    assert metrics["system"]["cpu_usage"].numbers == pytest.approx((40,))
    assert sorted(metrics["ai"]["gpu_utilization"].numbers) == [55, 95]
    assert metrics["system"]["cpu_usage"].series[0].labels["source"] == "prod"


@pytest.mark.usefixtures("configured")
def test_section_3_1_judges_what_the_configured_server_has() -> None:
    analysis, alerts = asyncio.run(SpecifiedAnalyzer().analyze_performance())
    assert {name: part.state.value for name, part in analysis.items()} == {
        "system_health": "critical",
        "api_performance": "warning",
        "ai_performance": "critical",
    }
    assert [alert.health.metric.id for alert in alerts] == [
        "system.memory.utilization",
        "system.gpu.utilization",
        "app.error_rate",
    ]
    assert json.loads(json.dumps([analysis, alerts]))


def test_section_4_1_reports_on_what_the_configured_server_has(configured: Path) -> None:
    generator = SpecifiedReport()
    asyncio.run(generator.generate_report())
    (report,) = generator.saved
    assert report.path.parent == configured / "data" / "reports"
    assert "Memory utilisation" in report.path.read_text("utf-8")
    figures = find_figures(report.analysis.report.blocks)
    assert any(one.metric == "system.memory.utilization" for one in figures)


@pytest.mark.usefixtures("configured")
def test_the_configured_sources_leave_nothing_open() -> None:
    gc.collect()
    threads, sockets = set(threading.enumerate()), list_sockets()
    with jipyo.PerformanceAnalyzer() as analyzer:
        asyncio.run(analyzer.analyze_performance())
        assert list_sockets() - sockets
    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert list_sockets() <= sockets


def list_sockets() -> set[str]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {name for link in links if (name := str(link.readlink())).startswith("socket:")}


@pytest.mark.parametrize("name", ["cpu_usage", "up"])
def test_a_server_that_does_not_answer_is_an_error_that_names_it(name: str) -> None:
    port = free_port()
    with pytest.raises(SourceError) as caught:
        asyncio.run(jipyo.PrometheusClient(f"http://127.0.0.1:{port}").query(name))
    assert str(port) in str(caught.value)
    assert str(port) in caught.value.__notes__[0]
