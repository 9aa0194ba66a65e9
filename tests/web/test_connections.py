"""Connections that wait for their clients: how many, how long, and that others are served."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from jipyo.web import ConnectionLimits, Connections
from jipyo.web.connections import Wait
from jipyo.web.http.body import PIECE_BYTES
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.prometheus.route import format_error
from support.web import Client

if TYPE_CHECKING:
    from contextlib import ExitStack

Serve = Callable[..., Client]
PATIENT = 1000.0
IMPATIENT = ConnectionLimits(idle_s=0.1, head_s=0.1, transfer_s=0.1, stall_s=0.1)


def respond_length(request: WebRequest) -> WebResponse:
    return WebResponse(b"%d" % len(request.body))


def respond_much(request: WebRequest) -> WebResponse:
    return WebResponse(b"x" * PIECE_BYTES for _ in range(50))


LENGTH = Route("/length", respond_length, format_error, ("GET", "POST"))
MUCH = Route("/much", respond_much, format_error)


def connect(client: Client, sent: bytes = b"") -> socket.socket:
    host, port = client.base.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)), timeout=10)
    opened.sendall(sent)
    return opened


def count(connections: Connections, reason: str) -> float:
    _, closed = connections.families()
    return next(row.value for row in closed.samples if row.labels.get("reason") == reason)


def count_open(connections: Connections) -> float:
    return connections.families()[0].samples[0].value


def wait_until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_idle_connections_keep_nobody_out(
    serve: Serve, stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    connections = Connections(ConnectionLimits(max_open=20))
    client = serve(LENGTH, connections=connections)
    with caplog.at_level(logging.INFO, "jipyo.web.connections"):
        idle = [stack.enter_context(connect(client)) for _ in range(80)]
        for _ in range(10):
            began_s = time.perf_counter()
            with connect(client, b"GET /length HTTP/1.0\r\nHost: localhost\r\n\r\n") as other:
                assert other.recv(100).startswith(b"HTTP/1.1 200 OK")
            assert time.perf_counter() - began_s < 10
        assert count_open(connections) <= 20
        assert count(connections, "limit") >= 60
        for connection in idle:
            connection.close()
        wait_until(lambda: len(caplog.records) > 1)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "20 connections are open" in caplog.records[0].getMessage()


def test_the_one_that_was_silent_longest_makes_room(serve: Serve, stack: ExitStack) -> None:
    client = serve(LENGTH, connections=Connections(ConnectionLimits(max_open=2)))
    oldest, newer, newest = (stack.enter_context(connect(client)) for _ in range(3))
    assert oldest.recv(1) == b""
    for connection in (newer, newest):
        connection.sendall(b"GET /length HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_connections_whose_responses_are_being_made_are_never_closed(
    serve: Serve, stack: ExitStack
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def respond_late(request: WebRequest) -> WebResponse:
        began.set()
        go_on.wait(10)
        return WebResponse(b"late")

    connections = Connections(ConnectionLimits(max_open=1, head_s=0, idle_s=0, stall_s=0))
    client = serve(Route("/late", respond_late, format_error), connections=connections)
    get = b"GET /late HTTP/1.0\r\nHost: localhost\r\n\r\n"
    working = stack.enter_context(connect(client, get))
    assert began.wait(10)
    further = stack.enter_context(connect(client))
    refusal = further.recv(100)
    go_on.set()
    assert refusal.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert count(connections, "refused") == 1
    answer = b"".join(iter(lambda: working.recv(1000), b""))
    assert answer.endswith(b"late")


HEAD = b"POST /length HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "idle"),
        (HEAD, "head"),
        (b"G", "head"),
        (HEAD + b"Content-Length: 9\r\n\r\n", "body"),
        (HEAD + b"Content-Length: 9\r\n\r\nabc", "body"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nff", "body"),
        (b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n", "response"),
    ],
)
def test_every_wait_for_a_client_has_an_end(serve: Serve, sent: bytes, reason: str) -> None:
    connections = Connections(IMPATIENT)
    client = serve(LENGTH, MUCH, connections=connections)
    with connect(client, sent):
        wait_until(lambda: count(connections, reason) == 1)
    wait_until(lambda: count_open(connections) == 0)


def test_a_dripping_head_is_no_progress(serve: Serve) -> None:
    connections = Connections(ConnectionLimits(head_s=0.3))
    client = serve(LENGTH, connections=connections)
    with connect(client, b"GET /length HTTP/1.1\r\n") as dripping:

        def drips_in_vain() -> bool:
            try:
                dripping.sendall(b"x")
            except OSError:
                return True
            time.sleep(0.05)
            return False

        wait_until(drips_in_vain)
    assert count(connections, "head") == 1


def test_a_response_that_is_read_slowly_arrives_whole(serve: Serve) -> None:
    client = serve(MUCH, connections=Connections(ConnectionLimits(stall_s=3)))
    with connect(client, b"GET /much HTTP/1.0\r\nHost: localhost\r\n\r\n") as reading:
        size = 0
        while piece := reading.recv(1 << 20):
            size += len(piece)
            time.sleep(0.02)
    assert size > 50 * PIECE_BYTES


@pytest.mark.parametrize(
    ("wait", "waited_s", "silent_s", "is_over"),
    [
        (Wait.REQUEST, 75, 75, False),
        (Wait.REQUEST, 76, 0, True),
        (Wait.HEAD, 30, 30, False),
        (Wait.HEAD, 31, 0, True),
        (Wait.BODY, 299, 30, False),
        (Wait.BODY, 31, 31, True),
        (Wait.BODY, 301, 0, True),
        (Wait.READING, 299, 30, False),
        (Wait.READING, 31, 31, True),
        (Wait.READING, 301, 0, True),
    ],
)
def test_how_long_a_wait_may_last(
    wait: Wait, waited_s: float, silent_s: float, is_over: bool
) -> None:
    assert ConnectionLimits().is_over(wait, waited_s, silent_s) is is_over


@pytest.mark.parametrize(
    ("method", "status"), [("POST", b"HTTP/1.1 400 "), ("HEAD", b""), ("PATCH", b"HTTP/1.1 4")]
)
def test_a_malformed_body_ends_its_request_without_a_traceback(
    serve: Serve, caplog: pytest.LogCaptureFixture, method: str, status: bytes
) -> None:
    client = serve(LENGTH, MUCH)
    head = f"{method} /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(client, head.encode() + b"not hexadecimal\r\n") as connection:
        assert b"".join(iter(lambda: connection.recv(1000), b"")).startswith(status)
    with connect(client, head.encode()) as connection:
        time.sleep(0.05)  # the request has begun
        connection.sendall(b"not hexadecimal\r\n")
        assert b"".join(iter(lambda: connection.recv(1000), b"")).startswith(status)
    assert client.get("/length").status == 200
    assert not caplog.records
