"""What applies to every request: who may ask, how much they may send, what browsers may do.

A page of a foreign site can make a browser call 127.0.0.1, and by rebinding its own name to
that address it can even read the answer. So the Host header must name us, and what changes
or costs something (everything but GET and HEAD) must not come from another origin.
"""

from __future__ import annotations

import time
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from jipyo.web.http.metrics import RequestMetrics
    from jipyo.web.options import Options

SECURITY_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_CLIENT_CLOSED = 499
_FREE_BODY_BYTES = 256 << 10
_BODIES_AT_ONCE = 8


class BodyTooLarge(Exception):  # noqa: N818 - the client gets a 413; nothing failed here
    """A request's body is larger than allowed."""


class TooManyBodies(Exception):  # noqa: N818 - the client gets a 503
    """All bodies that are being received are larger than allowed, charged together."""


class BodyBudget:
    """How many bytes of bodies one server holds: as many as a few of the largest ones.

    Small bodies are outside of it, so that large ones that are never finished keep no query
    and no small push out.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self.max_body_bytes = max_body_bytes
        self.free_bytes = max_body_bytes * _BODIES_AT_ONCE

    def limit(self, receive: Receive) -> tuple[Receive, Callable[[], None]]:
        """The same messages within the budget, and what gives their part of it back.

        Raises, from the returned `receive`:
            BodyTooLarge: the body is larger than one may be.
            TooManyBodies: the budget is spent.
        """
        received = charged = 0

        async def receive_limited() -> Message:
            nonlocal received, charged
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_body_bytes:
                raise BodyTooLarge
            more = max(received - _FREE_BODY_BYTES, 0) - charged
            if more > self.free_bytes:
                raise TooManyBodies
            charged += more
            self.free_bytes -= more
            return message

        def release() -> None:
            self.free_bytes += charged

        return receive_limited, release


class MeasureRequests:
    """Adds the security headers to every response, and counts it under its route."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and watch its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start_s, status = time.perf_counter(), _CLIENT_CLOSED

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] += [pair for pair in _RAW_HEADERS if pair[0] not in present]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            handler = getattr(scope.get("endpoint"), "path", "other")
            self._metrics.observe(handler, status, time.perf_counter() - start_s)


class RequestGuard:
    """Rejects requests under a foreign name, from a foreign origin or with too large a body."""

    def __init__(self, app: ASGIApp, *, is_loopback: bool, options: Options) -> None:
        """`is_loopback`: only this machine can reach us, so the Host header must name it."""
        self._app = app
        self._is_loopback = is_loopback
        self._allowed_hosts = frozenset(name.lower() for name in options.allowed_hosts)
        self._bodies = BodyBudget(options.max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rejection = self._find_rejection(scope["method"], Headers(scope=scope))
        if rejection:
            await _send_error(send, *rejection)
            return
        receive_limited, release = self._bodies.limit(receive)
        try:
            await self._app(scope, receive_limited, send)
        except BodyTooLarge:
            await _send_error(send, 413, "bad_data", "request body too large")
        except TooManyBodies:
            reason = "too many large request bodies are being received; retry later"
            await _send_error(send, 503, "unavailable", reason)
        finally:
            release()

    def _find_rejection(self, method: str, headers: Headers) -> tuple[int, str, str] | None:
        """Status, error type and reason; None where the request may pass."""
        host = headers.get("host", "")
        if self._is_loopback and not self._is_allowed_host(host):
            return 403, "forbidden", f"host {host!r} is not served here"
        origin = headers.get("origin")
        if method not in _SAFE_METHODS and origin and origin.partition("://")[2] != host:
            return 403, "forbidden", f"origin {origin!r} must not send requests here"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._bodies.max_body_bytes:
            return 413, "bad_data", "request body too large"
        return None

    def _is_allowed_host(self, host: str) -> bool:
        name, colon, port = host.lower().rpartition(":")
        name = (name if colon and port.isdecimal() else host.lower()).strip("[]")
        return name == "localhost" or name in self._allowed_hosts or _is_loopback_address(name)


@lru_cache(maxsize=64)
def _is_loopback_address(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def _send_error(send: Send, status: int, kind: str, reason: str) -> None:
    body = encode.error(kind, reason)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
