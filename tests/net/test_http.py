"""The HTTP client against servers that answer well, badly, slowly and not at all."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.model.errors import CollectError, NetError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.net.http import ClientResponse, HttpClient, HttpOptions, status_text
from jipyo.net.tls import TlsOptions
from support import services
from support.certificates import certificate, find_fingerprint, signed
from support.http_server import page, serving
from support.raw_server import dripping, raw_server, response

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path


def client(**options: Any) -> HttpClient:
    return HttpClient(HttpOptions(**{"timeout_s": 2.0, **options}))


def get(url: str, **options: Any) -> ClientResponse:
    return client(**options).request("GET", url)


def failure(url: str, method: str = "GET", **options: Any) -> NetError:
    with pytest.raises(NetError) as caught:
        client(**options).request(method, url)
    return caught.value


# ------------------------------------------------------------------------ requests and answers


@pytest.mark.parametrize("status", [200, 204, 400, 404, 422, 500, 503])
def test_any_status_is_an_answer_with_its_headers_and_body(status: int) -> None:
    body = b"" if status == 204 else b'{"error": "x"}'
    with serving(page(body, status=status, content_type="application/json")) as server:
        answer = get(server.url)
    assert (answer.status, answer.body, answer.url) == (status, body, server.url)
    assert answer.headers["content-type"] == answer.headers["CONTENT-TYPE"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("body", [None, b"", b'{"a": 1}', b"x" * 300_000])
def test_a_request_is_sent_with_its_method_headers_and_body(
    method: str, body: bytes | None
) -> None:
    with raw_server([response()]) as server:
        client().request(method, server.url + "p?q=1", headers={"X-A": "b"}, body=body)
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"{method} /p?q=1 HTTP/1.1\r\n".encode())
    assert b"X-A: b" in head
    assert sent == (body or b"")


def test_headers_of_the_request_win_over_those_of_the_options_and_of_the_client() -> None:
    options = (("X-A", "options"), ("X-B", "options"), ("User-Agent", "mine"))
    with serving(page(b"")) as server:
        client(headers=options, compressed=False).request(
            "GET", server.url, headers={"X-B": "request", "X-C": "지표"}
        )
    seen = server.seen[0]
    assert [seen[name] for name in ("X-A", "X-B", "User-Agent")] == ["options", "request", "mine"]
    assert seen["X-C"].encode("latin-1").decode() == "지표"
    assert seen["Accept-Encoding"] == "identity"


def test_json_goes_there_and_back() -> None:
    with raw_server([response(b'{"status": "success"}')]) as server:
        answer = client().request("POST", server.url, body=json.dumps({"k": [1, 2]}).encode())
    assert json.loads(answer.body) == {"status": "success"}
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2]) == {"k": [1, 2]}


def test_a_body_is_read_in_pieces_as_it_arrives() -> None:
    parts = [b"5\r\nfirst\r\n", b"6\r\nsecond\r\n", b"0\r\n\r\n"]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        raw_server([head + b"".join(parts)]) as server,
        client().stream("GET", server.url) as stream,
    ):
        assert b"".join(stream.iter_bytes()) == b"firstsecond"


def test_what_goes_wrong_in_the_block_of_a_stream_is_not_ours() -> None:
    with (
        raw_server([response()]) as server,
        pytest.raises(OSError, match="the reader's own"),
        client().stream("GET", server.url),
    ):
        raise OSError("the reader's own")


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [(404, "Gone fishing", "Gone fishing"), (404, "", "Not Found"), (799, "", "")],
)
def test_a_status_has_words_even_where_the_server_has_none(
    status: int, reason: str, text: str
) -> None:
    assert status_text(status, reason) == text


# ---------------------------------------------------------------------------------- connections


def test_a_connection_is_kept() -> None:
    with raw_server([response()] * 3) as server:
        one = client()
        for _ in range(3):
            assert one.request("GET", server.url).body == b"ok"
    assert server.connections == 1


def test_connections_can_be_given_back() -> None:
    with raw_server([response()] * 3) as server:
        one = client()
        one.request("GET", server.url)
        one.close()
        one.request("GET", server.url)
    assert server.connections == 2


def test_a_body_that_is_not_read_to_its_end_costs_the_connection_and_nothing_else() -> None:
    with raw_server([response(b"x" * 100_000)] * 2, [response()]) as server:
        one = client()
        with one.stream("GET", server.url) as stream:
            assert stream.status == 200
        assert one.request("GET", server.url).body == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "repeatable", "sent"),
    [
        ("GET", None, 3),
        ("HEAD", None, 3),
        ("PUT", None, 3),
        ("POST", True, 3),
        ("POST", None, 2),  # it may have been acted upon
        ("PATCH", None, 2),
        ("GET", False, 2),
    ],
)
def test_a_request_is_repeated_when_the_kept_connection_was_closed_and_that_is_safe(
    method: str, repeatable: bool | None, sent: int
) -> None:
    # The server closes just when the second request comes (prometheus#2498).
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with raw_server([empty, b""], [empty]) as server:
        one = client()
        one.request(method, server.url, repeatable=repeatable)
        if sent == 3:
            assert one.request(method, server.url, repeatable=repeatable).status == 200
        else:
            with pytest.raises(NetError) as caught:
                one.request(method, server.url, repeatable=repeatable)
            assert caught.value.key == "net.cut"
    assert len(server.requests) == sent


def test_a_request_is_repeated_once_only() -> None:
    with raw_server([b""]) as server:
        assert failure(server.url).key == "net.cut"
    assert len(server.requests) == 2


def test_several_threads_share_a_client() -> None:
    answers: list[bytes] = []
    with raw_server([response()] * 100) as server:
        one = client(connections=4)

        def work() -> None:
            answers.extend(one.request("GET", server.url).body for _ in range(10))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [b"ok"] * 40
    assert server.connections <= 4


# ------------------------------------------------------------------------------------ redirects


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 Moved", "GET", b"GET"),
        ("302 Found", "GET", b"GET"),
        ("307 Temporary", "GET", b"GET"),
        ("301 Moved", "POST", b"GET"),
        ("302 Found", "POST", b"GET"),
        ("303 See Other", "POST", b"GET"),
        ("307 Temporary", "POST", b"POST"),
        ("308 Permanent", "POST", b"POST"),
        ("303 See Other", "HEAD", b"HEAD"),
    ],
)
def test_a_redirect_is_followed_with_the_method_that_http_wants(
    status: str, method: str, then: bytes
) -> None:
    moved = response(b"" if method == "HEAD" else b"go on", status, location="/new?a=b")
    body = b"payload" if method == "POST" else None
    with raw_server([moved, response(b"")]) as server:
        client().request(method, server.url, body=body)
    head, _, sent = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(then + b" /new?a=b HTTP/1.1\r\n")
    assert sent == (b"payload" if then == b"POST" else b"")
    assert server.connections == 1


def test_a_redirect_with_a_large_body_is_not_read_out() -> None:
    moved = response(b"x" * 1_000_000, "302 Found", location="/new")
    with raw_server([moved], [response()]) as server:
        assert get(server.url).body == b"ok"
    assert server.connections == 2


def test_secrets_do_not_follow_a_redirect_to_another_origin() -> None:
    secret = Credentials(secret=Secret("hush"))
    private = (("Cookie", "c=1"), ("X-Team", "a"))
    with (
        raw_server([response()]) as second,
        raw_server([response(b"", "302 Found", location=second.url)]) as first,
    ):
        answer = get(first.url, credentials=secret, headers=private)
    assert answer.url == second.url
    assert b"Bearer hush" in first.requests[0]
    assert b"Cookie" in first.requests[0]
    assert b"hush" not in second.requests[0]
    assert b"Cookie" not in second.requests[0]
    assert b"X-Team: a" in second.requests[0]


def test_secrets_follow_a_redirect_within_the_origin() -> None:
    moved = response(b"", "302 Found", location="/new")
    with raw_server([moved, response()]) as server:
        get(server.url, credentials=Credentials(secret=Secret("hush")))
    assert b"Bearer hush" in server.requests[1]


def test_redirects_in_a_circle_end() -> None:
    with serving(page(b"", status=302, location="/metrics")) as server:
        assert failure(server.url).key == "net.redirects"
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "location", ["ftp://host/", "file:///etc/passwd", "javascript:x", "http://[::1"]
)
def test_a_redirect_to_no_address_of_http_is_refused(location: str) -> None:
    with serving(page(b"", status=302, location=location)) as server:
        error = failure(server.url)
    assert (error.key, error.values["url"]) == ("net.bad_redirect", server.url)


@pytest.mark.parametrize(
    ("options", "headers"),
    [({"follow_redirects": False}, {"location": "/new"}), ({}, {})],
)
def test_a_redirect_that_is_not_followed_is_the_answer(
    options: dict[str, Any], headers: dict[str, Any]
) -> None:
    with serving(page(b"", status=302, **headers)) as server:
        assert get(server.url, **options).status == 302


# -------------------------------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("body", "encoding", "key"),
    [
        (gzip.compress(b"plain"), "gzip", None),
        (gzip.compress(b"pl") + gzip.compress(b"ain"), "x-gzip", None),
        (b"plain", "", None),
        (b"plain", "Identity", None),
        (gzip.compress(b"plain")[:-4], "gzip", "net.cut"),
        (b"", "gzip", "net.cut"),
        (b"plain", "gzip", "net.bad_gzip"),
        (gzip.compress(b"plain") + b"more", "gzip", "net.bad_gzip"),
        (b"plain", "br", "net.encoding"),
        (b"plain", "gzip, gzip", "net.encoding"),
    ],
)
def test_a_body_is_decompressed_or_refused(body: bytes, encoding: str, key: str | None) -> None:
    with serving(page(body, content_encoding=encoding)) as server:
        if key is None:
            assert get(server.url).body == b"plain"
        else:
            assert failure(server.url).key == key


@pytest.mark.parametrize(("limit", "fits"), [(0, True), (1000, True), (999, False)])
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_limit_is_of_the_decompressed_body(limit: int, fits: bool, encoding: str) -> None:
    body = gzip.compress(b"x" * 1000) if encoding else b"x" * 1000
    with serving(page(body, content_encoding=encoding)) as server:
        if fits:
            assert len(get(server.url, body_limit=limit).body) == 1000
        else:
            error = failure(server.url, body_limit=limit)
            assert (error.key, error.values["limit"]) == ("net.too_large", "999 B")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\0" * 100 + b"\r\n",
    ],
)
def test_what_is_no_whole_answer_is_cut(answer: bytes) -> None:
    with raw_server([answer]) as server:
        assert failure(server.url).key == "net.cut"


# ----------------------------------------------------------------------------------- deadlines

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b"HTTP/1.1 200 OK" + b" " * 1000),  # the status line
        (HEAD, b"X-Header: value\r\n"),  # headers without end
        (HEAD + b"\r\n", b"x"),  # a body without length
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (CHUNKED, b"0"),  # the size of a chunk
        (CHUNKED + b"fffff\r\n", b"x"),  # a chunk
        (CHUNKED + b"0\r\n", b"X: y\r\n"),  # trailers without end
    ],
)
def test_an_answer_that_drips_ends_at_the_deadline(first: bytes, drip: bytes) -> None:
    with dripping(drip, 0.03, first) as url:
        start = time.monotonic()
        error = failure(url, timeout_s=0.3)
        took = time.monotonic() - start
    assert (error.key, error.values["seconds"]) == ("net.timeout", "0.3")
    assert took < 10


def test_all_redirects_share_one_deadline() -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.15)
        page(b"", status=302, location="/metrics")(handler)

    with serving(slow) as server:
        start = time.monotonic()
        assert failure(server.url, timeout_s=0.4).key == "net.timeout"
        assert time.monotonic() - start < 10


def test_a_kept_connection_has_a_new_deadline_for_every_request() -> None:
    with raw_server([response()] * 2) as server:
        one = client(timeout_s=0.3)
        one.request("GET", server.url)
        time.sleep(0.4)
        assert one.request("GET", server.url).body == b"ok"
    assert server.connections == 1


def test_a_server_that_says_nothing_is_given_up() -> None:
    with serving(lambda handler: time.sleep(1)) as server:
        assert failure(server.url, timeout_s=0.1).key == "net.timeout"


# ----------------------------------------------------------------------- what cannot be reached


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:{port}/", "refused"),
        ("http://nowhere.invalid/", ""),
        ("http://[::1/", ""),
        ("http://", ""),
    ],
)
def test_an_address_where_nothing_answers_is_unreachable(url: str, reason: str) -> None:
    error = failure(url.format(port=services.free_port()))
    assert error.key == "net.unreachable"
    assert reason in str(error.values["reason"])


def test_no_secret_of_a_url_is_shown() -> None:
    url = f"http://me:p4ss@127.0.0.1:{services.free_port()}/x?token=t0k&page=2"
    error = failure(url)
    assert "p4ss" not in str(error)
    assert "t0k" not in str(error)
    assert "page=2" in str(error.values["url"])


def test_a_proxy_is_asked_for_the_whole_address() -> None:
    with raw_server([response(b"from the proxy")]) as proxy:
        answer = get("http://target.invalid/x?y=1", proxy_url=proxy.url)
    assert answer.body == b"from the proxy"
    assert proxy.requests[0].startswith(b"GET http://target.invalid/x?y=1 HTTP/1.1\r\n")


def test_a_proxy_that_is_down_is_unreachable() -> None:
    error = failure("http://target.invalid/", proxy_url=f"http://127.0.0.1:{services.free_port()}")
    assert error.key == "net.unreachable"


# ----------------------------------------------------------------------------------------- TLS


def test_tls_is_verified_against_the_authority_and_the_name(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with serving(page(b"x"), made.wrap) as server:
        url = server.url.replace("http:", "https:")
        assert get(url, tls=TlsOptions(ca_file=made.file)).body == b"x"
        assert get(url, tls=TlsOptions(ca_file=made.file, server_name="localhost")).body == b"x"
        assert get(url, tls=TlsOptions(insecure_skip_verify=True)).body == b"x"
        for wrong in (TlsOptions(), TlsOptions(ca_file=made.file, server_name="other")):
            assert failure(url, tls=wrong).key == "net.tls"


def test_a_renewed_certificate_is_used_from_the_next_request_on(tmp_path: Path) -> None:
    folders = (tmp_path / "old", tmp_path / "new")
    for folder in folders:
        folder.mkdir()
    old, new = map(certificate, folders)
    authority = tmp_path / "ca.pem"
    authority.write_bytes(old.file.read_bytes())
    with serving(page(b"x"), wrap=new.wrap) as server:
        url = server.url.replace("http:", "https:")
        client = HttpClient(HttpOptions(tls=TlsOptions(ca_file=authority)))
        with pytest.raises(NetError):
            client.request("GET", url)
        authority.write_bytes(new.file.read_bytes())
        assert client.request("GET", url).body == b"x"
        authority.unlink()
        with pytest.raises(NetError) as caught:
            client.request("GET", url)
        assert caught.value.key == "net.tls_files"
        authority.write_bytes(new.file.read_bytes())
        assert client.request("GET", url).body == b"x"
        client.close()


def test_over_tls_an_answer_that_drips_ends_at_the_deadline_too(tmp_path: Path) -> None:
    made = certificate(tmp_path)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for _ in range(1000):
            handler.wfile.write(b"H")
            time.sleep(0.03)

    with serving(drip, made.wrap) as server:
        url = server.url.replace("http:", "https:")
        start = time.monotonic()
        error = failure(url, timeout_s=0.3, tls=TlsOptions(insecure_skip_verify=True))
        assert time.monotonic() - start < 10
    assert error.key == "net.timeout"


def test_an_authority_is_known_by_its_fingerprint(tmp_path: Path) -> None:
    made, authority = signed(tmp_path)
    with serving(page(b"x"), made.wrap) as server:
        url = server.url.replace("http:", "https:")
        for text in (find_fingerprint(authority), find_fingerprint(made.file).lower()):
            client = HttpClient(HttpOptions(tls=TlsOptions(ca_fingerprint=text)))
            assert [client.request("GET", url).body for _ in range(2)] == [b"x", b"x"]
            client.close()
        wrong_name = TlsOptions(ca_fingerprint=text, server_name="other")
        assert failure(url, tls=wrong_name).key == "net.tls"
        error = failure(url, tls=TlsOptions(ca_fingerprint="0" * 64))
        assert (error.key, error.hint) == ("net.fingerprint", "net.fingerprint.hint")
        assert find_fingerprint(authority).replace(":", "").lower() in str(error.values["seen"])
        proxied = failure(url, tls=TlsOptions(ca_fingerprint=text), proxy_url="http://127.0.0.1:1")
        assert proxied.key == "net.fingerprint_proxy"


def test_a_server_that_only_shows_the_authority_is_not_believed(tmp_path: Path) -> None:
    """Anyone can send a public certificate; only its holder can have signed the server's."""
    (tmp_path / "good").mkdir()
    _, authority = signed(tmp_path / "good")
    (tmp_path / "evil").mkdir()
    evil = certificate(tmp_path / "evil")
    evil.file.write_bytes(evil.file.read_bytes() + authority.read_bytes())
    with serving(page(b"secret"), evil.wrap) as server:
        url = server.url.replace("http:", "https:")
        pinned = TlsOptions(ca_fingerprint=find_fingerprint(authority))
        assert failure(url, tls=pinned).key == "net.tls"


def test_a_fingerprint_of_what_has_no_tls_or_is_silent_or_away(tmp_path: Path) -> None:
    pinned = TlsOptions(ca_fingerprint="0" * 64)
    with serving(page(b"x")) as server:
        assert failure(server.url.replace("http:", "https:"), tls=pinned).key == "net.tls"
        assert get(server.url, tls=pinned).body == b"x"
    gone = f"https://127.0.0.1:{services.free_port()}/"
    assert failure(gone, tls=pinned).key == "net.unreachable"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert failure(url, timeout_s=0.3, tls=pinned).key == "net.timeout"
        assert time.monotonic() - start < 10


def test_plain_http_where_tls_is_expected() -> None:
    with serving(page(b"x")) as server:
        assert failure(server.url.replace("http:", "https:")).key == "net.tls"


def test_files_of_tls_matter_only_where_tls_is_spoken(tmp_path: Path) -> None:
    gone = TlsOptions(ca_file=tmp_path / "gone")
    with serving(page(b"x")) as server:
        assert get(server.url, tls=gone).body == b"x"
    assert failure("https://127.0.0.1:1/", tls=gone).key == "net.tls_files"


def test_a_room_turns_the_error_into_its_own_kind_with_its_own_hint() -> None:
    error = NetError("net.cut", url="u").as_kind(CollectError, "collect.timeout.hint")
    assert isinstance(error, CollectError)
    assert (error.key, error.hint, error.values) == (
        "net.cut",
        "collect.timeout.hint",
        {"url": "u"},
    )
    assert NetError("net.cut", hint="h", url="u").as_kind(CollectError).hint == "h"
