"""What stands before every route: who may ask, how much they may send, what browsers may do.

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
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from jipyo.web.http.metrics import RequestMetrics
    from jipyo.web.services import Options

SECURITY_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_RAW_HEADERS = [(name.encode(), text.encode()) for name, text in SECURITY_HEADERS.items()]
_READING = ("GET", "HEAD", "OPTIONS")


class TooLarge(Exception):  # noqa: N818 - told to the caller as 413, nothing failed
    """A request's body is larger than allowed."""


class RequestGuard:
    """Checks requests, adds the security headers and counts what was answered."""

    def __init__(
        self, app: ASGIApp, *, loopback: bool, options: Options, meter: RequestMetrics
    ) -> None:
        """`loopback`: whether only this machine can reach us, so that Host must say so."""
        self._app = app
        self._loopback = loopback
        self._hosts = frozenset(name.lower() for name in options.allowed_hosts)
        self._most = options.max_body_bytes
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 499

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = {name for name, _ in message["headers"]}
                message["headers"] += [each for each in _RAW_HEADERS if each[0] not in said]
            await send(message)

        try:
            await self._checked(scope, receive, sending)
        finally:
            handler = getattr(scope.get("endpoint"), "path", "other")
            self._meter.saw(handler, status, time.perf_counter() - began)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await _refuse(send, *refusal)
            return
        try:
            await self._app(scope, _limited(receive, self._most), send)
        except TooLarge:
            await _refuse(send, 413, "bad_data", "request body too large")

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if self._loopback and not self._is_ours(host):
            return 403, "forbidden", f"host {host!r} is not served here"
        origin = headers.get("origin")
        if method not in _READING and origin and origin.partition("://")[2] != host:
            return 403, "forbidden", f"origin {origin!r} may not send here"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most:
            return 413, "bad_data", "request body too large"
        return None

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host.lower())
        return name == "localhost" or name in self._hosts or _is_loopback(name)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).strip("[]")


@lru_cache(maxsize=64)
def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _limited(receive: Receive, most: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge
        return message

    return counted


async def _refuse(send: Send, status: int, kind: str, reason: str) -> None:
    body = encode.error(kind, reason)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
