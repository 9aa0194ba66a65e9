"""The HTTP client: one exchange within one deadline and one size, and errors in words.

For scraping, remote sources, log stores and notifiers alike. It keeps connections, repeats a
request that is safe to repeat when a kept connection turns out to be closed, follows
redirects without handing secrets on, decompresses, and never shows a secret in an error.
"""

from __future__ import annotations

import contextlib
import http
import http.client
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from jipyo.model.errors import MalformedBody, NetError, TooLarge
from jipyo.model.secret import redact_url
from jipyo.net.deadline import Deadline, DeadlineSocket, DeadlineTlsSocket, cut_after
from jipyo.net.response import WholeHeadResponse
from jipyo.net.tls import TlsOptions, build_ssl_context, fetch_authority, read_file_stamps
from jipyo.wire.compression import inflate, limit_size

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from jipyo.net.credentials import Credentials

_CHUNK = 1 << 16
_HTTPS_PORT = 443
_MAX_REDIRECTS = 5
_MAX_DISCARDED = 1 << 16
"""A redirect's body up to this size is read, so that the connection can be kept."""
_MOVED = frozenset({301, 302, 303, 307, 308})
_BECOMES_GET = frozenset({301, 302, 303})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_DEADLINE: ContextVar[Deadline] = ContextVar("deadline")
"""Of the request that this thread sends: urllib3 hands its connections a timeout only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """What holds for every request of a client."""

    timeout_s: float = 10.0
    """For the whole exchange: connecting, redirects, a repeated request, the body."""
    body_limit: int = 64 << 20
    """Bytes of a response after decompression; 0 is no limit."""
    follow_redirects: bool = True
    compressed: bool = True
    """Whether gzip is accepted."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    credentials: Credentials | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    proxy_url: str = ""
    connections: int = 1
    """Kept per host; one for every thread that uses the client at the same time."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How long one request may take."""

    timeout_s: float
    """For the whole exchange, see `HttpOptions`."""
    cancelled: threading.Event | None = None
    """Once it is set, the request ends as at its timeout, and its connection is closed."""


@dataclass(frozen=True, slots=True)
class ClientResponse:
    """A whole answer."""

    url: str
    """Where it came from, after redirects; without secrets."""
    status: int
    reason: str
    headers: Mapping[str, str]
    """By names in any case."""
    body: bytes


class HttpStream:
    """An answer whose body is still to be read."""

    def __init__(
        self,
        response: urllib3.BaseHTTPResponse,
        url: str,
        options: HttpOptions,
        timeout_s: float,
    ) -> None:
        self.url = url
        """Where it came from, after redirects; without secrets."""
        self.status = response.status
        self.reason = response.reason or ""
        self.headers: Mapping[str, str] = response.headers
        """By names in any case."""
        self._response = response
        self._options = options
        self._timeout_s = timeout_s
        self._read_whole = False

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives, decompressed.

        Raises:
            NetError: it breaks off, is damaged, or exceeds the size or the deadline.
        """
        with _translating_errors(self.url, self._timeout_s):
            try:
                yield from limit_size(self._decode(), self._options.body_limit)
            except TooLarge as error:
                limit = error.values["limit"]
                raise NetError("net.too_large", url=self.url, limit=limit) from error
            except MalformedBody as error:
                reason = error.values.get("reason")
                if reason is None:
                    raise NetError("net.cut", url=self.url) from error
                raise NetError("net.bad_gzip", url=self.url, reason=reason) from error
        self._read_whole = True

    def read(self) -> bytes:
        """The whole body; see `iter_bytes`."""
        return b"".join(self.iter_bytes())

    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        if self._read_whole:
            self._response.release_conn()
        else:
            self._response.close()

    def _decode(self) -> Iterator[bytes]:
        parts = iter(lambda: self._response.read1(_CHUNK, decode_content=False), b"")
        encoding = self.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in {"identity", ""}:
            return parts
        if encoding not in {"gzip", "x-gzip"}:
            raise NetError("net.encoding", url=self.url, encoding=encoding)
        return inflate(parts)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    repeatable: bool

    def redirect(self, location: str, status: int) -> _Request:
        """The request that follows a redirect; secrets stay with the first origin.

        Raises:
            NetError: the location is not an address of HTTP.
        """
        try:
            url = urljoin(self.url, location)
            is_http = urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname
        except ValueError:
            url, is_http = "", None
        if not is_http:
            raise NetError(
                "net.bad_redirect", url=redact_url(self.url), location=redact_url(location)
            )
        request = replace(self, url=url)
        if _origin(url) != _origin(self.url):
            public = {n: v for n, v in self.headers.items() if n.lower() not in _PRIVATE}
            request = replace(request, headers=public)
        if status in _BECOMES_GET and self.method not in {"GET", "HEAD"}:
            request = replace(request, method="GET", body=None, repeatable=True)
        return request


class HttpClient:
    """Sends requests; safe to use from several threads."""

    def __init__(self, options: HttpOptions | None = None) -> None:
        """Nothing is connected before the first request."""
        self._options = options or HttpOptions()
        self._managers: dict[tuple[str, str], tuple[object, urllib3.PoolManager]] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        repeatable: bool | None = None,
        limits: RequestLimits | None = None,
    ) -> ClientResponse:
        """Send a request and read the whole answer, whatever its status; see `stream`."""
        with self.stream(
            method, url, headers=headers, body=body, repeatable=repeatable, limits=limits
        ) as response:
            content = response.read()
            return ClientResponse(
                response.url, response.status, response.reason, response.headers, content
            )

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        repeatable: bool | None = None,
        limits: RequestLimits | None = None,
    ) -> Iterator[HttpStream]:
        """Send a request; the body of the answer is read within the block.

        Args:
            method: GET, POST …
            url: absolute, http or https.
            headers: beside and over those of the options.
            body: sent as it is.
            repeatable: whether the request may be sent again when a kept connection is
                closed while it is sent; by default where HTTP calls the method idempotent.
            limits: of this request; by default those of the options.

        Raises:
            NetError: the host cannot be reached, does not answer in time, ...; the key and
                `url` say what, without secrets.
        """
        safe = method in _IDEMPOTENT if repeatable is None else repeatable
        limits = limits or RequestLimits(self._options.timeout_s)
        request = _Request(method, url, self._headers(headers), body, safe)
        response = self._send_handling_redirects(request, limits)
        try:
            yield response
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        for _, manager in self._managers.values():
            manager.clear()

    def _headers(self, extra: Mapping[str, str]) -> dict[str, str]:
        options = self._options
        headers = {
            "Accept-Encoding": "gzip" if options.compressed else "identity",
            "User-Agent": "jipyo",
            **dict(options.headers),
            **extra,
        }
        if options.credentials is not None:
            headers["Authorization"] = options.credentials.authorization()
        # http.client would encode as Latin-1, which has no Korean.
        return {name: text.encode().decode("latin-1") for name, text in headers.items()}

    def _send_handling_redirects(self, request: _Request, limits: RequestLimits) -> HttpStream:
        deadline = Deadline.after(limits.timeout_s, limits.cancelled)
        for _ in range(_MAX_REDIRECTS + 1):
            url = redact_url(request.url)
            with _translating_errors(url, limits.timeout_s):
                response = self._send_handling_dropped_connection(request, deadline)
                location = response.headers.get("Location")
                moved = self._options.follow_redirects and response.status in _MOVED
                if not moved or not location:
                    return HttpStream(response, url, self._options, limits.timeout_s)
                _discard(response)
            request = request.redirect(location, response.status)
        raise NetError("net.redirects", url=redact_url(request.url))

    def _send_handling_dropped_connection(
        self, request: _Request, deadline: Deadline
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._send(request, deadline)
        except ProtocolError:
            # The server has most likely closed the connection that was kept since last time.
            if not request.repeatable:
                raise
            return self._send(request, deadline)

    def _send(self, request: _Request, deadline: Deadline) -> urllib3.BaseHTTPResponse:
        manager = self._find_manager(request.url, deadline)
        token = _DEADLINE.set(deadline)
        try:
            return manager.urlopen(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                timeout=urllib3.Timeout(total=deadline.left_s()),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        finally:
            _DEADLINE.reset(token)

    def _find_manager(self, url: str, deadline: Deadline) -> urllib3.PoolManager:
        """The pool of a scheme; a new one where a certificate was renewed."""
        parts, tls = urlsplit(url), self._options.tls
        is_pinned = parts.scheme == "https" and bool(tls.ca_fingerprint)
        key = parts.scheme, parts.netloc if is_pinned else ""
        stamps = read_file_stamps(tls) if parts.scheme == "https" else ()
        known = self._managers.get(key)
        if known is None or known[0] != stamps:
            authority = self._fetch_authority(url, deadline) if is_pinned else b""
            manager = _build_manager(parts.scheme, self._options, authority)
            known = self._managers[key] = (stamps, manager)
        return known[1]

    def _fetch_authority(self, url: str, deadline: Deadline) -> bytes:
        """The authority that the options know by its fingerprint, from the server itself."""
        if self._options.proxy_url:
            raise NetError("net.fingerprint_proxy", url=redact_url(url))
        parts = urlsplit(url)
        place = parts.hostname or "", parts.port or _HTTPS_PORT
        with (
            socket.create_connection(place, deadline.left_s()) as connection,
            cut_after(deadline.left_s(), connection.fileno()),
        ):
            return fetch_authority(connection, url, self._options.tls)


class _DeadlineConnection(HTTPConnection):
    """Applies the timeout that urllib3 sets for reading to the whole answer."""

    response_class = WholeHeadResponse

    def _new_conn(self) -> socket.socket:
        return DeadlineSocket.adopt(super()._new_conn())

    def getresponse(self) -> Any:
        _set_deadline(self)
        return super().getresponse()


class _DeadlineTlsConnection(HTTPSConnection):
    """The same; the context makes the socket, see `_build_manager`."""

    response_class = WholeHeadResponse

    def getresponse(self) -> Any:
        _set_deadline(self)
        return super().getresponse()


def _set_deadline(connection: HTTPConnection) -> None:
    if isinstance(connection.sock, (DeadlineSocket, DeadlineTlsSocket)):
        connection.sock.deadline = _DEADLINE.get()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTlsConnection


def _build_manager(scheme: str, options: HttpOptions, authority: bytes) -> urllib3.PoolManager:
    arguments: dict[str, Any] = {"maxsize": options.connections}
    if scheme == "https":
        context = build_ssl_context(options.tls, authority)
        context.sslsocket_class = DeadlineTlsSocket
        arguments["ssl_context"] = context
        if options.tls.server_name:
            name = options.tls.server_name
            arguments |= {"server_hostname": name, "assert_hostname": name}
        if options.tls.insecure_skip_verify:
            # The operator asked for it; a warning at every request would say nothing new.
            urllib3.disable_warnings(InsecureRequestWarning)
    manager = (
        urllib3.ProxyManager(options.proxy_url, **arguments)
        if options.proxy_url
        else urllib3.PoolManager(**arguments)
    )
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


def _discard(response: urllib3.BaseHTTPResponse) -> None:
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) <= _MAX_DISCARDED:
        response.read(decode_content=False)
        response.release_conn()
    else:
        response.close()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


@contextlib.contextmanager
def _translating_errors(url: str, timeout_s: float) -> Iterator[None]:
    """Translate what urllib3 and sockets raise into errors for the reader."""
    try:
        yield
    except (HTTPError, OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        # The last ones come from sizes of chunks and the like that are no numbers one can read.
        raise _to_net_error(error, url, timeout_s) from error


def _to_net_error(error: Exception, url: str, timeout_s: float) -> NetError:
    match error:
        case NewConnectionError():  # by history a ConnectTimeoutError too
            pass
        case ReadTimeoutError() | ConnectTimeoutError() | TimeoutError():
            return NetError("net.timeout", url=url, seconds=f"{timeout_s:.3g}")
        case SSLError() | ssl.SSLError():
            return NetError("net.tls", url=url, reason=str(error))
        case ProtocolError() | http.client.HTTPException() | OverflowError():
            return NetError("net.cut", url=url)
    reason = str(error).rpartition(": ")[2] or repr(error)
    return NetError("net.unreachable", url=url, reason=reason)


def status_text(status: int, reason: str) -> str:
    """The reason of a status line; HTTP's own words where the server sent none."""
    if reason:
        return reason
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
