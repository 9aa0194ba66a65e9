"""TCP probes against real sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from collect.helpers import samples
from jipyo.collect.probe import ProbeOptions, TcpProbe
from jipyo.model.secret import Secret
from jipyo.net.tls import TlsOptions
from support import services
from support.certificates import certificate
from support.tcp_server import listening

if TYPE_CHECKING:
    from pathlib import Path


def probe(address: str, **options: Any) -> dict[str, float]:
    return samples(TcpProbe(ProbeOptions(tcp=address, **options)).collect(0))


def test_a_port_that_answers() -> None:
    with listening(lambda connection: None) as address:
        found = probe(address)
    assert found["probe_success"] == 1
    assert found["probe_failed_due_to_regex"] == 0
    assert found["probe_ip_protocol"] == 4


@pytest.mark.parametrize("address", ["nowhere.invalid:1", f"127.0.0.1:{services.free_port()}"])
def test_a_port_that_does_not(address: str) -> None:
    assert probe(address)["probe_success"] == 0


def greet(connection: Any) -> None:
    connection.sendall(b"220 mail ready\r\n")
    if connection.recv(100) == b"EHLO us\n":
        connection.sendall(b"250-SIZE\r\n250 OK\r\n")


@pytest.mark.parametrize(("expect", "success"), [("^250 OK$", 1), ("^250-", 1), ("^354", 0)])
def test_what_comes_back_decides(expect: str, success: int) -> None:
    with listening(greet) as address:
        found = probe(address, send=Secret("EHLO us"), expect=expect)
    assert (found["probe_success"], found["probe_failed_due_to_regex"]) == (success, 1 - success)


def test_silence_ends_in_time() -> None:
    start = time.monotonic()
    with listening(lambda connection: connection.recv(1)) as address:
        assert probe(address, expect="x", timeout_s=0.3)["probe_success"] == 0
    assert time.monotonic() - start < 10


def test_no_time_at_all() -> None:
    assert probe("127.0.0.1:1", timeout_s=0)["probe_success"] == 0


def test_tls_tells_the_end_of_the_certificate(tmp_path: Path) -> None:
    made = certificate(tmp_path)

    def talk(connection: Any) -> None:
        connection.do_handshake()
        connection.recv(1)

    with listening(talk, made.wrap) as address:
        found = probe(address, tcp_tls=True, tls=TlsOptions(ca_file=made.file))
    assert (found["probe_success"], found["probe_ssl_earliest_cert_expiry"]) == (1, made.until_s)


def test_a_port_that_speaks_no_tls() -> None:
    with listening(lambda connection: connection.sendall(b"no\n")) as address:
        assert probe(address, tcp_tls=True)["probe_success"] == 0


@pytest.mark.parametrize(
    ("pieces", "expect", "success"),
    [
        ([b"220 mail ready\r\n"], "^220", 1),
        ([b"22", b"0 mail", b" ready\r\n"], "^220 mail ready$", 1),  # a line in pieces
        ([b"a\n", b"b\n", b"220 x\n"], "^220", 1),  # a later line
        ([b"220 without a line end"], "^220", 1),
        ([b"x 220\n"], "^220", 0),
        ([], "^220", 0),  # hangs up without a word
        ([b"\xff\xfe\n", b"ok\n"], "^ok", 1),
        ([b"\0" * 5000, b"\nok\n"], "^ok", 1),
    ],
)
def test_a_line_is_found_however_it_arrives(pieces: list[bytes], expect: str, success: int) -> None:
    def talk(connection: Any) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.01)

    with listening(talk) as address:
        found = probe(address, expect=expect, timeout_s=3)
    assert found["probe_success"] == success


def test_endless_output_without_the_line_ends_at_the_limit() -> None:
    def talk(connection: Any) -> None:
        for _ in range(200):
            connection.sendall(b"x" * 10_000)

    start = time.monotonic()
    with listening(talk) as address:
        found = probe(address, expect="^never$", timeout_s=10)
    assert (found["probe_success"], found["probe_failed_due_to_regex"]) == (0, 1)
    assert time.monotonic() - start < 8


def test_output_that_drips_ends_at_the_deadline() -> None:
    def talk(connection: Any) -> None:
        for _ in range(400):
            connection.sendall(b"x")
            time.sleep(0.05)

    start = time.monotonic()
    with listening(talk) as address:
        assert probe(address, expect="^never$", timeout_s=0.3)["probe_success"] == 0
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("text", ["PING", "한글", "two\nlines"])
def test_what_is_sent_is_the_text_and_a_line_end(text: str) -> None:
    received: list[bytes] = []

    def talk(connection: Any) -> None:
        while not received or not received[-1].endswith(b"\n"):
            received.append(connection.recv(100))
        connection.sendall(b"ok\n")

    with listening(talk) as address:
        assert probe(address, send=Secret(text), expect="^ok")["probe_success"] == 1
    assert b"".join(received) == text.encode() + b"\n"


def test_the_time_of_resolving_is_part_of_the_time_of_the_probe() -> None:
    with listening(lambda connection: None) as address:
        found = probe(address.replace("127.0.0.1", "localhost"))
    assert found["probe_success"] == 1
    assert 0 < found["probe_dns_lookup_time_seconds"] <= found["probe_duration_seconds"]
