"""What collecting costs: the parser beside the reference client's, a tick, a scraped target."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families as reference
from rich.console import Console
from rich.table import Table

from jipyo import tsdb
from jipyo.collect.exposition import Parser, write
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop, Target
from jipyo.collect.process import Processes
from jipyo.collect.schedule import system_clock
from jipyo.collect.scrape import Page, ScrapeOptions
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROCESSES = 500
_SERIES = 1000
_INTERVAL_S = 15.0
_FAST_MS = 250
_TICKS = 80


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
    cold = best_s(lambda: Parser().read(text), 10)
    parser.read(text)
    warm = best_s(lambda: parser.read(text), 300)
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
    collectors = [Host(), Processes(), Gpu()]
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
        loop = Loop(store, clock=system_clock())
        page = Page(url, labels, ScrapeOptions())
        loop.sync([Target(Labels.of(labels), page, _FAST_MS, url)])
        time.sleep(_TICKS * _FAST_MS / 1000)
        spent = {s.labels.metric: s.value for f in loop.families() for s in f.samples}
        loop.stop()
    a_tick = spent["jipyo_collect_cpu_seconds_total"] / spent["jipyo_collect_scrapes_total"]
    share = f"{100 * a_tick / _INTERVAL_S:.3f} % of a core ({a_tick * 1e3:.1f} ms a scrape)"
    table.add_row(f"scrape and store {_SERIES} series every 15 s", share, "<= 2 % with all else")


def main() -> None:
    table = Table("figure", "measured", "wanted", title="collect")
    for part in (parsing, ticking, scraping):
        part(table)
    Console().print(table)


if __name__ == "__main__":
    main()
