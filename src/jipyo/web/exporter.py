"""For other machines: our metrics and whether we are up (`/metrics`, `/-/healthy`, `/-/ready`)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jipyo.i18n import texts
from jipyo.web.http.endpoint import Route
from jipyo.web.http.exposition import expose
from jipyo.web.http.message import PLAIN_TEXT, WebRequest, WebResponse
from jipyo.web.prometheus.route import format_error
from jipyo.wire import exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jipyo.model.family import Family
    from jipyo.web.http.message import Handler


def routes(
    families: Callable[[], Iterable[Family]], is_ready: Callable[[], bool], page: Handler
) -> list[Route]:
    """The routes over what was collected, and whether the first scrape has been stored.

    `page` answers browsers at `/metrics`, where the dashboard lists its metrics.
    """
    return [
        Route("/metrics", partial(expose_metrics, families, page), format_error),
        Route("/-/healthy", report_healthy, format_error),
        Route("/-/ready", partial(report_ready, is_ready), format_error),
    ]


def expose_metrics(
    families: Callable[[], Iterable[Family]], page: Handler, request: WebRequest
) -> WebResponse:
    """What was collected, under the exporters' names, in the format that is preferred.

    Browsers alone name HTML in `Accept`; scrapers and command lines do not.
    """
    accept = request.headers.get("accept", "")
    if "text/html" in accept:
        response = page(request)
    else:
        response = expose(families(), exposition.choose_format(accept), request)
    return replace(response, headers={**response.headers, "vary": "accept"})


def report_healthy(_request: WebRequest) -> WebResponse:
    """200 as long as anybody is served."""
    return WebResponse(b"jipyo is Healthy.\n", media_type=PLAIN_TEXT)


def report_ready(is_ready: Callable[[], bool], _request: WebRequest) -> WebResponse:
    """200 once the first scrape has been stored, so that queries have answers."""
    if is_ready():
        return WebResponse(b"jipyo is Ready.\n", media_type=PLAIN_TEXT)
    return WebResponse((texts("en")("web.not_ready") + "\n").encode(), 503, PLAIN_TEXT)
