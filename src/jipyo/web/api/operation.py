"""What the endpoints of `/api/jipyo` have in common: their description, language and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import orjson

from jipyo.i18n import Texts, texts
from jipyo.model.errors import (
    BodyError,
    ConfigError,
    IncidentError,
    JipyoError,
    LogQueryError,
    LogSourceError,
    QueryError,
    SourceError,
    UnsupportedMediaType,
)
from jipyo.schema import parse_json
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import JSON, STATUS_BY_KIND, WebRequest, WebResponse

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.schema import Node

PREFIX = "/api/jipyo"

BuildDocument = Callable[[WebRequest, Texts], object]
"""Builds the dataclass that an endpoint responds with."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint, as the OpenAPI document describes it."""

    path: str
    """Below `/api/jipyo`."""
    schema: type
    """The dataclass of the response."""
    summary: str
    parameters: tuple[str, ...] = ("lang",)
    method: str = "get"
    body: type | None = None
    """The dataclass of the request's body; a field with a default may be left out."""
    example: Mapping[str, object] = field(default_factory=dict)
    """Such a body."""
    media_type: str = JSON
    """Of the response."""

    @property
    def id(self) -> str:
        """`incidents`, `incident`, `postIncidentNotes`: the method, unless it reads, and the path.

        A path that ends with the name of one thing is called after that thing.
        """
        words = [part for part in self.path.split("/") if part and not part.startswith("{")]
        if self.path.endswith("}") and words[0].endswith("s"):
            words[0] = words[0].removesuffix("s")
        name = "".join(word.capitalize() for word in words)
        return name[0].lower() + name[1:] if self.method == "get" else self.method + name


@dataclass(frozen=True, slots=True)
class Problem:
    """An error; `hint` says what to do."""

    status: Literal["error"]
    errorType: str  # noqa: N815 - the Prometheus API's name
    error: str
    hint: str
    at: int | None = None
    """The position in a log query, from 1, that it is about."""


def json_route(operation: Operation, build: BuildDocument, default_lang: Lang) -> Route:
    """The route that responds with the built document as JSON."""

    def respond(request: WebRequest) -> WebResponse:
        t = texts(request.language(default_lang))
        return WebResponse(orjson.dumps(build(request, t)))

    route_path, format_ = PREFIX + operation.path, partial(format_error, default_lang)
    is_read = operation.method == "get"
    return Route(route_path, respond, format_, (operation.method.upper(),), is_read)


def read_json(request: WebRequest) -> Node:
    """The body of a request, which is JSON by its header: no page of another site can send that.

    Raises:
        UnsupportedMediaType: its header says something else.
        ConfigError: it is not JSON.
    """
    if request.media_type != JSON:
        raise UnsupportedMediaType("web.not_json", media_type=request.media_type or "-")
    return parse_json(request.body.decode("utf-8", "replace"), "body")


def format_error(default_lang: Lang, error: Exception, request: WebRequest) -> WebResponse:
    """The error in the reader's language, with a hint where there is one."""
    status, problem = _describe(error, texts(request.language(default_lang)))
    return WebResponse(orjson.dumps(problem), status)


def _describe(error: Exception, t: Texts) -> tuple[int, Problem]:
    if isinstance(error, QueryError):
        return STATUS_BY_KIND[error.kind], Problem("error", error.kind.value, error.message, "")
    if isinstance(error, ConfigError | BodyError | IncidentError):
        hint = t(error.hint, **error.values) if error.hint else ""
        text = t(error.key, **error.values)  # of a body with several mistakes a line each
        if isinstance(error, IncidentError) and error.key.endswith(".unknown"):
            return 404, Problem("error", "not_found", text, hint)
        status = 415 if isinstance(error, UnsupportedMediaType) else 400
        return status, Problem("error", "bad_data", text, hint)
    if isinstance(error, LogQueryError):
        return _describe_log_query(error, t)
    if isinstance(error, JipyoError):
        text, _, hint = t.error(error).partition("\n")
        is_source = isinstance(error, SourceError | LogSourceError)
        kind = "unavailable" if is_source else "storage"
        return 503, Problem("error", kind, text, hint)
    return 500, Problem("error", "internal", t("web.internal"), t("web.internal.hint"))


def _describe_log_query(error: LogQueryError, t: Texts) -> tuple[int, Problem]:
    """A query that was rejected, at its place."""
    text, _, hint = t.error(error).partition("\n")
    if error.key == "logs_query.no_record":
        return 404, Problem("error", "not_found", text, hint)
    if error.key == "logs_query.cancelled":
        return 499, Problem("error", "canceled", text, hint)
    at = error.values.get("at")
    return 400, Problem("error", "bad_data", text, hint, at if isinstance(at, int) else None)
