"""`remote_write:` the servers that samples are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jipyo.collect.discovery import (
    HTTP_CLIENT_KEYS,
    LABEL_TEXTS,
    RELABEL_RULE,
    check_credentials,
    split_http_client,
)
from jipyo.schema import (
    DURATION,
    SECONDS,
    SIZE,
    TEXT,
    URL,
    WHOLE,
    Key,
    between,
    choice,
    document_as_one,
    list_of,
    list_of_named,
    record,
)
from jipyo.send.options import Protocol, RemoteWriteOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


def make_remote_write(
    *,
    url: str,
    name: str = "",
    external_labels: Mapping[str, str] | None = None,
    **values: Any,
) -> RemoteWriteOptions:
    """The options; a destination without a name is called after its host and port."""
    client, own = split_http_client(values)
    return RemoteWriteOptions(
        url=url,
        name=name or urlsplit(url).netloc,
        external_labels=tuple((external_labels or {}).items()),
        headers=client.headers,
        credentials=client.credentials,
        tls=client.tls_config,
        **own,
    )


_REMOTE_WRITE = record(
    make_remote_write,
    (
        Key("url", URL, required=True),
        Key("name", TEXT),
        Key("protocol", choice(Protocol)),
        Key("timeout", between(SECONDS, "1s", "10m"), field="timeout_s"),
        Key("queue_size", between(SIZE, "1MiB", "1TiB"), field="queue_bytes"),
        Key("external_labels", LABEL_TEXTS),
        *document_as_one(
            [
                Key("write_relabel_configs", list_of(RELABEL_RULE), field="write_relabel"),
                *HTTP_CLIENT_KEYS,
            ]
        ),
        Key("proxy_url", URL),
        Key("max_samples_per_send", between(WHOLE, "1", "100000")),
        Key("send_interval", between(DURATION, "100ms", "10m"), field="send_interval_ms"),
        Key("max_shards", between(WHOLE, "1", "64")),
        Key("max_backoff", between(DURATION, "100ms", "1h"), field="max_backoff_ms"),
    ),
    options=RemoteWriteOptions,
    check=check_credentials,
)

REMOTE_WRITE = list_of_named(_REMOTE_WRITE)
