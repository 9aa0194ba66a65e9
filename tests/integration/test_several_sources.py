"""jipyo over its own store, a real Prometheus and a real VictoriaMetrics; one stops, one hangs."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from support.clock import find_recent_day
from support.metric_servers import built, prometheus, victoria
from support.product import jipyo, up
from support.waiting import read_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.metric_servers import MetricServer
    from support.product import Product

pytestmark = pytest.mark.integration

STEP_MS = 15_000
NOTICED_S = 12.0
"""Slow query, probe, and the interval at which the dashboard judges anew."""


def build_host(instance: str, used: float, minutes: int = 90) -> list[Scrape]:
    """A host with a file system until now, as node_exporter describes it."""
    now_ms = time.time_ns() // 1_000_000 // STEP_MS * STEP_MS
    disk = {"mountpoint": "/", "device": "/dev/sda1", "fstype": "ext4"}
    values = {"up": 1.0, "node_filesystem_size_bytes": 1e12}
    values |= dict.fromkeys(
        ("node_filesystem_avail_bytes", "node_filesystem_free_bytes"), 1e12 * (1 - used)
    )
    series = tuple(
        Labels.of(
            {"__name__": name, "job": "node", "instance": instance, **(disk if "_" in name else {})}
        )
        for name in values
    )
    row = np.array(list(values.values()))
    times = range(now_ms - minutes * 60_000, now_ms + 1, STEP_MS)
    return [Scrape(t_ms, series, row) for t_ms in times]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[MetricServer, MetricServer]]:
    flags = "--storage.tsdb.min-block-duration=2h"
    with (
        prometheus(tmp_path / "prometheus", built("prometheus"), "{}", flags) as prod,
        victoria(tmp_path / "victoria", built("victoria-metrics")) as edge,
    ):
        prod.load(build_host("prod-1:9100", 0.2))
        edge.load(build_host("edge-1:9100", 0.3))
        yield prod, edge


@pytest.fixture
def product(tmp_path: Path, servers: tuple[MetricServer, MetricServer]) -> Iterator[Product]:
    prod, edge = servers
    (tmp_path / "jipyo.yaml").write_text(
        f"""
language: en
collect: {{interval: 1s}}
sources:
  - {{url: "{prod.url}", name: prod, timeout: 20s}}
  - {{url: "{edge.url}", name: edge, timeout: 20s}}
"""
    )
    with up(tmp_path / "data", "--config", str(tmp_path / "jipyo.yaml")) as running:
        yield running


def test_each_series_names_its_source_and_a_matcher_selects_one(product: Product) -> None:
    answer = product.get("/api/v1/query", query="count by (instance) (node_filesystem_size_bytes)")
    found = {row["metric"].get("source") for row in answer["data"]["result"]}
    assert {"prod", "edge"} <= found
    one = product.get("/api/v1/query", query='up{source="edge"}')["data"]["result"]
    assert [row["metric"]["instance"] for row in one] == ["edge-1:9100"]
    assert "warnings" not in answer


@pytest.mark.parametrize("which", [0, 1])
def test_one_that_hangs_is_named_in_seconds_and_slows_nothing(
    product: Product, servers: tuple[MetricServer, MetricServer], which: int
) -> None:
    name = ("prod", "edge")[which]
    overview = read_until(
        lambda: product.get("/api/jipyo/overview"),
        lambda answer: not answer["verdict"]["missing"],
        20,
    )
    disk = next(m for m in overview["metrics"] if m["id"] == "system.disk.utilization")
    assert disk["state"] == "ok"
    with servers[which].hanging():
        began = time.monotonic()
        answer = product.get("/api/v1/query", query="up")
        assert time.monotonic() - began < NOTICED_S
        assert name in answer["warnings"][0]
        began = time.monotonic()
        for _ in range(20):
            product.get("/api/v1/query", query="up")
        assert time.monotonic() - began < 3
        status = read_until(
            lambda: product.get("/api/jipyo/status"),
            lambda answer: answer["verdict"]["missing"],
            NOTICED_S + 5,
        )
        assert status["verdict"]["state"] not in ("ok", "pending")
        assert [part["source"] for part in status["verdict"]["missing"]] == [name]
        assert name in status["verdict"]["text"].partition(".")[0]
        overview = product.get("/api/jipyo/overview")
        disk = next(m for m in overview["metrics"] if m["id"] == "system.disk.utilization")
        assert (disk["state"], disk["incomplete"]) == ("unknown", True)
    read_until(
        lambda: product.get("/api/jipyo/status"),
        lambda answer: not answer["verdict"]["missing"],
        30,
    )


def test_a_report_says_which_source_is_missing(
    product: Product, servers: tuple[MetricServer, MetricServer], tmp_path: Path
) -> None:
    del product
    with servers[0].hanging():
        config = ["--config", str(tmp_path / "jipyo.yaml"), "--data", str(tmp_path / "data")]
        began = time.monotonic()
        day = find_recent_day(timedelta(minutes=45))
        for lang, word in (("ko", "불완전"), ("en", "Incomplete")):
            out = tmp_path / lang
            words = ("--day", day, *config, "--lang", lang, "--out", str(out))
            done = jipyo("report", "daily", *words)
            assert done.code == 0, done.err
            (file,) = out.glob("*.html")
            page = file.read_text("utf-8")
            assert "prod" in page
            assert word in page
        assert time.monotonic() - began < 60


def test_the_doctor_and_queries_name_what_a_source_is_short_of(
    product: Product, servers: tuple[MetricServer, MetricServer], tmp_path: Path
) -> None:
    del product
    config = ["--config", str(tmp_path / "jipyo.yaml"), "--data", str(tmp_path / "data")]
    well = jipyo("doctor", *config).out
    assert "Source prod answers" in well
    assert "Source edge answers" in well
    with servers[1].hanging():
        done = jipyo("doctor", *config)
        assert done.code == 1
        assert "✗ Source edge cannot be read" in done.out
        assert "Incomplete: Source edge" in jipyo("query", "up", *config).out
        status = jipyo("status", "--exit-code", *config)
        assert status.code > 0
        assert status.out.startswith("Source edge cannot be read")


def test_without_a_store_the_sources_alone_are_judged(
    servers: tuple[MetricServer, MetricServer], tmp_path: Path
) -> None:
    prod, _ = servers
    file = tmp_path / "alone.yaml"
    file.write_text(f'language: en\nsources: [{{url: "{prod.url}", name: prod}}]\n')
    config = ["--config", str(file), "--data", str(tmp_path / "nothing")]
    assert "prod-1:9100" in jipyo("query", "up", *config).out
    assert jipyo("status", "--exit-code", *config).code == 0
