"""The keys of Prometheus' HTTP client: the credentials, headers and TLS of requests to a server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jipyo.model.errors import ConfigError
from jipyo.model.secret import NO_SECRET, Secret
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from jipyo.schema import (
    ANY_TEXT,
    PATH,
    SECRET,
    SWITCH,
    TEXT,
    Key,
    Kind,
    list_of,
    map_of,
    quote,
    record,
)

_SHA256 = re.compile("[0-9a-f]{64}")

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jipyo.schema import Node


def at_most_one(*names: str) -> Callable[[object, Node], None]:
    """The check of a mapping that may have one of these keys, as Prometheus checks it."""

    def check(_value: object, node: Node) -> None:
        entries = node.entries or {}
        written = [
            n for n in names if n in entries and entries[n].node.value not in (None, "", False)
        ]
        if len(written) > 1:
            raise ConfigError("collect.only_one_of", where=node.at, keys=", ".join(written))

    return check


def read_fingerprint(node: Node) -> str:
    """The SHA-256 of a certificate, with or without colons between its bytes."""
    text = ANY_TEXT.read(node).strip().replace(":", "").lower()
    if not _SHA256.fullmatch(text):
        raise ConfigError("collect.bad_fingerprint", where=node.at, value=quote(node))
    return text


_FINGERPRINT = Kind("text", read_fingerprint, effective=ANY_TEXT.read)
check_credentials = at_most_one("basic_auth", "authorization", "bearer_token", "bearer_token_file")
"""There is one header Authorization."""


def check_tls(_value: object, node: Node) -> None:
    """There is one way to know the server."""
    for other in ("ca_file", "insecure_skip_verify"):
        at_most_one("ca_fingerprint", other)(_value, node)


_TLS_KEYS = (
    Key("ca_file", PATH),
    Key("cert_file", PATH),
    Key("key_file", PATH),
    Key("server_name", TEXT),
    Key("insecure_skip_verify", SWITCH),
)
TLS = record(TlsOptions, _TLS_KEYS)
_CLIENT_TLS = record(TlsOptions, (*_TLS_KEYS, Key("ca_fingerprint", _FINGERPRINT)), check=check_tls)
_BASIC_AUTH = record(
    lambda **values: Credentials(type="Basic", **values),
    (
        Key("username", ANY_TEXT),
        Key("password", SECRET, field="secret"),
        Key("password_file", PATH, field="secret_file"),
    ),
    options=Credentials,
    check=at_most_one("password", "password_file"),
)
_AUTHORIZATION = record(
    Credentials,
    (
        Key("type", ANY_TEXT),
        Key("credentials", SECRET, field="secret"),
        Key("credentials_file", PATH, field="secret_file"),
    ),
    check=at_most_one("credentials", "credentials_file"),
)
_HEADER = record(
    lambda values=(): Secret(", ".join(value.reveal() for value in values)),
    (Key("values", list_of(SECRET)),),
)
HTTP_CLIENT_KEYS = (
    Key("basic_auth", _BASIC_AUTH),
    Key("authorization", _AUTHORIZATION),
    Key("bearer_token", SECRET),
    Key("bearer_token_file", PATH),
    Key("tls_config", _CLIENT_TLS),
    Key("http_headers", map_of(_HEADER, "mapping")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpClientConfig:
    """The values of these keys, by their names."""

    basic_auth: Credentials | None = None
    authorization: Credentials | None = None
    bearer_token: Secret = NO_SECRET
    bearer_token_file: Path | None = None
    tls_config: TlsOptions = field(default_factory=TlsOptions)
    http_headers: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def credentials(self) -> Credentials | None:
        """What is sent in the Authorization header; None where nothing is."""
        written = self.basic_auth or self.authorization
        if written or not (self.bearer_token or self.bearer_token_file):
            return written
        return Credentials(secret=self.bearer_token, secret_file=self.bearer_token_file)

    @property
    def headers(self) -> tuple[tuple[str, Secret], ...]:
        """What is sent in further headers."""
        return tuple(self.http_headers.items())


def split_http_client(values: Mapping[str, Any]) -> tuple[HttpClientConfig, dict[str, Any]]:
    """The values of these keys, and all others."""
    names = {key.name for key in HTTP_CLIENT_KEYS}
    own = {name: value for name, value in values.items() if name in names}
    others = {name: value for name, value in values.items() if name not in names}
    return HttpClientConfig(**own), others
