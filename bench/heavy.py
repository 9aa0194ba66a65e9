"""What heavy queries do to everybody else: 200 at once against a real `jipyo up`.

`python -m bench heavy` fills a store with a day of 1,000 series, asks a cheap query and the
dashboard's overview a few times a second, first alone and then beside `BENCH_HEAVY` (200)
range queries that all arrive at once, each of whose answers has about 2.9 million points
(100 MB of JSON). It prints how long the cheap ones took and what memory was needed, and what
was left of it a minute later. The clients are processes of their own.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import urllib3
from rich.console import Console
from rich.table import Table

from bench.peers import Server, cpu_seconds, free_port, running
from bench.series import DAY_MS, hosts
from jipyo.tsdb import Options, Store

COUNT = int(os.environ.get("BENCH_HEAVY", "200"))
_ALONE_S = 10
_AFTER_S = 60
_PAUSE_S = 0.2
_STEP_S = 30
_CHEAP = "/api/v1/query?" + urlencode({"query": 'sum(up) + count(node_load1{instance=~"host.*"})'})
_OVERVIEW = "/api/jipyo/overview"
_RECEIVE_BYTES = 1 << 18


def main() -> None:
    """Fill, ask, overload, wait, print."""
    table = Table("figure", "measured", "wanted", title=f"{COUNT} heavy queries at once")
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as name:
        data = Path(name) / "data"
        end_ms = fill(data)
        port = free_port()
        command = [sys.executable, "-m", "jipyo", "up", "--data", str(data)]
        command += ["--listen", f"127.0.0.1:{port}"]
        url = f"http://127.0.0.1:{port}"
        with running(command, url, "/-/ready", Path(name) / "log") as server:
            measure(server, end_ms // 1000, table)
    table.add_row("load of the machine", "{:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg()), "")
    Console().print(table)


def fill(folder: Path) -> int:
    """A day of 1,000 series up to now; returns its end."""
    end_ms = time.time_ns() // 1_000_000
    options = Options(durable=False, out_of_order_ms=None)
    with Store.open(folder, options, now_ms=lambda: end_ms) as store:
        store.load(list(hosts(1, end_ms=end_ms)))
    return end_ms


def measure(server: Server, end_s: int, table: Table) -> None:
    """The same polls alone, beside the heavy queries, and memory before, at worst and after."""
    pollers = {
        name: Poller(server.url + path)
        for name, path in {"cheap query": _CHEAP, "overview": _OVERVIEW}.items()
    }
    for poller in pollers.values():
        poller.start()
    time.sleep(_ALONE_S)
    before_mb = read_rss_mb(server.pid)
    alone = {name: poller.take() for name, poller in pollers.items()}
    start_s, cpu_s = time.monotonic(), cpu_seconds(server.pid)
    heavy = subprocess.Popen(
        [sys.executable, "-m", "bench.heavy", server.url, str(end_s)], stdout=subprocess.PIPE
    )
    peak_mb = before_mb
    while heavy.poll() is None:
        peak_mb = max(peak_mb, read_rss_mb(server.pid))
        time.sleep(0.1)
    seconds, cpu_s = time.monotonic() - start_s, cpu_seconds(server.pid) - cpu_s
    beside = {name: poller.take() for name, poller in pollers.items()}
    time.sleep(_AFTER_S)
    for name, poller in pollers.items():
        poller.stop()
        table.add_row(f"{name}, alone", describe(alone[name]), "")
        table.add_row(f"{name}, beside them", describe(beside[name]), "p95 <= 1 s")
    assert heavy.stdout is not None
    table.add_row("answers by status", str(json.load(heavy.stdout)), "")
    table.add_row("until the last answer", f"{seconds:.0f} s ({cpu_s:.0f} s of CPU)", "")
    table.add_row("memory before, at most", f"{before_mb:.0f}, {peak_mb:.0f} MB", "")
    left_mb = read_rss_mb(server.pid) - before_mb
    table.add_row("memory left a minute later", f"{left_mb:+.0f} MB", "<= +150 MB")


class Poller:
    """Asks one address over and over and keeps the seconds of each answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seconds: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the last answer."""
        self._stopping.set()
        self._thread.join()

    def take(self) -> list[float]:
        """The seconds since the last time."""
        taken, self._seconds = self._seconds, []
        return taken

    def _run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=60) as http:
            while not self._stopping.wait(_PAUSE_S):
                start_s = time.monotonic()
                status = http.request("GET", self._url).status
                self._seconds.append(time.monotonic() - start_s)
                assert status == 200, (self._url, status)


def describe(seconds: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    middle = statistics.median(ordered)
    return f"p50 {middle:.3f}, p95 {p95:.3f}, max {ordered[-1]:.3f} s ({len(ordered)})"


def read_rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def ask_heavily(url: str, end_s: int) -> Counter[str]:
    """All heavy queries at once, each on a connection of its own; how many had which status."""
    fields = {
        "query": '{job="node"}',
        "start": end_s - DAY_MS // 1000,
        "end": end_s,
        "step": _STEP_S,
    }
    path = f"/api/v1/query_range?{urlencode(fields)}"
    with ThreadPoolExecutor(COUNT) as pool:
        return Counter(pool.map(lambda _: read_status(url, path), range(COUNT)))


def read_status(url: str, path: str) -> str:
    """Send one request and read its answer to the end, which nobody looks at."""
    address = urlsplit(url)
    assert address.hostname is not None
    head = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    buffer = bytearray(_RECEIVE_BYTES)
    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.sendall(head.encode())
        received = connection.recv(_RECEIVE_BYTES)
        while connection.recv_into(buffer):
            pass
    return received[9:12].decode() or "closed"


if __name__ == "__main__":
    print(json.dumps(ask_heavily(sys.argv[1], int(sys.argv[2]))))
