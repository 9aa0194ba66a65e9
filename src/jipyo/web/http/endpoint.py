"""Between asyncio and the handlers: a synchronous handler in a thread becomes one response.

This is the one place where every exception is caught: it is logged once, and the client
reads `internal`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette import routing
from starlette.requests import ClientDisconnect, Request

from jipyo.model.errors import JipyoError
from jipyo.web.http.body import CompressedBodies, OutgoingResponse, prepare_response
from jipyo.web.http.message import WebRequest
from jipyo.web.http.params import parse_fields
from jipyo.web.http.revalidate import revalidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from starlette.types import Receive, Scope, Send

    from jipyo.web.http.message import ErrorFormatter, Handler, WebResponse

_LOG = logging.getLogger(__name__)
ANY_PATH = "/{path:path}"
"""The path of a route that answers whatever no other one does."""
_MACHINES = ("api", "v1", "metrics", "federate", "-", "loki", "otlp", "elasticsearch")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Route:
    """A path, who answers there, and how errors are worded there."""

    path: str
    handler: Handler
    format_error: ErrorFormatter
    methods: tuple[str, ...] = ("GET",)
    is_shared: bool = False
    """Whether many read the same answer: clients keep it and ask whether it is still the same,
    and it is compressed once for all of them."""


def mount(routes: Iterable[Route], executor: Executor) -> list[routing.BaseRoute]:
    """The routes for Starlette; their handlers run in the threads of `executor`."""
    return [
        routing.Route(route.path, Endpoint(route, executor), methods=list(route.methods))
        for route in routes
    ]


def is_for_machines(path: str) -> bool:
    """Whether an address belongs to programs: what is not served there is an error, no page."""
    first, _, rest = path.removeprefix("/").partition("/")
    # The dashboard has a page for each metric; whatever lies deeper is a Pushgateway's.
    is_metric = first == "metrics" and rest != "" and "/" not in rest.removesuffix("/")
    return not is_metric and (first in _MACHINES or first.startswith("_"))


class Endpoint:
    """An ASGI application around one route's handler."""

    def __init__(self, route: Route, executor: Executor) -> None:
        self.path = route.path
        """Requests are counted under it, never under the address that was asked for."""
        self._route = route
        self._executor = executor
        self._compressed = CompressedBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        cancelled = threading.Event()
        watcher = asyncio.create_task(watch_for_disconnect(receive, cancelled))
        try:
            await self._respond(request, body, cancelled, send)
        finally:
            cancelled.set()
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _respond(
        self, request: Request, body: bytes, cancelled: threading.Event, send: Send
    ) -> None:
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(
            self._executor, self._run_handler, request, body, cancelled
        )
        start = {"status": response.status, "headers": response.headers}
        await send({"type": "http.response.start", **start})
        if response.rest is None:
            await _send_body(send, *response.ready, more=False)
        else:
            await self._send_pieces(response.ready, response.rest, send)

    async def _send_pieces(self, ready: Sequence[bytes], rest: Iterator[bytes], send: Send) -> None:
        """Send what is ready, and then each piece, while the next one is made."""
        loop = asyncio.get_running_loop()
        while ready:
            upcoming = loop.run_in_executor(self._executor, lambda: [*itertools.islice(rest, 1)])
            await _send_body(send, *ready, more=True)
            ready = await upcoming
        await _send_body(send, b"", more=False)

    def _run_handler(
        self, request: Request, body: bytes, cancelled: threading.Event
    ) -> OutgoingResponse:
        route, parsed = self._route, WebRequest(cancelled=cancelled)
        try:
            parsed = parse_request(request, body, cancelled)
            response = route.handler(parsed)
            encodings = parsed.headers.get("accept-encoding", "")
            if not route.is_shared:
                return prepare_response(response, encodings, cancelled)
            if "etag" not in response.headers:
                response = revalidate(response, parsed)
            return prepare_response(response, encodings, cancelled, self._compressed)
        except Exception as error:  # noqa: BLE001 - the edge: a request never ends its thread
            failed = describe_failure(error, route.format_error, parsed, self.path)
            return prepare_response(failed, "", cancelled)


def answer_safely(
    handler: Handler, format_error: ErrorFormatter, request: WebRequest
) -> WebResponse:
    """The handler's response; an error, whichever it is, in the words of its API."""
    try:
        return handler(request)
    except Exception as error:  # noqa: BLE001 - the edge: what is published never ends for one
        return describe_failure(error, format_error, request, request.raw_path.decode("latin-1"))


def describe_failure(
    error: Exception, format_error: ErrorFormatter, request: WebRequest, where: str
) -> WebResponse:
    """The response to a request that failed; what is our own fault is logged."""
    if not isinstance(error, JipyoError):
        _LOG.error("web: %s %s failed", request.method, where, exc_info=error)
    return format_error(error, request)


async def _send_body(send: Send, *pieces: bytes, more: bool) -> None:
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": more})


def parse_request(
    request: Request, body: bytes, cancelled: threading.Event | None = None
) -> WebRequest:
    """The request as handlers see it."""
    form = body if request.headers.get("content-type", "").startswith(_FORM) else b""
    return WebRequest(
        fields=parse_fields(form, request.scope["query_string"]),
        path_params=request.path_params,
        headers=request.headers,
        body=body,
        method=request.method,
        # ASGI servers need not give the raw path.
        raw_path=request.scope.get("raw_path") or request.scope["path"].encode(),
        cancelled=cancelled or threading.Event(),
    )


async def watch_for_disconnect(receive: Receive, cancelled: threading.Event) -> None:
    """Set the event once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    cancelled.set()
