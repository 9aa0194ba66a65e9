"""HTTP: whatever is sent to a running product gets an answer of its own, soon, and no 500.

A case is what a client writes to one connection: a request, several, or a part of one.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import socket
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import h11

from fuzz import requests
from fuzz.driver import Surface, assert_short_form
from jipyo.tsdb import Options, Store
from support.product import up
from support.web import demo_scrapes

if TYPE_CHECKING:
    from support.product import Product

ANSWER_S = 15.0
"""Queries are given up after five seconds; the rest is for a busy machine."""
HALF_S = 0.02
CONFIG = "query: {timeout: 5s}\n"
LOG_ERRORS = (b"Traceback", b" ERROR ")


@lru_cache(maxsize=1)
def start_product() -> tuple[Product, Path]:
    """A running product with some samples, until this process ends; and its log."""
    running = contextlib.ExitStack()
    home = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="jipyo-fuzz-")))
    atexit.register(running.close)
    scrapes = demo_scrapes()
    options = Options(durable=False, out_of_order_ms=None)
    with Store.open(home / "data", options, now_ms=lambda: scrapes[-1].t_ms) as store:
        store.append(scrapes)
    (home / "jipyo.yaml").write_text(CONFIG)
    product = running.enter_context(up(home / "data", "--config", str(home / "jipyo.yaml")))
    return product, home / "data.log"


def send(case: bytes) -> None:
    """Write a case to a connection; every answer to it is one of ours, and in time."""
    product, log = start_product()
    size = log.stat().st_size
    with socket.create_connection(("127.0.0.1", product.port), timeout=ANSWER_S) as connection:
        with contextlib.suppress(OSError):  # it may be closed before all is read
            connection.sendall(case)
        paths, is_whole = find_requests(case)
        answers = read_answers(connection, paths, ANSWER_S if is_whole else HALF_S)
    for path, (status, media_type, body) in zip(paths, answers, strict=False):
        check_answer(path, status, media_type, body)
    assert answers or not is_whole, "no answer"
    assert product.process.poll() is None, "the product has ended"
    with log.open("rb") as lines:
        lines.seek(size)
        written = lines.read()
    assert not any(word in written for word in LOG_ERRORS), written.decode(errors="replace")


def find_requests(case: bytes) -> tuple[list[bytes], bool]:
    """The targets of the requests in a case, and whether the first of them is whole or wrong.

    What is wrong has the target `*`.
    """
    if not case:
        return [], False
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 18)
    targets: list[bytes] = []
    ends = 0
    try:
        server.receive_data(case)
        while True:
            event = server.next_event()
            if event is h11.NEED_DATA:
                return targets, ends > 0
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return targets, True
            if isinstance(event, h11.Request):
                targets.append(b"*" if event.method == b"HEAD" else event.target)
            ends += isinstance(event, h11.EndOfMessage)
    except h11.RemoteProtocolError:
        return [b"*"], True  # the server may notice before it has answered


Answer = tuple[int, str, bytes]


def read_answers(connection: socket.socket, targets: list[bytes], seconds: float) -> list[Answer]:
    """The answer to the first request, if one comes in time."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    status, media_type, body = 0, "", b""
    end_s = time.monotonic() + seconds
    connection.settimeout(seconds)
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            left_s = end_s - time.monotonic()
            try:
                client.receive_data(connection.recv(1 << 16) if left_s > 0 else b"")
            except (TimeoutError, ConnectionError):
                return []
        elif isinstance(event, h11.Response):
            status = event.status_code
            media_type = dict(event.headers).get(b"content-type", b"").decode("latin-1")
            is_packed = b"content-encoding" in dict(event.headers)
            if targets[:1] == [b"*"] or is_packed:
                return [(status, "", b"")]
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return [(status, media_type, body)]
        elif isinstance(event, h11.ConnectionClosed):
            return []


def check_answer(target: bytes, status: int, media_type: str, body: bytes) -> None:
    """No failure of ours, and an error of the Prometheus API in its form."""
    assert status != 500, body[:500]
    if media_type.startswith("application/json"):
        answer = json.loads(body)
        if target.startswith(b"/api/v1/") and status >= 400:
            assert answer["status"] == "error", body[:500]
            assert answer["errorType"], body[:500]
            assert answer["error"], body[:500]
    else:
        is_api = target.startswith((b"/api/v1/query", b"/api/v1/nothing"))
        assert not (is_api and status >= 400), (status, media_type, body[:500])


SURFACES = [
    Surface(
        name="http",
        feed=send,
        generate=requests.build_requests,
        tokens=(*requests.VALUES, *requests.PATHS, *requests.METHODS, b"\r\n", b" HTTP/1.1\r\n"),
        base_s=2.0,
        base_bytes=256 << 20,
        cases=400,
    )
]


def test_every_request_gets_an_answer_of_ours() -> None:
    assert_short_form(SURFACES[0])


def test_the_paths_are_those_of_the_documentation() -> None:
    known = b"/api/v1/query_range /federate /api/jipyo/overview /-/ready /api/v1/write /metrics"
    assert set(known.split()) <= set(requests.PATHS)
