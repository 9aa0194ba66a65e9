"""A Prometheus-family server as options of the command line describe it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.config.sources import make_source
from jipyo.model.errors import ConfigError
from jipyo.model.secret import Secret, redact_url
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.source.prometheus_options import PrometheusOptions

_URL = re.compile(r"https?://[^/\s]+\S*")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(\S(?:.*\S)?)")
RETRIES = 7
"""Half a minute of failures that may pass, such as a restart of the server."""
BODY_LIMIT = 12 << 20
"""A greater answer is asked for in parts: decoded, it needs ten times as much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags:
    """A server as options of the command line give it; empty or None where they do not."""

    source: str = ""
    """The name of a source of the configuration; instead of all others."""
    url: str = ""
    headers: Sequence[str] = ()
    """`Name: value`."""
    username: str = ""
    password_file: Path | None = None
    bearer_token_file: Path | None = None
    ca_file: Path | None = None


def read_server_flags(
    flags: ServerFlags, sources: Sequence[PrometheusOptions] = ()
) -> PrometheusOptions:
    """The server that the options name: one of the `sources`, or one by its address.

    Raises:
        ConfigError: there is no such source, an address or header is none, or there are two
            kinds of credentials.
    """
    if flags.source:
        if flags != ServerFlags(source=flags.source):
            raise ConfigError("config.source_and_url")
        found = next((one for one in sources if one.name == flags.source), None)
        if found is None:
            known = ", ".join(one.name for one in sources)
            key = "config.unknown_source" if known else "config.no_sources"
            raise ConfigError(key, name=flags.source, known=known)
        return found
    if not flags.url:
        raise ConfigError("config.no_server")
    if not _URL.fullmatch(flags.url):
        raise ConfigError("config.not_a_server_url", value=redact_url(flags.url))
    headers: dict[str, Secret] = {}
    for header in flags.headers:
        match = _HEADER.fullmatch(header.strip())
        if match is None:
            raise ConfigError("config.not_a_header", value=header.partition(":")[0])
        headers[match[1]] = Secret(match[2])
    return make_source(
        url=flags.url,
        http_headers=headers,
        basic_auth=_read_basic_auth(flags),
        bearer_token_file=flags.bearer_token_file,
        tls_config=TlsOptions(ca_file=flags.ca_file),
    )


def _read_basic_auth(flags: ServerFlags) -> Credentials | None:
    if not flags.username and flags.password_file is None:
        return None
    if flags.bearer_token_file is not None:
        raise ConfigError("config.two_credentials")
    if not (flags.username and flags.password_file):
        raise ConfigError("config.half_credentials")
    return Credentials(type="Basic", username=flags.username, secret_file=flags.password_file)


def suit_history(options: PrometheusOptions, timeout_s: float) -> PrometheusOptions:
    """The same server, for reading much: patiently, and in answers of bounded size."""
    return replace(
        options, timeout_s=timeout_s, retries=RETRIES, body_limit=BODY_LIMIT, connections=1
    )
