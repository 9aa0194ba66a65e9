"""How a Prometheus-family server is reached."""

from __future__ import annotations

from dataclasses import dataclass

from jipyo.net.server import ServerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusOptions(ServerOptions):
    """One server; a long range takes several requests.

    `url` has the path before `/api/v1`: `http://host:9090`,
    `http://host:8481/select/0/prometheus`.
    """

    max_points: int = 11_000
    """Steps in one request: what Prometheus accepts. Longer ranges are split."""
    lookback_ms: int | None = None
    """Sent with every query; None leaves the server's own, which is taken to be 5 minutes."""
