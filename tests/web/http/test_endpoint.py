"""Handlers run in threads: errors, cancellation, streaming, forms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind, SourceError
from jipyo.web.http.body import PIECE_BYTES
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.prometheus.route import format_error
from support.web import Client

if TYPE_CHECKING:
    import threading

Serve = Callable[..., Client]


def route(handler: Callable[[WebRequest], WebResponse], *methods: str) -> Route:
    return Route("/x/{name:path}", handler, format_error, methods or ("GET",))


def test_a_handler_sees_the_request_as_it_was_sent(serve: Serve) -> None:
    seen: list[WebRequest] = []

    def remember(request: WebRequest) -> WebResponse:
        seen.append(request)
        return WebResponse(b"{}")

    client = serve(route(remember, "POST"))
    client.ask(
        "POST",
        "/x/a%2Fb?q=url&r=%ff",
        fields={"q": "form"},
        headers={"X-Test": "값".encode().decode("latin-1")},
    )
    client.ask("POST", "/x/c?q=url", body=b"q=2", headers={"content-type": "text/plain"})
    form, text = seen
    assert form.fields == {"q": ["form", "url"], "r": ["\udcff"]}
    assert (form.path_params, form.raw_path) == ({"name": "a/b"}, b"/x/a%2Fb")
    assert form.headers["x-test"].encode("latin-1").decode() == "값"
    assert (text.fields, text.body) == ({"q": ["url"]}, b"q=2")  # a body that is not a form


def test_head_is_answered_without_a_body(serve: Serve) -> None:
    answer = serve(route(lambda _request: WebResponse(b"body"))).ask("HEAD", "/x/")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "4")


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (SourceError("web.not_ready"), 503, "unavailable"),
        (ZeroDivisionError("our fault"), 500, "internal"),
        *(
            (QueryError(kind, "no"), status, kind.value)
            for kind, status in (
                (QueryErrorKind.BAD_DATA, 400),
                (QueryErrorKind.EXECUTION, 422),
                (QueryErrorKind.NOT_FOUND, 404),
                (QueryErrorKind.NOT_ACCEPTABLE, 406),
                (QueryErrorKind.TIMEOUT, 503),
                (QueryErrorKind.INTERNAL, 500),
            )
        ),
    ],
)
def test_failures_are_told_apart_and_ours_are_logged_once(
    serve: Serve, caplog: pytest.LogCaptureFixture, error: Exception, status: int, kind: str
) -> None:
    def fail(request: WebRequest) -> WebResponse:
        raise error

    answer = serve(route(fail)).get("/x/")
    assert (answer.status, answer.json["errorType"]) == (status, kind)
    assert len(caplog.records) == (0 if isinstance(error, JipyoError) else 1)


def test_too_many_fields_are_rejected_before_the_handler_runs(serve: Serve) -> None:
    client = serve(route(lambda _request: WebResponse(b"{}"), "POST"))
    answer = client.ask("POST", "/x/", fields=[("a", "1")] * 20_000)
    assert answer.status == 400
    assert answer.json["error"].startswith("error parsing form values")


def test_a_client_that_disconnects_cancels_its_request(serve: Serve) -> None:
    seen: list[threading.Event] = []

    def wait(request: WebRequest) -> WebResponse:
        seen.append(request.cancelled)
        return WebResponse(b"%d" % request.cancelled.wait(20))

    client = serve(route(wait))
    client.leave("/x/", lambda: seen)
    assert seen[0].wait(5)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_many_megabytes_arrive_whole(serve: Serve, encoding: str) -> None:
    def respond(request: WebRequest) -> WebResponse:
        return WebResponse((b"%07d," % i * 1000 for i in range(500)), media_type="text/plain")

    answer = serve(route(respond)).get("/x/", {"accept-encoding": encoding})
    assert len(answer.body) == 4_000_000 > PIECE_BYTES
    assert answer.body[:8] == b"0000000,"
    assert answer.body[-8:] == b"0000499,"
    assert answer.headers.get("content-encoding", "identity") == encoding


def test_pieces_are_made_while_those_before_are_sent(serve: Serve) -> None:
    made: list[float] = []

    def make() -> Iterator[bytes]:
        for _ in range(3):
            made.append(time.monotonic())
            yield b"x" * PIECE_BYTES
            time.sleep(0.05)

    client = serve(route(lambda _request: WebResponse(make(), media_type="image/png")))
    response = client.pool.request("GET", f"{client.base}/x/", preload_content=False)
    first = response.read(1000)
    arrived = time.monotonic()
    rest = response.read()
    response.release_conn()
    assert len(first) + len(rest) == 3 * PIECE_BYTES
    assert arrived < made[-1] + 0.05


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_method_that_is_not_served_is_405_with_those_that_are(serve: Serve, method: str) -> None:
    answer = serve(route(lambda _request: WebResponse(b"{}"))).ask(method, "/x/y")
    assert (answer.status, answer.json["errorType"]) == (405, "bad_data")
    assert "GET" in answer.headers["allow"]


def test_a_path_that_is_not_served_is_404(serve: Serve) -> None:
    answer = serve(route(lambda _request: WebResponse(b"{}"))).get("/y")
    assert (answer.status, answer.json["errorType"]) == (404, "not_found")
    assert answer.json["error"] == "GET /y: Not Found"
