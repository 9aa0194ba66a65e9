"""Syslog by UDP and TCP: nothing that arrived is lost by a stop, limits hold."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from jipyo.logs.ingest.receive.decoding import ReceiveLimits
from jipyo.logs.ingest.receive.receiver import LogReceiver
from jipyo.logs.ingest.receive.syslog_server import SyslogOptions, SyslogServer
from jipyo.model.errors import ServeError, StoreFull
from support.log_ingest import MemoryStore, PlainParsing
from support.waiting import wait_until

LOCAL = ("127.0.0.1", 0)
Open = Callable[..., SyslogServer]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def open_server(store: MemoryStore) -> Iterator[Open]:
    servers: list[SyslogServer] = []

    def open_one(**options: object) -> SyslogServer:
        receiver = LogReceiver(store, PlainParsing(), ReceiveLimits())
        given = SyslogOptions(**{"udp": LOCAL, "tcp": LOCAL, **options})  # type: ignore[arg-type]
        server = SyslogServer(receiver, given, time.time_ns, time.monotonic)
        server.start()
        servers.append(server)
        return server

    yield open_one
    for server in servers:
        server.stop()


def stored(store: MemoryStore) -> list[bytes]:
    with contextlib.suppress(StoreFull):
        store.flush()
    return store.messages()


def connect(server: SyslogServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.ports[1]), 5)


def value(server: SyslogServer, name: str) -> float:
    found = next(one for one in server.families() if one.name == f"jipyo_log_syslog_{name}")
    return found.samples[0].value


def test_datagrams_are_messages(open_server: Open, store: MemoryStore) -> None:
    server = open_server(max_message_bytes=100)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for n in range(50):
            sender.sendto(b"<13>app: %d" % n, ("127.0.0.1", server.ports[0]))
        sender.sendto(b"<13>app: " + b"x" * 200, ("127.0.0.1", server.ports[0]))
        sender.sendto(b"\n", ("127.0.0.1", server.ports[0]))
    wait_until(lambda: len(stored(store)) == 51)
    assert store.messages()[:50] == [b"%d" % n for n in range(50)]
    assert store.messages()[50] == b"x" * 91
    assert value(server, "cut_messages_total") == 1


def test_streams_of_both_framings(open_server: Open, store: MemoryStore) -> None:
    server = open_server()
    with connect(server) as one, connect(server) as two:
        one.sendall(b"11 <13>app: ab11 <13>app: ")
        two.sendall(b"<13>app: line\n<13>app: ha")
        wait_until(lambda: len(stored(store)) == 2)
        one.sendall(b"cd")
        two.sendall(b"lf\n<13>app: rest")
    wait_until(lambda: len(stored(store)) == 5)
    assert sorted(store.messages()) == [b"ab", b"cd", b"half", b"line", b"rest"]


def test_what_arrived_before_a_stop_is_kept(open_server: Open, store: MemoryStore) -> None:
    server = open_server()
    with connect(server) as one:
        one.sendall(b"".join(b"<13>app: %d\n" % n for n in range(20_000)))
        server.stop()
    assert stored(store) == [b"%d" % n for n in range(20_000)]


def test_messages_wait_while_they_cannot_be_kept(open_server: Open, store: MemoryStore) -> None:
    store.error = StoreFull("send.full", path="/", reason="x")
    server = open_server()
    with connect(server) as one:
        one.sendall(b"<13>app: waits\n")
        time.sleep(0.7)
        assert store.messages() == []
        store.error = None
        wait_until(lambda: stored(store) == [b"waits"])


def test_connections_have_a_limit(open_server: Open, store: MemoryStore) -> None:
    server = open_server(max_connections_per_sender=2)
    with connect(server) as one, connect(server) as two, connect(server) as three:
        wait_until(lambda: value(server, "refused_connections_total") == 1)
        assert three.recv(1) == b""
        one.sendall(b"<13>app: 1\n")
        two.sendall(b"<13>app: 2\n")
        wait_until(lambda: len(stored(store)) == 2)
    wait_until(lambda: value(server, "connections") == 0)


def test_a_slow_sender_keeps_nobody_waiting(open_server: Open, store: MemoryStore) -> None:
    server = open_server()
    with connect(server) as slow, connect(server) as quick:
        slow.sendall(b"100 <13>begun")
        quick.sendall(b"<13>app: quick\n")
        wait_until(lambda: stored(store) == [b"quick"])


def test_an_address_that_is_taken_is_an_error(open_server: Open) -> None:
    server = open_server()
    with pytest.raises(ServeError) as caught:
        open_server(udp=("127.0.0.1", server.ports[0]), tcp=None)
    assert caught.value.key == "logs_ingest.listen"
    with pytest.raises(ServeError):
        open_server(udp=None, tcp=("127.0.0.1", 99999))


def test_nothing_is_listened_on_without_an_address(open_server: Open) -> None:
    assert open_server(udp=None, tcp=None).ports == (0, 0)
