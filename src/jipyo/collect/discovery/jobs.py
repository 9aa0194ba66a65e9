"""Jobs: the scrape section of a Prometheus configuration as values."""

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
    """Absolute glob patterns of `file_sd_configs`."""
    relabel: tuple[RelabelRule, ...] = ()
    scrape: ScrapeOptions = field(default_factory=ScrapeOptions)


@dataclass(frozen=True, slots=True)
class PrometheusYml:
    """The part of a site's `prometheus.yml` that jipyo supports."""

    files: tuple[Path, ...]
    """The file itself, and its `scrape_config_files`."""
    jobs: tuple[Job, ...]
    unsupported: tuple[str, ...]
    """File, line and key of everything that was ignored; values may be secrets."""
