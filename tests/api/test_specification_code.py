"""The specification's code runs as it stands, on what jipyo has stored here."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import jipyo
from api.sites import build_site
from jipyo.model.errors import ApiError, StoreError
from jipyo.reports.render.json import to_json
from support.specification import SpecifiedAnalyzer, SpecifiedCollector, SpecifiedReport

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(autouse=True)
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where a class without arguments finds its configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    yield
    gc.collect()


def count_open_files(folder: Path) -> int:
    """How many files of the site this process has open."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.readlink().is_relative_to(folder.parent / "data") for link in links)


def test_section_2_1_collects_the_metrics_it_names() -> None:
    metrics = asyncio.run(SpecifiedCollector().collect_metrics())
    assert {group: list(values) for group, values in metrics.items()} == {
        "system": ["cpu_usage", "memory_usage", "disk_usage", "gpu_usage"],
        "application": ["api_response_time", "error_rate", "request_count"],
        "ai": ["inference_time", "model_accuracy", "gpu_utilization"],
    }
    assert metrics["system"]["cpu_usage"].numbers == pytest.approx((40,))
    assert metrics["ai"]["gpu_utilization"].numbers == pytest.approx((55, 95))
    assert not metrics["ai"]["inference_time"].has_data


def test_section_3_1_finds_what_is_beyond_its_thresholds() -> None:
    analysis, alerts = asyncio.run(SpecifiedAnalyzer().analyze_performance())
    assert {name: part.state.value for name, part in analysis.items()} == {
        "system_health": "critical",
        "api_performance": "warning",
        "ai_performance": "critical",
    }
    assert [(alert.state.value, alert.health.metric.id) for alert in alerts] == [
        ("critical", "system.memory.utilization"),
        ("critical", "system.gpu.utilization"),
        ("warning", "app.error_rate"),
    ]


def test_section_4_1_saves_the_report_of_the_last_day(folder: Path) -> None:
    generator = SpecifiedReport()
    asyncio.run(generator.generate_report())
    (report,) = generator.saved
    assert report.path.parent == folder.parent / "data" / "reports"
    content = report.path.read_text("utf-8")
    assert "Memory utilisation" in content
    # The day is given, for midnight may pass between the two.
    own = asyncio.run(jipyo.DailyReportGenerator().generate_report(report.day))
    assert (own.day, own.state) == (report.day, report.state)
    same = [replace(one.analysis.report, made_ms=0) for one in (own, report)]
    assert to_json(same[0]) == to_json(same[1])


def test_section_4_2_saves_the_report_of_a_month() -> None:
    with jipyo.MonthlyReportGenerator() as generator:
        report = asyncio.run(generator.generate_report())
        day = report.day
        again = asyncio.run(generator.generate_report(f"{day:%Y-%m}"))
    assert report.path is not None
    assert report.path.name == f"jipyo-monthly-{day:%Y-%m}.en.html"
    assert day.day == 1
    assert (again.day, again.path) == (day, report.path)
    assert json.loads(json.dumps(report))["period"] == f"{day:%Y-%m}"


def test_a_template_renders_its_own_kind_of_report() -> None:
    with jipyo.DailyReportGenerator() as generator:
        metrics = asyncio.run(generator.metrics.collect_metrics())
        analysis = generator.analyze_data(metrics)
        with pytest.raises(ApiError) as error:
            jipyo.ReportTemplate("monthly").render(
                metrics=metrics, analysis=analysis, date="2027-01-01"
            )
    assert error.value.key == "api.other_template"


def test_every_result_is_json_as_it_is() -> None:
    async def run() -> list[object]:
        metrics = await jipyo.MetricsCollector().collect_metrics()
        values = await jipyo.PrometheusClient().query(["cpu_usage", "up", "vector(1) / 0"])
        performance = await jipyo.PerformanceAnalyzer().analyze_performance()
        report = await jipyo.DailyReportGenerator().generate_report()
        return [metrics, values, performance, report, report.analysis]

    for result in asyncio.run(run()):
        text = json.dumps(result, allow_nan=False)
        assert json.loads(text)
        assert json.loads(json.dumps(result, indent=1, sort_keys=True)) == json.loads(text)


def test_json_holds_what_the_attributes_do() -> None:
    values = asyncio.run(jipyo.PrometheusClient().query(["cpu_usage", "vector(1) / 0"]))
    cpu, infinite = json.loads(json.dumps(values)).values()
    assert (cpu["name"], cpu["metric"]) == ("cpu_usage", "system.cpu.utilization")
    assert cpu["unit"] == "percent"
    assert [series["value"] for series in cpu["series"]] == pytest.approx([40])
    assert cpu["series"][0]["labels"] == {"instance": "gpu-server-1"}
    assert (infinite["metric"], infinite["series"][0]["value"]) == (None, "+Inf")


def test_reprs_are_short() -> None:
    async def run() -> list[object]:
        metrics = await jipyo.MetricsCollector().collect_metrics()
        analysis, alerts = await jipyo.PerformanceAnalyzer().analyze_performance()
        report = await jipyo.DailyReportGenerator().generate_report()
        system = metrics["system"]
        return [system, system["cpu_usage"], *analysis.values(), *alerts, report]

    results = asyncio.run(run())
    assert repr(results[1]) == "<CurrentValue cpu_usage 40%>"
    assert [text for text in map(repr, results) if len(text) > 250] == []


def test_without_logs_a_search_is_an_error_and_not_an_empty_answer() -> None:
    with pytest.raises(StoreError) as error:
        asyncio.run(
            jipyo.MetricsCollector().elasticsearch.search(index="application-logs", timeframe="1h")
        )
    assert error.value.key == "app.no_logs"


def test_several_run_at_once_in_one_event_loop() -> None:
    async def run() -> list[tuple[float, ...]]:
        client = jipyo.PrometheusClient()
        both = await asyncio.gather(*(client.query(["cpu_usage"]) for _ in range(4)))
        more = await asyncio.gather(*(jipyo.PrometheusClient().query("up") for _ in range(2)))
        return [values["cpu_usage"].numbers for values in both] + [
            values["up"].numbers for values in more
        ]

    assert asyncio.run(run()) == [pytest.approx((40,))] * 4 + [(1.0,)] * 2


def test_nothing_stays_open_after_a_with_statement(folder: Path) -> None:
    gc.collect()
    files, threads = count_open_files(folder), set(threading.enumerate())
    with jipyo.PerformanceAnalyzer() as analyzer:
        asyncio.run(analyzer.analyze_performance())
        assert count_open_files(folder) > files
    assert count_open_files(folder) == files
    assert set(threading.enumerate()) <= threads


def test_nothing_stays_open_once_it_is_not_referred_to(folder: Path) -> None:
    gc.collect()
    files, threads = count_open_files(folder), set(threading.enumerate())
    generator = jipyo.DailyReportGenerator()
    asyncio.run(generator.generate_report())
    assert count_open_files(folder) > files
    del generator
    gc.collect()
    assert count_open_files(folder) == files
    assert set(threading.enumerate()) <= threads


def test_what_was_closed_is_opened_again_where_it_is_used() -> None:
    client = jipyo.PrometheusClient()
    for _ in range(2):
        assert asyncio.run(client.query("up"))["up"].numbers == (1.0,)
        client.close()


def test_a_workspace_of_ones_own_stays_open() -> None:
    with jipyo.open() as workspace:
        with jipyo.MetricsCollector(workspace) as collector:
            asyncio.run(collector.collect_metrics())
        assert workspace.source.label_values("job", (), 0, workspace.now_ms()) == ["api", "node"]
