"""HTTP: the Prometheus API, our own API, the receivers and the dashboard.

Each API file has `routes(what it needs)`; `app.build_web` puts them together. The names below
are imported when they are first used: the options of this room are read by every command, and
most of them serve nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.web.app import create_app
    from jipyo.web.connections import ConnectionLimits, Connections
    from jipyo.web.http.endpoint import mount
    from jipyo.web.http.metrics import RequestMetrics
    from jipyo.web.http.streams import Streams, mount_stream
    from jipyo.web.ingest.options import ReceiverOptions
    from jipyo.web.options import Options
    from jipyo.web.server import listen, serve, url_of

__all__ = [
    "ConnectionLimits",
    "Connections",
    "Options",
    "ReceiverOptions",
    "RequestMetrics",
    "Streams",
    "create_app",
    "listen",
    "mount",
    "mount_stream",
    "serve",
    "url_of",
]

_PLACES = {
    "ConnectionLimits": "jipyo.web.connections",
    "Connections": "jipyo.web.connections",
    "Options": "jipyo.web.options",
    "ReceiverOptions": "jipyo.web.ingest.options",
    "RequestMetrics": "jipyo.web.http.metrics",
    "Streams": "jipyo.web.http.streams",
    "create_app": "jipyo.web.app",
    "listen": "jipyo.web.server",
    "mount": "jipyo.web.http.endpoint",
    "mount_stream": "jipyo.web.http.streams",
    "serve": "jipyo.web.server",
    "url_of": "jipyo.web.server",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
