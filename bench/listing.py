"""Listing series and labels of a store with 100,000 series: time, and memory of the server."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bench import peers
from bench.series import END_MS
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from bench.peers import Server

TARGETS, SERIES = 100, 1000
_ROUNDS = 5
_SPAN = {"start": END_MS / 1000 - 3600, "end": END_MS / 1000}
_ONE_METRIC = '{__name__="node_metric_7_total"}'
_REQUESTS: tuple[tuple[str, dict[str, object], str], ...] = (
    ("/api/v1/series", {"match[]": '{job="node"}'}, "<= 250 ms, <= +150 MB"),
    ("/api/v1/series", {"match[]": '{job="node"}', "limit": 100}, "<= 5 ms"),
    ("/api/v1/series", {"match[]": _ONE_METRIC, "limit": 100}, "<= 5 ms"),
    ("/api/v1/labels", {"limit": 100}, "<= 5 ms"),
    ("/api/v1/labels", {"match[]": '{job="node"}'}, ""),
    ("/api/v1/label/n/values", {}, ""),
    ("/api/v1/label/n/values", {"limit": 100}, "<= 5 ms"),
    ("/api/v1/label/n/values", {"limit": 100, "match[]": _ONE_METRIC}, ""),
)


def fill(folder: Path) -> None:
    """Two scrapes of every target, an instant apart, in the head."""
    with Store.open(folder, Options(durable=False), now_ms=lambda: END_MS) as store:
        for target in range(TARGETS):
            series = tuple(
                Labels.of(
                    {
                        "__name__": f"node_metric_{n % 50}_total",
                        "device": f"eth{n % 7}",
                        "instance": f"node{target:03d}:9100",
                        "job": "node",
                        "n": str(n + SERIES * target),
                    }
                )
                for n in range(SERIES)
            )
            for back in (30_000, 15_000):
                t_ms = END_MS - back + target
                store.append([Scrape(t_ms, series, np.arange(float(SERIES)))])


class PeakMemory:
    """The greatest resident memory of a process within a `with`, in MB."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak = 0.0

    def read(self) -> float:
        return float(self._process.memory_info().rss / 2**20)

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.peak = max(self.peak, self.read())

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def measure(server: Server, table: Table) -> None:
    for path, form, wanted in _REQUESTS:
        fields = {name: value for name, value in form.items() if name != "match[]"}
        match = f" {form['match[]']}" if "match[]" in form else ""
        taken, size = [], 0
        memory = PeakMemory(server.pid)
        before = memory.read()
        with memory:
            for _ in range(_ROUNDS):
                begun, cpu = time.perf_counter(), peers.cpu_seconds(server.pid)
                size = len(server.get(path, **form, **_SPAN))
                taken.append((time.perf_counter() - begun, peers.cpu_seconds(server.pid) - cpu))
        table.add_row(
            f"{path}{match} {fields or ''}",
            f"{1e3 * taken[0][0]:.0f} ms, then {1e3 * min(taken)[0]:.1f}",
            f"{1e3 * sum(cpu for _, cpu in taken) / _ROUNDS:.0f} ms",
            f"{memory.peak - before:+.0f} MB, {memory.read() - before:+.0f} stay",
            f"{size / 2**20:.1f} MB",
            wanted,
        )


def main() -> None:
    title = f"lists of {TARGETS * SERIES:,} series"
    table = Table("request", "time", "CPU", "memory", "answer", "wanted", title=title)
    with tempfile.TemporaryDirectory(prefix="jipyo-listing-") as name:
        folder = Path(name) / "data"
        fill(folder)
        with peers.jipyo(folder) as server:
            measure(server, table)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
