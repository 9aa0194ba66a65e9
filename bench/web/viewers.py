"""200 viewers who follow live: how much later than the first each of them has what is new."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.web.result import report

if TYPE_CHECKING:
    from bench.web.server import RunningServer

VIEWERS, EVENTS = 200, 4
CHARTS = ("system.gpu.utilization", "system.cpu.utilization", "system.memory.utilization")
GOAL_S, GOAL_CHARTS_S, GOAL_RSS_MB = 0.1, 0.25, 200


def measure_viewers(server: RunningServer) -> None:
    """Delays on the overview, then with three charts open besides; memory with all of them."""
    report_delays(server, [], "on the overview", GOAL_S)
    charts = [("metric", f"{name}?step=15") for name in CHARTS]
    report_delays(server, charts, "with three charts", GOAL_CHARTS_S)
    report(f"resident memory with {VIEWERS} viewers", server.read_resident_mb(), GOAL_RSS_MB, "MB")


def report_delays(
    server: RunningServer, charts: list[tuple[str, str]], name: str, goal_s: float
) -> None:
    """Follow with all viewers at once, and print the 95th percentile of their delays."""
    url = f"{server.url}/api/jipyo/live?{urlencode([('lang', 'ko'), *charts])}"
    with ThreadPoolExecutor(VIEWERS) as pool:
        followed = list(pool.map(partial(follow, url), range(VIEWERS)))
    arrivals: dict[bytes, list[float]] = {}
    for events in followed:
        for id_, at_s in events[1:]:  # the first one comes whenever the viewer does
            arrivals.setdefault(id_, []).append(at_s)
    shared = [times for times in arrivals.values() if len(times) > VIEWERS / 2]
    delays = sorted(at_s - min(times) for times in shared for at_s in times)
    p95_s = statistics.quantiles(delays, n=20)[-1]
    report(f"{VIEWERS} viewers {name}: delay of an event, p95", p95_s, goal_s, "s")


def follow(url: str, _viewer: int) -> list[tuple[bytes, float]]:
    """Ids and times of arrival of the first versions that a viewer is sent; tails come before."""
    seen: list[tuple[bytes, float]] = []
    with urlopen(url, timeout=60) as stream:
        while len(seen) < EVENTS:
            line = stream.readline()
            if line.startswith(b"id: "):
                seen.append((line, time.perf_counter()))
    return seen
