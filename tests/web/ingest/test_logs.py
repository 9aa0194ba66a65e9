"""Requests with log records are handed on as they are; senders understand every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from google.rpc import status_pb2

from jipyo.logs.ingest.receive.http_answers import LogAnswer, LogRequest
from jipyo.model.errors import StoreError
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.ingest import logs

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from support.web import Client

PAGE = b"<!doctype html>"


class Sent:
    """What was handed on."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, LogRequest]] = []
        self.is_running = True

    def __call__(self, api: str, request: LogRequest, cancelled: threading.Event) -> LogAnswer:
        assert not cancelled.is_set()
        if not self.is_running:
            raise StoreError("logs_ingest.not_running", hint="logs_ingest.not_running.hint")
        self.requests.append((api, request))
        return LogAnswer(200, b"{}", headers={"X-elastic-product": "Elasticsearch"})


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def client(serve: Callable[..., Client], sent: Sent) -> Client:
    def show_page(_: WebRequest) -> WebResponse:
        return WebResponse(PAGE, media_type="text/html")

    return serve(*logs.routes(sent), logs.route_root(sent, show_page))


@pytest.mark.parametrize(
    ("method", "path", "api", "below"),
    [
        ("POST", "/v1/logs", "otlp", "/v1/logs"),
        ("POST", "/loki/api/v1/push", "loki", "/loki/api/v1/push"),
        ("POST", "/_bulk", "elasticsearch", "/_bulk"),
        ("PUT", "/logs-2026/_bulk", "elasticsearch", "/logs-2026/_bulk"),
        ("POST", "/shop/_doc", "elasticsearch", "/shop/_doc"),
        ("GET", "/_license", "elasticsearch", "/_license"),
        ("PUT", "/_ilm/policy/filebeat", "elasticsearch", "/_ilm/policy/filebeat"),
        ("HEAD", "/elasticsearch/shop", "elasticsearch", "/shop"),
        ("GET", "/elasticsearch", "elasticsearch", "/"),
    ],
)
def test_a_request_is_handed_on_under_its_api(
    client: Client, sent: Sent, method: str, path: str, api: str, below: str
) -> None:
    headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    answer = client.ask(method, f"{path}?filter_path=a", body=b"body", headers=headers)
    assert answer.status == 200
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    ((used, request),) = sent.requests
    assert (used, request.method, request.path) == (api, method, below)
    assert (request.query, request.body) == ({"filter_path": "a"}, b"body")
    assert headers.items() <= request.headers.items()


def test_the_root_is_the_dashboard_for_browsers_and_the_version_for_senders(
    client: Client, sent: Sent
) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"}
    for headers in (browser, {"accept": "*/*"}, {}):
        assert client.ask("GET", "/", headers=headers).body == PAGE
    assert not sent.requests
    for accept in ("application/json", "application/vnd.elasticsearch+json; compatible-with=8"):
        assert client.ask("GET", "/", headers={"accept": accept}).body == b"{}"
    assert len(sent.requests) == 2


def test_while_nothing_is_stored_every_sender_is_asked_to_send_again(
    client: Client, sent: Sent
) -> None:
    sent.is_running = False
    for path, media_type in (
        ("/v1/logs", "application/x-protobuf"),
        ("/v1/logs", "application/json"),
        ("/loki/api/v1/push", "application/json"),
        ("/_bulk", "application/x-ndjson"),
    ):
        answer = client.ask("POST", path, body=b"x", headers={"content-type": media_type})
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert b"does not run" in answer.body
        if path == "/_bulk":
            assert orjson.loads(answer.body)["error"]["type"] == "unavailable_shards_exception"
        elif media_type.endswith("protobuf"):
            assert "does not run" in status_pb2.Status.FromString(answer.body).message


@pytest.mark.parametrize("path", ["/_bulk?x=%ff", "/_bulk?%ed%a0%80=1", "/%ff/_bulk", "/_%ff"])
def test_bytes_that_are_no_text_are_handed_on_as_text(
    client: Client, sent: Sent, path: str
) -> None:
    assert client.ask("POST", path, body=b"x", headers={"x-odd": "\xff"}).status == 200
    ((_, request),) = sent.requests
    orjson.dumps([request.path, dict(request.query), dict(request.headers)])
