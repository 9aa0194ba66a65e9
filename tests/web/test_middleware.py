"""What applies to every request: names, origins, sizes, security headers, counting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from jipyo.web import Options, RequestMetrics
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.middleware import SECURITY_HEADERS
from jipyo.web.prometheus.route import format_error
from support.web import Client, serving

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
