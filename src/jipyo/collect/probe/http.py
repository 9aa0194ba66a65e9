"""An HTTP address: its status, its body, its certificate and the time of each step."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

import re2

from jipyo.collect.probe.connect import ProbeTimings, connect, families, secure
from jipyo.collect.probe.options import ProbeOptions, check
from jipyo.model.errors import CollectError, NetError
from jipyo.model.family import Row, gauge, single
from jipyo.model.sample import MetricType
from jipyo.net.credentials import read_secret
from jipyo.net.deadline import cut_after
from jipyo.net.tls import build_ssl_context

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator

    from jipyo.model.family import Family

_G = MetricType.GAUGE
_PHASES = ("resolve", "connect", "tls", "processing", "transfer")
_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Answer:
    """What came back, as far as it came."""

    status: int = 0
    version: float = 0.0
    length: float = 0.0
    """Content-Length; -1 where the server does not say."""
    body_bytes: int = 0
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
        check(options)
        self._options = options
        self._expect = re2.compile(options.expect_body.encode())
        self._reject = re2.compile(options.reject_body.encode()) if options.reject_body else None

    def collect(self, t_ms: int) -> list[Family]:
        """Probe it now; a server that is down is a result, not an error.

        Raises:
            CollectError: a file of the options cannot be used.
        """
        start = time.perf_counter()
        steps = ProbeTimings(time.monotonic() + self._options.timeout_s)
        try:
            tls, headers = build_ssl_context(self._options.tls), self._headers()
        except NetError as error:
            raise error.as_kind(CollectError) from error
        answer = _Answer()
        try:
            success = self._visit(steps, answer, tls, headers)
        except (OSError, http.client.HTTPException, ValueError):
            success = False
        took = time.perf_counter() - start
        found = families(steps, success=success, duration_s=took)
        return [*found, *_about(steps, answer)]

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "jipyo", "Accept": "*/*", **dict(self._options.headers)}
        path = self._options.authorization_file
        if path is not None:
            headers["Authorization"] = read_secret(path).strip()
        return headers

    def _visit(
        self, steps: ProbeTimings, answer: _Answer, tls: ssl.SSLContext, headers: dict[str, str]
    ) -> bool:
        """Follow the address to its end; True where all that is expected came back."""
        url, method = urlsplit(self._options.url), self._options.method
        while True:
            headers = headers if _same_origin(url, self._options.url) else _public(headers)
            moved, body = self._once(url, method, steps, answer, (tls, headers))
            if not moved or not self._options.follow_redirects:
                return self._good(answer, body)
            answer.redirects += 1
            if answer.redirects > _REDIRECTS:
                return False
            url = urlsplit(urljoin(url.geturl(), moved))
            if url.scheme not in _PORTS or not url.hostname:
                return False
            if answer.status == http.HTTPStatus.SEE_OTHER and method != "HEAD":
                method = "GET"

    def _once(
        self,
        url: SplitResult,
        method: str,
        steps: ProbeTimings,
        answer: _Answer,
        how: tuple[ssl.SSLContext, dict[str, str]],
    ) -> tuple[str, bytes]:
        """One request: where it sends us on to, if anywhere, and its body."""
        tls, headers = how
        host = url.hostname or ""
        connection = connect(host, url.port or _PORTS[url.scheme], steps)
        answer.encrypted = url.scheme == "https"
        if answer.encrypted:
            connection = secure(connection, host, tls, self._options.tls.server_name, steps)
        with connection, cut_after(steps.left_s(), connection.fileno()):
            return self._ask(connection, url, method, steps, (answer, headers))

    def _ask(
        self,
        connection: socket.socket,
        url: SplitResult,
        method: str,
        steps: ProbeTimings,
        what: tuple[_Answer, dict[str, str]],
    ) -> tuple[str, bytes]:
        answer, headers = what
        client = http.client.HTTPConnection(url.netloc)
        client.sock = connection
        start = time.perf_counter()
        connection.settimeout(steps.left_s())
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        body = self._options.body.encode() if self._options.body and method != "GET" else None
        client.request(method, path, body, headers)
        response = client.getresponse()
        start = steps.took("processing", start)
        answer.status = response.status
        answer.version = response.version / 10
        answer.length = -1.0 if response.length is None else float(response.length)
        answer.modified_s = _moment(response.getheader("Last-Modified"))
        try:
            read = self._read(response, connection, steps)
        finally:
            steps.took("transfer", start)
        answer.body_bytes = len(read)
        moved = response.getheader("Location") if response.status in _MOVED else None
        return moved or "", read

    def _read(
        self, response: http.client.HTTPResponse, connection: socket.socket, steps: ProbeTimings
    ) -> bytes:
        """The body, within its limit and the time.

        Raises:
            ValueError: it is longer.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            if connection.fileno() >= 0:
                connection.settimeout(steps.left_s())
            part = response.read1(_CHUNK)
            if not part:
                if response.length:
                    raise ValueError("the body is cut off")
                return b"".join(parts)
            size += len(part)
            if size > self._options.body_limit:
                raise ValueError("the body is too long")
            parts.append(part)

    def _good(self, answer: _Answer, body: bytes) -> bool:
        expected = self._options.expect_status
        fits = answer.status in expected if expected else answer.status // 100 == 2
        if not fits:
            return False
        rejected = self._reject is not None and bool(self._reject.search(body))
        answer.unmatched = rejected or not self._expect.search(body)
        return not answer.unmatched


def _same_origin(url: SplitResult, other: str) -> bool:
    first = urlsplit(other)
    return (url.scheme, url.netloc) == (first.scheme, first.netloc)


def _public(headers: dict[str, str]) -> dict[str, str]:
    """What may go to somebody else: no secrets of the first address."""
    private = {"authorization", "cookie", "host"}
    return {name: value for name, value in headers.items() if name.lower() not in private}


def _moment(text: str | None) -> float | None:
    """A date of HTTP in Unix time."""
    with contextlib.suppress(ValueError, TypeError):
        return email.utils.parsedate_to_datetime(text or "").timestamp()
    return None


def _about(steps: ProbeTimings, answer: _Answer) -> Iterator[Family]:
    """What blackbox_exporter says of HTTP."""
    rows: list[Row] = [((phase,), steps.seconds.get(phase, 0.0)) for phase in _PHASES]
    text = "How long each phase took, in seconds, redirects added up."
    yield gauge("probe_http_duration_seconds", text, ("phase",), rows)
    for name, text, value in (
        ("probe_http_status_code", "The status that came back.", answer.status),
        ("probe_http_version", "The version of HTTP.", answer.version),
        ("probe_http_content_length", "Content-Length; -1 where it is not said.", answer.length),
        ("probe_http_uncompressed_body_length", "Bytes of the body.", answer.body_bytes),
        ("probe_http_redirects", "Redirects followed.", answer.redirects),
        ("probe_http_ssl", "Whether the last address was encrypted.", answer.encrypted),
        ("probe_failed_due_to_regex", "Whether the body did not match.", answer.unmatched),
    ):
        yield single(_G, name, text, float(value))
    if answer.modified_s is not None:
        name = "probe_http_last_modified_timestamp_seconds"
        yield single(_G, name, "Last-Modified in Unix time.", answer.modified_s)
