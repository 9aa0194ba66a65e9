"""An HTTP address: its status, its body, its certificate and the time of each step."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from jipyo.collect.failure import find_exception_reason
from jipyo.collect.probe.connect import ProbeTimings, build_families, connect, start_tls
from jipyo.collect.probe.options import ProbeOptions, check_options
from jipyo.model.errors import BodyError, CollectError, NetError
from jipyo.model.failure import FailureReason
from jipyo.model.family import Row, gauge, single
from jipyo.model.regex import compile_pattern
from jipyo.model.sample import MetricType
from jipyo.net.credentials import read_secret
from jipyo.net.deadline import Deadline, cut_after
from jipyo.net.response import WholeHeadResponse
from jipyo.net.tls import build_ssl_context
from jipyo.wire.compression import GZIP_OR_ZLIB, inflate, limit_size

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator

    from jipyo.model.family import Family

_G = MetricType.GAUGE
_PHASES = ("resolve", "connect", "tls", "processing", "transfer")
_MAX_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 16
_PRIVATE = frozenset({"authorization", "cookie", "host"})
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_VISIBLE = bytes(range(0x21, 0x7F)).decode()
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Answer:
    """The last response, as far as it came."""

    status: int = 0
    version: float = 0.0
    length: float = 0.0
    """Content-Length; -1 where the server sends none."""
    body: bytes = b""
    redirects: int = 0
    encrypted: bool = False
    modified_s: float | None = None
    unmatched: bool = False


class HttpProbe:
    """One address, connected anew each time, as a visitor would."""

    def __init__(self, options: ProbeOptions) -> None:
        """Nothing is connected before the first `collect`.

        Raises:
            ConfigError: the address is none, or a pattern is not RE2.
        """
        check_options(options)
        self._options = options
        self._expect = compile_pattern(options.expect_body.encode())
        reject = options.reject_body.encode()
        self._reject = compile_pattern(reject) if reject else None

    def collect(self, t_ms: int) -> list[Family]:
        """Probe it now; a server that is down is a result, not an error.

        Raises:
            CollectError: a file of the options cannot be used.
        """
        options = self._options
        start = time.perf_counter()
        timings = ProbeTimings(Deadline.after(options.timeout_s))
        headers = {"User-Agent": "jipyo", "Accept": "*/*"}
        headers.update((name, value.reveal()) for name, value in options.headers)
        try:
            tls = build_ssl_context(options.tls)
            if options.authorization_file is not None:
                headers["Authorization"] = read_secret(options.authorization_file).strip()
        except NetError as error:
            raise error.as_kind(CollectError) from error
        visit = _Visit(options, tls, timings)
        try:
            failure = self._check(visit.answer, is_complete=visit.follow(headers))
        except (OSError, http.client.HTTPException) as error:
            failure = find_exception_reason(error, str(error))
        except (ValueError, OverflowError, BodyError):  # a body too long or cut off, no URL
            failure = FailureReason.BAD_RESPONSE
        duration_s = time.perf_counter() - start
        families = build_families(timings, failure=failure, duration_s=duration_s)
        return [*families, *_build_http_families(timings, visit.answer)]

    def _check(self, answer: _Answer, *, is_complete: bool) -> FailureReason | None:
        """Why the answer is not the expected one; None where it is."""
        if not is_complete:
            return FailureReason.BAD_RESPONSE
        expected = self._options.expect_status
        if not (answer.status in expected if expected else answer.status // 100 == 2):
            return FailureReason.HTTP_STATUS
        rejected = self._reject is not None and bool(self._reject.search(answer.body))
        answer.unmatched = rejected or not self._expect.search(answer.body)
        return FailureReason.UNEXPECTED_BODY if answer.unmatched else None


class _FinalResponse(WholeHeadResponse):
    """A response behind any number of interim ones (RFC 9110, 15.2), not 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            is_interim = status // 100 == 1 and status != http.HTTPStatus.SWITCHING_PROTOCOLS
            if not is_interim or status == http.HTTPStatus.CONTINUE:
                return version, status, reason
            http.client.parse_headers(self.fp)


def _decode_location(location: str) -> str:
    """A Location as its sender wrote it: UTF-8, or else bytes that are percent-encoded."""
    raw = location.encode("latin-1", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return quote(raw, safe=_VISIBLE)


class _Visit:
    """The requests of one probe: the first, and those that redirects lead to."""

    def __init__(self, options: ProbeOptions, tls: ssl.SSLContext, timings: ProbeTimings) -> None:
        self.answer = _Answer()
        self._options = options
        self._tls = tls
        self._timings = timings

    def follow(self, headers: dict[str, str]) -> bool:
        """Follow the address to its end; False where redirects lead nowhere."""
        url, method = urlsplit(self._options.url), self._options.method
        origin = (url.scheme, url.netloc)
        while True:
            if (url.scheme, url.netloc) != origin:  # no secrets for anybody else
                headers = {n: v for n, v in headers.items() if n.lower() not in _PRIVATE}
            location = self._request(url, method, headers)
            if not location or not self._options.follow_redirects:
                return True
            self.answer.redirects += 1
            url = urlsplit(urljoin(url.geturl(), location))
            if self.answer.redirects > _MAX_REDIRECTS or url.scheme not in _PORTS:
                return False
            if not url.hostname:
                return False
            if self.answer.status == http.HTTPStatus.SEE_OTHER and method != "HEAD":
                method = "GET"

    def _request(self, url: SplitResult, method: str, headers: dict[str, str]) -> str:
        """Send one request and read its answer; return where it redirects to, if anywhere."""
        timings, answer = self._timings, self.answer
        host = url.hostname or ""
        connection = connect(host, url.port or _PORTS[url.scheme], timings)
        answer.encrypted = url.scheme == "https"
        if answer.encrypted:
            name = self._options.tls.server_name
            connection = start_tls(connection, host, self._tls, name, timings)
        with connection, cut_after(timings.deadline.left_s(), connection.fileno()):
            connection.settimeout(timings.deadline.left_s())
            client = http.client.HTTPConnection(url.netloc)
            client.sock = connection
            start = time.perf_counter()
            client.response_class = _FinalResponse
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            body = (
                self._options.body.reveal().encode()
                if self._options.body and method != "GET"
                else None
            )
            client.request(method, quote(path, safe=_VISIBLE), body, headers)
            response = client.getresponse()
            start = timings.add("processing", start)
            self._read_head(response)
            try:
                answer.body = self._decompress(response, self._read_body(response, connection))
            finally:
                timings.add("transfer", start)
        location = response.getheader("Location") if response.status in _MOVED else None
        return _decode_location(location or "")

    def _decompress(self, response: http.client.HTTPResponse, body: bytes) -> bytes:
        """The plain body of a server that compresses though it is not asked to."""
        encoding = response.getheader("Content-Encoding", "").strip().lower()
        if not body or encoding not in _COMPRESSED:
            return body
        plain = inflate([body], GZIP_OR_ZLIB)
        return b"".join(limit_size(plain, self._options.body_limit))

    def _read_head(self, response: http.client.HTTPResponse) -> None:
        answer = self.answer
        answer.status = response.status
        answer.version = response.version / 10
        answer.length = -1.0 if response.length is None else float(response.length)
        answer.modified_s = None
        with contextlib.suppress(ValueError, TypeError):
            modified = email.utils.parsedate_to_datetime(response.getheader("Last-Modified", ""))
            answer.modified_s = modified.timestamp()

    def _read_body(self, response: http.client.HTTPResponse, connection: socket.socket) -> bytes:
        """The body, within its limit and the deadline.

        Raises:
            ValueError: it is longer, or cut off.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            if connection.fileno() >= 0:
                connection.settimeout(self._timings.deadline.left_s())
            part = response.read1(_CHUNK)
            if not part:
                if response.length:
                    raise ValueError("the body is cut off")
                return b"".join(parts)
            size += len(part)
            if size > self._options.body_limit:
                raise ValueError("the body is too long")
            parts.append(part)


def _build_http_families(timings: ProbeTimings, answer: _Answer) -> Iterator[Family]:
    """The metrics that blackbox_exporter has of HTTP."""
    rows: list[Row] = [((phase,), timings.seconds.get(phase, 0.0)) for phase in _PHASES]
    text = "How long each phase took, in seconds, redirects added up."
    yield gauge("probe_http_duration_seconds", text, ("phase",), rows)
    for name, text, value in (
        ("probe_http_status_code", "The status of the response.", answer.status),
        ("probe_http_version", "The version of HTTP.", answer.version),
        ("probe_http_content_length", "Content-Length; -1 where there is none.", answer.length),
        ("probe_http_uncompressed_body_length", "Bytes of the body.", len(answer.body)),
        ("probe_http_redirects", "Redirects followed.", answer.redirects),
        ("probe_http_ssl", "Whether the last address was encrypted.", answer.encrypted),
        ("probe_failed_due_to_regex", "Whether the body did not match.", answer.unmatched),
    ):
        yield single(_G, name, text, float(value))
    if answer.modified_s is not None:
        name = "probe_http_last_modified_timestamp_seconds"
        yield single(_G, name, "Last-Modified in Unix time.", answer.modified_s)
