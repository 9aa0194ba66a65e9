"""What a site may set about serving."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The key `web` of the configuration."""

    allowed_hosts: tuple[str, ...] = ()
    """Names, besides those of the loopback interface, by which browsers may call us."""
    max_body_bytes: int = 16 << 20
    """A larger request is rejected."""
    health_ttl_ms: int = 2_000
    """How long a computed health serves everybody who asks. It delays what a scrape shows,
    so it is shorter than a scrape interval: targets are scraped at different moments."""
    max_concurrency: int = 20
    """Queries answered at the same time; further ones wait."""
    lifecycle: bool = False
    """Whether `/-/reload` is answered; Prometheus' `--web.enable-lifecycle`."""
    max_connections: int = 512
    """Connections open at the same time, as in Prometheus; a further one takes the place of
    the one that has been silent longest."""
