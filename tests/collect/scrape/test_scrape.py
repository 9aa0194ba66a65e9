"""Pages fetched by HTTP, good and bad."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.collect.relabel import RelabelRule
from jipyo.collect.scrape import ScrapeLimits, ScrapeOptions, ScrapeReader
from jipyo.model.errors import CollectError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from support.http_server import page, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from support.http_server import Answer, Server

TARGET = {"job": "app", "instance": "h:1"}
ON = 'instance="h:1",job="app"'


def target(url: str, **options: Any) -> ScrapeReader:
    return ScrapeReader(url, TARGET, ScrapeOptions(**{"timeout_ms": 2000, **options}))


def read(url: str, **options: Any) -> dict[str, float]:
    reading = target(url, **options).read(0)
    return {str(k): float(v) for k, v in zip(reading.series, reading.values, strict=True)}


def refused(answer: Answer, **options: Any) -> CollectError:
    with serving(answer) as server, pytest.raises(CollectError) as caught:
        target(server.url, **options).read(0)
    return caught.value


def test_a_page_is_read_with_the_labels_of_its_target() -> None:
    with serving(page(b'x{a="b"} 1\n')) as server:
        assert read(server.url) == {f'x{{a="b",{ON}}}': 1.0}


def test_both_formats_and_gzip_are_asked_for() -> None:
    with serving(page(b"x 1\n")) as server:
        read(server.url, headers=(("X-Scope-OrgID", Secret("team")),))
        read(server.url, compressed=False)
    first, second = server.seen
    assert first["Accept"].startswith("application/openmetrics-text;version=1.0.0")
    assert "text/plain;version=0.0.4" in first["Accept"]
    assert first["Accept-Encoding"] == "gzip"
    assert first["X-Prometheus-Scrape-Timeout-Seconds"] == "2"
    assert first["X-Scope-OrgID"] == "team"
    assert second["Accept-Encoding"] == "identity"


def test_openmetrics_is_read_as_such() -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    with serving(page(b"x 1 1.5\n# EOF\n", content_type=kind)) as server:
        reading = target(server.url).read(0)
        assert reading.t_ms is not None
        assert reading.t_ms.tolist() == [1500]
        untimed = target(server.url, honor_timestamps=False).read(0)
        assert untimed.t_ms is None


def test_a_connection_is_kept_and_made_anew_when_the_server_dropped_it() -> None:
    drop = [False]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        page(b"x 1\n")(handler)
        handler.close_connection = drop[0]

    with serving(answer) as server:
        reader = target(server.url)
        for drops in (False, True, True, False):
            drop[0] = drops
            assert len(reader.read(0).series) == 1


def test_gzip_in_several_members_is_read_whole() -> None:
    # So does whatever joins compressed files; a page must not end with the first of them.
    body = gzip.compress(b"x 1\n" + b"# comment\n" * 50_000) + gzip.compress(b"y 2\n")
    with serving(page(body, content_encoding="gzip")) as server:
        assert read(server.url) == {f"x{{{ON}}}": 1.0, f"y{{{ON}}}": 2.0}


@pytest.mark.parametrize("after", [b"more", b"\0" * 100, b"x" * 100_000])
def test_what_follows_gzip_and_is_none_is_refused(after: bytes) -> None:
    body = gzip.compress(b"# comment\n" * 50_000) + after
    assert refused(page(body, content_encoding="gzip")).key == "net.bad_gzip"


def test_gzip_is_unpacked() -> None:
    body = gzip.compress(b"x 1\n" + b"# comment\n" * 50_000)
    with serving(page(body, content_encoding="gzip")) as server:
        assert read(server.url) == {f"x{{{ON}}}": 1.0}


@pytest.mark.parametrize(
    ("answer", "options", "key"),
    [
        (page(b"", status=500), {}, "net.http_status"),
        (page(b"", status=404), {}, "net.http_status"),
        (page(b"", status=401), {}, "net.http_status"),
        (page(b"", status=204), {}, "net.http_status"),
        (page(b"<html></html>", content_type="text/html"), {}, "collect.content_type"),
        (page(b"{}", content_type="application/json"), {}, "collect.content_type"),
        (page(b"<html></html>\n"), {}, "wire.bad_line"),
        (page("x{a=\"값\"} 1\n".encode("euc-kr")), {}, "wire.not_utf8"),
        (page(b"x 1\n", length=100), {}, "net.cut"),
        (page(gzip.compress(b"x 1\n")[:-9], content_encoding="gzip"), {}, "net.cut"),
        (page(b"x 1\n", content_encoding="gzip"), {}, "net.bad_gzip"),
        (page(b"x 1\n", content_encoding="br"), {}, "net.encoding"),
        (page(b"x 1\n" * 100), {"limits": ScrapeLimits(body_bytes=100)}, "net.too_large"),
        (page(b"x 1\ny 2\n"), {"limits": ScrapeLimits(samples=1)}, "collect.sample_limit"),
        (page(b'x{a="1"} 1\n'), {"limits": ScrapeLimits(labels=3)}, "collect.label_limit"),
        (page(b'x{aaaaaaaaaaa="1"} 1\n'), {"limits": ScrapeLimits(label_name_length=10)},
         "collect.label_limit"),
        (page(b'x{a="123456"} 1\n'), {"limits": ScrapeLimits(label_value_length=5)},
         "collect.label_limit"),
        (page(b"", status=302, location="/metrics"), {}, "net.redirects"),
        (page(b"", status=302, location="/other"), {"follow_redirects": False},
         "net.http_status"),
    ],
)  # fmt: skip
def test_a_bad_page_is_refused_whole_and_says_why(
    answer: Answer, options: dict[str, Any], key: str
) -> None:
    assert refused(answer, **options).key == key


def test_a_redirect_is_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/metrics":
            page(b"", status=302, location="/real")(handler)
        else:
            page(b"x 1\n")(handler)

    with serving(answer) as server:
        assert read(server.url) == {f"x{{{ON}}}": 1.0}


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"#" * (64 << 20), 1)
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    error = refused(page(bomb, content_encoding="gzip"), limits=ScrapeLimits(body_bytes=1 << 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.key == "net.too_large"
    assert peak < 8 << 20


def endless(chunk: bytes, pause_s: float) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(chunk)
            time.sleep(pause_s)

    return answer


def test_a_body_without_end_is_stopped_at_the_limit() -> None:
    error = refused(endless(b"x 1\n" * 10_000, 0), limits=ScrapeLimits(body_bytes=1 << 20))
    assert error.key == "net.too_large"


def test_a_body_that_drips_is_stopped_when_the_time_is_over() -> None:
    start = time.monotonic()
    error = refused(endless(b"x", 0.02), timeout_ms=200)
    assert error.key == "net.timeout"
    assert time.monotonic() - start < 10


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_allowed() -> None:
    error = refused(lambda handler: time.sleep(1), timeout_ms=100)
    assert (error.key, error.values["seconds"]) == ("net.timeout", "0.1")


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with serving(page(b"")) as server:
        url = server.url
    with pytest.raises(CollectError) as caught:
        target(url).read(0)
    assert caught.value.key == "net.unreachable"
    assert "refused" in str(caught.value.values["reason"])


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(CollectError) as caught:
        target("http://nowhere.invalid/metrics").read(0)
    assert caught.value.key == "net.unreachable"


@pytest.mark.parametrize("kind", ["", "application/octet-stream"])
def test_a_page_without_a_type_is_read_and_that_is_told(kind: str) -> None:
    with serving(page(b"x 1\n", content_type=kind)) as server:
        reading = target(server.url).read(0)
    assert [note.key for note in reading.notes] == ["collect.no_content_type"]
    assert reading.scraped == 1


def test_a_page_of_another_type_is_read_where_the_job_says_how() -> None:
    with serving(page(b"x 1\n# EOF\n", content_type="text/html")) as server:
        found = read(server.url, fallback_protocol="OpenMetricsText1.0.0")
    assert found == {f"x{{{ON}}}": 1.0}


@pytest.mark.parametrize(
    ("honor", "expected"),
    [
        (False, 'x{exported_exported_job="a",exported_job="b",instance="h:1",job="app"}'),
        (True, 'x{exported_job="b",instance="h:1",job="a"}'),
    ],
)
def test_labels_of_the_page_give_way_unless_they_are_honored(honor: bool, expected: str) -> None:
    with serving(page(b'x{job="a",exported_job="b"} 1\n')) as server:
        assert read(server.url, honor_labels=honor) == {expected: 1.0}


def test_series_are_relabelled_and_dropped() -> None:
    rules = (
        RelabelRule(action="drop", source_labels=("__name__",), regex="go_.*"),
        RelabelRule(source_labels=("a",), target_label="b", regex="(.)(.)", replacement="$2$1"),
        RelabelRule(action="labeldrop", regex="a"),
        RelabelRule(
            source_labels=("__name__",), regex="gone", target_label="__name__", replacement=""
        ),
    )
    with serving(page(b'go_x 1\nx{a="12"} 2\ngone 3\n')) as server:
        reading = target(server.url, metric_relabel=rules).read(0)
    assert [str(one) for one in reading.series] == [f'x{{b="21",{ON}}}']
    assert reading.scraped == 3


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (
            Credentials(type="Basic", username="지표", secret=Secret("p:w")),
            "Basic 7KeA7ZGcOnA6dw==",
        ),
        (Credentials(secret=Secret("token")), "Bearer token"),
        (Credentials(type="Token", secret=Secret("x")), "Token x"),
    ],
)
def test_credentials_are_sent(credentials: Credentials, header: str) -> None:
    with serving(page(b"")) as server:
        read(server.url, credentials=credentials)
    assert server.seen[0]["Authorization"] == header


def test_a_secret_in_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    with serving(page(b"")) as server:
        reader = target(server.url, credentials=Credentials(secret_file=file))
        for token in ("one", "two"):
            file.write_text(f"{token}\n", encoding="utf-8")
            reader.read(0)
        file.unlink()
        with pytest.raises(CollectError) as caught:
            reader.read(0)
    assert [request["Authorization"] for request in server.seen] == ["Bearer one", "Bearer two"]
    assert caught.value.key == "net.secret_file"


def test_secrets_do_not_show() -> None:
    assert "p4ss" not in repr(ScrapeOptions(credentials=Credentials(secret=Secret("p4ss"))))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=metrics.test"]
    command += ["-addext", "subjectAltName=DNS:metrics.test"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    return cert, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    wrap = lambda sock: context.wrap_socket(sock, server_side=True)  # noqa: E731
    with serving(page(b"x 1\n"), wrap) as server:
        yield server


def test_tls_is_checked_against_the_given_authority_and_name(
    secure: Server, certificate: tuple[Path, Path]
) -> None:
    url = secure.url.replace("http:", "https:")
    known = TlsOptions(ca_file=certificate[0], server_name="metrics.test")
    assert read(url, tls=known) == {f"x{{{ON}}}": 1.0}
    assert read(url, tls=TlsOptions(insecure_skip_verify=True)) == {f"x{{{ON}}}": 1.0}
    for wrong in (TlsOptions(), TlsOptions(ca_file=certificate[0])):
        with pytest.raises(CollectError) as caught:
            read(url, tls=wrong)
        assert caught.value.key == "net.tls"


def test_tls_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        read("https://127.0.0.1:1/", tls=TlsOptions(ca_file=tmp_path / "nothing.pem"))
    assert caught.value.key == "net.tls_files"


def test_plain_http_where_tls_is_expected_is_told() -> None:
    with serving(page(b"x 1\n")) as server, pytest.raises(CollectError) as caught:
        read(server.url.replace("http:", "https:"))
    assert caught.value.key == "net.tls"


def test_others_pages_are_not_shown_again() -> None:
    assert target("http://127.0.0.1:1/").families() == ()
