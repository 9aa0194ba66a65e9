"""HTTP: the Prometheus API, our own API, the page."""

from jipyo.web import encode
from jipyo.web.create import create_app
from jipyo.web.metering import Meter
from jipyo.web.receivers import ReceiverOptions, Receivers
from jipyo.web.serve import address, listen, serve
from jipyo.web.services import HeadStats, Options, Services

__all__ = [
    "HeadStats",
    "Meter",
    "Options",
    "ReceiverOptions",
    "Receivers",
    "Services",
    "address",
    "create_app",
    "encode",
    "listen",
    "serve",
]
