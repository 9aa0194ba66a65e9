"""How a cluster of Elasticsearch or OpenSearch is reached, and which fields its records have."""

from __future__ import annotations

from dataclasses import dataclass

from jipyo.net.server import ServerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticsearchOptions(ServerOptions):
    """One cluster; credentials are of type Basic, Bearer or ApiKey.

    Of several names for one thing the first that a record has counts; those that no index has
    cost nothing.
    """

    retries: int = 3
    index: str = "logs-*"
    """Indices, aliases and data streams, with wildcards, separated by commas."""
    time_field: str = "@timestamp"
    message_fields: tuple[str, ...] = ("message", "event.original", "log", "msg", "body")
    level_fields: tuple[str, ...] = ("log.level", "level", "severity_text", "severity", "loglevel")
    service_fields: tuple[str, ...] = ("service.name", "kubernetes.container.name", "service")
    page_size: int = 5000
    """Records in one answer; the server accepts 10,000 unless it is set otherwise."""
    slices: int = 2
    """How many parts of an index are read at the same time."""
    keep_alive: str = "2m"
    """How long a point in time is kept between two pages."""
