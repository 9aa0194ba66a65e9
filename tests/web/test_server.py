"""The listening socket, and how the server starts and stops."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.middleware import Middleware

from jipyo import web
from jipyo.model.errors import ServeError
from jipyo.web.http.body import PIECE_BYTES
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.middleware import MeasureRequests, RequestGuard
from jipyo.web.prometheus.route import format_error
from support.web import Client, serving

Serve = Callable[..., Client]


def test_a_port_in_use_is_said_before_anything_is_opened() -> None:
    with web.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ServeError) as error:
            web.listen("127.0.0.1", port)
    assert (error.value.key, error.value.values["port"]) == ("web.port_in_use", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(ServeError) as error:
        web.listen(host, 0)
    assert error.value.key == "web.no_such_address"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
    ],
)
def test_the_address_is_one_that_a_browser_can_call(host: str, shown: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with web.listen(host, 0) as listener:
        assert web.url_of(listener) == f"{shown}{listener.getsockname()[1]}"


def respond(request: WebRequest) -> WebResponse:
    return WebResponse(b"%d" % len(request.first("query")))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(Route("/length", respond, format_error, ("GET", "POST"))) as client:
        yield client


def test_an_address_may_be_as_long_as_a_query(client: Client) -> None:
    query = urllib.parse.quote("가" * 5000)
    with urllib.request.urlopen(f"{client.base}/length?query={query}") as answer:
        assert answer.read() == b"5000"


def test_stopping_lets_a_response_in_progress_finish(serve: Serve) -> None:
    began, go_on = threading.Event(), threading.Event()

    def respond_late(request: WebRequest) -> WebResponse:
        began.set()
        go_on.wait(10)
        return WebResponse(b"late")

    bodies: list[bytes] = []
    with serving(Route("/late", respond_late, format_error)) as client:
        asking = threading.Thread(target=lambda: bodies.append(client.get("/late").body))
        asking.start()
        assert began.wait(10)
        threading.Timer(0.3, go_on.set).start()
    asking.join(10)
    assert bodies == [b"late"]


def connect(client: Client) -> socket.socket:
    host, port = client.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_a_client_that_leaves_midway_disturbs_nobody(serve: Serve) -> None:
    def respond_much(request: WebRequest) -> WebResponse:
        return WebResponse(b"x" * PIECE_BYTES for _ in range(50))

    client = serve(
        Route("/much", respond_much, format_error),
        Route("/length", respond, format_error, ("POST",)),
    )
    half = b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nquery="
    with connect(client) as leaving:
        leaving.sendall(half)
    with connect(client) as leaving:
        leaving.sendall(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert leaving.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert client.post("/length", query="abc").body == b"3"


def test_the_application_runs_under_any_asgi_server() -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    middleware = [
        Middleware(MeasureRequests, metrics=web.RequestMetrics()),
        Middleware(RequestGuard, is_loopback=True, options=web.Options()),
    ]
    asyncio.run(web.create_app([], middleware)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
