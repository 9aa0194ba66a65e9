"""`logs.sources:` the clusters of Elasticsearch and OpenSearch whose logs are asked, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jipyo.collect.discovery import HTTP_CLIENT_KEYS, check_credentials, split_http_client
from jipyo.logs.elasticsearch import ElasticsearchOptions
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    SECONDS,
    SIZE,
    TEXT,
    URL,
    WHOLE,
    Key,
    between,
    document_as_one,
    list_of,
    list_of_named,
    record,
)

if TYPE_CHECKING:
    from jipyo.schema import Node

EMBEDDED = "embedded"
"""The name of jipyo's own store among the log sources."""


def make_log_source(*, url: str, name: str = "", **values: Any) -> ElasticsearchOptions:
    """The options; a source without a name is called after its host and port."""
    client, own = split_http_client(values)
    return ElasticsearchOptions(
        url=url.rstrip("/"),
        name=name or urlsplit(url).netloc.rpartition("@")[2],
        headers=tuple((header, secret.reveal()) for header, secret in client.headers),
        credentials=client.credentials,
        tls=client.tls_config,
        **own,
    )


def check_log_source(options: ElasticsearchOptions, node: Node) -> None:
    """Raise where the name is that of our own store, or there are two kinds of credentials."""
    if options.name == EMBEDDED:
        raise ConfigError("config.reserved_source", where=node.find("name").at, name=EMBEDDED)
    check_credentials(options, node)


_FIELDS = list_of(TEXT, at_least=1)
LOG_SOURCES = list_of_named(
    record(
        make_log_source,
        (
            Key("url", URL, required=True),
            Key("name", TEXT),
            Key("index", TEXT),
            Key("time_field", TEXT),
            Key("message_fields", _FIELDS),
            Key("level_fields", _FIELDS),
            Key("service_fields", _FIELDS),
            Key("timeout", between(SECONDS, "1s", "10m"), field="timeout_s"),
            Key("retries", between(WHOLE, "0", "10")),
            Key("page_size", between(WHOLE, "100", "10000")),
            Key("slices", between(WHOLE, "1", "16")),
            Key("body_limit", between(SIZE, "1MiB", "4GiB")),
            Key("connections", between(WHOLE, "1", "64")),
            *document_as_one(HTTP_CLIENT_KEYS),
            Key("proxy_url", URL),
        ),
        options=ElasticsearchOptions,
        check=check_log_source,
    )
)
