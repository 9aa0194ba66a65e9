"""Requests to a cluster: repeated where that is safe, errors in words.

What the server says of the query itself is not repeated, see `RepeatingClient`.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jipyo.logs.elasticsearch.documents import decode_answer
from jipyo.model.errors import (
    JipyoError,
    LogQueryError,
    LogSourceError,
    MalformedBody,
    NetError,
)
from jipyo.model.secret import redact_url
from jipyo.net.http import ClientResponse, status_text
from jipyo.net.server import RepeatingClient, ServerRequest, cut_parameters, name_endpoint

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.logs.elasticsearch.options import ElasticsearchOptions
    from jipyo.model.clock import Clock
    from jipyo.net.http import HttpClient

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_MISSING_SHARDS = ("missing shards", "Partial shards failure")
_TOO_LARGE_WORDS = ("Result window is too large", "circuit_breaking_exception")
_HINTS = {
    "net.unreachable": "logs_elasticsearch.unreachable.hint",
    "net.cut": "logs_elasticsearch.unreachable.hint",
    "net.timeout": "logs_elasticsearch.timeout.hint",
    "net.tls": "logs_elasticsearch.tls.hint",
    "net.too_large": "logs_elasticsearch.too_large.hint",
}
_STATUS_HINTS = {
    401: "logs_elasticsearch.unauthorized.hint",
    403: "logs_elasticsearch.forbidden.hint",
    404: "logs_elasticsearch.not_found.hint",
    413: "logs_elasticsearch.request_too_large.hint",
    429: "logs_elasticsearch.too_many.hint",
}


class PointInTimeLost(LogSourceError):  # noqa: N818 - a state of the server
    """The point in time has expired, or its node has gone."""


class ShardsMissing(LogSourceError):  # noqa: N818 - a state of the server
    """Some parts of the indices cannot be read at present; all others can."""


class AnswerTooLarge(LogSourceError):  # noqa: N818 - a state of the answer
    """Fewer records at once may be answered."""


class TooManyBuckets(LogQueryError):  # noqa: N818 - named as the server names it
    """More counts than the server gives at once; fewer intervals may be answered."""


@dataclass(frozen=True, slots=True)
class SearchVerdict:
    """What the server says is wrong."""

    status: int
    types: frozenset[str]
    """Of the error and all of its causes."""
    reason: str
    """Of the first cause that has one."""
    text: str
    """The whole, to look for words in."""

    @property
    def misses_shards(self) -> bool:
        """Whether parts of the indices cannot be read, and the query was not to leave them out."""
        return "no_shard_available_action_exception" in self.types or any(
            words in self.text for words in _MISSING_SHARDS
        )

    @property
    def is_too_large(self) -> bool:
        """Whether fewer records at once may be answered."""
        return any(words in self.text for words in _TOO_LARGE_WORDS)

    @property
    def is_of_the_query(self) -> bool:
        """Whether repeating it would not help."""
        return "too_many_buckets_exception" in self.types or self.misses_shards


@dataclass(frozen=True, slots=True)
class SearchExchange:
    """Sends the requests of one source; safe to share between threads."""

    options: ElasticsearchOptions
    client: HttpClient
    clock: Clock
    random: Callable[[], float]
    """A number from 0 to 1, for the delays."""
    cancelled: threading.Event | None = None

    def call(
        self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The answer of an endpoint.

        Raises:
            LogQueryError: the server rejected it, or the query was cancelled.
            LogSourceError: it could not be asked; see the kinds of this module.
        """
        response = self.send(method, path, body, params)
        if response.status >= 300:
            raise self._build_error(response)
        try:
            return decode_answer(response.body)
        except MalformedBody as error:
            hint = "logs_elasticsearch.not_an_api.hint"
            raise self.fail(error, hint) from error

    def send(
        self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """An answer of any status that does not pass, after the repetitions."""
        self.check_cancelled()
        content = None if body is None else json.dumps(body).encode()
        url = self._build_url(path, params or {})
        client = RepeatingClient(self.options, self.client, self.clock, self.random, _is_verdict)
        answer = client.send(ServerRequest(method, url, _JSON, content, self.cancelled))
        if isinstance(answer, NetError) or client.is_passing(answer):
            self.check_cancelled()
            raise self._build_error(answer)
        return answer

    def check_cancelled(self) -> None:
        """Abandon the query once its event is set.

        Raises:
            LogQueryError: it is.
        """
        if self.cancelled is not None and self.cancelled.is_set():
            raise LogQueryError("logs_query.cancelled")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Within it an answer of another shape than the API's is an error of the server.

        Raises:
            LogSourceError: it is.
        """
        try:
            yield
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            problem = MalformedBody("logs_elasticsearch.not_json", reason=repr(error))
            raise self.fail(problem, "logs_elasticsearch.not_an_api.hint") from error

    def fail(self, problem: JipyoError, hint: str = "") -> LogSourceError:
        """The error of this source, with its name."""
        return LogSourceError(
            "logs_elasticsearch.failed", hint=hint, source=self.options.name, problem=problem
        )

    def _build_url(self, path: str, params: Mapping[str, str]) -> str:
        pairs = "&".join(f"{name}={quote(value, safe='*,')}" for name, value in params.items())
        return f"{self.options.url.rstrip('/')}/{path}{'?' if pairs else ''}{pairs}"

    def _build_error(self, answer: ClientResponse | NetError) -> JipyoError:
        """Why there is no answer, as the kind that a caller can handle."""
        if isinstance(answer, NetError):
            failed = self.fail(name_endpoint(answer), _HINTS.get(answer.key, ""))
            return failed.as_kind(AnswerTooLarge) if answer.key == "net.too_large" else failed
        verdict = read_verdict(answer)
        if verdict is None:
            return self._build_status_error(answer)
        return self._judge(verdict) or self._build_status_error(answer, verdict.reason)

    def _judge(self, verdict: SearchVerdict) -> JipyoError | None:
        """The error for a verdict on the query; None for one on the server."""
        kinds: tuple[tuple[bool, type[JipyoError], str, str], ...] = (
            ("too_many_buckets_exception" in verdict.types, TooManyBuckets, "too_many_buckets", ""),
            (
                "search_context_missing_exception" in verdict.types,
                PointInTimeLost,
                "lost_point_in_time",
                "",
            ),
            (verdict.misses_shards, ShardsMissing, "shards_missing", ""),
            (verdict.is_too_large, AnswerTooLarge, "answer_too_large", ""),
            ("index_not_found_exception" in verdict.types, LogSourceError, "no_index", ".hint"),
            (verdict.status == 400, LogQueryError, "rejected", ""),
        )
        for applies, kind, key, hint in kinds:
            if applies:
                text = f"logs_elasticsearch.{key}"
                return kind(
                    text,
                    hint=text + hint if hint else "",
                    source=self.options.name,
                    reason=verdict.reason,
                    index=self.options.index,
                )
        return None

    def _build_status_error(self, answer: ClientResponse, reason: str = "") -> LogSourceError:
        problem = NetError(
            "net.http_status",
            url=cut_parameters(redact_url(answer.url)),
            status=answer.status,
            reason=reason or status_text(answer.status, answer.reason),
        )
        hint = _STATUS_HINTS.get(answer.status, "logs_elasticsearch.server_error.hint")
        return self.fail(problem, hint)


def read_verdict(response: ClientResponse) -> SearchVerdict | None:
    """The error of the API in a response, if it is one."""
    try:
        answer = decode_answer(response.body)
    except MalformedBody:
        return None
    error = answer.get("error")
    if not isinstance(error, dict):
        return None
    causes = list(_list_causes(error))
    types = frozenset(str(cause.get("type", "")) for cause in causes)
    reasons = [str(cause["reason"]) for cause in causes if isinstance(cause.get("reason"), str)]
    reason = next((each for each in reversed(reasons) if each), "")
    text = response.body.decode("utf-8", "replace")
    return SearchVerdict(response.status, types, reason, text)


def _list_causes(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The error and all errors within it, from the outside to the inside."""
    waiting: list[Any] = [error]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "type" in value:
                yield value
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def _is_verdict(response: ClientResponse) -> bool:
    """Whether the server says what is wrong with the query itself."""
    verdict = read_verdict(response)
    return verdict is not None and verdict.is_of_the_query
