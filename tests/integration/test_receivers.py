"""Real senders lose nothing that was acknowledged, though jipyo is killed again and again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import urllib3
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource

from support.services import binary, free_port, running
from support.waiting import wait_until

pytestmark = pytest.mark.integration

KILLS = 3
UP_S = 3.0


class Jipyo:
    """`jipyo up` on one port and one folder, which may die and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._log = (folder / "jipyo.log").open("ab")

    def start(self) -> None:
        command = [sys.executable, "-m", "jipyo", "up", "--data", str(self.folder / "data")]
        command += ["--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        raise AssertionError("jipyo up does not listen")

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def close(self) -> None:
        self.kill()
        self._log.close()


@pytest.fixture
def jipyo(tmp_path: Path) -> Iterator[Jipyo]:
    one = Jipyo(tmp_path)
    one.start()
    yield one
    one.close()


def asked(url: str, query: str) -> list[dict]:
    answer = urllib3.request(
        "GET", f"{url}/api/v1/query", fields={"query": query}, retries=False, timeout=60
    )
    assert answer.status == 200, answer.data
    return orjson.loads(answer.data)["data"]["result"]


def raw(url: str, selector: str, seconds: int = 1200) -> dict[tuple, list]:
    """All samples by series; values are texts that stand for one float each."""
    return {
        tuple(sorted(one["metric"].items())): one["values"]
        for one in asked(url, f"{selector}[{seconds}s]")
    }


def highest_sent(url: str) -> float:
    answer = urllib3.request("GET", f"{url}/metrics", retries=False, timeout=30)
    name = "prometheus_remote_storage_queue_highest_sent_timestamp_seconds"
    lines = [line for line in answer.data.decode().splitlines() if line.startswith(name)]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


@pytest.mark.parametrize("message", ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"])
def test_nothing_that_prometheus_sends_is_lost_or_doubled(
    tmp_path: Path, jipyo: Jipyo, message: str
) -> None:
    port, exporter = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]
remote_write:
  - url: {jipyo.url}/api/v1/write
    protobuf_message: {message}
    queue_config: {{batch_send_deadline: 500ms, min_backoff: 30ms, max_backoff: 500ms}}
"""
    )
    node = [binary("node_exporter"), f"--web.listen-address=127.0.0.1:{exporter}"]
    prometheus = [
        binary("prometheus"),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    node_url = f"http://127.0.0.1:{exporter}/metrics"
    with (
        running(node, node_url, tmp_path / "node.log") as scraped,
        running(prometheus, f"{url}/-/ready", tmp_path / "prometheus.log"),
    ):
        for _ in range(KILLS):
            time.sleep(UP_S)
            jipyo.kill()
            time.sleep(UP_S / 2)
            jipyo.start()
        time.sleep(UP_S)
        scraped.kill()  # stale markers and `up` follow; then `up` alone goes on
        cut = time.time()
        wait_until(lambda: highest_sent(url) > cut + 2)
        theirs, ours = (raw(one, '{job="node"}') for one in (url, jipyo.url))
    upto = cut + 1
    own = {key: one for key, one in ours.items() if ("instance", f"127.0.0.1:{exporter}") in key}
    assert len(theirs) > 300
    assert set(theirs) == set(own)
    wanted = {key: [one for one in seen if one[0] <= upto] for key, seen in theirs.items()}
    found = {key: [one for one in seen if one[0] <= upto] for key, seen in own.items()}
    assert found == wanted
    samples = sum(map(len, wanted.values()))
    print(
        f"{message}: {len(wanted)} series, {samples} samples, {KILLS} kills, none lost or doubled"
    )


@pytest.mark.parametrize("delta", [False, True], ids=["cumulative", "delta"])
def test_nothing_that_an_opentelemetry_sdk_sends_is_lost(jipyo: Jipyo, delta: bool) -> None:
    kind = AggregationTemporality.DELTA if delta else AggregationTemporality.CUMULATIVE
    exporter: MetricExporter = OTLPMetricExporter(
        endpoint=f"{jipyo.url}/v1/metrics",
        preferred_temporality={Counter: kind, Histogram: kind},
        timeout=30,
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1e9)
    resource = Resource.create({"service.name": "shop", "service.instance.id": "i1"})
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("test")
    counter = meter.create_counter("orders")
    histogram = meter.create_histogram("latency", unit="s")
    gauge = meter.create_gauge("depth")
    expected = 0
    for turn in range(KILLS + 1):
        for _ in range(5):
            counter.add(2, {"kind": "a"})
            histogram.record(0.3)
            gauge.set(turn)
            expected += 2
            assert reader.force_flush()
            time.sleep(0.05)
        if turn < KILLS:
            jipyo.kill()  # between two acknowledged requests
            jipyo.start()
    series = {
        name: [float(value) for _, value in values]
        for labels, values in raw(jipyo.url, '{job="shop"}').items()
        for name in [dict(labels)["__name__"] + dict(labels).get("le", "")]
    }
    assert risen(series["orders_total"]) == expected
    assert risen(series["latency_seconds_count"]) == expected / 2
    assert risen(series["latency_seconds_bucket+Inf"]) == expected / 2
    assert risen(series["latency_seconds_sum"]) == pytest.approx(0.3 * expected / 2)
    assert series["depth"] == [turn for turn in range(KILLS + 1) for _ in range(5)]
    provider.shutdown()


def risen(values: list[float]) -> float:
    """What a counter rose in all, its first value and its resets counted."""
    total, before = 0.0, 0.0
    for value in values:
        total += value - before if value >= before else value
        before = value
    return total
