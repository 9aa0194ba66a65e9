"""A request over real HTTP: its headers, credentials and body, and what a response means."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.model.errors import NetError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.net.http import ClientResponse
from jipyo.send.delivery import Delivery, build_post, deliver, judge_response
from jipyo.send.options import Protocol, RemoteWriteOptions
from jipyo.wire.compression import decompress

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server:
    """Answers every POST with the next of its statuses, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.headers = 204, {"X-Prometheus-Remote-Write-Samples-Written": "1"}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                for name, value in {**outer.headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/api/v1/write?tenant=1"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


@pytest.mark.parametrize(
    ("protocol", "content_type", "version"),
    [
        (Protocol.V1, "application/x-protobuf", "0.1.0"),
        (Protocol.V2, "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
    ],
)
def test_a_request_is_as_the_specification_has_it(
    server: Server, protocol: Protocol, content_type: str, version: str
) -> None:
    options = RemoteWriteOptions(
        url=server.url,
        credentials=Credentials(type="Basic", username="지표", secret=Secret("hush")),
        headers=(("X-Scope-OrgID", Secret("운영")),),
    )
    outcome = deliver(build_post(options), b"message" * 100, protocol, 0.0)
    assert outcome.delivery is Delivery.DELIVERED
    ((path, headers, body),) = server.got
    assert path == "/api/v1/write?tenant=1"
    assert headers["Content-Type"] == content_type
    assert headers["Content-Encoding"] == "snappy"
    assert headers["X-Prometheus-Remote-Write-Version"] == version
    assert headers["User-Agent"].startswith("jipyo")
    assert headers["Authorization"].startswith("Basic ")
    assert headers["X-Scope-OrgID"].encode("latin-1").decode() == "운영"
    assert decompress(body, "snappy", 1 << 20) == b"message" * 100


def test_a_redirect_is_not_followed_and_nothing_is_given_up(server: Server) -> None:
    server.status, server.headers = 301, {"Location": server.url}
    outcome = deliver(build_post(RemoteWriteOptions(url=server.url)), b"", Protocol.V1, 0.0)
    assert outcome.delivery is Delivery.RETRY
    assert len(server.got) == 1


def test_a_server_that_is_not_there_is_tried_again() -> None:
    options = RemoteWriteOptions(url="http://127.0.0.1:1/")
    outcome = deliver(build_post(options), b"", Protocol.V1, 0.0)
    assert outcome.delivery is Delivery.RETRY
    assert isinstance(outcome.error, NetError)


@pytest.mark.parametrize(
    ("status", "headers", "protocol", "delivery", "written"),
    [
        (200, {}, "1.0", "delivered", None),
        (204, {"Samples-Written": "7"}, "2.0", "delivered", 7),
        (204, {"Samples-Written": "x"}, "2.0", "without_v2", None),
        (204, {"Samples-Written": "9" * 30}, "2.0", "without_v2", None),
        (415, {}, "2.0", "without_v2", None),
        (415, {}, "1.0", "rejected", None),
        (400, {"Samples-Written": "0"}, "2.0", "rejected", 0),
        (408, {}, "1.0", "rejected", None),
        (429, {}, "1.0", "retry", None),
        (500, {}, "2.0", "retry", None),
        (599, {}, "2.0", "retry", None),
        (199, {}, "1.0", "retry", None),
    ],
)
def test_what_a_response_means(
    status: int, headers: dict[str, str], protocol: str, delivery: str, written: int | None
) -> None:
    named = {f"X-Prometheus-Remote-Write-{name}": value for name, value in headers.items()}
    response = ClientResponse("http://there/", status, "", named, b"\xff\n" + b"x" * 5000)
    outcome = judge_response(response, Protocol(protocol), 0.0)
    assert outcome.delivery is Delivery(delivery)
    assert outcome.written == written
    if outcome.error is not None:
        assert len(str(outcome.error)) < 500
        assert "\n" not in str(outcome.error)
