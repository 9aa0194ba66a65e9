"""`/-/reload`: read the configuration again, as Prometheus does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.i18n import texts
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import PLAIN_TEXT, WebRequest, WebResponse
from jipyo.web.prometheus.route import format_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.config_state import ConfigState


def routes(reload: Callable[[], ConfigState], *, is_enabled: bool) -> list[Route]:
    """The routes; where they are not enabled nothing is reloaded."""
    handler = partial(reload_config, reload) if is_enabled else reject_reload
    return [
        Route("/-/reload", handler, format_error, ("POST", "PUT")),
        Route("/-/reload", reject_get, format_error),
    ]


def reload_config(reload: Callable[[], ConfigState], _request: WebRequest) -> WebResponse:
    """200 with the keys that wait for a start, or 500 with every mistake."""
    state = reload()
    t = texts("en")
    if state.error is not None:
        text = f"failed to reload config: {t.error(state.error)}\n"
        return WebResponse(text.encode(), 500, PLAIN_TEXT)
    text = t("web.config_waiting", keys=", ".join(state.waiting)) + "\n" if state.waiting else ""
    return WebResponse(text.encode(), media_type=PLAIN_TEXT)


def reject_reload(_request: WebRequest) -> WebResponse:
    """403 in Prometheus' words."""
    return WebResponse(b"Lifecycle API is not enabled.\n", 403, PLAIN_TEXT)


def reject_get(_request: WebRequest) -> WebResponse:
    """405 in Prometheus' words: what only reads must not change anything."""
    return WebResponse(b"Only POST or PUT requests allowed", 405, PLAIN_TEXT)
