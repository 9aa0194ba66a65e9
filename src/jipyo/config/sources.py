"""`sources:` the servers of the Prometheus family that are asked beside the embedded store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.collect.discovery import AUTHORIZATION, BASIC_AUTH, HEADER, TLS
from jipyo.config.remote_write import check_names, document_once
from jipyo.model.secret import NO_SECRET, Secret
from jipyo.net.credentials import Credentials
from jipyo.schema import (
    DURATION,
    PATH,
    SECONDS,
    SECRET,
    SIZE,
    TEXT,
    URL,
    WHOLE,
    Key,
    between,
    convert,
    list_of,
    map_of,
    record,
)
from jipyo.source.prometheus_options import PrometheusOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def make_source(  # noqa: PLR0913 - one for each key that is more than a field
    *,
    url: str,
    name: str = "",
    http_headers: Mapping[str, Secret] | None = None,
    basic_auth: Credentials | None = None,
    authorization: Credentials | None = None,
    bearer_token: Secret = NO_SECRET,
    bearer_token_file: Path | None = None,
    **values: object,
) -> PrometheusOptions:
    """The options; a source without a name is called after its host and port."""
    credentials = basic_auth or authorization
    if credentials is None and (bearer_token or bearer_token_file):
        credentials = Credentials(secret=bearer_token, secret_file=bearer_token_file)
    headers = {header: secret.reveal() for header, secret in (http_headers or {}).items()}
    return PrometheusOptions(
        url=url.rstrip("/").removesuffix("/api/v1"),
        name=name or urlsplit(url).netloc.rpartition("@")[2],
        headers=tuple(headers.items()),
        credentials=credentials,
        **values,  # type: ignore[arg-type]  # the keys' kinds say what each one is
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
        document_once(Key("http_headers", map_of(HEADER, "mapping"))),
        document_once(Key("basic_auth", BASIC_AUTH)),
        document_once(Key("authorization", AUTHORIZATION)),
        Key("bearer_token", SECRET),
        Key("bearer_token_file", PATH),
        document_once(Key("tls_config", TLS, field="tls")),
        Key("proxy_url", URL),
    ),
    options=PrometheusOptions,
)

SOURCES = convert(list_of(SOURCE), check_names)
