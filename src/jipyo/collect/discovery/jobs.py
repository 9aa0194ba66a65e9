"""Jobs: what the scrape section of a Prometheus configuration says, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.collect.scrape.options import ScrapeOptions

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.collect.relabel import RelabelRule


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Addresses that share labels (`static_configs`, or an entry of a file)."""

    addresses: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One `scrape_configs` entry."""

    name: str
    interval_ms: int = 15_000
    scheme: str = "http"
    metrics_path: str = "/metrics"
    params: tuple[tuple[str, str], ...] = ()
    groups: tuple[TargetGroup, ...] = ()
    files: tuple[str, ...] = ()
    """Glob patterns of `file_sd_configs`, absolute or relative to the working directory."""
    relabel: tuple[RelabelRule, ...] = ()
    scrape: ScrapeOptions = field(default_factory=ScrapeOptions)


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something in a file that we do not do: said, never passed over in silence."""

    where: str
    """`prometheus.yml: scrape_configs[2].kubernetes_sd_configs`, for example."""
    value: str
    """The beginning of what stands there."""


@dataclass(frozen=True, slots=True)
class PrometheusYml:
    """What could be used of a site's `prometheus.yml`."""

    path: Path
    jobs: tuple[Job, ...]
    not_read: tuple[NotRead, ...]
