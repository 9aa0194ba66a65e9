"""Queries over what 40 targets are writing: most of it still in the head, each at its own times.

A dashboard asks for the last minutes of many targets again and again. Here 40 targets of 500
series are scraped every 15 s for two hours: the first hour is in chunks, the second one in the
head. `python -m bench live` asks us and Prometheus in turn, compares the answers, and prints
how many times as fast we are through HTTP, and the processor time that both took.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import peers, remote_write
from bench.promql import Query, ask, compute_difference, measure_seconds
from bench.series import END_MS, scrapes
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape, SeriesBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS, METRICS, SERIES = 40, 50, 10
"""Of a target: so many metrics with so many series each."""
STEP_MS = 15_000
HOUR_MS = 3_600_000
ROUNDS = 21

_SUM = "sum by (instance) (rate(app_metric_7_total[1m]))"
_HOUR = (END_MS - HOUR_MS, END_MS)
QUERIES = (
    Query("instant, sum by of 400 rates over 40 targets", (_SUM,), http_goal=1.0),
    Query("the same of 40 rates", (_SUM.replace("_total", '_total{path="/3"}'),), http_goal=1.0),
    Query("the last hour @15 s", (_SUM,), *_HOUR, 15_000, http_goal=1.0),
    Query("two hours @60 s", (_SUM,), END_MS - 2 * HOUR_MS, END_MS, 60_000, http_goal=1.0),
    Query("the newest of 2,000", ('{path="/3"}',), http_goal=1.0),
)


def targets() -> Iterator[SeriesBlock]:
    """Counters that rise, target by target; each has its own times."""
    samples = 2 * HOUR_MS // STEP_MS
    for target in range(TARGETS):
        rng = np.random.default_rng((11, target))
        t_ms = END_MS - 2 * HOUR_MS + int(rng.integers(1, STEP_MS)) + STEP_MS * np.arange(samples)
        t_ms += rng.integers(0, 5, samples)
        series = tuple(
            Labels.of(
                {
                    "__name__": f"app_metric_{metric}_total",
                    "instance": f"app{target:02d}:8080",
                    "job": "app",
                    "path": f"/{path}",
                }
            )
            for metric in range(METRICS)
            for path in range(SERIES)
        )
        rises = rng.poisson(rng.uniform(1, 200, (len(series), 1)), (len(series), samples))
        yield SeriesBlock(series, t_ms, np.cumsum(rises, axis=1).astype(np.float64))


def fill(store: Any, blocks: list[SeriesBlock]) -> None:
    """The first hour as chunks, the second scrape by scrape, in the order of time."""
    rows: list[Scrape] = []
    for block in blocks:
        at = int(np.searchsorted(block.t_ms, END_MS - HOUR_MS))
        store.load([SeriesBlock(block.series, block.t_ms[:at], block.values[:, :at])])
        rest = SeriesBlock(block.series, block.t_ms[at:], block.values[:, at:])
        rows += [Scrape(t_ms, block.series, values) for t_ms, values in scrapes(rest)]
    rows.sort(key=lambda scrape: scrape.t_ms)
    for at in range(0, len(rows), TARGETS):
        store.append(rows[at : at + TARGETS])


@dataclass
class Side:
    """One server, its times in seconds and the processor time of all its answers."""

    server: peers.Server
    seconds: list[float]
    cpu_s: float = 0.0

    def ask(self, query: Query) -> bytes:
        """The body of an answer, timed."""
        bodies: list[bytes] = []
        before = peers.cpu_seconds(self.server.pid)
        self.seconds.append(measure_seconds(lambda: bodies.extend(ask(self.server, query))))
        self.cpu_s += peers.cpu_seconds(self.server.pid) - before
        return bodies[0]

    def format_times(self) -> str:
        """The median and the processor time of an answer, in milliseconds."""
        count = len(self.seconds)
        return f"{statistics.median(self.seconds) * 1e3:>9.1f}{self.cpu_s / count * 1e3:>9.1f}"


def measure(query: Query, ours: peers.Server, prometheus: peers.Server) -> None:
    """Print a row: both in turn, so that what disturbs one disturbs both."""
    ask(ours, query), ask(prometheus, query)
    mine, theirs = Side(ours, []), Side(prometheus, [])
    bodies: list[bytes] = []
    for _ in range(ROUNDS):
        bodies = [side.ask(query) for side in (mine, theirs)]
    left, right = (json.loads(body)["data"] for body in bodies)
    ratio = statistics.median(theirs.seconds) / statistics.median(mine.seconds)
    mark = "" if ratio >= (query.http_goal or 0) else " !"
    print(
        f"{query.name:<48}{mine.format_times()}{theirs.format_times()}"
        f"{f'{ratio:.1f}{mark}':>8}{compute_difference(left, right):>10.1e}"
    )


def main() -> None:
    """Start, load, ask, compare, print."""
    from jipyo.tsdb import Options, Store  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="jipyo-bench-") as name,
        contextlib.ExitStack() as stack,
    ):
        root = Path(name)
        blocks = list(targets())
        prometheus = stack.enter_context(peers.prometheus(root / "prometheus"))
        remote_write.write(prometheus.url + "/api/v1/write", blocks, 10 * STEP_MS)
        store = stack.enter_context(
            Store.open(root / "jipyo", Options(durable=False), now_ms=lambda: END_MS)
        )
        fill(store, blocks)
        del blocks
        peers.settle(prometheus)
        ours = stack.enter_context(peers.jipyo(root / "jipyo"))
        print(
            f"{'40 targets (ms)':<48}"
            + "".join(f"{each:>9}" for each in ("jipyo", "cpu", "Prom", "cpu"))
            + f"{'x':>8}{'apart':>10}"
        )
        for query in QUERIES:
            measure(query, ours, prometheus)


if __name__ == "__main__":
    main()
