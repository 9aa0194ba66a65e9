"""Metric families as a response, their names as its reader understands them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.wire import exposition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.family import Family


def expose(families: Iterable[Family], form: exposition.Format, request: WebRequest) -> WebResponse:
    """Families as an exposition, their names escaped as far as the reader needs it."""
    escaping = exposition.choose_escaping(request.headers.get("accept", ""), form)
    body = exposition.write(exposition.escape_families(families, escaping), form)
    return WebResponse(body, media_type=f"{form.value}; escaping={escaping.value}")
