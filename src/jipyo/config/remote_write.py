"""`remote_write:` the servers that samples are sent to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from jipyo.collect.discovery import (
    AUTHORIZATION,
    BASIC_AUTH,
    HEADER,
    LABEL_TEXTS,
    RELABEL_RULE,
    TLS,
)
from jipyo.model.errors import ConfigError
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
    choice,
    convert,
    list_of,
    map_of,
    record,
)
from jipyo.send.options import Protocol as WriteProtocol
from jipyo.send.options import RemoteWriteOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.schema import Node


def make_remote_write(  # noqa: PLR0913 - one for each key that is more than a field
    *,
    url: str,
    name: str = "",
    external_labels: Mapping[str, str] | None = None,
    http_headers: Mapping[str, Secret] | None = None,
    basic_auth: Credentials | None = None,
    authorization: Credentials | None = None,
    bearer_token: Secret = NO_SECRET,
    bearer_token_file: Path | None = None,
    **values: object,
) -> RemoteWriteOptions:
    """The options; a destination without a name is called after its host and port."""
    credentials = basic_auth or authorization
    if credentials is None and (bearer_token or bearer_token_file):
        credentials = Credentials(secret=bearer_token, secret_file=bearer_token_file)
    return RemoteWriteOptions(
        url=url,
        name=name or urlsplit(url).netloc,
        external_labels=tuple((external_labels or {}).items()),
        headers=tuple((http_headers or {}).items()),
        credentials=credentials,
        **values,  # type: ignore[arg-type]  # the keys' kinds say what each one is
    )


def document_once(key: Key) -> Key:
    """The key without what is inside of it, which is Prometheus' to document."""
    return replace(key, kind=replace(key.kind, keys=()))


_REMOTE_WRITE = record(
    make_remote_write,
    (
        Key("url", URL, required=True),
        Key("name", TEXT),
        Key("protocol", choice(WriteProtocol)),
        Key("timeout", between(SECONDS, "1s", "10m"), field="timeout_s"),
        Key("queue_size", between(SIZE, "1MiB", "1TiB"), field="queue_bytes"),
        Key("external_labels", LABEL_TEXTS),
        document_once(Key("write_relabel_configs", list_of(RELABEL_RULE), field="write_relabel")),
        document_once(Key("http_headers", map_of(HEADER, "mapping"))),
        document_once(Key("basic_auth", BASIC_AUTH)),
        document_once(Key("authorization", AUTHORIZATION)),
        Key("bearer_token", SECRET),
        Key("bearer_token_file", PATH),
        document_once(Key("tls_config", TLS, field="tls")),
        Key("proxy_url", URL),
        Key("max_samples_per_send", between(WHOLE, "1", "100000")),
        Key("send_interval", between(DURATION, "100ms", "10m"), field="send_interval_ms"),
        Key("max_shards", between(WHOLE, "1", "64")),
        Key("max_backoff", between(DURATION, "100ms", "1h"), field="max_backoff_ms"),
    ),
    options=RemoteWriteOptions,
)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def check_names(servers: tuple[_N, ...], node: Node) -> tuple[_N, ...]:
    """The servers, whose names differ.

    Of a destination the name has a position in the queue, of a source it is a label.
    """
    items = node.value if isinstance(node.value, tuple) else ()
    first: dict[str, str] = {}
    mistakes: list[ConfigError] = []
    for options, entry in zip(servers, items, strict=False):
        if options.name in first:
            mistakes.append(
                ConfigError(
                    "config.destination_twice",
                    where=entry.at,
                    name=options.name,
                    first=first[options.name],
                )
            )
        first.setdefault(options.name, entry.where)
    if mistakes:
        raise ConfigError.of(mistakes)
    return servers


REMOTE_WRITE = convert(list_of(_REMOTE_WRITE), check_names)
