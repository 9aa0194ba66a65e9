"""Secrets: texts that no log, message or API shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REDACTED = "<secret>"
_SECRET_WORDS = (
    "auth", "bearer", "cookie", "credential", "header", "key", "passwd", "password",
    "secret", "signature", "token",
)  # fmt: skip
_PASSWORD = re.compile(r"(?:^|//)[^/?#@\s]*:[^/?#@\s]*@")


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that shows as `<secret>`; only `reveal` gives it.

    >>> f"{Secret('hush')} {Secret('hush')!r}"
    '<secret> <secret>'
    """

    _text: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return REDACTED if self._text else "''"

    def __str__(self) -> str:
        return REDACTED if self._text else ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        return self._text


NO_SECRET = Secret()


def is_secret_name(name: str) -> bool:
    """Whether what has this name, such as a parameter of a URL, is likely a secret."""
    is_path = name.endswith("_file")
    return not is_path and any(word in name.lower() for word in _SECRET_WORDS)


def has_password(address: str) -> bool:
    """Whether a URL, or an address without a scheme, holds a password.

    >>> has_password("http://me:pw@host"), has_password("me:pw@host:80"), has_password("host:80")
    (True, True, False)
    """
    return _PASSWORD.search(address) is not None


def redact_address(address: str) -> str:
    """A URL, or an address without a scheme, with `<secret>` for its user and password.

    >>> redact_address("me:pw@host:80")
    '<secret>@host:80'
    """
    return re.sub(r"(^|//)[^/?#\s]*@", rf"\1{REDACTED}@", address)


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
    if any(is_secret_name(name) for name, _ in pairs):
        query = urlencode(
            [(name, REDACTED if is_secret_name(name) else value) for name, value in pairs],
            safe="<>",
        )
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))
