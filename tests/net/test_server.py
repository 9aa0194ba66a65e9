"""Servers that answer queries: their options, Retry-After, and requests that are sent again."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import NetError
from jipyo.net.http import ClientResponse
from jipyo.net.server import (
    RepeatingClient,
    ServerOptions,
    ServerRequest,
    name_endpoint,
    read_retry_after,
)
from support.clock import WaitingClock

NOW_S = 1_795_878_000.0
"""2026-11-28 15:00:00 UTC."""


def answer(status: int, body: bytes = b"", **headers: str) -> ClientResponse:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return ClientResponse("http://x/", status, "", named, body)


class Server:
    """Answers in this order, and keeps the moments at which it was asked."""

    def __init__(self, *answers: ClientResponse | NetError, retries: int = 3) -> None:
        self.clock = WaitingClock(int(NOW_S * 1000))
        self.left = list(answers)
        self.asked_s: list[float] = []
        self.limits_s: list[float] = []
        self.retried = 0
        self.client = RepeatingClient(
            ServerOptions(name="x", url="http://x", timeout_s=30, retries=retries),
            self,  # type: ignore[arg-type]  # what it asks of a client
            self.clock,
            lambda: 0.5,
            lambda response: response.body == b"verdict",
            self.count,
        )

    def count(self) -> None:
        self.retried += 1

    def request(self, _method: str, _url: str, **options) -> ClientResponse:
        self.asked_s.append(self.clock.monotonic_ms() / 1000)
        self.limits_s.append(options["limits"].timeout_s)
        found = self.left.pop(0)
        if isinstance(found, NetError):
            raise found
        return found

    def send(self, cancelled: threading.Event | None = None) -> ClientResponse | NetError:
        return self.client.send(ServerRequest("GET", "http://x/", {}, None, cancelled))


@pytest.mark.parametrize(
    "failure",
    [
        *(answer(status) for status in (429, 502, 503, 504)),
        NetError("net.unreachable", url="http://x/"),
        NetError("net.cut", url="http://x/"),
    ],
)
def test_a_failure_that_may_pass_is_sent_again(failure):
    server = Server(failure, failure, answer(200))
    found = server.send()
    assert isinstance(found, ClientResponse)
    assert found.status == 200
    assert (server.asked_s, server.retried) == ([0.0, 0.25, 0.75], 2)
    assert server.limits_s == [30, 29.75, 29.25]


@pytest.mark.parametrize(
    "final",
    [
        *(answer(status) for status in (200, 400, 404, 500, 501)),
        answer(503, b"verdict"),
        NetError("net.timeout", url="http://x/"),
        NetError("net.tls", url="http://x/"),
    ],
)
def test_another_answer_is_final(final):
    server = Server(final)
    assert server.send() == final
    assert not server.client.is_passing(final)


def test_the_last_failure_is_the_answer():
    server = Server(*[answer(503)] * 4)
    found = server.send()
    assert server.client.is_passing(found)
    assert len(server.asked_s) == 4


def test_a_wait_beyond_the_time_left_is_not_begun():
    server = Server(answer(503, Retry_After="31"))
    assert isinstance(server.send(), ClientResponse)
    assert server.asked_s == [0.0]
    server = Server(answer(429, Retry_After="7"), answer(200))
    server.send()
    assert server.asked_s == [0.0, 7.0]


def test_nothing_is_sent_after_a_wait_that_was_cancelled():
    cancelled = threading.Event()
    cancelled.set()
    server = Server(answer(503), answer(200))
    server.send(cancelled)
    assert (len(server.asked_s), server.retried) == (1, 0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999999", 3600.0),
        ("9" * 400, 0.0),
        ("Sat, 28 Nov 2026 15:00:05 GMT", 5.0),
        ("Sat, 28 Nov 2026 14:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("٣", 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert read_retry_after(answer(429, Retry_After=text), NOW_S) == seconds


@given(st.text(max_size=40))
def test_retry_after_of_any_text_is_a_wait_within_an_hour(text):
    assert 0 <= read_retry_after(answer(429, Retry_After=text), NOW_S) <= 3600


def test_an_address_is_named_without_its_query():
    error = NetError("net.cut", hint="h", url="http://x/api?query=up", seconds=3)
    assert name_endpoint(error).values == {"url": "http://x/api", "seconds": 3}
    assert name_endpoint(error).hint == "h"
    assert name_endpoint(NetError("net.bad_secret")).values == {}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_on_one_machine_nothing_is_compressed(host):
    near = ServerOptions(name="x", url=f"http://{host}:9090/x").http_options()
    far = ServerOptions(name="x", url="http://db.example:9090").http_options()
    assert (near.compressed, far.compressed) == (False, True)
