"""An outage of a day, in simulated time, and the recovery: what is lost, and how fast it ends.

An agent's queue gets 1,000 series every 15 s for 24 h while its server cannot be reached; the
clock is set, and everything else is real: the disk, the requests, and the server, which is
`jipyo up`, Prometheus or VictoriaMetrics. `BENCH_OUTAGE=jipyo` measures one of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bench.machine import describe_machine
from bench.peers import Server, binary, cpu_seconds, free_port, jipyo_up, prometheus, victoria
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.send.delivery import build_post
from jipyo.send.options import RemoteWriteOptions
from jipyo.send.queue import Queue
from jipyo.send.sender import Sender

if TYPE_CHECKING:
    import threading
    from contextlib import AbstractContextManager

TARGETS = 5
SERIES = 200
STEP_MS = 15_000
HOURS = 24
SERVERS = ("jipyo", "prometheus", "victoria-metrics")


@dataclass
class SetClock:
    """A wall clock that the bench sets; waiting takes no time."""

    t_ms: int

    def now_ms(self) -> int:
        return self.t_ms

    def monotonic_ms(self) -> float:
        return time.monotonic() * 1000

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        self.t_ms += int(delay_ms)
        return stop.is_set()


def layouts() -> list[tuple[Labels, ...]]:
    """The series of each target."""
    return [
        tuple(
            Labels.of(
                {
                    "__name__": f"metric_{n % 50}_total",
                    "instance": f"host{target}:9100",
                    "job": "node",
                    "n": str(n),
                }
            )
            for n in range(SERIES)
        )
        for target in range(TARGETS)
    ]


def serving(name: str, folder: Path) -> AbstractContextManager[Server]:
    """An empty server that receives remote write, also of samples that are a day old."""
    if name == "jipyo":
        return jipyo_up(folder)
    if name == "prometheus":
        return prometheus(folder, config="storage: {tsdb: {out_of_order_time_window: 2d}}\n")
    return victoria(folder, "-dedup.minScrapeInterval=1ms")


def count(server: Server, end_s: float) -> int:
    """The samples that a server has of the outage."""
    with contextlib.suppress(RuntimeError):
        server.get("/internal/force_flush")  # VictoriaMetrics shows new samples after a second
    query = f'sum(count_over_time({{job="node"}}[{HOURS + 1}h]))'
    rows = json.loads(server.get("/api/v1/query", query=query, time=end_s))["data"]["result"]
    return int(float(rows[0]["value"][1])) if rows else 0


def suffer(sender: Sender, queue: Queue, clock: SetClock, start_ms: int) -> float:
    """A day of samples while nothing can be delivered; seconds that an append took, on average."""
    series, rng = layouts(), np.random.default_rng(1)
    values = [np.round(rng.random(SERIES) * 1e4) for _ in series]
    spent = 0.0
    for turn in range(HOURS * 3600 * 1000 // STEP_MS):
        clock.t_ms = start_ms + turn * STEP_MS
        for target, names in enumerate(series):
            values[target] = values[target] + rng.integers(0, 100, SERIES)
            begun = time.perf_counter()
            queue.append([Scrape(clock.t_ms + target, names, values[target])])
            spent += time.perf_counter() - begun
        if turn % 40 == 0:
            sender.step()
    return spent / (HOURS * 3600 * 1000 // STEP_MS * TARGETS)


def measure(name: str, table: Table) -> None:
    with tempfile.TemporaryDirectory(prefix="jipyo-outage-") as path:
        folder = Path(path)
        start_ms = int(time.time() * 1000) - HOURS * 3_600_000
        clock, dead = SetClock(start_ms), free_port()
        queue = Queue(folder / "queue")
        options = RemoteWriteOptions(url=f"http://127.0.0.1:{dead}/api/v1/write", name="server")
        cursor = queue.set_destinations({"server": options.queue_bytes})["server"]
        sender = Sender(options, cursor, build_post(options), clock, random.Random(1))
        append_s = suffer(sender, queue, clock, start_ms)
        size, wanted = queue.size_bytes, HOURS * 3600 * 1000 // STEP_MS * TARGETS * SERIES
        rss = psutil.Process().memory_info().rss
        queue.close()  # a restart on top
        queue = Queue(folder / "queue")
        cursor = queue.set_destinations({"server": options.queue_bytes})["server"]
        with serving(name, folder) as server:
            living = RemoteWriteOptions(url=f"{server.url}/api/v1/write", name="server")
            sender = Sender(living, cursor, build_post(living), clock, random.Random(1))
            begun, cpu = time.perf_counter(), time.process_time()
            while cursor.pending_samples:
                sender.step()
            took, spent = time.perf_counter() - begun, time.process_time() - cpu
            time.sleep(2)
            found = count(server, clock.t_ms / 1000 + 60)
            receiver_s = cpu_seconds(server.pid)
        grown = (psutil.Process().memory_info().rss - rss) / 2**20
        queue.close()
        lost = wanted - found
        table.add_row(f"{name}: samples of the outage lost or doubled", f"{lost:,}", "0")
        table.add_row("  samples, size of the queue", f"{wanted:,}, {size / 2**20:.0f} MiB", "")
        table.add_row("  an append of 200 samples, durable", f"{append_s * 1000:.2f} ms", "")
        speed = HOURS * 3600 / took
        table.add_row("  catch-up", f"{took:.1f} s, {speed:,.0f} x real time", ">= 50 x")
        per_s = wanted / spent
        table.add_row("  samples per second of the sender's CPU", f"{per_s:,.0f}", "")
        table.add_row("  CPU of the server", f"{receiver_s:.1f} s", "")
        table.add_row("  memory of the sender grew by", f"{grown:.1f} MB", "")
        table.add_row("  dropped", str(cursor.dropped_samples + sender.counts.rejected), "0")


def main() -> None:
    table = Table("figure", "measured", "wanted", title=f"{HOURS} h without the server")
    chosen = os.environ.get("BENCH_OUTAGE", "")
    for name in (chosen,) if chosen else SERVERS:
        if name == "jipyo" or binary(name):
            measure(name, table)
    Console().print(table)
    print(describe_machine())


if __name__ == "__main__":
    main()
