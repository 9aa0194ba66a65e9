"""A Prometheus-family server as options of the command line name it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jipyo.model.errors import ConfigError
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from jipyo.source.prometheus_options import PrometheusOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_URL = re.compile(r"https?://[^/\s]+\S*")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(\S(?:.*\S)?)")
RETRIES = 7
"""Half a minute of failures that may pass, such as a restart of the server."""
BODY_LIMIT = 12 << 20
"""A greater answer is asked for in parts: decoded, it needs ten times as much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags:
    """What options of the command line say of a server; empty or None where they say nothing."""

    url: str
    headers: Sequence[str] = ()
    """`Name: value`."""
    username: str = ""
    password_file: Path | None = None
    bearer_token_file: Path | None = None
    ca_file: Path | None = None


def read_server_flags(flags: ServerFlags) -> PrometheusOptions:
    """The server that the options name.

    Raises:
        ConfigError: an address or header is none, or there are two kinds of credentials.
    """
    if not _URL.fullmatch(flags.url):
        raise ConfigError("config.not_a_server_url", value=flags.url)
    headers = []
    for header in flags.headers:
        match = _HEADER.fullmatch(header.strip())
        if match is None:
            raise ConfigError("config.not_a_header", value=header.partition(":")[0])
        headers.append((match[1], match[2]))
    return PrometheusOptions(
        name=urlsplit(flags.url).netloc.rpartition("@")[2],
        url=flags.url,
        headers=tuple(headers),
        credentials=_read_credentials(flags),
        tls=TlsOptions(ca_file=flags.ca_file),
    )


def _read_credentials(flags: ServerFlags) -> Credentials | None:
    is_basic = bool(flags.username) or flags.password_file is not None
    if is_basic and flags.bearer_token_file is not None:
        raise ConfigError("config.two_credentials")
    if is_basic and not (flags.username and flags.password_file):
        raise ConfigError("config.half_credentials")
    if is_basic:
        return Credentials(type="Basic", username=flags.username, secret_file=flags.password_file)
    if flags.bearer_token_file is not None:
        return Credentials(secret_file=flags.bearer_token_file)
    return None


def suit_history(options: PrometheusOptions, timeout_s: float) -> PrometheusOptions:
    """The same server, for reading much: patiently, and in answers of bounded size."""
    return replace(
        options, timeout_s=timeout_s, retries=RETRIES, body_limit=BODY_LIMIT, connections=1
    )
