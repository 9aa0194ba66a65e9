"""What applies to every request: names, origins, sizes, security headers, counting."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from jipyo.web import Options, RequestMetrics
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.middleware import SECURITY_HEADERS, BodyBudget, TooManyBodies
from jipyo.web.prometheus.route import format_error
from support.web import Client, serving

if TYPE_CHECKING:
    from starlette.types import Message, Receive

Serve = Callable[..., Client]


def echo(request: WebRequest) -> WebResponse:
    return WebResponse(request.first("query").encode(), media_type="text/plain")


def fail(request: WebRequest) -> WebResponse:
    raise ZeroDivisionError


ECHO = Route("/echo", echo, format_error, ("GET", "POST"))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(ECHO, Route("/fails", fail, format_error)) as client:
        yield client


@pytest.mark.parametrize("path", ["/echo", "/fails", "/not-there"])
def test_every_response_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert SECURITY_HEADERS.items() <= headers.items()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9797", 200),
        ("127.8.8.8", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:9797", 200),
        ("monitor.example:80", 200),
        ("rebound.example", 403),
        ("127.0.0.1.rebound.example", 403),
        ("10.0.0.1:9797", 403),
        ("[bad", 403),
        ("", 403),
    ],
)
def test_on_loopback_the_host_header_must_name_us(serve: Serve, host: str, status: int) -> None:
    client = serve(ECHO, options=Options(allowed_hosts=("Monitor.example",)))
    assert client.get("/echo", {"host": host}).status == status


def test_beyond_loopback_any_name_may_be_ours(serve: Serve) -> None:
    client = serve(ECHO, is_loopback=False)
    assert client.get("/echo", {"host": "monitor.example"}).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("{base}", 200), (None, 200)],
)
def test_other_sites_cannot_make_a_browser_post_here(
    client: Client, origin: str | None, status: int
) -> None:
    headers = {"origin": origin.format(base=client.base)} if origin else {}
    answer = client.ask("POST", "/echo", headers=headers, fields={"query": "1"})
    assert answer.status == status
    assert client.get("/echo", headers, query="1").status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(serve: Serve, chunked: bool) -> None:
    client = serve(ECHO, options=Options(max_body_bytes=1000))
    body = iter([b"query=1&x=", b"x" * 2000]) if chunked else b"query=1&x=" + b"x" * 2000
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.pool.request(
        "POST", client.base + "/echo", body=body, headers=headers, chunked=chunked
    )
    assert answer.status == 413
    assert client.post("/echo", query="1").status == 200


def read_counts(metrics: RequestMetrics, requests: int) -> dict[tuple[str, str], float]:
    """By handler and code; a request is counted only after its response is out."""
    end = time.monotonic() + 5
    while True:
        samples = metrics.families()[0].samples
        counts = {(one.labels["handler"], one.labels["code"]): one.value for one in samples}
        if sum(counts.values()) >= requests or time.monotonic() > end:
            return counts
        time.sleep(0.01)


def test_requests_are_counted_by_route_and_never_by_address(serve: Serve) -> None:
    metrics = RequestMetrics()
    client = serve(
        Route("/label/{name:path}", echo, format_error),
        Route("/fails", fail, format_error),
        metrics=metrics,
    )
    for path in ("/label/a", "/label/b/c", "/fails", "/nothing", "/nothing/else"):
        client.get(path)
    client.post("/label/a", x="y")
    client.get("/label/a", {"host": "rebound.example"})
    assert read_counts(metrics, 7) == {
        ("/label/{name:path}", "200"): 2,
        ("/label/{name:path}", "405"): 1,
        ("/fails", "500"): 1,
        ("other", "404"): 2,
        ("other", "403"): 1,
    }


def make_receive(*sizes: int) -> Receive:
    messages = iter([{"type": "http.request", "body": bytes(size)} for size in sizes])

    async def receive() -> Message:
        return next(messages)

    return receive


async def read_all(receive: Receive, count: int) -> None:
    for _ in range(count):
        await receive()


def test_bodies_share_a_budget_and_give_it_back() -> None:
    budget = BodyBudget(1 << 20)
    releases = []
    for _ in range(10):  # of 8 MiB; the first 256 KiB of each are free
        receive, release = budget.limit(make_receive(1 << 19, 1 << 19))
        asyncio.run(read_all(receive, 2))
        releases.append(release)
    receive, release = budget.limit(make_receive(1 << 18, 1 << 19, 1 << 18))
    asyncio.run(read_all(receive, 2))
    with pytest.raises(TooManyBodies):
        asyncio.run(read_all(receive, 1))
    small, _ = budget.limit(make_receive(1 << 18))
    asyncio.run(read_all(small, 1))
    for give_back in (*releases, release):
        give_back()
    assert budget.free_bytes == 8 << 20


def test_bodies_that_are_never_finished_leave_room_for_small_ones(
    serve: Serve, stack: ExitStack
) -> None:
    client = serve(ECHO, options=Options(max_body_bytes=1 << 20))
    host, port = client.base.removeprefix("http://").split(":")
    head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n"
    answers = []
    for _ in range(16):
        opened = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
        opened.sendall(head + bytes((1 << 20) - 1))
        opened.settimeout(0.3)
        with suppress(TimeoutError):
            answers.append(opened.recv(100))
    assert len(answers) >= 5
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 503 Service Unavailable"}
    assert client.post("/echo", query="small").body == b"small"
