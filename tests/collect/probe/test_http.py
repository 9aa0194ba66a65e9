"""HTTP probes against a real server that answers as badly as a test asks for."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from collect.helpers import of, samples
from jipyo.collect.probe import HttpProbe, ProbeOptions, probe_collector, probe_target
from jipyo.model.errors import CollectError, ConfigError
from jipyo.model.secret import Secret
from jipyo.net.tls import TlsOptions
from support import services
from support.certificates import certificate, expired
from support.http_server import serving
from support.tcp_server import listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHASES = {"resolve", "connect", "tls", "processing", "transfer"}


def answer(status: int = 200, body: bytes = b"all is well\n", **headers: str) -> Any:
    def send(request: Any) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return send


def probe(url: str, **options: Any) -> dict[str, float]:
    return samples(HttpProbe(ProbeOptions(url=url, **options)).collect(0))


def test_a_good_answer_is_told_with_its_status_its_size_and_the_time_of_each_phase() -> None:
    with serving(answer(Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")) as server:
        families = HttpProbe(ProbeOptions(url=server.url)).collect(0)
    found = samples(families)
    assert found["probe_success"] == 1
    assert found["probe_http_status_code"] == 200
    assert found["probe_http_version"] == 1.1
    assert found["probe_http_content_length"] == 12
    assert found["probe_http_uncompressed_body_length"] == 12
    assert found["probe_http_ssl"] == 0
    assert found["probe_ip_protocol"] == 4
    assert found["probe_http_last_modified_timestamp_seconds"] == 1704067200
    assert "probe_ssl_earliest_cert_expiry" not in found
    phases = of(families, "probe_http_duration_seconds")
    assert set(phases) == {f'{{phase="{name}"}}' for name in PHASES}
    assert 0 < sum(phases.values()) <= found["probe_duration_seconds"]


@pytest.mark.parametrize(
    ("status", "options", "success"),
    [
        (204, {}, 1),
        (404, {}, 0),
        (500, {}, 0),
        (404, {"expect_status": (200, 404)}, 1),
        (200, {"expect_status": (404,)}, 0),
        (302, {"follow_redirects": False, "expect_status": (302,)}, 1),
    ],
)
def test_the_status_decides(status: int, options: dict[str, Any], success: int) -> None:
    with serving(answer(status, b"")) as server:
        found = probe(server.url, **options)
    assert (found["probe_success"], found["probe_http_status_code"]) == (success, status)
    assert found["probe_failed_due_to_regex"] == 0


@pytest.mark.parametrize(
    ("options", "success"),
    [
        ({"expect_body": "is w.ll"}, 1),
        ({"expect_body": "is ill"}, 0),
        ({"reject_body": "ill"}, 1),
        ({"reject_body": "well"}, 0),
        ({"expect_body": "well", "reject_body": "all"}, 0),
    ],
)
def test_the_body_decides(options: dict[str, str], success: int) -> None:
    with serving(answer()) as server:
        found = probe(server.url, **options)
    assert found["probe_success"] == success
    assert found["probe_failed_due_to_regex"] == 1 - success


def test_redirects_are_followed_and_secrets_stay_with_the_first_address(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("Bearer hush\n", encoding="utf-8")
    with serving(answer()) as last, serving(answer(302, b"", Location=last.url)) as first:
        found = probe(first.url, authorization_file=secret, headers=(("X-Who", Secret("us")),))
    assert (found["probe_success"], found["probe_http_redirects"]) == (1, 1)
    assert first.seen[0]["Authorization"] == "Bearer hush"
    assert "Authorization" not in last.seen[0]
    assert last.seen[0]["X-Who"] == "us"


def respond(*parts: bytes) -> Callable[[Any], None]:
    def talk(connection: Any) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)

    return talk


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" * 2,
    ],
)
def test_interim_responses_are_passed_over(interim: bytes) -> None:
    with listening(respond(interim, OK)) as address:
        found = probe(f"http://{address}/", expect_body="well")
    assert (found["probe_success"], found["probe_http_status_code"]) == (1, 200)


def test_a_server_that_sends_only_interim_responses_fails_in_time() -> None:
    def talk(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5000)
        while connection.recv(65536):
            pass

    start = time.monotonic()
    with listening(talk) as address:
        assert probe(f"http://{address}/", timeout_s=0.5)["probe_success"] == 0
        assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compressed_body_is_matched_as_it_is_read(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    with serving(answer(200, compress(b"all is well"), Content_Encoding=encoding)) as server:
        found = probe(server.url, expect_body="is w.ll$")
        bomb = probe(server.url, body_limit=10)
    assert (found["probe_success"], found["probe_http_uncompressed_body_length"]) == (1, 11)
    assert bomb["probe_success"] == 0


def test_a_body_that_is_not_what_its_encoding_says_fails() -> None:
    with serving(answer(200, b"plain", Content_Encoding="gzip")) as server:
        assert probe(server.url)["probe_success"] == 0


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/지표?이름=값".encode(), b"/%EC%A7%80%ED%91%9C?%EC%9D%B4%EB%A6%84=%EA%B0%92"),
        ("/지표".encode("euc-kr"), b"/%C1%F6%C7%A5"),
        (b"/a%20b c", b"/a%20b%20c"),
    ],
)
def test_a_location_beyond_ascii_is_percent_encoded(location: bytes, path: bytes) -> None:
    asked: list[bytes] = []

    def last(connection: Any) -> None:
        asked.append(connection.recv(65536).split(b" ")[1])
        connection.sendall(OK)

    with listening(last) as there:
        to = b"http://" + there.encode() + location
        moved = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + b"\r\n\r\n"
        with listening(respond(moved)) as first:
            assert probe(f"http://{first}/")["probe_success"] == 1
    assert asked == [path]


def test_an_address_beyond_ascii_is_percent_encoded() -> None:
    with serving(answer()) as server:
        assert probe(f"{server.url}/상태?이름=값")["probe_success"] == 1


def test_a_circle_of_redirects_ends() -> None:
    with serving(answer(302, b"", Location="/metrics")) as server:
        found = probe(server.url)
    assert (found["probe_success"], found["probe_http_redirects"]) == (0, 11)


def test_a_redirect_to_somewhere_that_is_no_web_address_fails() -> None:
    with serving(answer(302, b"", Location="ftp://127.0.0.1/")) as server:
        assert probe(server.url)["probe_success"] == 0


def test_nobody_listens() -> None:
    found = probe(f"http://127.0.0.1:{services.free_port()}/")
    assert found["probe_success"] == 0
    assert found["probe_http_status_code"] == 0


def test_a_name_that_nobody_knows() -> None:
    assert probe("http://nowhere.invalid/")["probe_success"] == 0


def drip(request: Any) -> None:
    for _ in range(100):
        request.wfile.write(b"H")
        request.wfile.flush()
        time.sleep(0.05)


def endless(request: Any) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(1000):
        request.wfile.write(b"x" * 10_000)


def cut(request: Any) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"x")
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)


def cut_within_its_headers(request: Any) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/pl")
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)


def nonsense(request: Any) -> None:
    request.wfile.write(b"SSH-2.0-x\r\n")


@pytest.mark.parametrize("bad", [drip, endless, cut, cut_within_its_headers, nonsense])
def test_what_is_no_whole_answer_fails_in_time(bad: Any) -> None:
    start = time.monotonic()
    with serving(bad) as server:
        found = probe(server.url, timeout_s=0.4, body_limit=100_000)
    assert found["probe_success"] == 0
    assert time.monotonic() - start < 15


def test_a_body_is_sent_with_the_method_and_the_headers() -> None:
    received: list[bytes] = []

    def talk(connection: Any) -> None:
        while not received or not received[-1].endswith(b"ping"):
            received.append((received[-1] if received else b"") + connection.recv(4096))
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nfine")

    with listening(talk) as address:
        url = f"http://{address}/path?a=b"
        found = probe(url, method="POST", body=Secret("ping"), headers=(("X-A", Secret("b")),))
    assert (found["probe_success"], found["probe_http_version"]) == (1, 1.0)
    assert found["probe_http_content_length"] == -1
    assert received[-1].startswith(b"POST /path?a=b HTTP/1.1\r\n")
    assert b"\r\nX-A: b\r\n" in received[-1]


def test_the_certificate_tells_its_end(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with serving(answer(), made.wrap) as server:
        url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
        found = probe(url, tls=TlsOptions(ca_file=made.file))
    assert found["probe_success"] == 1
    assert found["probe_http_ssl"] == 1
    assert found["probe_ssl_earliest_cert_expiry"] == made.until_s
    assert found['probe_tls_version_info{version="TLS 1.3"}'] == 1


def test_a_certificate_nobody_vouches_for_fails_unless_that_is_asked_for(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with serving(answer(), made.wrap) as server:
        url = server.url.replace("http:", "https:")
        assert probe(url)["probe_success"] == 0
        found = probe(url, tls=TlsOptions(insecure_skip_verify=True))
    assert found["probe_success"] == 1
    assert found["probe_ssl_earliest_cert_expiry"] == made.until_s


def test_a_certificate_that_has_ended_fails_and_tells_when(tmp_path: Path) -> None:
    made = expired(tmp_path)
    with serving(answer(), made.wrap) as server:
        url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
        assert probe(url, tls=TlsOptions(ca_file=made.file))["probe_success"] == 0
        found = probe(url, tls=TlsOptions(insecure_skip_verify=True))
    assert found["probe_ssl_earliest_cert_expiry"] == made.until_s < time.time()


def test_files_that_cannot_be_used_are_our_fault_and_not_the_targets(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(CollectError, match=r"net.tls_files"):
        probe("https://localhost/", tls=TlsOptions(ca_file=gone))
    with pytest.raises(CollectError, match=r"net.tls_files"):
        probe("https://localhost/", tls=TlsOptions(cert_file=gone))
    with pytest.raises(CollectError, match=r"net.secret_file"):
        probe("https://localhost/", authorization_file=gone)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "probe.one_address"),
        ({"url": "http://a/", "tcp": "a:1"}, "probe.one_address"),
        ({"url": "a/b"}, "probe.wrong_address"),
        ({"url": "ftp://a/"}, "probe.wrong_address"),
        ({"url": "http://me:secret@a/"}, "probe.wrong_address"),
        ({"url": "http://a:99999/"}, "probe.wrong_address"),
        ({"tcp": "a"}, "probe.wrong_address"),
        ({"tcp": "a:0"}, "probe.wrong_address"),
        ({"tcp": ":1"}, "probe.wrong_address"),
        ({"url": "http://a/", "expect_body": "("}, "probe.bad_pattern"),
        ({"url": "http://a/", "reject_body": "(?=a)"}, "probe.bad_pattern"),
        ({"tcp": "a:1", "expect": "["}, "probe.bad_pattern"),
    ],
)
def test_options_that_cannot_work_are_refused_at_once(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        probe_collector(ProbeOptions(**options))
    assert raised.value.key == key
    assert "secret" not in str(raised.value)


def test_a_target_reads_it_under_its_job_and_its_address() -> None:
    with serving(answer()) as server:
        target = probe_target(ProbeOptions(job="web", url=server.url, interval_ms=1000))
        reading = target.reader.read(0)
    assert (target.job, target.instance, target.url) == ("web", server.url, server.url)
    assert reading is not None
    assert {labels["job"] for labels in reading.series} == {"web"}
    assert probe_target(ProbeOptions(tcp="a:1", instance="db")).instance == "db"
