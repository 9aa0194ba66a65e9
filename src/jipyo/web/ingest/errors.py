"""Errors in the words that senders understand: the status says whether to send again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.i18n import texts
from jipyo.model.errors import (
    JipyoError,
    MalformedBody,
    StoreFull,
    TooLarge,
    UnsupportedMediaType,
)
from jipyo.web.http.message import PLAIN_TEXT, WebRequest, WebResponse
from jipyo.web.ingest.rate_limit import RateLimitError
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY_AFTER: Mapping[str, str] = {"Retry-After": "5"}
_STATUSES: tuple[tuple[type[JipyoError], int, Mapping[str, str]], ...] = (
    (StoreFull, 503, _RETRY_AFTER),
    (RateLimitError, 429, {"Retry-After": "1"}),
    (TooLarge, 413, {}),
    (UnsupportedMediaType, 415, {}),
    (MalformedBody, 400, {}),
    (JipyoError, 503, _RETRY_AFTER),
)
"""The first that an error is an instance of: 4xx says never again, 429 and 503 later."""


def format_error(error: Exception, _request: WebRequest) -> WebResponse:
    """Plain English text; senders write it to their logs."""
    t = texts("en")
    for kind, status, headers in _STATUSES:
        if isinstance(error, kind):
            return WebResponse(t.error(error).encode(), status, PLAIN_TEXT, headers)
    return WebResponse(encode.error("internal", t("web.internal")), 500)
