"""`sources:` the servers of the Prometheus family that are asked beside the embedded store."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from jipyo.collect.discovery import HTTP_CLIENT_KEYS, check_credentials, split_http_client
from jipyo.schema import (
    DURATION,
    SECONDS,
    SIZE,
    TEXT,
    URL,
    WHOLE,
    Key,
    between,
    document_as_one,
    list_of_named,
    record,
)
from jipyo.source.prometheus_options import PrometheusOptions


def make_source(*, url: str, name: str = "", **values: Any) -> PrometheusOptions:
    """The options; a source without a name is called after its host and port."""
    client, own = split_http_client(values)
    return PrometheusOptions(
        url=url.rstrip("/").removesuffix("/api/v1"),
        name=name or urlsplit(url).netloc.rpartition("@")[2],
        headers=tuple((header, secret.reveal()) for header, secret in client.headers),
        credentials=client.credentials,
        tls=client.tls_config,
        **own,
    )


SOURCE = record(
    make_source,
    (
        Key("url", URL, required=True),
        Key("name", TEXT),
        Key("timeout", between(SECONDS, "1s", "10m"), field="timeout_s"),
        Key("retries", between(WHOLE, "0", "10")),
        Key("max_points", between(WHOLE, "100", "1000000")),
        Key("lookback", between(DURATION, "1s", "1d"), field="lookback_ms"),
        Key("body_limit", between(SIZE, "1MiB", "4GiB")),
        Key("connections", between(WHOLE, "1", "64")),
        *document_as_one(HTTP_CLIENT_KEYS),
        Key("proxy_url", URL),
    ),
    options=PrometheusOptions,
    check=check_credentials,
)

SOURCES = list_of_named(SOURCE)
