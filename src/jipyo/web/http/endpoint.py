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
from jipyo.web.http.body import OutgoingResponse, prepare_response
from jipyo.web.http.message import WebRequest
from jipyo.web.http.params import parse_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from starlette.types import Receive, Scope, Send

    from jipyo.web.http.message import ErrorFormatter, Handler

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        cancelled = threading.Event()
        watcher = asyncio.create_task(_watch_for_disconnect(receive, cancelled))
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
        parsed = WebRequest(cancelled=cancelled)
        try:
            parsed = _parse_request(request, body, cancelled)
            response = self._route.handler(parsed)
            return prepare_response(response, parsed.headers.get("accept-encoding", ""), cancelled)
        except Exception as error:  # noqa: BLE001 - the edge: a request never ends its thread
            if not isinstance(error, JipyoError):
                _LOG.exception("web: %s %s failed", request.method, self.path)
            return prepare_response(self._route.format_error(error, parsed), "", cancelled)


async def _send_body(send: Send, *pieces: bytes, more: bool) -> None:
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": more})


def _parse_request(request: Request, body: bytes, cancelled: threading.Event) -> WebRequest:
    form = body if request.headers.get("content-type", "").startswith(_FORM) else b""
    return WebRequest(
        fields=parse_fields(form, request.scope["query_string"]),
        path_params=request.path_params,
        headers=request.headers,
        body=body,
        method=request.method,
        # ASGI servers need not give the raw path.
        raw_path=request.scope.get("raw_path") or request.scope["path"].encode(),
        cancelled=cancelled,
    )


async def _watch_for_disconnect(receive: Receive, cancelled: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    cancelled.set()
