"""A reverse proxy before a real server, which fails as a test asks it to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import urllib3

from support.http_server import Quiet, serve_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RESET = struct.pack("ii", 1, 0)
_HOUR_S = 3600
_PATIENCE_S = 4
_OWN = {"connection", "accept-encoding", "content-length"}
"""What the proxy says to the server by itself."""
_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "date", "server"}
_HTML = b"<html><head><title>Bad gateway</title></head></html>"


class Fault(Enum):
    """What becomes of a request."""

    NONE = "none"
    LATENCY = "latency"
    """The answer comes whole, after `latency_s`."""
    CUT = "cut connection"
    """The connection is reset before an answer."""
    TOO_MANY = "429"
    """With `Retry-After: 1`."""
    ERROR = "500"
    UNAVAILABLE = "503"
    """A page of a load balancer, as long as its server is away."""
    BUSY = "503 with Retry-After"
    """As long as its server restarts."""
    HALF = "half an answer"
    """The first half of the body, then the end of the connection."""
    WRONG_JSON = "wrong JSON"
    """Status 200 and a page that is no answer of the API, as a network that wants a login gives."""
    MALFORMED = "malformed JSON"
    DRIP = "slow drip"
    """The answer, a byte every 50 ms."""
    STALE = "stale by an hour"
    """The answer of an hour ago, as a cache on the way would keep it."""


@dataclass
class FaultProxy:
    """Where it listens; which fault it has now, and for how many requests."""

    upstream: str
    url: str = ""
    fault: Fault = Fault.NONE
    times: int | None = None
    """After so many requests the fault is over; None for ever."""
    affects: Callable[[str], bool] = lambda path: True
    """Which paths, with their parameters, the fault is for."""
    latency_s: float = 0.5
    requests: list[str] = field(default_factory=list)
    """Path and parameters of every request."""
    _done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _streams: set[socket.socket] = field(default_factory=set)

    def fail(
        self,
        fault: Fault,
        times: int | None = None,
        affects: Callable[[str], bool] = lambda path: True,
    ) -> None:
        """Have the next requests fail; counts begin anew."""
        with self._lock:
            self.fault, self.times, self.affects = fault, times, affects
            self.requests.clear()

    def cut_streams(self) -> None:
        """Reset the answers that have no end."""
        with self._lock:
            streams, self._streams = self._streams, set()
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def begin_stream(self, client: socket.socket) -> None:
        """An answer without an end begins."""
        with self._lock:
            self._streams.add(client)

    def choose(self, path: str) -> Fault:
        """What becomes of a request that arrived."""
        with self._lock:
            self.requests.append(path)
            if self.fault is Fault.NONE or self.times == 0 or not self.affects(path):
                return Fault.NONE
            if self.times is not None:
                self.times -= 1
            return self.fault


@contextlib.contextmanager
def proxy_with_faults(
    upstream: str, wrap: Callable[[Any], Any] | None = None
) -> Iterator[FaultProxy]:
    """A proxy for the length of a `with`; `wrap` makes its socket one of TLS."""
    proxy = FaultProxy(upstream)
    pool = urllib3.PoolManager(maxsize=8)

    class Handler(_Handler):
        pass

    Handler.proxy, Handler.pool = proxy, pool
    server = Quiet(("127.0.0.1", 0), Handler)
    if wrap is not None:
        server.socket = wrap(server.socket)
    proxy.url = f"{'https' if wrap else 'http'}://127.0.0.1:{server.server_port}"
    with serve_in_thread(server):
        try:
            yield proxy
        finally:
            proxy._done.set()
    pool.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: FaultProxy
    pool: urllib3.PoolManager

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def log_message(self, *_: object) -> None:
        """Keep requests out of the tests' output."""

    def _handle(self, body: bytes) -> None:
        form = body.decode()
        fault = self.proxy.choose(f"{self.path}{'?' if form else ''}{form}")
        match fault:
            case Fault.CUT:
                self._reset()
            case Fault.TOO_MANY:
                self._send(429, b"rate limited", {"Retry-After": "1"})
            case Fault.ERROR:
                self._send(500, b"internal error")
            case Fault.UNAVAILABLE:
                self._send(503, _HTML)
            case Fault.BUSY:
                self._send(503, _HTML, {"Retry-After": str(_PATIENCE_S)})
            case Fault.WRONG_JSON:
                self._send(200, _HTML, {"Content-Type": "text/html"})
            case Fault.MALFORMED:
                self._send(200, b'{"t": 1,, "values": [', {"Content-Type": "application/json"})
            case _:
                self._forward(body, fault)

    def _forward(self, body: bytes, fault: Fault) -> None:
        if fault is Fault.LATENCY and self.proxy._done.wait(self.proxy.latency_s):
            return
        path = self.path
        if fault is Fault.STALE:
            parts = urlsplit(path)
            path, body = f"{parts.path}?{_shift(parts.query)}", _shift(body.decode()).encode()
        answer = self.pool.request(
            self.command,
            self.proxy.upstream + path,
            body=body or None,
            headers={k: v for k, v in self.headers.items() if k.lower() not in _OWN},
            retries=False,
            redirect=False,
            timeout=60,
            preload_content=False,
        )
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            self._stream(answer, headers)
            return
        data = answer.read()
        answer.release_conn()
        match fault:
            case Fault.HALF:
                self._send(answer.status, data, headers, half=True)
                self._reset()
            case Fault.DRIP:
                self._send(answer.status, data, headers, drip=True)
            case _:
                self._send(answer.status, data, headers)

    def _stream(self, answer: urllib3.BaseHTTPResponse, headers: dict[str, str]) -> None:
        """Pass on what comes, until the server or the client ends it."""
        self.send_response(answer.status)
        for name, text in {**headers, "Connection": "close"}.items():
            self.send_header(name, text)
        self.end_headers()
        self.proxy.begin_stream(self.connection)
        with contextlib.closing(answer), contextlib.suppress(OSError, urllib3.exceptions.HTTPError):
            while part := answer.read1():
                self.wfile.write(part)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        half: bool = False,
        drip: bool = False,
    ) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.proxy._done.wait(0.05):
                    return
            return
        self.wfile.write(body[: len(body) // 2] if half else body)

    def _reset(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()


def _shift(form: str) -> str:
    """The parameters with their times an hour earlier."""
    times = {"time", "start", "end"}
    return urlencode(
        [
            (name, f"{float(text) - _HOUR_S:.3f}" if name in times else text)
            for name, text in parse_qsl(form, keep_blank_values=True)
        ]
    )
