"""Requests to a Prometheus-family server: repeated where that is safe, errors in words.

A failure that may pass (no connection, 429, 502, 503, 504) is repeated after a random delay that
doubles, or after what Retry-After names, as long as the request has time left. An answer of
the API that is an error is the server's verdict on the query, and is not repeated.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from jipyo.model.errors import NetError, QueryError, QueryErrorKind, SourceError
from jipyo.model.family import counter
from jipyo.model.secret import redact_url
from jipyo.net.http import ClientResponse, HttpClient, RequestLimits, status_text
from jipyo.source.via import write_via

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.source.prometheus_options import PrometheusOptions
    from jipyo.source.via import Via

Params = list[tuple[str, str]]

_MAY_PASS = frozenset({429, 502, 503, 504})
_UNREACHED = frozenset({"net.unreachable", "net.cut"})
_FIRST_DELAY_MS = 250.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_HINTS = {
    "net.unreachable": "source.unreachable.hint",
    "net.cut": "source.unreachable.hint",
    "net.timeout": "source.timeout.hint",
    "net.tls": "source.tls.hint",
    "net.too_large": "source.too_large.hint",
}
_STATUS_HINTS = {
    401: "source.unauthorized.hint",
    403: "source.unauthorized.hint",
    404: "source.not_found.hint",
    429: "source.too_many.hint",
}
_KINDS = {
    400: QueryErrorKind.BAD_DATA,
    404: QueryErrorKind.NOT_FOUND,
    422: QueryErrorKind.EXECUTION,
    503: QueryErrorKind.TIMEOUT,
}
_KNOWN_KINDS = {kind.value: kind for kind in QueryErrorKind}


_COUNTED = (
    ("jipyo_source_request_seconds_total", "Time spent on requests to a source."),
    ("jipyo_source_retries_total", "Requests to a source that were repeated."),
    ("jipyo_source_partial_total", "Answers of a source with parts missing."),
)


@dataclass(slots=True)
class ExchangeCounts:
    """What a source's requests came to, since the start."""

    requests: Counter[str] = field(default_factory=Counter)
    """By outcome: success, rejected, failed, canceled."""
    seconds: float = 0.0
    retries: int = 0
    partial: int = 0
    """Answers with parts missing."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count_partial(self) -> None:
        """Count an answer with parts missing."""
        with self.lock:
            self.partial += 1

    def families(self, source: str) -> Iterator[Family]:
        """The counts as metrics of jipyo itself."""
        with self.lock:
            outcomes = [((source, name), float(n)) for name, n in sorted(self.requests.items())]
            rest = self.seconds, float(self.retries), float(self.partial)
        yield counter(
            "jipyo_source_requests_total",
            "Requests to a source, by outcome.",
            ("source", "outcome"),
            outcomes,
        )
        for (name, text), number in zip(_COUNTED, rest, strict=True):
            yield counter(name, text, ("source",), [((source,), number)])


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sends the requests of one source; safe to share between threads."""

    options: PrometheusOptions
    client: HttpClient
    clock: Clock
    random: Callable[[], float]
    """A number from 0 to 1, for the delays."""
    counts: ExchangeCounts = field(default_factory=ExchangeCounts)
    refuses_post: threading.Event = field(default_factory=threading.Event)
    via: Via = ()
    """Sent with every request."""

    def query(self, path: str, params: Params, cancelled: threading.Event | None) -> bytes:
        """The answer to a query, sent as a form: expressions may be long.

        Raises:
            QueryError: the server rejected it, or the event was set.
            SourceError: it could not be asked.
        """
        if self.refuses_post.is_set():
            return self.get(path, params, cancelled)
        response = self._send("POST", path, params, cancelled)
        if response.status == 405:
            self.refuses_post.set()
            return self.get(path, params, cancelled)
        return self._open(response)

    def get(self, path: str, params: Params, cancelled: threading.Event | None) -> bytes:
        """The answer of an endpoint; see `query`."""
        return self._open(self._send("GET", path, params, cancelled))

    def probe(self, path: str, params: Params, cancelled: threading.Event | None) -> ClientResponse:
        """An answer of any status below 500, for finding out what a server understands."""
        return self._send("GET", path, params, cancelled)

    def _send(
        self, method: str, path: str, params: Params, cancelled: threading.Event | None
    ) -> ClientResponse:
        """One request with its repetitions; the response is none that may pass."""
        start_ms = self.clock.monotonic_ms()
        end_ms = start_ms + self.options.timeout_s * 1000
        outcome = "failed"
        try:
            for attempt in range(self.options.retries + 1):
                check_cancelled(cancelled)
                answer = self._try(method, path, params, cancelled, end_ms)
                if isinstance(answer, ClientResponse) and not _may_pass(answer):
                    outcome = "success" if answer.status < 300 else "rejected"
                    return answer
                if not self._wait_for_retry(attempt, answer, cancelled, end_ms):
                    raise self._build_error(answer)
            raise AssertionError("BUG: the last attempt is not followed by a wait")
        except QueryError:
            outcome = "canceled"
            raise
        finally:
            with self.counts.lock:
                self.counts.requests[outcome] += 1
                self.counts.seconds += (self.clock.monotonic_ms() - start_ms) / 1000

    def _try(
        self,
        method: str,
        path: str,
        params: Params,
        cancelled: threading.Event | None,
        end_ms: float,
    ) -> ClientResponse | NetError:
        """The response of one attempt, or why there is none."""
        url = f"{self.options.url.rstrip('/')}/api/v1/{path}"
        form = urlencode(params, errors="surrogateescape")
        is_post = method == "POST"
        try:
            return self.client.request(
                method,
                url if is_post or not form else f"{url}?{form}",
                headers={**write_via(self.via), **(_FORM if is_post else {})},
                body=form.encode() if is_post else None,
                repeatable=True,
                limits=RequestLimits(
                    max(0.001, (end_ms - self.clock.monotonic_ms()) / 1000), cancelled
                ),
            )
        except NetError as error:
            check_cancelled(cancelled)
            return error

    def _wait_for_retry(
        self,
        attempt: int,
        answer: ClientResponse | NetError,
        cancelled: threading.Event | None,
        end_ms: float,
    ) -> bool:
        """Wait before the next attempt; False where there must be none."""
        if attempt == self.options.retries:
            return False
        if isinstance(answer, NetError) and answer.key not in _UNREACHED:
            return False
        delay_ms = _FIRST_DELAY_MS * 2**attempt * (0.5 + self.random())
        if isinstance(answer, ClientResponse):
            after = answer.headers.get("Retry-After", "")
            delay_ms = max(delay_ms, float(after) * 1000) if after.isdecimal() else delay_ms
        if self.clock.monotonic_ms() + delay_ms >= end_ms:
            return False
        with self.counts.lock:
            self.counts.retries += 1
        self.clock.wait(cancelled or threading.Event(), delay_ms)
        return True

    def _build_error(self, answer: ClientResponse | NetError) -> SourceError:
        """Why there is no answer, with the name of the source and the remedy."""
        if isinstance(answer, NetError):
            hint = _HINTS.get(answer.key, "")
            problem = _name_endpoint(answer)
            return SourceError(
                "source.failed", hint=hint, source=self.options.name, problem=problem
            )
        problem = NetError(
            "net.http_status",
            url=_cut_parameters(redact_url(answer.url)),
            status=answer.status,
            reason=status_text(answer.status, answer.reason),
        )
        hint = _STATUS_HINTS.get(answer.status, "source.server_error.hint")
        return SourceError("source.failed", hint=hint, source=self.options.name, problem=problem)

    def _open(self, response: ClientResponse) -> bytes:
        """The body of a good answer; else the server's verdict, or that it failed."""
        if response.status < 300:
            return response.body
        verdict = _read_verdict(response)
        raise verdict or self._build_error(response)


def _name_endpoint(error: NetError) -> NetError:
    """The error with the address alone: the query of a person would hide what is wrong."""
    url = _cut_parameters(str(error.values.get("url", "")))
    return NetError(error.key, hint=error.hint, **{**error.values, **({"url": url} if url else {})})


def _cut_parameters(url: str) -> str:
    return url.partition("?")[0]


def check_cancelled(cancelled: threading.Event | None) -> None:
    """Abandon what this event cancels.

    Raises:
        QueryError: of kind CANCELED; the event is set.
    """
    if cancelled is not None and cancelled.is_set():
        raise QueryError(QueryErrorKind.CANCELED, "query was canceled")


def _may_pass(response: ClientResponse) -> bool:
    """Whether the failure may pass: the server's verdict on a query does not."""
    if response.status not in _MAY_PASS:
        return False
    verdict = _read_verdict(response)
    return verdict is None or verdict.kind is QueryErrorKind.UNAVAILABLE


def _read_verdict(response: ClientResponse) -> QueryError | None:
    """The error of the API in a response, if it is one."""
    try:
        answer = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict) or answer.get("status") != "error":
        return None
    kind = _KNOWN_KINDS.get(str(answer.get("errorType")))
    kind = kind or _KINDS.get(response.status, QueryErrorKind.INTERNAL)
    return QueryError(kind, str(answer.get("error", "")))
