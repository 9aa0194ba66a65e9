"""How a database is reached, and what may be said about that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from jipyo.model.errors import CollectError, ConfigError, NetError
from jipyo.net.credentials import read_secret

if TYPE_CHECKING:
    from pathlib import Path

PORTS = {"postgres": 5432, "mysql": 3306, "redis": 6379}
"""The kinds of databases and where each listens unless told otherwise."""
SCHEMES = {
    "postgres": ("postgresql", "postgres"),
    "mysql": ("mysql", "mariadb"),
    "redis": ("redis", "rediss", "unix"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """A database and how it is asked. The password comes from a file, never from the URL."""

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
        """Host and port, as one writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def address(options: DatabaseOptions) -> Address:
    """The URL taken apart.

    Raises:
        ConfigError: the kind is none of ours, the URL is not one of this kind, or it holds
            a password.
    """
    if options.kind not in PORTS:
        known = ", ".join(PORTS)
        raise ConfigError("database.unknown_kind", kind=options.kind, known=known)
    try:
        url = urlsplit(options.url)
        port = url.port or PORTS[options.kind]
    except ValueError as error:
        raise _wrong(options) from error
    if url.scheme not in SCHEMES[options.kind] or not (url.hostname or url.scheme == "unix"):
        raise _wrong(options)
    if url.password is not None or "password" in parse_qs(url.query):
        raise ConfigError(
            "database.password_in_url", hint="database.password_in_url.hint", url=shown(url)
        )
    return Address(
        unquote(url.hostname or "localhost"),
        port,
        unquote(url.username or ""),
        unquote(url.path.lstrip("/")),
        url.query,
    )


def password(options: DatabaseOptions) -> str | None:
    """What the password's file holds; None where there is none.

    Raises:
        CollectError: the file cannot be read.
    """
    if options.password_file is None:
        return None
    try:
        return read_secret(options.password_file)
    except NetError as error:
        raise error.as_kind(CollectError) from error


def shown(url: SplitResult) -> str:
    """The URL without a password, and without a query that may hold one."""
    host = url.netloc.rpartition("@")[2]
    user = f"{url.username}@" if url.username else ""
    return urlunsplit((url.scheme, user + host, url.path, "", ""))


def _wrong(options: DatabaseOptions) -> ConfigError:
    scheme = SCHEMES[options.kind][0]
    return ConfigError("database.wrong_url", kind=options.kind, scheme=scheme)
