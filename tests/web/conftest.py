"""A server over a real store and engine, asked over real HTTP."""

import contextlib
import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import urllib3

from jipyo import catalogue, web
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType, Scrape
from jipyo.promql import Engine, Options
from jipyo.source import Embedded
from jipyo.tsdb import Store
from jipyo.web.services import Services

T0_MS = 1_793_500_000_000
"""The first sample of the demo data; the clock stands 30 minutes later."""
NOW_MS = T0_MS + 1_800_000
STEP_MS = 15_000
STEPS = 41


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def data(self) -> object:
        assert self.status == 200, self.body
        return self.json["data"]


@dataclass(frozen=True)
class Client:
    """Asks one server."""

    base: str
    pool: urllib3.PoolManager

    def ask(self, method: str, path: str, *, headers: Mapping | None = None, **how) -> Answer:
        """`fields` as a dict or as pairs; in the address for GET, as a form for POST."""
        more = {"encode_multipart": False} if "fields" in how and method == "POST" else {}
        answer = self.pool.request(
            method, self.base + path, headers=headers, decode_content=True, **more, **how
        )
        return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.data)

    def get(self, path: str, headers: Mapping | None = None, **fields: object) -> Answer:
        return self.ask("GET", path, headers=headers, fields=fields)

    def post(self, path: str, **fields: object) -> Answer:
        return self.ask("POST", path, fields=fields)


@contextlib.contextmanager
def serving(services: Services) -> Iterator[Client]:
    """The application on a free port, in a thread."""
    stop, ready = threading.Event(), threading.Event()
    listener = web.listen("127.0.0.1", 0)
    base = web.address(listener)
    app = web.create_app(services)
    thread = threading.Thread(
        target=web.serve, args=(app, listener), kwargs={"ready": ready.set, "stop": stop}
    )
    thread.start()
    assert ready.wait(10)
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        try:
            yield Client(base, pool)
        finally:
            pool.clear()
            stop.set()
            thread.join(10)
            assert not thread.is_alive()


def demo() -> list[Scrape]:
    """Two instances with a counter, a gauge, `up` and a histogram, every 15 s for 10 min."""
    series = tuple(
        Labels.of({"__name__": name, "instance": instance, "job": "demo", **more})
        for instance in ("a:1", "b:1")
        for name, more in (
            ("up", {}),
            ("demo_total", {}),
            ("demo_gauge", {}),
            *(("demo_bucket", {"le": le}) for le in ("0.5", "1", "+Inf")),
        )
    )
    rows = (np.array([1.0, 2.0 * i, math.sin(i), i, 2 * i, 3 * i] * 2) for i in range(STEPS))
    return [Scrape(T0_MS + i * STEP_MS, series, row) for i, row in enumerate(rows)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("web") / "data"
    with Store.open(path, now_ms=lambda: NOW_MS) as opened:
        opened.append(demo())
        opened.describe([MetricMetadata("demo_total", MetricType.COUNTER, "Things.", "things")])
        yield opened


@pytest.fixture(scope="module")
def services(store: Store) -> Services:
    source = Embedded(store, Engine(Options()))
    return Services(
        source=source,
        ask=source.bound,
        queryable=store,
        catalogue=catalogue.load(),
        zone=ZoneInfo("Asia/Seoul"),
        lang="ko",
        instance="host1",
        version="0.1.0",
        started_ms=T0_MS,
        now_ms=lambda: NOW_MS,
        static=Path(__file__).parent / "no-such-folder",
        options=web.Options(overview_ms=0),  # the clock stands, so nothing would ever be made anew
    )


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[Client]:
    with serving(services) as one:
        yield one


Serve = Callable[..., Client]


@pytest.fixture
def serve(services: Services) -> Iterator[Serve]:
    """Another server, with some of the services changed."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(serving(replace(services, **changes)))
