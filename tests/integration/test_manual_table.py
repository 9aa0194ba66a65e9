"""Every metric of the manual: our own collector, our scraping and Prometheus, side by side.

Host, databases and web servers are real. Application and AI server are pages written here
under the names that the field gives them; they are marked as replayed in the table.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil
import pytest
import urllib3
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from rich.console import Console
from rich.table import Table

from jipyo.catalogue import load
from jipyo.collect.database import DatabaseOptions, database_target
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop
from jipyo.collect.process import Processes
from jipyo.collect.scrape import ScrapeOptions, ScrapeReader
from jipyo.collect.target import Target, own_target
from jipyo.model.clock import SystemClock
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.result import Vector
from jipyo.promql import Engine
from jipyo.tsdb import Store
from support import databases as db
from support import services
from support.http_server import page, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from jipyo.catalogue import Metric, MetricQuery

pytestmark = pytest.mark.integration

INTERVAL_MS = 1000
WINDOW = "30s"
WATCH_S = 45
REPLAYED = frozenset({"vllm", "dcgm_exporter", "jipyo_app", "fastapi_instrumentator"})
"""Exporters whose pages are written in this file."""
OURS = frozenset({"node_exporter", "process_exporter", "postgres_exporter", "mysqld_exporter",
                  "redis_exporter"})  # fmt: skip
"""Exporters whose names our own collectors speak; a GPU would be one more."""
STEADY = "mariadbd"
ABSOLUTE = {
    "percent": 6.0, "seconds": 0.002, "bytes": 40e6, "bytes_per_second": 60_000, "count": 3.0,
    "requests_per_second": 6.0,
}  # fmt: skip
"""How far two readings within an interval may be apart, beside a fifth of the value."""


@dataclass(frozen=True)
class Row:
    """A metric as three saw it; NaN where one has nothing."""

    metric: Metric
    alternative: MetricQuery
    series: int
    own: float
    scraped: float
    prometheus: float
    agree: bool


def replay(elapsed_s: float) -> str:
    """What an AI server and its GPU expose after so many seconds."""
    requests, tokens = 20 * elapsed_s, 400 * elapsed_s
    model = 'model_name="replayed",engine="0"'
    lines = [
        "# TYPE vllm:num_requests_waiting gauge",
        f"vllm:num_requests_waiting{{{model}}} 3",
        "# TYPE vllm:kv_cache_usage_perc gauge",
        f"vllm:kv_cache_usage_perc{{{model}}} 0.42",
        "# TYPE vllm:generation_tokens_total counter",
        f"vllm:generation_tokens_total{{{model}}} {tokens}",
        "# TYPE vllm:e2e_request_latency_seconds histogram",
    ]
    for edge, share in (("0.5", 0.4), ("1.0", 0.8), ("2.0", 0.98), ("+Inf", 1.0)):
        name = "vllm:e2e_request_latency_seconds_bucket"
        lines.append(f'{name}{{{model},le="{edge}"}} {requests * share}')
    lines += [
        f"vllm:e2e_request_latency_seconds_sum{{{model}}} {requests * 0.7}",
        f"vllm:e2e_request_latency_seconds_count{{{model}}} {requests}",
    ]
    gpu = 'gpu="0",UUID="GPU-replayed",modelName="replayed"'
    for name, kind, value in (
        ("DCGM_FI_DEV_GPU_UTIL", "gauge", 88),
        ("DCGM_FI_DEV_GPU_TEMP", "gauge", 61),
        ("DCGM_FI_DEV_FB_USED", "gauge", 30_000),
        ("DCGM_FI_DEV_FB_FREE", "gauge", 10_000),
        ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", 250_000 * elapsed_s),
    ):
        lines += [f"# TYPE {name} {kind}", f"{name}{{{gpu}}} {value}"]
    return "\n".join(lines) + "\n"


@dataclass
class Application:
    """A web application's metrics, under the names of prometheus-fastapi-instrumentator."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram

    @classmethod
    def make(cls) -> Application:
        registry = CollectorRegistry()
        names = ("handler", "status", "method")
        edges = (0.05, 0.1, 0.25, 0.5, 1, 2, 5)
        accuracy = Gauge(
            "jipyo_model_accuracy_ratio", "accuracy", ("model", "dataset"), registry=registry
        )
        accuracy.labels("replayed", "held-out").set(0.93)
        Gauge("jipyo_active_sessions", "sessions", registry=registry).set(7)
        return cls(
            registry,
            Counter("http_requests_total", "requests", names, registry=registry),
            Histogram(
                "http_request_duration_highr_seconds", "time", buckets=edges, registry=registry
            ),
        )

    def serve(self, number: int) -> None:
        """One request, every twentieth an error."""
        self.requests.labels("/ask", "5xx" if number % 20 == 0 else "2xx", "GET").inc()
        self.seconds.observe((number % 30) / 20)


@contextlib.contextmanager
def serving_page(write: Callable[[], bytes]) -> Iterator[int]:
    """A page at a free port, written anew for each request."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        page(write())(handler)

    with serving(answer) as server:
        yield server.port


def work(made: dict[str, db.Server], application: Application, stop: threading.Event) -> None:
    """Use everything until it is enough."""
    web = urllib3.PoolManager(retries=False, timeout=5)
    mysql = db.mysql_admin(made["mysql"].port)
    with (
        db.postgres_admin(made["postgres"].port) as postgres,
        contextlib.closing(mysql),
        mysql.cursor() as cursor,
        db.redis_admin(made["redis"].port) as redis,
    ):
        postgres.execute("CREATE TABLE goods AS SELECT generate_series(1, 2000) AS id")
        cursor.execute("CREATE TABLE shop.goods (id int, name varchar(20))")
        cursor.execute("USE shop")
        for number in range(1_000_000):
            if stop.wait(0.05):
                return
            postgres.execute("SELECT count(*) FROM goods").fetchall()
            cursor.execute("INSERT INTO goods VALUES (%s, 'x')", [number])
            cursor.execute("SELECT count(*) FROM goods")
            redis.set(f"key{number % 50}", "x")
            redis.get(f"key{number % 60}")
            path = "/broken" if number % 25 == 0 else "/"
            web.request("GET", f"http://127.0.0.1:{made['haproxy'].port}{path}")
            application.serve(number)


@dataclass(frozen=True)
class Watched:
    """Three stores that watched the same for the same time."""

    own: Store
    scraped: Store
    prometheus: int
    t_ms: int


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with contextlib.ExitStack() as keep:
        where = keep.enter_context(db.folder())
        made, pages = servers(keep, where)
        application = Application.make()
        start = time.time()
        pages |= {
            "ai": keep.enter_context(serving_page(lambda: replay(time.time() - start).encode())),
            "app": keep.enter_context(serving_page(lambda: generate_latest(application.registry))),
        }
        jobs = {job: (job if job != "process" else "node", port) for job, port in pages.items()}
        prometheus = keep.enter_context(db.started(db.prometheus(where, jobs)))
        folder = tmp_path_factory.mktemp("stores")
        own = watching(keep, folder / "own", own_targets(made, where))
        scraped = watching(keep, folder / "scraped", page_targets(jobs))
        stop = threading.Event()
        worker = threading.Thread(target=work, args=(made, application, stop))
        worker.start()
        keep.callback(worker.join)
        keep.callback(stop.set)
        time.sleep(WATCH_S)
        yield wait_until_all_are_up(own, scraped, prometheus.port)


def wait_until_all_are_up(own: Store, scraped: Store, prometheus: int) -> Watched:
    """The first moment at which everything was read; a busy machine may take longer than 1 s."""
    end = time.monotonic() + 60
    while True:
        t_ms = int(time.time() * 1000) - 1000
        up = (
            *(ours(store, "up", t_ms).values() for store in (own, scraped)),
            theirs(prometheus, "up", t_ms).values(),
        )
        if all(all(one) for one in up):
            return Watched(own, scraped, prometheus, t_ms)
        assert time.monotonic() < end, up
        time.sleep(0.5)


def servers(keep: contextlib.ExitStack, where: Path) -> tuple[dict[str, db.Server], dict[str, int]]:
    """What runs, and the port of each page by job."""
    made = {
        "postgres": keep.enter_context(db.started(db.postgres(where))),
        "mysql": keep.enter_context(db.started(db.mariadb(where))),
        "redis": keep.enter_context(db.started(db.redis_server(where))),
        "nginx": keep.enter_context(db.started(db.nginx(where))),
    }
    db.prepare_postgres(made["postgres"].port)
    db.prepare_mariadb(made["mysql"].port)
    proxy, metrics = db.haproxy(where, made["nginx"].port)
    made["haproxy"] = keep.enter_context(db.started(proxy))
    config = where / "process.yml"
    config.write_text(
        'process_names:\n  - name: "{{.ExeBase}}"\n    cmdline: [".+"]\n', encoding="utf-8"
    )
    listen = "--web.listen-address=127.0.0.1:{port}"
    exporters = {
        "postgres": db.postgres_exporter(where, made["postgres"].port),
        "mysql": db.mysqld_exporter(where, made["mysql"].port),
        "redis": db.redis_exporter(where, made["redis"].port),
        "nginx": db.nginx_exporter(where, made["nginx"].port),
        "process": db.exporter(where, "process", [listen, f"--config.path={config}"]),
        "node": newest_node_exporter(where),
        "alertmanager": db.alertmanager(where),
    }
    for exporter in exporters.values():
        keep.enter_context(db.started(exporter))
    return made, {job: one.port for job, one in exporters.items()} | {"haproxy": metrics}


def newest_node_exporter(where: Path) -> db.Server:
    made = db.exporter(where, "node", ["--web.listen-address=127.0.0.1:{port}"])
    return replace(made, command=[services.binary("node_exporter"), *made.command[1:]])


def own_targets(made: dict[str, db.Server], where: Path) -> list[Target]:
    """Our own collectors, under the instances that the pages have."""
    urls = {
        "postgres": f"postgresql://jipyo@127.0.0.1:{made['postgres'].port}/postgres",
        "mysql": f"mysql://jipyo@127.0.0.1:{made['mysql'].port}/",
        "redis": f"redis://127.0.0.1:{made['redis'].port}",
    }
    password = where / "password"
    targets = [
        database_target(
            DatabaseOptions(
                kind=kind, url=url, password_file=password, instance=kind, interval_ms=INTERVAL_MS
            )
        )
        for kind, url in urls.items()
    ]
    for job, collector in (("node", Host()), ("process", Processes())):
        targets.append(own_target([collector], job=job, instance="node", interval_ms=INTERVAL_MS))
    return targets


def page_targets(jobs: dict[str, tuple[str, int]]) -> list[Target]:
    """The pages, scraped by us as Prometheus scrapes them."""
    targets = []
    for job, (instance, port) in jobs.items():
        labels = {"job": job, "instance": instance}
        url = f"http://127.0.0.1:{port}/metrics"
        page = ScrapeReader(url, labels, ScrapeOptions(timeout_ms=INTERVAL_MS))
        targets.append(Target(Labels.of(labels), page, INTERVAL_MS, url))
    return targets


def watching(keep: contextlib.ExitStack, folder: Path, targets: list[Target]) -> Store:
    clock = SystemClock()
    store = keep.enter_context(Store.open(folder, now_ms=clock.now_ms))
    loop = Loop(store, clock=clock)
    loop.start(lambda: targets)
    keep.callback(loop.stop)
    return store


def ours(store: Store, expression: str, t_ms: int) -> dict[Labels, float]:
    found = Engine().instant(store, expression, t_ms).value
    assert isinstance(found, Vector)
    return kept(dict(zip(found.series, map(float, found.values), strict=True)))


def theirs(port: int, expression: str, t_ms: int) -> dict[Labels, float]:
    answer = urllib3.request(
        "POST",
        f"http://127.0.0.1:{port}/api/v1/query",
        fields={"query": expression, "time": str(t_ms / 1000)},
        timeout=20,
    ).json()
    assert answer["status"] == "success", answer
    found = {Labels.of(one["metric"]): float(one["value"][1]) for one in answer["data"]["result"]}
    return kept(found)


def kept(found: dict[Labels, float]) -> dict[Labels, float]:
    """Series that can be compared; of processes only a program that runs all the time."""
    plain = {labels.drop([METRIC_NAME]): value for labels, value in found.items()}
    return {
        labels: value
        for labels, value in plain.items()
        if not math.isnan(value) and labels.get("groupname", STEADY) == STEADY
    }


def close(metric: Metric, one: float, other: float) -> bool:
    room = ABSOLUTE.get(metric.unit.value, 0.0) + 0.2 * max(abs(one), abs(other))
    return abs(one - other) <= room


def row(watched: Watched, metric: Metric, alternative: MetricQuery) -> Row | None:
    """One line of the table; None where Prometheus has nothing of it either."""
    # The ten largest groups change from moment to moment, so all of them are asked for.
    expression = alternative.expression(WINDOW).replace("topk by (instance) (10,", "(")
    there = theirs(watched.prometheus, expression, watched.t_ms)
    scraped = ours(watched.scraped, expression, watched.t_ms)
    own = ours(watched.own, expression, watched.t_ms)
    if not there:
        return None
    shared = [labels for labels in there if labels in scraped]
    assert set(scraped) == set(there), (metric.id, set(scraped) ^ set(there))
    agree = all(close(metric, scraped[labels], there[labels]) for labels in shared)
    mine = [labels for labels in shared if labels in own]
    if alternative.exporter in OURS:
        agree = agree and bool(mine)
    agree = agree and all(close(metric, own[labels], there[labels]) for labels in mine)
    shown = max(mine or shared, key=lambda labels: there[labels])
    nothing = math.nan
    return Row(
        metric,
        alternative,
        len(there),
        own.get(shown, nothing),
        scraped[shown],
        there[shown],
        agree,
    )


def show(rows: list[Row], absent: list[str]) -> None:
    table = Table(title=f"Metrics of the manual, rates over {WINDOW}")
    for heading in ("metric", "from", "series", "own", "scraped", "Prometheus", "agree"):
        table.add_column(heading)
    for one in rows:
        origin = one.alternative.exporter
        origin += " (replayed)" if origin in REPLAYED else ""
        numbers = [
            "-" if math.isnan(value) else f"{value:.5g}"
            for value in (one.own, one.scraped, one.prometheus)
        ]
        agree = "yes" if one.agree else "NO"
        table.add_row(one.metric.id, origin, str(one.series), *numbers, agree)
    for name in absent:
        table.add_row(name, "nothing to measure on this machine", "0", "-", "-", "-", "")
    Console(width=140).print(table)


def test_every_series_of_every_page_is_the_same_here_and_in_prometheus(watched: Watched) -> None:
    per_page: dict[str, tuple[int, int]] = {}
    for job in {labels["job"] for labels in theirs(watched.prometheus, "up", watched.t_ms)}:
        named = f'label_replace({{job="{job}"}}, "metric", "$1", "__name__", "(.+)")'
        there = theirs(watched.prometheus, f"count by (metric) ({named})", watched.t_ms)
        here = ours(watched.scraped, f"count by (metric) ({named})", watched.t_ms)
        per_page[job] = sum(map(int, here.values())), sum(map(int, there.values()))
        if job != "process":  # programs come and go between two readings
            assert here == there, job
    print(per_page)
    assert {"alertmanager", "node", "postgres", "mysql", "redis", "haproxy"} <= per_page.keys()
    assert min(here for here, _ in per_page.values()) > 10


def test_three_ways_to_the_manuals_metrics_agree(watched: Watched) -> None:
    rows: list[Row] = []
    absent: list[str] = []
    for metric in load().metrics:
        if not metric.required:
            continue
        found = [
            one for query in metric.queries if (one := row(watched, metric, query)) is not None
        ]
        rows += found
        if not found:
            absent.append(metric.id)
    show(rows, absent)
    swapless = psutil.swap_memory().total == 0
    assert absent in ([], ["system.memory.swap"] if swapless else [])
    assert [(one.metric.id, one.alternative.exporter) for one in rows if not one.agree] == []
    mine = {one.alternative.exporter for one in rows if not math.isnan(one.own)}
    assert mine == OURS
