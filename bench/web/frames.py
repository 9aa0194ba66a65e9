"""Frames a second while 12 charts with 2,000 points each are zoomed and panned together."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from bench.web.result import report
from support.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Page

ROOT = Path(__file__).parents[2]
GOAL_FRAMES = 50
SECONDS = 4


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are not printed."""


def measure_frames() -> None:
    """Build a page with the product's charts, and let it zoom and pan in every frame."""
    with tempfile.TemporaryDirectory() as folder:
        build_page(Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for name, frames, ms in count_frames(server.server_port):
                text = f"{name} of 12 charts x 2,000 points ({ms:.1f} ms CPU each)"
                report(text, frames, GOAL_FRAMES, "frames/s", is_least=True)
        finally:
            server.shutdown()


def build_page(folder: Path) -> None:
    """The page of `frontend/testing/charts`, as the product is built."""
    words = ["run", "build", "--", "--config", "testing/charts/vite.config.ts", "--outDir"]
    command = [sys.executable, "hatch_build.py", *words, str(folder)]
    subprocess.run([*command, "--emptyOutDir"], cwd=ROOT, check=True, capture_output=True)


def count_frames(port: int) -> Iterator[tuple[str, float, float]]:
    """What is done, how many frames there are in a second, and the processor time of one in ms."""
    with Browser() as browser:
        page = browser.open(f"http://127.0.0.1:{port}/?range=1h&lang=en", width=1440, height=1400)
        page.wait("document.querySelectorAll('.plot canvas').length === 12")
        page.call("Performance.enable", {"timeDomain": "threadTicks"})
        for name in ("zoom", "pan"):
            before_s = read_busy_s(page)
            frames: float = page.eval(f"window.measure('{name}', {SECONDS})")
            yield name, frames, (read_busy_s(page) - before_s) * 1000 / (frames * SECONDS)


def read_busy_s(page: Page) -> float:
    """The processor time of the page's main thread, script and drawing."""
    metrics = page.call("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
