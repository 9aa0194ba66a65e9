"""Options of a database target, and the checks of its URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from jipyo.model.errors import CollectError, ConfigError, NetError
from jipyo.model.secret import redact_url
from jipyo.net.credentials import read_secret

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """A database and how it is queried. The password comes from a file, never from the URL."""

    kind: str
    """"postgres", "mysql" (MariaDB too) or "redis"."""
    url: str
    """`postgresql://reader@host:5432/postgres`, `mysql://reader@host/`, `redis://host:6379`."""
    password_file: Path | None = None
    """Read anew whenever a connection is opened; the end of its line is left out."""
    ca_file: Path | None = None
    """Connect by TLS only, and know the server by this authority."""
    job: str = ""
    """`kind` where it is empty."""
    instance: str = ""
    """Host and port of the URL where it is empty."""
    interval_ms: int = 15_000
    connect_timeout_s: float = 5.0
    statement_timeout_s: float = 5.0
    """For each statement: the server ends it, and where it cannot, the connection is cut."""
    max_statements: int = 100
    """How many kinds of statements have series of their own: those that took most time."""


class Address(NamedTuple):
    """The parts of the URL."""

    host: str
    port: int
    user: str
    database: str
    query: str

    @property
    def text(self) -> str:
        """Host and port, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(options: DatabaseOptions, port: int, schemes: tuple[str, ...]) -> Address:
    """The parts of the URL, where `port` is the usual one of this kind.

    Raises:
        ConfigError: the URL has none of the schemes, or it holds a password.
    """
    try:
        url = urlsplit(options.url)
        port = url.port or port
    except ValueError as error:
        raise _wrong_url(options, schemes) from error
    if url.scheme not in schemes or not (url.hostname or url.scheme == "unix"):
        raise _wrong_url(options, schemes)
    if url.password is not None or "password" in parse_qs(url.query):
        raise ConfigError(
            "database.password_in_url",
            hint="database.password_in_url.hint",
            url=redact_url(options.url),
        )
    return Address(
        unquote(url.hostname or "localhost"),
        port,
        unquote(url.username or ""),
        unquote(url.path.lstrip("/")),
        url.query,
    )


def read_password(options: DatabaseOptions) -> str | None:
    """The password from its file; None where no file is named.

    Raises:
        CollectError: the file cannot be read.
    """
    if options.password_file is None:
        return None
    try:
        return read_secret(options.password_file)
    except NetError as error:
        raise error.as_kind(CollectError) from error


def _wrong_url(options: DatabaseOptions, schemes: tuple[str, ...]) -> ConfigError:
    return ConfigError("database.wrong_url", kind=options.kind, scheme=schemes[0])
