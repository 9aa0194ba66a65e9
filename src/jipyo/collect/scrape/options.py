"""Options of a scrape, with Prometheus' names and defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.net.tls import TlsOptions
from jipyo.wire.exposition import Format

if TYPE_CHECKING:
    from jipyo.collect.relabel import RelabelRule
    from jipyo.model.secret import Secret
    from jipyo.net.credentials import Credentials

PROTOCOLS = {
    "PrometheusText0.0.4": Format.TEXT,
    "PrometheusText1.0.0": Format.TEXT,
    "OpenMetricsText0.0.1": Format.OPENMETRICS,
    "OpenMetricsText1.0.0": Format.OPENMETRICS,
}
"""The formats of expositions by Prometheus' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeLimits:
    """Limits of an exposition; 0 is none. One beyond a limit is rejected as a whole."""

    body_bytes: int = 64 << 20
    """After decompression."""
    samples: int = 0
    labels: int = 0
    label_name_length: int = 0
    label_value_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeOptions:
    """How the targets of a job are scraped."""

    timeout_ms: int = 10_000
    honor_labels: bool = False
    """Scraped labels win over those of the target."""
    honor_timestamps: bool = True
    follow_redirects: bool = True
    compressed: bool = True
    headers: tuple[tuple[str, Secret], ...] = ()
    credentials: Credentials | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    limits: ScrapeLimits = field(default_factory=ScrapeLimits)
    fallback_protocol: str = ""
    """The one of `PROTOCOLS` as which an unknown Content-Type is read."""
    metric_relabel: tuple[RelabelRule, ...] = ()
