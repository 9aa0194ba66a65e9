"""Server-sent events: responses that stay open and carry what is new, to many readers at once.

Nothing is queued for a reader. Each remembers what it has read, and is given the difference to
what there is now once it can take more: one that reads slowly skips what lies between.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from starlette import routing
from starlette.requests import Request

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType
from jipyo.web.http.body import prepare_response
from jipyo.web.http.endpoint import answer_safely, parse_request, watch_for_disconnect
from jipyo.web.http.message import WebRequest, WebResponse

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from starlette.types import Receive, Scope, Send

    from jipyo.web.http.message import ErrorFormatter

OPEN = "jipyo_http_streams"
EVENTS = "jipyo_http_stream_events_total"
SENT = "jipyo_http_stream_bytes_total"
REFUSED = "jipyo_http_streams_refused_total"
HEARTBEAT_S = 10.0
"""Silence for longer means that the connection is dead, or that a proxy holds events back."""
_HEARTBEAT = b": \n\n"
_RETRY_AFTER_S = 30
_PIECE_BYTES = 1 << 15
"""Of what a client has not taken in yet it has a copy of its own: of a few pieces, not of all."""
_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",  # nginx passes each event on at once
}


class StreamReader(Protocol):
    """What one reader has read so far."""

    def read(self) -> Sequence[bytes]:
        """The events that are new to it, encoded; called in the server's event loop."""
        ...


class Publisher(Protocol):
    """What is published, moved on once for all readers."""

    def open(self, request: WebRequest) -> StreamReader:
        """A new reader; raises what `format_error` puts into words."""
        ...

    def advance(self, readers: Collection[StreamReader]) -> None:
        """Find out what is new; called in a thread, never twice at the same time."""
        ...


class Streams:
    """The open streams of a server, over all of its configurations.

    `end`, `stop` and `families` may be called by any thread, all else in the event loop.
    """

    def __init__(self, max_open: int = 256) -> None:
        """`max_open` is less than the connections that a server may have: streams keep theirs."""
        self.max_open = max_open
        self.events = self.bytes = self.refused = 0
        self._open: set[_OpenStream] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = False

    def admit(self, reader: StreamReader) -> _OpenStream | None:
        """A place for the reader; None where all are taken, or the server is about to end."""
        if len(self._open) >= self.max_open or self._is_stopping:
            self.refused += 1
            return None
        self._loop = asyncio.get_running_loop()
        stream = _OpenStream(reader)
        self._open.add(stream)
        return stream

    def discard(self, stream: _OpenStream) -> None:
        """Forget a stream that has ended."""
        self._open.discard(stream)

    def start(self) -> None:
        """Nothing to do: streams open when clients come."""

    def end(self) -> None:
        """End every stream; its readers come again, to the application that is in force then."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and all streams with it
                self._loop.call_soon_threadsafe(self._end_all)

    def stop(self) -> None:
        """End every stream and admit no other: the server ends."""
        self._is_stopping = True
        self.end()

    def _end_all(self) -> None:
        for stream in self._open:
            stream.end()

    def families(self) -> Iterator[Family]:
        """How many are open, what was sent, and how many there was no place for."""
        yield _family(OPEN, MetricType.GAUGE, "Open streams of events.", len(self._open))
        yield _family(EVENTS, MetricType.COUNTER, "Events sent to streams.", self.events)
        yield _family(SENT, MetricType.COUNTER, "Bytes of events sent.", self.bytes)
        yield _family(REFUSED, MetricType.COUNTER, "Streams refused for the limit.", self.refused)


def _family(name: str, kind: MetricType, text: str, value: float) -> Family:
    return Family(name, kind, text, (FamilySample(Labels.of({METRIC_NAME: name}), float(value)),))


class _OpenStream:
    """A stream, and what wakes it."""

    def __init__(self, reader: StreamReader) -> None:
        self.reader = reader
        self.is_over = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self.is_over = True
        self._woken.set()

    async def sleep(self, most_s: float) -> bool:
        """Wait until woken; whether that was before `most_s` had passed."""
        try:
            await asyncio.wait_for(self._woken.wait(), most_s)
        except TimeoutError:
            return False
        self._woken.clear()
        return True


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """A path, what is published there, and how errors are worded there."""

    path: str
    publisher: Publisher
    format_error: ErrorFormatter
    tick_s: float
    """So often the publisher moves on, while anybody reads."""
    heartbeat_s: float = HEARTBEAT_S


class StreamEndpoint:
    """An ASGI application that streams what a publisher has, as long as the client reads."""

    def __init__(self, route: StreamRoute, streams: Streams, executor: Executor) -> None:
        """The publisher moves on in a thread of `executor`."""
        self.path = route.path
        """Requests are counted under it."""
        self._route = route
        self._publisher = route.publisher
        self._streams = streams
        self._executor = executor
        self._own: set[_OpenStream] = set()
        self._ticking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream to one client until it leaves or the stream is ended."""
        request = Request(scope, receive)
        opened: list[StreamReader] = []

        def open_reader(parsed: WebRequest) -> WebResponse:
            opened.append(self._publisher.open(parsed))
            return WebResponse(b"")

        parsed = parse_request(request, b"")
        failure = answer_safely(open_reader, self._route.format_error, parsed)
        stream = self._streams.admit(opened[0]) if opened else None
        if stream is None:
            headers = {"retry-after": str(_RETRY_AFTER_S)}
            full = WebResponse(b"", 503, "text/plain; charset=utf-8", headers)
            await _send_whole(send, full if opened else failure, parsed.cancelled)
            return
        watcher = asyncio.create_task(_end_with_client(receive, stream, parsed.cancelled))
        try:
            await self._stream(stream, send)
        finally:
            self._own.discard(stream)
            self._streams.discard(stream)
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _stream(self, stream: _OpenStream, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # Before anything is known a proxy passes the head on, and the client sees that it does.
        await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
        self._own.add(stream)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick())
        is_woken = True
        while not stream.is_over:
            events = stream.reader.read() if is_woken else (_HEARTBEAT,)
            self._streams.events += len(events) if is_woken else 0
            for piece in _cut(events):
                self._streams.bytes += len(piece)
                # Returns once the client has taken in what was sent before.
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            is_woken = await stream.sleep(self._route.heartbeat_s)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tick(self) -> None:
        """Move the publisher on and wake its readers, until there are none."""
        loop, tick_s = asyncio.get_running_loop(), self._route.tick_s
        while self._own:
            began_s = loop.time()
            readers = [stream.reader for stream in self._own]
            await loop.run_in_executor(self._executor, self._publisher.advance, readers)
            for stream in self._own:
                stream.wake()
            await asyncio.sleep(max(tick_s - (loop.time() - began_s), tick_s / 10))


def _cut(events: Iterable[bytes]) -> Iterator[bytes]:
    for event in events:
        for start in range(0, len(event), _PIECE_BYTES):
            yield event[start : start + _PIECE_BYTES]


def mount_stream(route: StreamRoute, streams: Streams, executor: Executor) -> routing.BaseRoute:
    """The route for Starlette; the publisher moves on in the threads of `executor`."""
    return routing.Route(route.path, StreamEndpoint(route, streams, executor), methods=["GET"])


async def _end_with_client(
    receive: Receive, stream: _OpenStream, cancelled: threading.Event
) -> None:
    await watch_for_disconnect(receive, cancelled)
    stream.end()


async def _send_whole(send: Send, response: WebResponse, cancelled: threading.Event) -> None:
    outgoing = prepare_response(response, "", cancelled)
    start = {"status": outgoing.status, "headers": outgoing.headers}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": b"".join(outgoing.ready)})
