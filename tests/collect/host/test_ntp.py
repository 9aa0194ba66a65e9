"""The clock beside time servers: the packet, the era, what is no answer, and how often."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples
from jipyo.collect.host import Host, HostOptions, Paths
from jipyo.collect.host.ntp import (
    NtpAnswer,
    NtpServers,
    ask_server,
    parse_answer,
    split_address,
)
from jipyo.model.errors import CollectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NONCE = b"12345678"
EPOCH = 2_208_988_800


def packet(
    arrived_s: float,
    left_s: float,
    *,
    nonce: bytes = NONCE,
    first: int = 0x24,
    stratum: int = 2,
) -> bytes:
    def stamp(unix_s: float) -> bytes:
        seconds = int(unix_s // 1)
        return struct.pack("!II", (seconds + EPOCH) % 2**32, int((unix_s - seconds) * 2**32))

    head = struct.pack("!BBBB3I", first, stratum, 6, 0xEC, 0, 0, 0)
    return head + bytes(8) + nonce + stamp(arrived_s) + stamp(left_s)


def test_offset_and_round_trip_are_those_of_the_specification() -> None:
    # The server is 10 s ahead; 0.2 s each way, 0.1 s within the server.
    answer = parse_answer(packet(1010.2, 1010.3), NONCE, 1000.0, 1000.5)
    assert answer is not None
    assert answer.offset_s == pytest.approx(10, abs=1e-6)
    assert answer.round_trip_s == pytest.approx(0.4, abs=1e-6)
    assert answer.stratum == 2


@pytest.mark.parametrize("now_s", [0.0, 1.795e9, 2**32 - EPOCH - 5.0, 2**32 - EPOCH + 5.0, 4e9])
def test_the_era_is_the_one_nearest_to_the_clock(now_s: float) -> None:
    answer = parse_answer(packet(now_s + 100, now_s + 100), NONCE, now_s, now_s)
    assert answer is not None
    assert answer.offset_s == pytest.approx(100, abs=1e-5)


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"x" * 47,
        packet(1, 1, nonce=b"another!"),
        packet(1, 1, first=0x23),
        packet(1, 1, first=0xE4),
        packet(1, 1, stratum=0),
        packet(1, 1, stratum=16),
    ],
    ids=["empty", "short", "of another request", "a request", "unsynchronised", "refused", "16"],
)
def test_what_is_no_answer_to_us_gives_no_time(response: bytes) -> None:
    assert parse_answer(response, NONCE, 1.0, 1.0) is None


@contextlib.contextmanager
def serving(answer: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """A time server on a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    request, address = listener.recvfrom(512)
                    if not request:
                        return
                    response = answer(request)
                    if response is not None:
                        listener.sendto(response, address)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield f"127.0.0.1:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", port))
        thread.join(5)


def test_a_real_exchange_over_the_network() -> None:
    def answer(request: bytes) -> bytes:
        assert len(request) == 48
        return packet(2000.0, 2000.0, nonce=request[40:48])

    with serving(answer) as server:
        found = ask_server(server, now_s=lambda: 1990.0)
    assert found == NtpAnswer(pytest.approx(10, abs=1e-6), 0.0, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "key"),
    [(lambda request: None, "collect.ntp_silent"), (lambda request: b"?", "collect.ntp_no_time")],
)
def test_a_server_that_is_silent_or_refuses_is_named(
    answer: Callable[[bytes], bytes | None], key: str
) -> None:
    with serving(answer) as server, pytest.raises(CollectError) as caught:
        ask_server(server)
    assert caught.value.key == key
    assert caught.value.values["server"] == server


def test_servers_are_asked_every_five_minutes_and_after_a_failure_every_minute() -> None:
    asked: list[str] = []

    def ask(server: str) -> NtpAnswer:
        asked.append(server)
        if server == "b":
            raise CollectError("collect.ntp_silent", server=server, reason="timed out")
        return NtpAnswer(0.25, 0.01, 2)

    skipped: list[str] = []
    part = NtpServers(("a", "b"), ask)
    paths = Paths(skip=lambda member, error: skipped.append(member))
    for t_ms in range(0, 301_000, 15_000):
        found = samples(part(paths, t_ms))
        assert found['jipyo_ntp_offset_seconds{server="a"}'] == 0.25
        assert found['jipyo_ntp_stratum{server="a"}'] == 2
        assert not [name for name in found if '"b"' in name]
    assert asked.count("a") == 2
    assert asked.count("b") == 6
    assert len(skipped) == 21


def test_a_name_that_no_resolver_answers_costs_its_server_alone_and_no_time() -> None:
    answered, asked = threading.Event(), []

    def ask(server: str) -> NtpAnswer:
        asked.append(server)
        if server == "lost":  # as getaddrinfo with a resolver that drops every packet
            assert answered.wait(30)
        return NtpAnswer(0.25, 0.01, 2)

    host = Host(table={"ntp": NtpServers(("lost", "near"), ask, wait_s=3.0)}, limit_s=30)
    for t_ms, limit_s, notes in ((0, 15, 0), (15_000, 2.5, 1), (600_000, 2.5, 1)):
        start_s = time.monotonic()
        found = samples(host.collect(t_ms))
        assert time.monotonic() - start_s < limit_s
        assert found['node_scrape_collector_success{collector="ntp"}'] == 1
        assert found['jipyo_ntp_offset_seconds{server="near"}'] == 0.25
        assert 'jipyo_ntp_offset_seconds{server="lost"}' not in found
        assert [dict(note.values)["member"] for note in host.notes()] == ["lost"] * notes
    assert asked.count("lost") == 1, "asked again while the first request hangs"
    answered.set()
    found = {}
    while 'jipyo_ntp_offset_seconds{server="lost"}' not in found:
        found = samples(host.collect(601_000))
    assert host.notes() == ()


def test_without_servers_there_is_no_such_part() -> None:
    success = 'node_scrape_collector_success{collector="ntp"}'
    assert success not in samples(Host(HostOptions()).collect(0))


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("time.example.com", ("time.example.com", 123)),
        ("10.0.0.1:1123", ("10.0.0.1", 1123)),
        ("[::1]:1123", ("::1", 1123)),
        ("[::1]", ("::1", 123)),
        ("fe80::1", ("fe80::1", 123)),
    ],
)
def test_an_address_has_a_port_or_the_usual_one(server: str, address: tuple[str, int]) -> None:
    assert split_address(server) == address
