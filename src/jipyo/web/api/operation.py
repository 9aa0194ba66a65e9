"""What the endpoints of `/api/jipyo` have in common: their description, language and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import orjson

from jipyo.i18n import Texts, texts
from jipyo.model.errors import JipyoError, QueryError, SourceError
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import STATUS_BY_KIND, WebRequest, WebResponse

if TYPE_CHECKING:
    from jipyo.i18n import Lang

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


@dataclass(frozen=True, slots=True)
class Problem:
    """An error; `hint` says what to do."""

    status: Literal["error"]
    errorType: str  # noqa: N815 - the Prometheus API's name
    error: str
    hint: str


def json_route(operation: Operation, build: BuildDocument, default_lang: Lang) -> Route:
    """The route that responds with the built document as JSON."""

    def respond(request: WebRequest) -> WebResponse:
        t = texts(request.language(default_lang))
        return WebResponse(orjson.dumps(build(request, t)))

    return Route(PREFIX + operation.path, respond, partial(format_error, default_lang))


def format_error(default_lang: Lang, error: Exception, request: WebRequest) -> WebResponse:
    """The error in the reader's language, with a hint where there is one."""
    status, problem = _describe(error, texts(request.language(default_lang)))
    return WebResponse(orjson.dumps(problem), status)


def _describe(error: Exception, t: Texts) -> tuple[int, Problem]:
    if isinstance(error, QueryError):
        return STATUS_BY_KIND[error.kind], Problem("error", error.kind.value, error.message, "")
    if isinstance(error, JipyoError):
        text, _, hint = t.error(error).partition("\n")
        kind = "unavailable" if isinstance(error, SourceError) else "storage"
        return 503, Problem("error", kind, text, hint)
    return 500, Problem("error", "internal", t("web.internal"), t("web.internal.hint"))
