"""Requests to a Prometheus-family server: repeated where that is safe, errors in words.

An answer of the API that is an error is the server's verdict on the query, and is not
repeated, see `RepeatingClient`.
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
from jipyo.net.http import ClientResponse, status_text
from jipyo.net.server import RepeatingClient, ServerRequest, cut_parameters, name_endpoint
from jipyo.source.via import write_via

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.net.http import HttpClient
    from jipyo.source.prometheus_options import PrometheusOptions
    from jipyo.source.via import Via

Params = list[tuple[str, str]]

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

    def count_retry(self) -> None:
        """Count a request that is sent again."""
        with self.lock:
            self.retries += 1

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
        outcome = "failed"
        client = RepeatingClient(
            self.options,
            self.client,
            self.clock,
            self.random,
            _is_verdict,
            self.counts.count_retry,
        )
        try:
            check_cancelled(cancelled)
            answer = client.send(self._write_request(method, path, params, cancelled))
            if isinstance(answer, NetError) or client.is_passing(answer):
                check_cancelled(cancelled)
                raise self._build_error(answer)
            outcome = "success" if answer.status < 300 else "rejected"
            return answer
        except QueryError:
            outcome = "canceled"
            raise
        finally:
            with self.counts.lock:
                self.counts.requests[outcome] += 1
                self.counts.seconds += (self.clock.monotonic_ms() - start_ms) / 1000

    def _write_request(
        self, method: str, path: str, params: Params, cancelled: threading.Event | None
    ) -> ServerRequest:
        url = f"{self.options.url.rstrip('/')}/api/v1/{path}"
        form = urlencode(params, errors="surrogateescape")
        via = write_via(self.via)
        if method == "POST":
            return ServerRequest(method, url, {**via, **_FORM}, form.encode(), cancelled)
        return ServerRequest(method, f"{url}?{form}" if form else url, via, None, cancelled)

    def _build_error(self, answer: ClientResponse | NetError) -> SourceError:
        """Why there is no answer, with the name of the source and the remedy."""
        if isinstance(answer, NetError):
            hint = _HINTS.get(answer.key, "")
            problem = name_endpoint(answer)
            return SourceError(
                "source.failed", hint=hint, source=self.options.name, problem=problem
            )
        problem = NetError(
            "net.http_status",
            url=cut_parameters(redact_url(answer.url)),
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


def check_cancelled(cancelled: threading.Event | None) -> None:
    """Abandon what this event cancels.

    Raises:
        QueryError: of kind CANCELED; the event is set.
    """
    if cancelled is not None and cancelled.is_set():
        raise QueryError(QueryErrorKind.CANCELED, "query was canceled")


def _is_verdict(response: ClientResponse) -> bool:
    """Whether the server says what is wrong with the query itself."""
    verdict = _read_verdict(response)
    return verdict is not None and verdict.kind is not QueryErrorKind.UNAVAILABLE


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
