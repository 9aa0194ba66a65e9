"""The dashboard: size, first paint, and 200 viewers who follow it live.

`python -m bench web` starts the product on an empty folder, waits for the samples of this host,
and prints each figure beside its goal; one that is missed is marked. The browser is Debian's
Chromium, without a cache.
"""

from __future__ import annotations

import gzip
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.machine import describe_machine
from jipyo import web
from support.browser import Browser

VIEWERS, EVENTS = 200, 4
GOAL_JS_KB, GOAL_CSS_KB = 90, 20
GOAL_PAINT_S, GOAL_INTERACTIVE_S = 0.6, 1.0
GOAL_VIEWERS_S, GOAL_RSS_MB = 0.1, 200
STATIC = Path(web.__file__).parent / "static"
_PORT = 9876


def main() -> None:
    """Start, measure and print."""
    print(describe_machine())
    measure_files()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "jipyo.yaml"
        config.write_text(f"listen: 127.0.0.1:{_PORT}\ndata: {folder}/data\n", "utf-8")
        command = [str(Path(sys.executable).with_name("jipyo")), "up", "--config", str(config)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_for_data()
            measure_first_load()
            measure_viewers(server.pid)
        finally:
            server.terminate()
            server.wait(30)


def report(name: str, value: float, goal: float, unit: str) -> None:
    """One line; a goal that is missed is marked."""
    print(f"{name:44} {value:8.3g} {unit:5} goal {goal:g}{'' if value <= goal else '  MISSED'}")


def measure_files() -> None:
    """What the first page needs, compressed; the list of font slices apart."""
    html = (STATIC / "index.html").read_text("utf-8")
    for kind, goal in (("js", GOAL_JS_KB), ("css", GOAL_CSS_KB)):
        names = re.findall(rf'"\./(assets/[^"]+\.{kind})"', html)
        size = sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in {*names})
        report(f"first page, {kind} compressed", size / 1000, goal, "kB")


def get(path: str, timeout_s: float = 10) -> bytes:
    """The body of an answer."""
    request = Request(f"http://127.0.0.1:{_PORT}{path}")
    with urlopen(request, timeout=timeout_s) as answer:
        body: bytes = answer.read()
    return body


def wait_for_data() -> None:
    """Until the first scrape is stored."""
    for _ in range(240):
        try:
            if b'"ready":true' in get("/api/jipyo/status"):
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the server has no data after two minutes")


def measure_first_load() -> None:
    """First paint, and when the overview stands, in a fresh browser."""
    with Browser() as browser:
        began_s = time.perf_counter()
        page = browser.open(f"http://127.0.0.1:{_PORT}/")
        page.wait("document.querySelector('h1, h2') !== null")
        interactive_s = time.perf_counter() - began_s
        paint_ms = page.eval("performance.getEntriesByType('paint')[0]?.startTime ?? 1e6")
    report("first load, first paint", paint_ms / 1000, GOAL_PAINT_S, "s")
    report("first load, overview stands", interactive_s, GOAL_INTERACTIVE_S, "s")


def follow(_viewer: int) -> list[tuple[bytes, float]]:
    """Ids and times of arrival of the first events of a viewer."""
    seen: list[tuple[bytes, float]] = []
    with urlopen(f"http://127.0.0.1:{_PORT}/api/jipyo/live?lang=ko", timeout=60) as stream:
        while len(seen) < EVENTS:
            line = stream.readline()
            if line.startswith(b"id: "):
                seen.append((line, time.perf_counter()))
    return seen


def measure_viewers(pid: int) -> None:
    """How long after the first of all viewers each of them has a new version, and memory."""
    with ThreadPoolExecutor(VIEWERS) as pool:
        followed = list(pool.map(follow, range(VIEWERS)))
    arrivals: dict[bytes, list[float]] = {}
    for events in followed:
        for id_, at_s in events[1:]:  # the first one comes whenever the viewer does
            arrivals.setdefault(id_, []).append(at_s)
    shared = [times for times in arrivals.values() if len(times) > VIEWERS / 2]
    delays = sorted(at_s - min(times) for times in shared for at_s in times)
    report(f"{VIEWERS} viewers, delay of an event, median", statistics.median(delays), 0.1, "s")
    p95_s = delays[int(len(delays) * 0.95)]
    report(f"{VIEWERS} viewers, delay of an event, p95", p95_s, GOAL_VIEWERS_S, "s")
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    match = re.search(r"VmRSS:\s+(\d+)", status)
    assert match is not None, "no VmRSS"
    report("resident memory of jipyo", int(match[1]) / 1000, GOAL_RSS_MB, "MB")
