"""`/api/v1/import/prometheus`: an exposition in text, as VictoriaMetrics takes it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.receive.text import find_format, parse_text_body
from jipyo.web.http.endpoint import Route
from jipyo.web.ingest.errors import format_error
from jipyo.web.ingest.receiver import respond_appended

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.web.http.message import WebRequest, WebResponse
    from jipyo.web.ingest.receiver import Receiver


def routes(receiver: Receiver, now_ms: Callable[[], int]) -> list[Route]:
    """The route into a receiver; samples without a time get that of the request."""
    import_ = partial(import_text, receiver, now_ms)
    return [Route("/api/v1/import/prometheus", import_, format_error, ("POST",))]


def import_text(receiver: Receiver, now_ms: Callable[[], int], request: WebRequest) -> WebResponse:
    """Store an exposition; `extra_label=name=value` sets labels on all of it."""
    extra_labels = dict(label.partition("=")[::2] for label in request.values("extra_label"))
    format_ = find_format(request.headers.get("content-type", ""))
    limit = receiver.limit_work(request)
    batch = parse_text_body(receiver.read_body(request), extra_labels, now_ms(), format_, limit)
    return respond_appended(receiver.append("text", batch), batch)
