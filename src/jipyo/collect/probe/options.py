"""Options of a probe: the address, the request, and the expected response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import re2

from jipyo.model.errors import ConfigError
from jipyo.model.regex import compile_pattern
from jipyo.model.secret import NO_SECRET, Secret
from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """One probe: of an HTTP address where `url` is set, else of the TCP address `tcp`."""

    job: str = "probe"
    instance: str = ""
    """The address where it is empty."""
    interval_ms: int = 15_000
    timeout_s: float = 10.0
    """For all of it: redirects, TLS and body together."""
    tls: TlsOptions = field(default_factory=TlsOptions)

    url: str = ""
    method: str = "GET"
    headers: tuple[tuple[str, Secret], ...] = ()
    authorization_file: Path | None = None
    """Its content is the Authorization header, e.g. `Bearer x`; read anew at every probe."""
    body: Secret = NO_SECRET
    """Sent with the request."""
    expect_status: tuple[int, ...] = ()
    """2xx where it is empty."""
    expect_body: str = ""
    """RE2 that must match somewhere in the body."""
    reject_body: str = ""
    """RE2 that must not match in the body."""
    follow_redirects: bool = True
    body_limit: int = 16 << 20
    """Bytes; a longer body fails the probe."""

    tcp: str = ""
    """`host:port`."""
    tcp_tls: bool = False
    send: Secret = NO_SECRET
    """Sent with a line end once connected."""
    expect: str = ""
    """RE2 that must match one of the lines that come back."""


def check_options(options: ProbeOptions) -> None:
    """Check the address and the patterns before anything runs.

    Raises:
        ConfigError: there is not exactly one address, it is none, or a pattern is not RE2.
    """
    if bool(options.url) == bool(options.tcp):
        raise ConfigError("probe.one_address", job=options.job)
    if not _is_address(options):
        raise ConfigError("probe.wrong_address", job=options.job, hint="probe.wrong_address.hint")
    for pattern in (options.expect_body, options.reject_body, options.expect):
        try:
            compile_pattern(pattern)
        except re2.error as error:
            raise ConfigError(
                "probe.bad_pattern", hint="probe.bad_pattern.hint", job=options.job, pattern=pattern
            ) from error


def _is_address(options: ProbeOptions) -> bool:
    """Whether the address is valid; credentials in it would show up in every text."""
    try:
        url = urlsplit(options.url or f"tcp://{options.tcp}")
        fits = url.scheme in {"http", "https"} if options.url else url.port is not None
        return bool(url.hostname) and fits and "@" not in url.netloc and url.port != 0
    except ValueError:
        return False
