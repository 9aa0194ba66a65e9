"""The application: every route, behind the guard."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from jipyo.web import exporter as pages
from jipyo.web import static_files as ui
from jipyo.web.api import openapi
from jipyo.web.api import routes as jipyo_api
from jipyo.web.http.endpoint import Endpoint, Reply, refuse_as_prometheus
from jipyo.web.middleware import RequestGuard
from jipyo.web.prometheus import query as prometheus_api
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    import threading

    from starlette.requests import Request

    from jipyo.web.http.params import Form
    from jipyo.web.prometheus.query import Handler
    from jipyo.web.services import Services


def create_app(services: Services) -> Starlette:
    """The application over the rooms that were handed in."""
    guard = Middleware(
        RequestGuard, loopback=services.loopback, options=services.options, meter=services.meter
    )
    return Starlette(
        routes=[*services.routes, *_routes(services)],
        middleware=[guard],
        exception_handlers={HTTPException: _not_here},
    )


def _routes(services: Services) -> list[BaseRoute]:
    # Two pools, so that `/-/healthy` answers while every question takes its time.
    questions = ThreadPoolExecutor(services.options.queries, "web-question")
    small = ThreadPoolExecutor(services.options.queries, "web")

    def route(path: str, handler: Handler, pool: Executor, *, post: bool) -> Route:
        def answer(form: Form, gone: threading.Event) -> Reply:
            return handler(services, form, gone)

        endpoint = Endpoint(path, answer, refuse_as_prometheus, pool)
        return Route(path, endpoint, methods=["GET", "POST"] if post else ["GET"])

    return [
        *(
            route(f"/api/v1{row.path}", row.handler, questions, post=row.post)
            for row in prometheus_api.table()
        ),
        *(route(path, handler, small, post=False) for path, handler in pages.table()),
        *_own_routes(services, questions),
        route("/{path:path}", ui.page, small, post=False),
    ]


def _own_routes(services: Services, pool: Executor) -> list[BaseRoute]:
    api = jipyo_api.JipyoApi(services)
    described = openapi.document(jipyo_api.ENDPOINTS, services.version)

    def describe(form: Form, gone: threading.Event) -> Reply:
        del form, gone
        return Reply(described)

    refusal = jipyo_api.refuse(services)
    answers = {
        row.path: jipyo_api.answerer(services, partial(row.answer, api))
        for row in jipyo_api.ENDPOINTS
    }
    answers["/openapi.json"] = describe
    return [
        Route(
            f"/api/jipyo{path}",
            Endpoint(f"/api/jipyo{path}", answer, refusal, pool),
            methods=["GET"],
        )
        for path, answer in answers.items()
    ]


async def _not_here(request: Request, error: Exception) -> Response:
    """A path or a method that is not served; Grafana asks by GET again after a 405."""
    assert isinstance(error, HTTPException)
    kind = "not_found" if error.status_code == 404 else "bad_data"
    text = f"{request.method} {request.url.path}: {error.detail}"
    return Response(
        encode.error(kind, text),
        error.status_code,
        headers=error.headers,
        media_type="application/json",
    )
