"""HTTP: the Prometheus API, our own API, the page."""

from jipyo.web.app import create_app
from jipyo.web.http.metrics import RequestMetrics
from jipyo.web.ingest import ReceiverOptions, Receivers
from jipyo.web.server import address, listen, serve
from jipyo.web.services import HeadStats, Options, Services
from jipyo.wire.prometheus_json import encode

__all__ = [
    "HeadStats",
    "Options",
    "ReceiverOptions",
    "Receivers",
    "RequestMetrics",
    "Services",
    "address",
    "create_app",
    "encode",
    "listen",
    "serve",
]
