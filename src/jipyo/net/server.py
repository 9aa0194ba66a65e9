"""A server that answers queries: how it is reached, and requests that are sent again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.model.errors import NetError
from jipyo.net.http import ClientResponse, HttpOptions, RequestLimits
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.clock import Clock
    from jipyo.net.credentials import Credentials
    from jipyo.net.http import HttpClient

_MAY_PASS = frozenset({429, 502, 503, 504})
_UNREACHED = frozenset({"net.unreachable", "net.cut"})
_FIRST_DELAY_MS = 250.0
_LONGEST_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """One server; the defaults of everything but its name and address."""

    name: str
    url: str
    timeout_s: float = 30.0
    """Of one request, its repetitions included."""
    retries: int = 2
    """How often a request is repeated after a failure that may pass."""
    body_limit: int = 256 << 20
    """Bytes of one answer after decompression; larger ones are asked for in parts."""
    connections: int = 8
    """Kept open between requests."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request, such as `X-Scope-OrgID` for the tenant."""
    credentials: Credentials | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    proxy_url: str = ""

    def http_options(self) -> HttpOptions:
        """The same for a client of HTTP."""
        host = urlsplit(self.url).hostname or ""
        is_near = host in ("localhost", "::1") or host.startswith("127.")
        return HttpOptions(
            # On one machine gzip costs both sides time and saves nothing.
            compressed=not is_near,
            timeout_s=self.timeout_s,
            body_limit=self.body_limit,
            headers=self.headers,
            credentials=self.credentials,
            tls=self.tls,
            proxy_url=self.proxy_url,
            connections=self.connections,
        )


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """What can be sent again without harm."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    cancelled: threading.Event | None = None
    """Once it is set, nothing is sent any more."""


@dataclass(frozen=True, slots=True)
class RepeatingClient:
    """Repeats requests that failed in a way that may pass; safe to share between threads.

    That is: no connection, or 429, 502, 503, 504, unless `is_verdict` finds in the response what
    the server says of the request itself. Between them passes a random delay that doubles, or
    what Retry-After names, as long as the request has time left.
    """

    options: ServerOptions
    client: HttpClient
    clock: Clock
    random: Callable[[], float]
    """A number from 0 to 1, for the delays."""
    is_verdict: Callable[[ClientResponse], bool]
    count_retry: Callable[[], None] = lambda: None

    def send(self, request: ServerRequest) -> ClientResponse | NetError:
        """The response, or why the last attempt has none; a failure that did not pass too."""
        end_ms = self.clock.monotonic_ms() + self.options.timeout_s * 1000
        for attempt in range(self.options.retries):
            answer = self._try(request, end_ms)
            if not self.is_passing(answer):
                return answer
            delay_ms = self._find_delay(attempt, answer)
            if self.clock.monotonic_ms() + delay_ms >= end_ms:
                return answer
            if self.clock.wait(request.cancelled or threading.Event(), delay_ms):
                return answer
            self.count_retry()
        return self._try(request, end_ms)

    def is_passing(self, answer: ClientResponse | NetError) -> bool:
        """Whether it is a failure after which another attempt may succeed."""
        if isinstance(answer, NetError):
            return answer.key in _UNREACHED
        return answer.status in _MAY_PASS and not self.is_verdict(answer)

    def _try(self, request: ServerRequest, end_ms: float) -> ClientResponse | NetError:
        left_s = max(0.001, (end_ms - self.clock.monotonic_ms()) / 1000)
        try:
            return self.client.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                repeatable=True,
                limits=RequestLimits(left_s, request.cancelled),
            )
        except NetError as error:
            return error

    def _find_delay(self, attempt: int, answer: ClientResponse | NetError) -> float:
        """Milliseconds before the next attempt."""
        delay_ms: float = _FIRST_DELAY_MS * 2**attempt * (0.5 + self.random())
        if isinstance(answer, NetError):
            return delay_ms
        return max(delay_ms, 1000 * read_retry_after(answer, self.clock.now_ms() / 1000))


def read_retry_after(response: ClientResponse, now_s: float) -> float:
    """Seconds until Retry-After, a number of seconds or a date (RFC 9110, 10.2.3); at most 3600."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return min(float(text), _LONGEST_PAUSE_S)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(moment - now_s, 0.0), _LONGEST_PAUSE_S)


def name_endpoint(error: NetError) -> NetError:
    """The error with the address alone: the query of a person would hide what is wrong."""
    url = cut_parameters(str(error.values.get("url", "")))
    return NetError(error.key, hint=error.hint, **{**error.values, **({"url": url} if url else {})})


def cut_parameters(url: str) -> str:
    """The address without its query."""
    return url.partition("?")[0]
