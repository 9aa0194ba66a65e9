"""HTTP: the Prometheus API, our own API, the receivers and the dashboard.

Each API file has `routes(what it needs)`; `app.build_web` puts them together.
"""

from jipyo.web.app import create_app
from jipyo.web.connections import ConnectionLimits, Connections
from jipyo.web.http.endpoint import mount
from jipyo.web.http.metrics import RequestMetrics
from jipyo.web.ingest.options import ReceiverOptions
from jipyo.web.options import Options
from jipyo.web.server import listen, serve, url_of

__all__ = [
    "ConnectionLimits",
    "Connections",
    "Options",
    "ReceiverOptions",
    "RequestMetrics",
    "create_app",
    "listen",
    "mount",
    "serve",
    "url_of",
]
