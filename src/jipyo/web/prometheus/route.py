"""What the endpoints of `/api/v1` have in common: their routes and the words of errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jipyo.i18n import texts
from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import STATUS_BY_KIND, WebRequest, WebResponse
from jipyo.web.http.params import invalid_parameter
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.web.http.message import Handler

TRUNCATED = "results truncated due to limit"


def prometheus_route(path: str, handler: Handler, *, post: bool = False) -> Route:
    """A route below `/api/v1`; `post` where Prometheus takes the parameters by POST too."""
    return Route(f"/api/v1{path}", handler, format_error, ("GET", "POST") if post else ("GET",))


def format_error(error: Exception, _request: WebRequest) -> WebResponse:
    """The error bodies of the Prometheus HTTP API; always English."""
    if isinstance(error, QueryError):
        body = encode.error(error.kind.value, error.message)
        return WebResponse(body, STATUS_BY_KIND[error.kind])
    if isinstance(error, JipyoError):
        return WebResponse(encode.error("unavailable", texts("en").error(error)), 503)
    return WebResponse(encode.error("internal", texts("en")("web.internal")), 500)


@contextmanager
def naming_parameter(name: str) -> Iterator[None]:
    """Put the name of the parameter before what is wrong with it."""
    try:
        yield
    except QueryError as error:
        if error.kind is QueryErrorKind.BAD_DATA:
            raise invalid_parameter(name, error.message) from error
        raise
