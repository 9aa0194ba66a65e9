"""`jipyo agent` at 1,000 series every 15 s: its memory, and its share of a core.

This host, its processes and a scraped exporter that fills them up to 1,000 series, sent to a
receiver that confirms everything. `BENCH_AGENT=5:prometheus` sets the minutes, and sends to a
real Prometheus.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.machine import describe_machine
from bench.peers import cpu_seconds, prometheus
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.wire.compression import decompress
from jipyo.wire.remote_write import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterator

SERIES = 1000
INTERVAL_S = 15
_SETTLE_S = 40


@dataclass
class Received:
    """What the receiver got."""

    samples: int = 0
    series: int = 0


@contextlib.contextmanager
def site(received: Received, fill: int) -> Iterator[str]:
    """The URL of a server that is an exporter of `fill` series and a receiver of 2.0."""
    started, parser = time.monotonic(), RemoteWriteParser()
    seen: set[Any] = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            turn = int((time.monotonic() - started) / INTERVAL_S)
            lines = (f'made_total{{n="{n}",device="eth{n % 7}"}} {turn * n}\n' for n in range(fill))
            self._answer(200, ("# TYPE made_total counter\n" + "".join(lines)).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            scrapes = parser.parse_v2(decompress(body, "snappy", 1 << 30)).scrapes
            samples = sum(len(scrape.series) for scrape in scrapes)
            seen.update(labels for scrape in scrapes for labels in scrape.series)
            received.samples += samples
            received.series = len(seen)
            self._answer(204, b"", str(samples))

        def _answer(self, status: int, body: bytes, written: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            if written:
                self.send_header(WRITTEN.format("Samples"), written)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def agent(folder: Path, scraped: str, receiver: str) -> Iterator[psutil.Process]:
    """A running agent."""
    config = folder / "jipyo.yaml"
    config.write_text(
        f"collect:\n  scrape: [{{job: made, url: '{scraped}/metrics'}}]\n"
        f"remote_write: [{{url: '{receiver}/api/v1/write', name: bench}}]\n"
    )
    command = [sys.executable, "-m", "jipyo", "agent", "--config", str(config)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "data")], stdout=log, stderr=log
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def measure(minutes: float, server: str, fill: int) -> tuple[float, float, float, Received]:
    """MB at the end, at most, share of a core in %, and what was received, of one agent."""
    received = Received()
    with (
        tempfile.TemporaryDirectory(prefix="jipyo-agent-") as name,
        site(received, fill) as url,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        if server == "prometheus":
            receiver = stack.enter_context(prometheus(folder / "p")).url
        else:
            receiver = url
        with agent(folder, url, receiver) as process:
            time.sleep(_SETTLE_S)
            before, begun, peak = cpu_seconds(process.pid), time.monotonic(), 0.0
            while time.monotonic() < begun + 60 * minutes:
                time.sleep(5)
                peak = max(peak, process.memory_info().rss / 2**20)
            share = (cpu_seconds(process.pid) - before) / (time.monotonic() - begun)
            return process.memory_info().rss / 2**20, peak, 100 * share, received


def main() -> None:
    words = os.environ.get("BENCH_AGENT", "3").split(":")
    minutes, server = float(words[0]), words[1] if len(words) > 1 else ""
    _, _, _, own = measure(0.1, "", 0)
    fill = max(SERIES - own.series, 0)
    rss, peak, share, received = measure(minutes, server, fill)
    table = Table("figure", "measured", "wanted", title=f"jipyo agent for {minutes:g} min")
    series = received.series or f"about {own.series + fill}"
    table.add_row(f"series every {INTERVAL_S} s, of them scraped {fill}", str(series), f"{SERIES}")
    table.add_row("RSS", f"{rss:.1f} MB", "<= 60 MB")
    table.add_row("  at most", f"{peak:.1f} MB", "")
    table.add_row("CPU", f"{share:.2f} % of a core", "<= 0.5 %")
    Console().print(table)
    print(describe_machine())


if __name__ == "__main__":
    main()
