"""The application: routes behind the middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from jipyo.web.http.endpoint import ANY_PATH, is_for_machines
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.routing import BaseRoute


def create_app(routes: Sequence[BaseRoute], middleware: Sequence[Middleware] = ()) -> Starlette:
    """The application; of several routes that match the first answers."""
    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={HTTPException: _respond_unserved},
    )


async def _respond_unserved(request: Request, error: Exception) -> Response:
    """A path or a method that is not served; Grafana tries GET after a 405."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    is_page = error.status_code == 405 and request.scope["endpoint"].path == ANY_PATH
    if is_page and is_for_machines(path):
        error = HTTPException(404)  # pages are there alone, which no other method could read
    kind = "not_found" if error.status_code == 404 else "bad_data"
    return Response(
        encode.error(kind, f"{request.method} {path}: {error.detail}"),
        error.status_code,
        headers=error.headers,
        media_type="application/json",
    )
