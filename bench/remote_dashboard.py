"""The dashboard over a Prometheus server: queries and time of each refresh.

`python -m bench remote_dashboard` starts a server, writes two hours of 14 GPU servers (42
targets) into it, and judges the whole catalogue again and again, as the dashboard does, beside
an empty embedded store. A goal that is missed is marked.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import peers, remote_write
from bench.fleet import DAY_MS, list_blocks
from bench.machine import describe_machine
from jipyo import tsdb
from jipyo.analysis.health import assess_catalogue
from jipyo.catalogue import load
from jipyo.model.clock import SystemClock
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.source.remote import Remote

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue

HOSTS, KEPT_MS, REFRESHES = 14, 2 * 3_600_000, 20
GOAL_QUERIES, GOAL_P95_S = 80, 0.5


def main() -> None:
    """Load, judge and print."""
    clock, catalogue = SystemClock(), load()
    now_ms = clock.now_ms() // 30_000 * 30_000
    print(describe_machine())
    folder = tempfile.TemporaryDirectory(prefix="jipyo-bench-")
    with folder as name, peers.prometheus(Path(name) / "prometheus") as server:
        load_server(server, now_ms)
        remote = PrometheusSource(PrometheusOptions(name="prod", url=server.url))
        with tsdb.Store.open(Path(name) / "data", now_ms=clock.now_ms) as store:
            source = CombinedSource(
                Embedded(store, Engine()), (Remote("prod", remote, clock),), lane="dashboard"
            )
            measure(source, remote, catalogue, now_ms)


def load_server(server: peers.Server, now_ms: int) -> None:
    """The last hours of the fleet's day."""
    start_ms = now_ms - DAY_MS
    blocks = [
        remote_write.cut(block, now_ms - KEPT_MS, now_ms) for block in list_blocks(HOSTS, start_ms)
    ]
    remote_write.write(f"{server.url}/api/v1/write", blocks)


def measure(
    source: CombinedSource, remote: PrometheusSource, catalogue: Catalogue, now_ms: int
) -> None:
    """Judge again and again, and print what a refresh costs."""
    seconds: list[float] = []
    queries: list[int] = []
    found = 0
    for _ in range(REFRESHES + 1):
        before, began_s = count_requests(remote), time.monotonic()
        health = assess_catalogue(source, catalogue, now_ms)
        seconds.append(time.monotonic() - began_s)
        queries.append(count_requests(remote) - before)
        found = sum(not one.is_absent for one in health.metrics)

    p95 = statistics.quantiles(seconds[1:], n=20)[-1]
    print(f"metrics with data {found} of {len(catalogue.metrics)}")
    print(f"first refresh     {queries[0]} requests, {seconds[0] * 1000:.0f} ms")
    most = max(queries[1:])
    print(f"requests          {most} at most{'' if most <= GOAL_QUERIES else ' !'}")
    mark = "" if p95 <= GOAL_P95_S else " !"
    print(
        f"p50, p95          {statistics.median(seconds[1:]) * 1000:.0f}, {p95 * 1000:.0f} ms{mark}"
    )


def count_requests(remote: PrometheusSource) -> int:
    """How many requests the source has sent so far."""
    return int(
        sum(
            sample.value
            for family in remote.families()
            if family.name == "jipyo_source_requests_total"
            for sample in family.samples
        )
    )
