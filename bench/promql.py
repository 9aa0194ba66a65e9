"""PromQL against Prometheus and VictoriaMetrics on the same data, in the same run.

`python -m bench promql` starts both servers where their programs are found (`make services`),
writes a week of 1,000 series into them and into our store, asks all of them the same
queries in turn, checks that the answers agree, and prints how many times as fast we are.
`x eval` compares our evaluation, parser to arrays, with Prometheus' own `evalTotalTime`;
`x HTTP` and `x VM` compare whole answers through HTTP with JSON on both sides, where our
server could be started. Times are medians of some rounds; `first` is our answer through HTTP
when nothing of it has been read before (later ones find chunks decoded, see `store.cache`;
VictoriaMetrics' cache of answers is off).
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import peers, remote_write
from bench.conformance import as_data
from bench.series import DAY_MS, END_MS, hosts, scrapes
from jipyo.model.sample import Scrape, SeriesBlock
from jipyo.promql import Engine, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.model.result import QueryResult

DAYS = int(os.environ.get("BENCH_DAYS", "7"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
START_MS = END_MS - DAYS * DAY_MS

NAMES = (
    *("http_request_duration_seconds_bucket", "node_cpu_seconds_total"),
    *("node_filesystem_avail_bytes", "node_load1", "node_memory_Active_bytes"),
    *("node_memory_MemTotal_bytes", "node_network_receive_bytes_total"),
    *("node_network_transmit_bytes_total", "nvidia_gpu_temperature", "nvidia_gpu_utilization"),
)


@dataclass(frozen=True)
class Query:
    """Expressions to be asked one after the other; without a step, at the end only."""

    name: str
    exprs: tuple[str, ...]
    start_ms: int = END_MS
    end_ms: int = END_MS
    step_ms: int = 0
    tolerance: float = 1e-9
    """Greatest relative difference of a value from Prometheus'."""
    eval_goal: float | None = 3.0
    http_goal: float | None = 3.0
    vm_goal: float | None = 1.0
    ties: bool = False
    """Whether of equal values any may be chosen, so that only the values are compared."""


_CPU = 'rate(node_cpu_seconds_total{cpu=~"0|1"}[5m])'
_SUM = " + ".join(f"sum by (instance) (rate({name}[5m]))" for name in NAMES)
_P95 = "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))"
_JOIN = (
    "rate(node_network_receive_bytes_total[5m]) / on (instance) group_left () "
    'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))'
)
_DAY = (END_MS - 2 * DAY_MS, END_MS - DAY_MS)
_WEEK = (START_MS, END_MS)
_DAILY = (START_MS + DAY_MS, END_MS, DAY_MS)


def _daily(call: str) -> tuple[str, ...]:
    return tuple(call.replace("$x", f"{name}[1d]") for name in NAMES)


QUERIES = (
    Query(
        "raw 1 series, 7 d",
        (f'node_cpu_seconds_total{{instance="host03:9100",cpu="2",mode="user"}}[{DAYS}d]',),
        eval_goal=None,
    ),
    Query("rate 80 series, 24 h @60 s", (_CPU,), *_DAY, 60_000),
    Query("rate 80 series, 7 d @60 s", (_CPU,), *_WEEK, 60_000, eval_goal=5.0),
    Query("sum of 1,000 rates, 7 d @300 s", (_SUM,), *_WEEK, 300_000, eval_goal=5.0),
    Query("p95 of 220 buckets, 24 h @60 s", (_P95,), *_DAY, 60_000),
    Query("daily avg, 1,000 series", _daily("avg_over_time($x)"), *_DAILY, eval_goal=5.0),
    Query("daily max, 1,000 series", _daily("max_over_time($x)"), *_DAILY, eval_goal=5.0),
    Query(
        "daily q95, 1,000 series", _daily("quantile_over_time(0.95, $x)"), *_DAILY, eval_goal=5.0
    ),
    Query(
        "max[1h] 40 series, 24 h @60 s",
        ("max_over_time(nvidia_gpu_utilization[1h])",),
        *_DAY,
        60_000,
    ),
    Query(
        "avg[1h] 40 series, 24 h @60 s",
        ("avg_over_time(nvidia_gpu_utilization[1h])",),
        *_DAY,
        60_000,
    ),
    Query("instant, 1,000 series", ('{job="node"}',), eval_goal=None, http_goal=1.0, vm_goal=None),
    Query(
        "instant, sum by of 400 rates",
        ("sum by (instance) (rate(node_cpu_seconds_total[5m]))",),
        eval_goal=None,
        http_goal=1.0,
        vm_goal=None,
    ),
    Query(
        "subquery, a day at 5 min, 7 d @1 h",
        ("max_over_time(sum by (instance) (rate(node_network_receive_bytes_total[5m]))[1d:5m])",),
        START_MS + DAY_MS,
        END_MS,
        3_600_000,
        vm_goal=None,
    ),
    Query("join by group_left, 24 h @60 s", (_JOIN,), *_DAY, 60_000, vm_goal=None),
    Query(
        "topk(5) of 400 rates, 24 h @60 s",
        ("topk(5, rate(node_cpu_seconds_total[5m]))",),
        *_DAY,
        60_000,
        vm_goal=None,
        ties=True,
    ),
)


def ask(server: peers.Server, query: Query, **more: str) -> list[bytes]:
    """The bodies of all answers."""
    bodies = []
    for expr in query.exprs:
        if query.step_ms:
            bodies.append(
                server.ask(
                    "/api/v1/query_range",
                    query=expr,
                    start=query.start_ms / 1000,
                    end=query.end_ms / 1000,
                    step=query.step_ms / 1000,
                    **more,
                )
            )
        else:
            at = query.end_ms / 1000
            bodies.append(server.ask("/api/v1/query", query=expr, time=at, **more))
    return bodies


def evaluate(engine: Engine, store: Any, query: Query) -> list[QueryResult]:
    """Our answers, parser to arrays."""
    if not query.step_ms:
        return [engine.instant(store, expr, query.end_ms) for expr in query.exprs]
    return [
        engine.range(store, expr, query.start_ms, query.end_ms, query.step_ms)
        for expr in query.exprs
    ]


def index_points(data: dict[str, Any]) -> dict[tuple[Any, ...], list[float]]:
    """Numbers of an answer by series, with times."""
    values_by_key = {}
    for series in data["result"]:
        pairs = series.get("values") or [series["value"]]
        flat = [float(part) for pair in pairs for part in pair]
        values_by_key[tuple(sorted(series["metric"].items()))] = flat
    return values_by_key


def index_without_names(data: dict[str, Any]) -> dict[tuple[Any, ...], list[float]]:
    """The values at each time in order, whatever series they belong to."""
    values_by_key: dict[tuple[Any, ...], list[float]] = {}
    for flat in index_points(data).values():
        for t_s, value in zip(flat[::2], flat[1::2], strict=True):
            values_by_key.setdefault((t_s,), []).append(value)
    return {t_s: sorted(values) for t_s, values in values_by_key.items()}


def compute_difference(
    ours: dict[str, Any], theirs: dict[str, Any], *, ties: bool = False
) -> float:
    """The greatest relative difference; infinite where series or times differ."""
    index = index_without_names if ties else index_points
    left, right = index(ours), index(theirs)
    if left.keys() != right.keys():
        return float("inf")
    worst = 0.0
    for key, values in left.items():
        a, b = np.array(values), np.array(right[key])
        if a.shape != b.shape:
            return float("inf")
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        apart = np.abs(a - b)[~same] / np.maximum(np.abs(a), np.abs(b))[~same]
        worst = max(worst, float(apart.max(initial=0.0)))
    return worst


def sum_eval_seconds(bodies: Sequence[bytes]) -> float:
    return sum(
        float(json.loads(body)["data"]["stats"]["timings"]["evalTotalTime"]) for body in bodies
    )


def measure_seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass
class Row:
    """Medians in seconds; NaN where a side was not there."""

    query: Query
    ours: float
    first: float
    http: float
    prometheus: float
    eval: float
    victoria: float
    apart: float


def measure(
    query: Query,
    engine: Engine,
    store: Any,
    ours: peers.Server | None,
    prometheus: peers.Server | None,
    victoria: peers.Server | None,
) -> Row:
    """All sides in turn, so that what disturbs one disturbs all."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        _note(times, "ours", lambda: evaluate(engine, store, query))
        for name, server in (("http", ours), ("prometheus", prometheus), ("victoria", victoria)):
            if server is not None:
                _note(times, name, partial(ask, server, query))
        if prometheus is not None:
            seconds = sum_eval_seconds(ask(prometheus, query, stats="all"))
            times.setdefault("eval", []).append(seconds)
    apart = float("nan")
    if prometheus is not None:
        apart = max(
            compute_difference(as_data(mine.value), json.loads(body)["data"], ties=query.ties)
            for mine, body in zip(
                evaluate(engine, store, query), ask(prometheus, query), strict=True
            )
        )
    middle = {name: statistics.median(each) for name, each in times.items()}
    middle["first"] = times.get("http", [float("nan")])[0]
    sides = ("ours", "first", "http", "prometheus", "eval", "victoria")
    return Row(query, *(middle.get(side, float("nan")) for side in sides), apart)  # type: ignore[call-arg]  # six sides


def _note(times: dict[str, list[float]], name: str, work: Callable[[], Any]) -> None:
    times.setdefault(name, []).append(measure_seconds(work))


def report(rows: Sequence[Row]) -> None:
    """The table; a figure below its goal is marked."""
    head = ("ours", "eval", "x eval", "first", "HTTP", "Prom", "x HTTP", "VM", "x VM")
    print(f"{'query (ms)':<38}" + "".join(f"{each:>9}" for each in head) + f"{'apart':>10}")
    for row in rows:
        query = row.query
        cells = [
            _format_ms(row.ours),
            _format_ms(row.eval),
            _format_ratio(row.eval / row.ours, query.eval_goal),
            _format_ms(row.first),
            _format_ms(row.http),
            _format_ms(row.prometheus),
            _format_ratio(row.prometheus / row.http, query.http_goal),
            _format_ms(row.victoria),
            _format_ratio(row.victoria / row.http, query.vm_goal),
        ]
        print(f"{query.name:<38}" + "".join(f"{each:>9}" for each in cells) + f"{row.apart:>10.1e}")


def _format_ms(seconds: float) -> str:
    return "-" if np.isnan(seconds) else f"{seconds * 1000:.1f}"


def _format_ratio(ratio: float, goal: float | None) -> str:
    if np.isnan(ratio):
        return "-"
    return f"{ratio:.1f}" + ("" if goal is None or ratio >= goal else " !")


_PEAK = """
import os, sys
from pathlib import Path
from bench import peers
from bench.promql import QUERIES, evaluate
from jipyo.promql import Engine
from jipyo.tsdb import Reader
with Reader.open(Path(sys.argv[1])) as store:
    evaluate(Engine(), store, QUERIES[int(sys.argv[2])])
print(peers.peak_mib(os.getpid()))
"""


def print_peaks(folder: Path) -> None:
    """The memory of a fresh process for each query."""
    print("peak RSS of a fresh process, MiB:")
    for nth, query in enumerate(QUERIES):
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(folder), str(nth)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"  {query.name:<38}{float(done.stdout):>8.0f}")


def main() -> None:
    """Start, load, ask, compare, print."""
    from jipyo.tsdb import Options as StoreOptions  # noqa: PLC0415
    from jipyo.tsdb import Store  # noqa: PLC0415

    blocks = list(hosts(DAYS))
    with (
        tempfile.TemporaryDirectory(prefix="jipyo-bench-") as name,
        contextlib.ExitStack() as stack,
    ):
        root = Path(name)
        options = StoreOptions(retention_ms=None, out_of_order_ms=None)
        store = stack.enter_context(
            Store.open(root / "jipyo", options, now_ms=lambda: END_MS + DAY_MS)
        )
        fill(store, blocks)
        servers = {
            "prometheus": _peer(stack, peers.prometheus, root / "prometheus"),
            "victoria": _peer(stack, peers.victoria, root / "victoria"),
        }
        for server in servers.values():
            if server is not None:
                remote_write.write(server.url + "/api/v1/write", blocks)
        for server in servers.values():
            if server is not None:
                peers.settle(server)
        del blocks
        engine = Engine(Options(advice=False))
        ours = stack.enter_context(peers.jipyo(root / "jipyo"))
        rows = [measure(query, engine, store, ours, **servers) for query in QUERIES]
        report(rows)
        print(f"peak RSS of our server after all of them: {peers.peak_mib(ours.pid):.0f} MiB")
        print_peaks(root / "jipyo")


def fill(store: Any, blocks: Sequence[SeriesBlock]) -> None:
    """All but the last hour as chunks, that hour scrape by scrape, as in a store that runs."""
    live_ms = END_MS - 3_600_000
    heads = []
    for block in blocks:
        at = int(np.searchsorted(block.t_ms, live_ms))
        store.load([SeriesBlock(block.series, block.t_ms[:at], block.values[:, :at])])
        heads.append(SeriesBlock(block.series, block.t_ms[at:], block.values[:, at:]))
    for head in heads:
        store.append([Scrape(t_ms, head.series, values) for t_ms, values in scrapes(head)])


def _peer(
    stack: contextlib.ExitStack, start: Callable[[Path], Any], folder: Path
) -> peers.Server | None:
    try:
        server: peers.Server = stack.enter_context(start(folder))
    except FileNotFoundError as error:
        print(error)
        return None
    return server


if __name__ == "__main__":
    main()
