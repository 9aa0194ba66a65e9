"""Servers that send a byte now and then: a reading has an end, whatever the driver waits for."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import pytest

from collect.database.test_redis import answer, reading
from jipyo.collect.database import DatabaseOptions, database_collector
from jipyo.model.errors import CollectError
from support.tcp_server import serving_many

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator

DRIP_S = 0.05
FIRST = {
    "mysql": b"\xff\xff\xff\x00\x0a" + b"8" * 1000,
    "postgres": b"E\x00\x00\xff\xff" + b"S" * 1000,
    "redis": b"+" + b"O" * 1000,
}
SCHEMES = {"mysql": "mysql", "postgres": "postgresql", "redis": "redis"}


@contextlib.contextmanager
def dripping(data: bytes) -> Iterator[str]:
    """The address of a server that sends every client these bytes one by one."""
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            if done.wait(DRIP_S):
                return

    with serving_many(drip) as address:
        try:
            yield address
        finally:
            done.set()


@pytest.mark.parametrize("kind", FIRST)
def test_a_greeting_that_drips_is_left_after_the_time_to_connect(kind: str) -> None:
    with dripping(FIRST[kind]) as address:
        options = DatabaseOptions(
            kind=kind,
            url=f"{SCHEMES[kind]}://me@{address}/",
            connect_timeout_s=1.5,
            statement_timeout_s=5,
        )
        session = database_collector(options)
        threads = set(threading.enumerate())
        for limit_s in (15, 1.2):  # the second time the first attempt still hangs, if any does
            start = time.monotonic()
            with pytest.raises(CollectError) as raised:
                session.collect(0)
            assert raised.value.key in {"database.timeout", "database.unreachable"}
            assert time.monotonic() - start < (limit_s if kind != "postgres" else 15)
        assert len(set(threading.enumerate()) - threads) <= 3
        assert time.monotonic() - start < 15


def drip_info(words: list[str]) -> Iterable[bytes]:
    if words[0] != "INFO":
        yield answer(words)
        return
    for byte in b"$20000\r\n" + b"x" * 20_000:
        yield bytes([byte])
        time.sleep(DRIP_S)


def test_an_answer_that_drips_is_cut_after_the_time_of_a_statement() -> None:
    with reading(drip_info, interval_ms=1000) as collector:
        start = time.monotonic()
        with pytest.raises(CollectError) as raised:
            collector.collect(0)
        assert raised.value.key == "database.timeout"
        assert 1.4 < time.monotonic() - start < 15


def linger(words: list[str]) -> bytes:
    time.sleep(0.3)
    return answer(words)


def test_all_statements_together_take_no_longer_than_the_interval() -> None:
    with reading(linger, interval_ms=1600) as collector:
        start = time.monotonic()
        with pytest.raises(CollectError) as raised:
            collector.collect(0)
        assert raised.value.key == "database.timeout"
        assert time.monotonic() - start < 15
    # Each has much more time than the server takes, on a busy machine too.
    with reading(linger, statement_timeout_s=5, interval_ms=15_000) as collector:
        assert collector.collect(0)
