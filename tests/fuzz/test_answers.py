"""Servers that answer nonsense to a scrape, to a probe and to the drivers of databases."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.collect.database import DatabaseOptions, database_collector
from jipyo.collect.probe import HttpProbe, ProbeOptions, TcpProbe
from jipyo.collect.scrape import ScrapeOptions, ScrapeReader
from jipyo.model.errors import CollectError

if TYPE_CHECKING:
    from collections.abc import Callable

HTTP_WORDS = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n",
    b"HTTP/1.1 302 Found\r\n", b"HTTP/1.1 999 \xff\r\n", b"Content-Length: ", b"Content-Length: -1",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Location: http://127.0.0.1:1/",
    b"Location: //x[1\r\n", b"Content-Type: application/openmetrics-text\r\n", b"\r\n", b"\r\n\r\n",
    b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"4\r\na 1\n\r\n", b"\x1f\x8b\x08", b"a 1\n", b"\xff",
    b"Connection: close\r\n", b"Last-Modified: Mon, 99 Jan 2024 00:00:00 GMT\r\n", b": x\r\n",
)  # fmt: skip
HTTP_SEEDS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://\xed\x95\x9c:99999/\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"HTTP/1.1 200 " + b"x" * 20_000,
    b"HTTP/1.1 100 Continue\r\n\r\n" * 300,
)
REDIS_WORDS = (
    b"+OK\r\n", b"-ERR x\r\n", b"-NOAUTH x\r\n", b":1\r\n", b"$-1\r\n", b"*-1\r\n",
    b"$3\r\nabc\r\n",
    b"*2\r\n", b"%1\r\n", b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(99999999999999999999\r\n", b"\r\n",
    b"$99999999999\r\n", b"*99999999999\r\n", b"*1\r\n" * 50, b"used_memory:",
    b"db0:keys=1,expires=",
    b"cmdstat_get:calls=1,usec=", b"role:slave", b"$8\r\nrole:sla\r\n", b"\xff",
)  # fmt: skip
REDIS_SEEDS = (
    b"+OK\r\n" * 4 + b"$40\r\nused_memory:1\r\ndb0:keys=1,expires=2,avg_t=\r\n" + b":1\r\n",
    b"+OK\r\n+OK\r\n*1\r\n" * 100,
    b"*1\r\n" * 5000,
)
MYSQL_SEEDS = (
    b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00\xff\xdf\x15"
    + bytes(10) + b"abcdefghijkl\x00caching_sha2_password\x00"
    + b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00",
    b"\x17\x00\x00\x00\xff\x10\x04Too many connections",
    b"\xff\xff\xff\x00\x0a" + b"8" * 1000,
)  # fmt: skip
POSTGRES_SEEDS = (
    b"R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x19server_version\x0017.2\x00Z\x00\x00\x00\x05I",
    b"N",
    b"E\x00\x00\x00\x10SFATAL\x00Mx\x00\x00",
    b"R\x00\x00\x00\x17\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00",
)


class NonsenseServer:
    """Sends every client the case of the moment, and hangs up."""

    def __init__(self) -> None:
        self._listener: socket.socket | None = None
        self._case = b""

    def answer(self, case: bytes) -> str:
        """The address of a server that sends this."""
        self._case = case
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(self._case)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.02)
                while connection.recv(1 << 16):
                    pass


SERVER = NonsenseServer()


def scrape(case: bytes) -> object:
    url = f"http://{SERVER.answer(case)}/metrics"
    return ScrapeReader(url, {}, ScrapeOptions(timeout_ms=1000)).read(0)


def probe(case: bytes) -> object:
    url = f"http://{SERVER.answer(case)}/"
    return HttpProbe(ProbeOptions(url=url, timeout_s=1, expect_body="x")).collect(0)


def probe_tcp(case: bytes) -> object:
    return TcpProbe(ProbeOptions(tcp=SERVER.answer(case), timeout_s=1, expect="SSH")).collect(0)


def query(kind: str, scheme: str) -> Callable[[bytes], object]:
    def feed(case: bytes) -> object:
        url = f"{scheme}://me@{SERVER.answer(case)}/"
        options = DatabaseOptions(
            kind=kind, url=url, connect_timeout_s=1, statement_timeout_s=1, interval_ms=1000
        )
        with contextlib.closing(database_collector(options)) as session:
            return session.collect(0)

    return feed


def surface(
    name: str,
    feed: Callable[[bytes], object],
    seeds: tuple[bytes, ...],
    tokens: tuple[bytes, ...] = (),
    *,
    errors: tuple[type[Exception], ...] = (CollectError,),
) -> Surface:
    return Surface(
        name=f"answers-{name}",
        corpus="answers",
        feed=feed,
        seeds=seeds,
        tokens=tokens,
        errors=errors,
        base_s=1.0,
        cases=80,
    )


SURFACES = [
    surface("scrape", scrape, HTTP_SEEDS, HTTP_WORDS),
    surface("http-probe", probe, HTTP_SEEDS, HTTP_WORDS, errors=()),
    surface("tcp-probe", probe_tcp, (b"SSH-2.0-x\r\n", b"\xff" * 5000), errors=()),
    surface("redis", query("redis", "redis"), REDIS_SEEDS, REDIS_WORDS),
    surface("mysql", query("mysql", "mysql"), MYSQL_SEEDS),
    surface("postgres", query("postgres", "postgresql"), POSTGRES_SEEDS),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_an_answer_is_read_or_the_target_is_down(surface: Surface) -> None:
    assert_short_form(surface)
