"""Prometheus as the sender: what `jipyo up` spends on the samples that its queues send.

Prometheus scrapes 40 targets of 500 series every 5 s and sends them on by remote write. Its
requests carry whatever its queue holds, so that nearly every one ends within another target
at another series. `BENCH_SENDER=15:v1` sets minutes and protocol.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import urllib3
from rich.console import Console
from rich.table import Table

from bench.peers import cpu_seconds, jipyo_up, prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers import Server

TARGETS = 40
SERIES = 500
INTERVAL_S = 5
_IDLE_S = 20
_SETTLE_MIN = 5
_MESSAGES = {"v1": "prometheus.WriteRequest", "v2": "io.prometheus.write.v2.Request"}


@dataclass(frozen=True)
class Reading:
    """The state of the receiving process at one moment."""

    cpu_s: float
    rss_mb: float
    samples: float
    layouts: float
    requests: float


def exposition(scrapes: int) -> bytes:
    """What a target shows at its n-th scrape: counters that rise, at different speeds."""
    lines = ["# TYPE node_network_metric_bytes_total counter"]
    lines += [
        f'node_network_metric_{n % 50}_bytes_total{{device="eth{n % 7}",queue="{n}"}} '
        f"{scrapes * (n % 13) * 1.5 + n}"
        for n in range(SERIES)
    ]
    return ("\n".join(lines) + "\n").encode()


@contextlib.contextmanager
def exporter() -> Iterator[int]:
    """The port of a server that answers for all targets, each below a path of its own."""
    started = time.monotonic()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = exposition(int((time.monotonic() - started) / INTERVAL_S))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def sending_prometheus(folder: Path, port: int, url: str, message: str) -> Iterator[Server]:
    """Prometheus that scrapes the targets and sends their samples to a receiver."""
    targets = "\n".join(
        f"      - targets: ['127.0.0.1:{port}']\n"
        f"        labels: {{instance: 'node{n:02d}:9100', __metrics_path__: '/{n}'}}"
        for n in range(TARGETS)
    )
    config = (
        f"global: {{scrape_interval: {INTERVAL_S}s}}\n"
        f"scrape_configs:\n  - job_name: node\n    static_configs:\n{targets}\n"
        f"remote_write:\n  - url: {url}/api/v1/write\n    protobuf_message: {message}\n"
    )
    with prometheus(folder, config=config) as server:
        yield server


def read(server: Server) -> Reading:
    """What the process has used and stored so far."""
    text = urllib3.request("GET", f"{server.url}/metrics", timeout=30).data.decode()

    def total(name: str) -> float:
        found = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    return Reading(
        cpu_seconds(server.pid),
        psutil.Process(server.pid).memory_info().rss / 2**20,
        total("jipyo_tsdb_samples_appended_total"),
        total("jipyo_tsdb_head_layouts"),
        total(r'jipyo_http_requests_total{[^}]*"/api/v1/write"[^}]*}'),
    )


def watch(server: Server, minutes: int) -> list[Reading]:
    """A reading at the start and after every minute."""
    readings = [read(server)]
    for _ in range(minutes):
        time.sleep(60)
        readings.append(read(server))
        last = readings[-1]
        print(f"  {last}", file=sys.stderr, flush=True)
    return readings


def measure(protocol: str, minutes: int) -> tuple[Reading, list[Reading]]:
    """Readings of the idle process's last seconds, and minute by minute while it receives."""
    with tempfile.TemporaryDirectory(prefix="jipyo-sender-") as name, exporter() as port:
        folder = Path(name)
        with jipyo_up(folder) as server:
            time.sleep(_IDLE_S)
            before = read(server)
            time.sleep(_IDLE_S)
            after = read(server)
            idle = Reading((after.cpu_s - before.cpu_s) / _IDLE_S, after.rss_mb, 0, 0, 0)
            with sending_prometheus(folder / "p", port, server.url, _MESSAGES[protocol]):
                return idle, watch(server, minutes)


def add_rows(table: Table, protocol: str, idle: Reading, readings: list[Reading]) -> None:
    first, last = readings[min(1, len(readings) - 1)], readings[-1]
    settled = readings[min(_SETTLE_MIN, len(readings) - 1)]
    minutes = len(readings) - 2
    spent, samples = last.cpu_s - first.cpu_s, last.samples - first.samples
    own = spent - idle.cpu_s * 60 * minutes
    each = (last.requests - first.requests) or 1
    name = f"{protocol}, {TARGETS} x {SERIES} series every {INTERVAL_S} s"
    table.add_row(f"{name}: samples per second of CPU", f"{samples / spent:,.0f}", ">= 600,000")
    table.add_row("  beyond what the idle process takes", f"{samples / own:,.0f}", "")
    table.add_row("  idle process", f"{100 * idle.cpu_s:.2f} % of a core", "")
    table.add_row("  samples of a request", f"{samples / each:,.0f}", "")
    growth = last.rss_mb - settled.rss_mb
    table.add_row(f"  RSS after {_SETTLE_MIN} min and beyond", f"{growth:+.1f} MB", "<= +20 MB")
    layouts = f"{settled.layouts:.0f} -> {last.layouts:.0f}"
    table.add_row(f"  layouts after {_SETTLE_MIN} min and at the end", layouts, "steady")


def main() -> None:
    minutes, _, protocol = os.environ.get("BENCH_SENDER", "15").partition(":")
    table = Table("figure", "measured", "wanted", title=f"Prometheus sends for {minutes} min")
    for one in [protocol] if protocol else _MESSAGES:
        add_rows(table, one, *measure(one, int(minutes)))
    Console().print(table)


if __name__ == "__main__":
    main()
