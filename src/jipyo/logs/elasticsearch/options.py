"""How a cluster of Elasticsearch or OpenSearch is reached, and which fields its records have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.net.http import HttpOptions
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from jipyo.net.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticsearchOptions:
    """One cluster; the defaults of everything but its name and address.

    Of several names for one thing the first that a record has counts; those that no index has
    cost nothing.
    """

    name: str
    url: str
    index: str = "logs-*"
    """Indices, aliases and data streams, with wildcards, separated by commas."""
    time_field: str = "@timestamp"
    message_fields: tuple[str, ...] = ("message", "event.original", "log", "msg", "body")
    level_fields: tuple[str, ...] = ("log.level", "level", "severity_text", "severity", "loglevel")
    service_fields: tuple[str, ...] = ("service.name", "kubernetes.container.name", "service")
    timeout_s: float = 30.0
    """Of one request, its repetitions included."""
    retries: int = 3
    """How often a request is repeated after a failure that may pass."""
    page_size: int = 5000
    """Records in one answer; the server accepts 10,000 unless it is set otherwise."""
    slices: int = 2
    """How many parts of an index are read at the same time."""
    keep_alive: str = "2m"
    """How long a point in time is kept between two pages."""
    body_limit: int = 256 << 20
    """Bytes of one answer after decompression; a page that is larger is read in smaller ones."""
    connections: int = 8
    """Kept open between requests."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    credentials: Credentials | None = None
    """Of type Basic, Bearer or ApiKey."""
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
