"""Gets a page by HTTP: within a time, within a size, and telling exactly what went wrong."""

from __future__ import annotations

import base64
import contextlib
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    ResponseError,
    SSLError,
)

from jipyo.model.errors import CollectError
from jipyo.net.tls import context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.collect.scrape.options import Credentials, ScrapeOptions
    from jipyo.net.tls import TlsOptions

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
_CHUNK = 1 << 16
_REDIRECTS = 5
_OK = 200
_STATUS_HINTS = {
    401: "collect.http_unauthorized.hint",
    403: "collect.http_unauthorized.hint",
    404: "collect.http_not_found.hint",
}
_GZIP = 31
"""zlib's word for: a gzip header, and the largest window."""


@dataclass(frozen=True, slots=True)
class Body:
    """A page as it came, decompressed."""

    data: bytes
    content_type: str


class Fetcher:
    """Keeps the connection to one target."""

    def __init__(self, url: str, options: ScrapeOptions) -> None:
        """Nothing is connected before the first `get`."""
        self._url = url
        self._options = options
        self._pool: urllib3.PoolManager | None = None

    def get(self) -> Body:
        """The page.

        Raises:
            CollectError: it could not be had whole; the key says why.
        """
        end = time.monotonic() + self._options.timeout_ms / 1000
        with self._told():
            response = self._request(end)
            try:
                self._check_status(response)
                parts = _limited(
                    self._decoded(response, self._raw(response, end)),
                    self._options.limits.body_bytes,
                    self._url,
                )
                body = Body(b"".join(parts), response.headers.get("Content-Type", ""))
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return body

    def _request(self, end: float) -> urllib3.BaseHTTPResponse:
        try:
            return self._once(end)
        except ProtocolError:
            # The server closed the connection that we kept since the last scrape.
            return self._once(end)

    def _once(self, end: float) -> urllib3.BaseHTTPResponse:
        self._pool = self._pool or urllib3.PoolManager(
            maxsize=1, ssl_context=_context(self._options.tls), **_server_name(self._options.tls)
        )
        left = max(end - time.monotonic(), 0.001)
        follow = self._options.follow_redirects
        return self._pool.request(
            "GET",
            self._url,
            headers=self._headers(),
            timeout=urllib3.Timeout(connect=left, read=left),
            retries=urllib3.Retry(total=_REDIRECTS, connect=0, read=0, status=0, other=0)
            if follow
            else False,
            redirect=follow,
            preload_content=False,
            decode_content=False,
        )

    def _headers(self) -> dict[str, str]:
        options = self._options
        headers = {
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip" if options.compressed else "identity",
            "User-Agent": "jipyo",
            "X-Prometheus-Scrape-Timeout-Seconds": f"{options.timeout_ms / 1000:g}",
            **dict(options.headers),
        }
        if options.credentials is not None:
            headers["Authorization"] = _authorization(options.credentials)
        return headers

    def _check_status(self, response: urllib3.BaseHTTPResponse) -> None:
        if response.status != _OK:
            raise CollectError(
                "collect.http_status",
                hint=_STATUS_HINTS.get(response.status, ""),
                url=self._url,
                status=response.status,
                reason=response.reason or "",
            )

    def _raw(self, response: urllib3.BaseHTTPResponse, end: float) -> Iterator[bytes]:
        """What comes over the wire, as it comes, until the time is over."""
        while part := response.read1(_CHUNK, decode_content=False):
            yield part
            if time.monotonic() > end:
                raise self._too_late()

    def _decoded(
        self, response: urllib3.BaseHTTPResponse, parts: Iterator[bytes]
    ) -> Iterator[bytes]:
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding in {"identity", ""}:
            return parts
        if encoding not in {"gzip", "x-gzip"}:
            raise CollectError("collect.encoding", url=self._url, encoding=encoding)
        return self._unzipped(parts)

    def _unzipped(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        stream = zlib.decompressobj(_GZIP)
        try:
            for part in parts:
                data = part
                while data:
                    if stream.eof:  # a further member (RFC 1952, 2.2)
                        stream = zlib.decompressobj(_GZIP)
                    yield stream.decompress(data, _CHUNK)
                    data = stream.unused_data if stream.eof else stream.unconsumed_tail
        except zlib.error as error:
            raise CollectError("collect.bad_gzip", url=self._url, reason=str(error)) from error
        if not stream.eof:
            raise CollectError("collect.cut", url=self._url)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Everything urllib3 can raise, as what it means for the target."""
        try:
            yield
        except MaxRetryError as error:
            raise self._meaning(error.reason or error) from error
        except HTTPError as error:
            raise self._meaning(error) from error
        except (OSError, ssl.SSLError) as error:
            raise self._unreachable(error) from error

    def _meaning(self, error: Exception) -> CollectError:
        if isinstance(error, NewConnectionError):  # by history a ConnectTimeoutError too
            return self._unreachable(error)
        if isinstance(error, (ReadTimeoutError, ConnectTimeoutError)):
            return self._too_late()
        if isinstance(error, SSLError):
            reason = str(error)
            return CollectError(
                "collect.tls", hint="collect.tls.hint", url=self._url, reason=reason
            )
        if isinstance(error, ResponseError):
            return CollectError("collect.redirects", url=self._url)
        if isinstance(error, ProtocolError):
            return CollectError("collect.cut", url=self._url)
        return self._unreachable(error)

    def _unreachable(self, error: Exception) -> CollectError:
        reason = str(error).rpartition(": ")[2] or repr(error)
        hint = "collect.unreachable.hint"
        return CollectError("collect.unreachable", hint=hint, url=self._url, reason=reason)

    def _too_late(self) -> CollectError:
        seconds = f"{self._options.timeout_ms / 1000:g}"
        hint = "collect.timeout.hint"
        return CollectError("collect.timeout", hint=hint, url=self._url, seconds=seconds)


def _limited(parts: Iterator[bytes], limit: int, url: str) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if limit and size > limit:
            raise CollectError(
                "collect.body_limit", hint="collect.body_limit.hint", url=url, limit=limit
            )
        yield part


def _authorization(credentials: Credentials) -> str:
    secret = credentials.secret
    if credentials.secret_file is not None:
        try:
            secret = credentials.secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            path, reason = str(credentials.secret_file), str(error)
            raise CollectError("collect.secret_file", path=path, reason=reason) from error
    if credentials.type.lower() == "basic":
        both = f"{credentials.username}:{secret}".encode()
        return "Basic " + base64.b64encode(both).decode("ascii")
    return f"{credentials.type} {secret}"


def _context(tls: TlsOptions) -> ssl.SSLContext:
    if tls.insecure_skip_verify:
        # The operator asked for it; a warning at every scrape would say nothing new.
        urllib3.disable_warnings(InsecureRequestWarning)
    return context(tls)


def _server_name(tls: TlsOptions) -> dict[str, Any]:
    if not tls.server_name:
        return {}
    return {"server_hostname": tls.server_name, "assert_hostname": tls.server_name}
