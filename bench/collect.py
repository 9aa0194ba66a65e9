"""What collecting costs: the parser beside the reference client's, a tick, a scraped target."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import urllib3
from prometheus_client.parser import text_string_to_metric_families as reference
from rich.console import Console
from rich.table import Table

from bench.peers import cpu_seconds, free_port, running
from jipyo import tsdb
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop, Target
from jipyo.collect.process import Processes
from jipyo.collect.scrape import ScrapeOptions, ScrapeReader
from jipyo.collect.target import own_target
from jipyo.model.clock import SystemClock
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.wire.exposition import Parser, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.collect.protocols import Collector

_PROCESSES = 500
_SERIES = 1000
_INTERVAL_S = 15.0
_FAST_MS = 250
_TICKS = 80
_PAGE_SERIES = 450
_CHARTS = 4
"""Charts in sight on a screen of 1440 x 900."""
_POLL_S = 10
_WARM_S, _WATCH_S = 20, 60


def best_s(work: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def parsing(table: Table) -> None:
    text = write(Host().collect(0)).decode()
    samples = sum(1 for line in text.splitlines() if line and line[0] != "#")
    parser = Parser()
    cold = best_s(lambda: Parser().parse(text), 10)
    parser.parse(text)
    warm = best_s(lambda: parser.parse(text), 300)
    theirs = best_s(lambda: [s for f in reference(text) for s in f.samples], 20)
    table.add_row("parser, warm", f"{samples / warm / 1e6:.2f} M samples/s", ">= 1 M samples/s")
    table.add_row("parser, warm, against the reference client", f"{theirs / warm:.0f} x", ">= 8 x")
    table.add_row("parser, first page", f"{theirs / cold:.1f} x the reference client", "")


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[None]:
    children = [subprocess.Popen(["sleep", "600"]) for _ in range(count)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


def ticking(table: Table) -> None:
    collectors: list[Collector] = [Host(), Processes(), Gpu()]
    with sleepers(_PROCESSES):
        spent = []
        for collector in collectors:
            collector.collect(0)
        for _ in range(20):
            start = time.process_time()
            for collector in collectors:
                collector.collect(time.time_ns() // 1_000_000)
            spent.append(time.process_time() - start)
    name = f"host, processes and GPUs with {_PROCESSES} processes"
    table.add_row(name, f"{sorted(spent)[10] * 1e3:.1f} ms of CPU a tick", "<= 60 ms")


@contextlib.contextmanager
def exporter(series: int) -> Iterator[str]:
    body = "# TYPE x counter\n" + "".join(
        f'x{{a="{n % 7}",device="disk{n}"}} {n}.5\n' for n in range(series)
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
    server.shutdown()
    server.server_close()


def scraping(table: Table) -> None:
    labels = {"job": "bench", "instance": "i"}
    with (
        exporter(_SERIES) as url,
        tempfile.TemporaryDirectory() as folder,
        tsdb.Store.open(Path(folder), now_ms=lambda: time.time_ns() // 1_000_000) as store,
    ):
        loop = Loop(store, clock=SystemClock())
        page = ScrapeReader(url, labels, ScrapeOptions())
        loop.sync([Target(Labels.of(labels), page, _FAST_MS, url)])
        time.sleep(_TICKS * _FAST_MS / 1000)
        spent = {s.labels.metric: s.value for f in loop.families() for s in f.samples}
        loop.stop()
    a_tick = spent["jipyo_collect_cpu_seconds_total"] / spent["jipyo_collect_scrapes_total"]
    share = f"{100 * a_tick / _INTERVAL_S:.3f} % of a core ({a_tick * 1e3:.1f} ms a scrape)"
    table.add_row(f"scrape and store {_SERIES} series every 15 s", share, "<= 2 % with all else")


def lived(folder: Path, url: str) -> int:
    """Two hours of this host, its processes and the page in a store; how many series."""
    now_ms = time.time_ns() // 1_000_000
    pages = ScrapeOptions()
    targets = [
        own_target([collector], job=job, instance="bench", interval_ms=int(1000 * _INTERVAL_S))
        for job, collector in (("node", Host()), ("process", Processes()))
    ]
    labels = {"job": "page", "instance": "bench"}
    targets.append(Target(Labels.of(labels), ScrapeReader(url, labels, pages), 15_000, url))
    series = 0
    with tsdb.Store.open(folder, now_ms=lambda: now_ms) as store:
        for target in targets:
            target.reader.read(now_ms - 1000)
            reading = target.reader.read(now_ms)
            assert reading is not None
            series += len(reading.series)
            store.append(
                [
                    Scrape(
                        now_ms - back * 15_000, reading.series, reading.values * (1 - back / 1e6)
                    )
                    for back in range(480, 0, -1)
                ]
            )
    return series


def poll_dashboard(url: str, stop: threading.Event) -> None:
    """Request what an open dashboard requests (`frontend/src/state/live.svelte.ts`)."""
    http = urllib3.PoolManager(retries=False, timeout=20, headers={"Accept-Encoding": "gzip"})
    newest: dict[str, float] = {}
    while True:
        overview = http.request("GET", f"{url}/api/jipyo/overview", fields={"lang": "ko"}).json()
        end = overview["t"] // 15 * 15
        present = [metric["id"] for metric in overview["metrics"] if not metric["absent"]]
        for metric in present[:_CHARTS]:
            start = newest.get(metric, end - 3600)
            if end > start:
                fields = {"start": start, "end": end, "step": 15, "lang": "ko"}
                http.request("GET", f"{url}/api/jipyo/metric/{metric}", fields=fields)
                newest[metric] = end
        if stop.wait(_POLL_S):
            return


def watching(table: Table) -> None:
    with exporter(_PAGE_SERIES) as page, tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        series = lived(data, page)
        config = Path(folder) / "jipyo.yaml"
        job = f'{{job: page, url: "{page}", labels: {{instance: bench}}}}'
        config.write_text(f"instance: bench\ncollect: {{scrape: [{job}]}}\n")
        port = free_port()
        command = [sys.executable, "-m", "jipyo", "up", "--data", str(data)]
        command += ["--config", str(config), "--listen", f"127.0.0.1:{port}"]
        url = f"http://127.0.0.1:{port}"
        with running(command, url, "/-/ready", Path(folder) / "log") as server:
            alone = share_of_a_core(server.pid)
            stop = threading.Event()
            reader = threading.Thread(target=poll_dashboard, args=(url, stop), daemon=True)
            reader.start()
            looked_at = share_of_a_core(server.pid)
            stop.set()
            reader.join()
            rss = psutil.Process(server.pid).memory_info().rss / 2**20
    name = f"`jipyo up`, {series} series every 15 s, two hours kept"
    table.add_row(name, f"{alone:.2f} % of a core", "")
    table.add_row("the same with the page open", f"{looked_at:.2f} % of a core", "<= 2 %")
    table.add_row("RSS with page and store", f"{rss:.0f} MB", "<= 150 MB")


def share_of_a_core(pid: int) -> float:
    """Percent of a core over a minute, once what comes first is over."""
    time.sleep(_WARM_S)
    before, start = cpu_seconds(pid), time.monotonic()
    time.sleep(_WATCH_S)
    return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - start)


def main() -> None:
    table = Table("figure", "measured", "wanted", title="collect")
    for part in (parsing, ticking, scraping, watching):
        part(table)
    Console().print(table)


if __name__ == "__main__":
    main()
