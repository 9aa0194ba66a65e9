"""TCP probes against real sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from collect.helpers import samples
from jipyo.collect.probe import ProbeOptions, TcpProbe
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
        found = probe(address, send="EHLO us", expect=expect)
    assert (found["probe_success"], found["probe_failed_due_to_regex"]) == (success, 1 - success)


def test_silence_ends_in_time() -> None:
    start = time.monotonic()
    with listening(lambda connection: connection.recv(1)) as address:
        assert probe(address, expect="x", timeout_s=0.3)["probe_success"] == 0
    assert time.monotonic() - start < 3


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
