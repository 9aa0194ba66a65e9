"""Log records that others send: OTLP, Elasticsearch's `_bulk`, Loki's push.

Requests are handed on as they are to the process that stores; it answers once what they hold
is on disk.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from jipyo.logs.ingest.receive.http_answers import LogAnswer, LogRequest
from jipyo.logs.record import escape_surrogates
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import JSON, WebRequest, WebResponse
from jipyo.web.ingest import errors, otlp

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from jipyo.web.http.message import ErrorFormatter, Handler

    Send = Callable[[str, LogRequest, threading.Event], LogAnswer]

PREFIX = "/elasticsearch"
"""Below it everything is Elasticsearch's, for senders that can be given a path."""
_OTLP_PATHS = ("/v1/logs", "/api/v1/otlp/v1/logs", "/otlp/v1/logs")
_LOKI_PATHS = ("/loki/api/v1/push", "/api/prom/push")
_INDEX_PATHS = (
    *("/{index}/_bulk", "/{index}/{kind}/_bulk"),
    *("/{index}/_doc", "/{index}/_doc/{id}", "/{index}/_create/{id}"),
)
"""Where senders without a path of their own send; what they ask before that begins with `_`."""
_METHODS = ("GET", "HEAD", "POST", "PUT")


def routes(send: Send) -> list[Route]:
    """The routes; `send` hands a request on under the name of its API."""
    search = partial(pass_on, send, "elasticsearch")
    return [
        *(_post(path, partial(pass_on, send, "otlp"), otlp.format_error) for path in _OTLP_PATHS),
        *(_post(path, partial(pass_on, send, "loki"), errors.format_error) for path in _LOKI_PATHS),
        Route(PREFIX, search, format_search_error, _METHODS),
        Route(f"{PREFIX}/{{path:path}}", search, format_search_error, _METHODS),
        Route("/_{path:path}", search, format_search_error, _METHODS),
        *(Route(path, search, format_search_error, ("POST", "PUT")) for path in _INDEX_PATHS),
    ]


def route_root(send: Send, page: Handler) -> Route:
    """`/`: the version for a sender, the dashboard for a browser."""

    def answer(request: WebRequest) -> WebResponse:
        return pass_on(send, "elasticsearch", request) if is_sender(request) else page(request)

    return Route("/", answer, format_search_error, ("GET", "HEAD"))


def is_sender(request: WebRequest) -> bool:
    """Whether a request for `/` is of a client of Elasticsearch, which all ask for JSON."""
    accept = request.headers.get("accept", "")
    return "json" in accept and "html" not in accept


def pass_on(send: Send, api: str, request: WebRequest) -> WebResponse:
    """The answer of the process that stores.

    Raises:
        StoreError: it does not run; the same may be sent again.
    """
    path = unquote(request.raw_path.partition(b"?")[0].decode("latin-1")) or "/"
    fields = ((name, values[0]) for name, values in request.fields.items() if values)
    query = {escape_surrogates(name): escape_surrogates(value) for name, value in fields}
    answer = send(
        api,
        LogRequest(
            request.method,
            path.removeprefix(PREFIX) or "/",
            query,
            dict(request.headers),
            request.body,
        ),
        request.cancelled,
    )
    return WebResponse(answer.body, answer.status, answer.media_type, answer.headers)


def format_search_error(error: Exception, request: WebRequest) -> WebResponse:
    """An error in the form of Elasticsearch."""
    plain = errors.format_error(error, request)
    assert isinstance(plain.body, bytes)
    cause = {"type": "unavailable_shards_exception", "reason": plain.body.decode()}
    content = {"error": {"root_cause": [cause], **cause}, "status": plain.status}
    return WebResponse(orjson.dumps(content), plain.status, JSON, plain.headers)


def _post(path: str, handler: Handler, format_error: ErrorFormatter) -> Route:
    return Route(path, handler, format_error, ("POST",))
