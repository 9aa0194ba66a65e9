"""Parts of the web room over real HTTP: routes on a free port, a client, samples to ask for."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import urllib3
from starlette.middleware import Middleware

from jipyo import web
from jipyo.model.config_state import ConfigState
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.web.middleware import MeasureRequests, RequestGuard
from jipyo.web.server_info import ServerInfo
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.streams import StreamRoute

T0_MS = 1_793_500_000_000
"""The first sample of the demo data; the clock shows 30 minutes later."""
NOW_MS = T0_MS + 1_800_000
STEP_MS = 15_000
STEPS = 41
T0 = T0_MS / 1000
END = T0 + 600
RANGE = {"start": T0, "end": END}
SERVER = ServerInfo(
    instance="host1",
    version="0.1.0",
    started_ms=T0_MS,
    zone=ZoneInfo("Asia/Seoul"),
    lang="ko",
    config_yaml="timezone: Asia/Seoul\n",
    flags={"listen": "127.0.0.1:9797"},
)


def now_ms() -> int:
    return NOW_MS


def config_state() -> ConfigState:
    """The configuration of the start is in force."""
    return ConfigState(SERVER.started_ms)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        assert self.status == 200, self.body
        return self.json["data"]


@dataclass(frozen=True)
class Client:
    """Asks one server."""

    base: str
    pool: urllib3.PoolManager

    def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **how: Any
    ) -> Answer:
        """`fields` as a dict or as pairs; in the address for GET, as a form for POST."""
        if "fields" in how and method == "POST":
            how["encode_multipart"] = False
        answer = self.pool.request(
            method, self.base + path, headers=headers, decode_content=True, **how
        )
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, lower, answer.data)

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, /, **fields: object
    ) -> Answer:
        return self.ask("GET", path, headers=headers, fields=fields)

    def leave(self, path: str, arrived: Callable[[], object]) -> None:
        """Send a GET, and close its connection once it has arrived."""
        parts = urlsplit(self.base)
        head = f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
        with socket.create_connection((parts.hostname or "", parts.port or 0), 20) as connection:
            connection.sendall(head.encode())
            wait_until(arrived)

    def post(self, path: str, /, **fields: object) -> Answer:
        return self.ask("POST", path, fields=fields)


@contextlib.contextmanager
def serving(
    *routes: Route,
    options: web.Options | None = None,
    is_loopback: bool = True,
    metrics: web.RequestMetrics | None = None,
    connections: web.Connections | None = None,
    stream_route: StreamRoute | None = None,
    streams: web.Streams | None = None,
) -> Iterator[Client]:
    """The routes behind the middleware on a free port, in a thread."""
    streams = streams or web.Streams()
    stop, ready = threading.Event(), threading.Event()
    listener = web.listen("127.0.0.1", 0)
    middleware = [
        Middleware(MeasureRequests, metrics=metrics or web.RequestMetrics()),
        Middleware(RequestGuard, is_loopback=is_loopback, options=options or web.Options()),
    ]
    with ThreadPoolExecutor(8) as executor:
        mounted = web.mount(routes, executor)
        if stream_route is not None:
            mounted.insert(0, web.mount_stream(stream_route, streams, executor))
        app = web.create_app(mounted, middleware)
        thread = threading.Thread(
            target=web.serve,
            args=(app, listener),
            kwargs={"ready": ready.set, "stop": stop, "connections": connections},
        )
        thread.start()
        assert ready.wait(10)
        with urllib3.PoolManager(retries=False, timeout=30) as pool:
            try:
                yield Client(web.url_of(listener), pool)
            finally:
                pool.clear()
                streams.stop()
                stop.set()
                thread.join(10)
                assert not thread.is_alive()


def demo_scrapes() -> list[Scrape]:
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
