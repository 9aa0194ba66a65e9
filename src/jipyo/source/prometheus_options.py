"""How a Prometheus-family server is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.net.http import HttpOptions
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from jipyo.net.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusOptions:
    """One server; the defaults of everything but its name and address."""

    name: str
    url: str
    """With the path before `/api/v1`: `http://host:9090`, `http://host:8481/select/0/prometheus`."""
    timeout_s: float = 30.0
    """Of one request, its repetitions included; a long range takes several requests."""
    retries: int = 2
    """How often a request is repeated after a failure that may pass."""
    max_points: int = 11_000
    """Steps in one request: what Prometheus accepts. Longer ranges are split."""
    lookback_ms: int | None = None
    """Sent with every query; None leaves the server's own, which is taken to be 5 minutes."""
    body_limit: int = 256 << 20
    """Bytes of one answer after decompression; greater ones are split by time."""
    connections: int = 8
    """Kept open between requests."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request, such as `X-Scope-OrgID` for the tenant."""
    credentials: Credentials | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    proxy_url: str = ""

    def http_options(self) -> HttpOptions:
        """The same for a client of HTTP."""
        host = urlsplit(self.url).hostname or ""
        is_near = host in ("localhost", "::1") or host.startswith("127.")
        return HttpOptions(
            # On one machine gzip costs both sides time and saves nothing.
            compressed=not is_near,
            timeout_s=self.timeout_s,
            body_limit=self.body_limit,
            headers=self.headers,
            credentials=self.credentials,
            tls=self.tls,
            proxy_url=self.proxy_url,
            connections=self.connections,
        )
