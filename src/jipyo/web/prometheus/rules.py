"""`/api/v1/rules` and `/api/v1/alerts`: empty until rules can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.params import invalid_parameter, quote
from jipyo.web.prometheus.route import prometheus_route
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from jipyo.web.http.endpoint import Route


def routes() -> list[Route]:
    """The routes."""
    return [prometheus_route("/rules", list_rules), prometheus_route("/alerts", list_alerts)]


def list_rules(request: WebRequest) -> WebResponse:
    """No groups yet; the parameter is still checked."""
    kind = request.first("type").lower()
    if kind not in ("", "alert", "record"):
        raise invalid_parameter("type", f"not supported value {quote(kind)}")
    return WebResponse(encode.data({"groups": []}))


def list_alerts(_request: WebRequest) -> WebResponse:
    """No alerts yet."""
    return WebResponse(encode.data({"alerts": []}))
