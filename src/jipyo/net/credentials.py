"""Secrets: kept out of URLs and logs, and read anew from their files."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jipyo.model.errors import NetError

if TYPE_CHECKING:
    from pathlib import Path

REDACTED = "<secret>"
_SECRET_PARAMETERS = ("password", "passwd", "secret", "token", "key", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is sent in the Authorization header."""

    type: str = "Bearer"
    """"Basic" joins user and secret; any other word is written before the secret."""
    username: str = ""
    secret: str = field(default="", repr=False)
    secret_file: Path | None = None
    """Read anew for every request, so that a secret can be rotated."""

    def authorization(self) -> str:
        """The value of the header.

        Raises:
            NetError: the file cannot be read, or the secret cannot stand in a header.
        """
        secret = read_secret(self.secret_file).strip() if self.secret_file else self.secret
        if self.type.lower() == "basic":
            both = f"{self.username}:{secret}".encode()
            return "Basic " + base64.b64encode(both).decode("ascii")
        if not (secret.isascii() and secret.isprintable()):
            raise NetError("net.bad_secret")
        return f"{self.type} {secret}"


def read_secret(path: Path) -> str:
    """What the file holds, without the end of its last line.

    Raises:
        NetError: it cannot be read.
    """
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NetError("net.secret_file", path=str(path), reason=str(error)) from error


def redact_url(url: str) -> str:
    """The URL as it may be shown: without a password, and without parameters that are secrets.

    >>> redact_url("http://me:pw@host/path?token=abc&page=2")
    'http://me:<secret>@host/path?token=<secret>&page=2'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return REDACTED
    userinfo, at, host = parts.netloc.rpartition("@")
    user, colon, _ = userinfo.partition(":")
    netloc = f"{user}{colon}{REDACTED if colon else ''}{at}{host}"
    query = parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(_is_secret(name) for name, _ in pairs):
        query = urlencode(
            [(name, REDACTED if _is_secret(name) else value) for name, value in pairs], safe="<>"
        )
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


def _is_secret(parameter: str) -> bool:
    return any(word in parameter.lower() for word in _SECRET_PARAMETERS)
