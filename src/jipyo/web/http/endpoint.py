"""Between asyncio and the rooms: a synchronous answerer in a thread becomes one response.

An answerer takes a `Form` and an event that is set when its client has gone, and gives a
`Reply`, whose body may still be in the making. This is the one place where every exception
is caught: it is logged once, and the client reads `internal`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from jipyo.i18n import Lang, texts
from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind
from jipyo.web.http import params
from jipyo.web.http.params import Form
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from starlette.datastructures import Headers
    from starlette.types import Receive, Scope, Send

LOG = logging.getLogger(__name__)

JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_PIECE_BYTES = 1 << 20
_SMALLEST_GZIP = 512
_NOT_MODIFIED = 304
_SHRINKS = ("text/", "application/json", "application/openmetrics", "image/svg")
# A seventh of the time of level 6 for a fifth more bytes.
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31

STATUS = {
    QueryErrorKind.BAD_DATA: 400,
    QueryErrorKind.EXECUTION: 422,
    QueryErrorKind.TIMEOUT: 503,
    QueryErrorKind.CANCELED: 499,
    QueryErrorKind.NOT_FOUND: 404,
    QueryErrorKind.NOT_ACCEPTABLE: 406,
    QueryErrorKind.UNAVAILABLE: 503,
    QueryErrorKind.INTERNAL: 500,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out; an iterable body is asked for its pieces while they are sent."""

    body: bytes | Iterator[bytes]
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Answerer = Callable[[Form, threading.Event], Reply]
Refusal = Callable[[Exception, Form], Reply]
"""Says an error in the words of one API."""


def refuse_as_prometheus(error: Exception, form: Form) -> Reply:
    """The error bodies of the Prometheus HTTP API; always English."""
    del form
    if isinstance(error, QueryError):
        return Reply(encode.error(error.kind.value, error.message), STATUS[error.kind])
    if isinstance(error, JipyoError):
        return Reply(encode.error("unavailable", texts("en").error(error)), 503)
    return Reply(encode.error("internal", texts("en")("web.internal")), 500)


def lang_of(form: Form, default: Lang) -> Lang:
    """The language asked for by `lang`; the default where that is none of ours."""
    asked = form.one("lang")
    return "ko" if asked == "ko" else "en" if asked == "en" else default


@dataclass(frozen=True, slots=True)
class _Response:
    """A reply made ready: its first piece is there, so its status is certain."""

    status: int
    headers: list[tuple[bytes, bytes]]
    first: bytes
    rest: Iterator[bytes] | None
    """None where the first piece is all."""


class Endpoint:
    """One route: an ASGI application around an answerer."""

    def __init__(self, path: str, answerer: Answerer, refusal: Refusal, pool: Executor) -> None:
        """`path` is the route's own; its requests are counted under it."""
        self.path = path
        self._answerer = answerer
        self._refusal = refusal
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        gone = threading.Event()
        watching = asyncio.create_task(_watch(receive, gone))
        try:
            await self._respond(request, body, gone, send)
        finally:
            gone.set()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _respond(
        self, request: Request, body: bytes, gone: threading.Event, send: Send
    ) -> None:
        """Send the pieces, each while the next one is made."""
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._pool, self._answer, request, body, gone)
        start = {"status": response.status, "headers": response.headers}
        await send({"type": "http.response.start", **start})
        if response.rest is not None:
            await self._stream(response.first, response.rest, send)
        last = response.first if response.rest is None else b""
        await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _stream(self, first: bytes, rest: Iterator[bytes], send: Send) -> None:
        loop = asyncio.get_running_loop()
        piece: bytes | None = first
        while piece is not None:
            coming = loop.run_in_executor(self._pool, next, rest, None)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await coming

    def _answer(self, request: Request, body: bytes, gone: threading.Event) -> _Response:
        form = Form()
        try:
            form = _form(request, body)
            reply = self._answerer(form, gone)
            return _response(reply, gone, gzip=_takes_gzip(request.headers))
        except Exception as error:
            if not isinstance(error, JipyoError):
                LOG.exception("web: %s %s failed", request.method, self.path)
            return _response(self._refusal(error, form), gone, gzip=False)


def _form(request: Request, body: bytes) -> Form:
    sent = body if request.headers.get("content-type", "").startswith(_FORM) else b""
    query: bytes = request.scope["query_string"]
    # ASGI servers need not give the raw path.
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    fields = params.fields(sent, query)
    return Form(fields, request.path_params, request.headers, body, raw_path)


def _takes_gzip(headers: Headers) -> bool:
    offers = (offer.partition(";") for offer in headers.get("accept-encoding", "").split(","))
    return any(
        name.strip() == "gzip" and quality.replace(" ", "") not in ("q=0", "q=0.0")
        for name, _, quality in offers
    )


def _response(reply: Reply, gone: threading.Event, *, gzip: bool) -> _Response:
    """Make the first pieces; what fits into one goes out whole, with its length."""
    bodies = iter((reply.body,)) if isinstance(reply.body, bytes) else reply.body
    pieces = gathered(bodies, gone)
    first, second = next(pieces, b""), next(pieces, None)
    headers = {"content-type": reply.media_type, "vary": "Accept-Encoding", **reply.headers}
    whole = second is None
    if gzip and reply.media_type.startswith(_SHRINKS) and len(first) >= _SMALLEST_GZIP:
        headers["content-encoding"] = "gzip"
        pieces = _compressed(itertools.chain((first, second or b""), pieces))
        first, second = (b"".join(pieces), None) if whole else (b"", b"")
    if whole and reply.status != _NOT_MODIFIED:
        headers["content-length"] = str(len(first))
    rest = None if whole else itertools.chain((second or b"",), pieces)
    named = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
    return _Response(reply.status, named, first, rest)


def gathered(pieces: Iterable[bytes], gone: threading.Event) -> Iterator[bytes]:
    """The same bytes in pieces of about a MiB, as long as somebody wants them."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        if gone.is_set():
            return
        held.append(piece)
        size += len(piece)
        if size >= _PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


async def _watch(receive: Receive, gone: threading.Event) -> None:
    """Wait until the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
