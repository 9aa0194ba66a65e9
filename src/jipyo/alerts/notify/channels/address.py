"""Addresses of channels: read where they are kept, and shown without what is secret in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from jipyo.model.errors import NetError, NotifyError
from jipyo.model.secret import REDACTED, Secret
from jipyo.net.credentials import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.alerts.options import ChannelOptions, HeartbeatOptions

_ENVIRONMENT = "env:"
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True, repr=False)
class ChannelAddress:
    """An address with its secrets: it has no `repr`, and `shown` is what people see."""

    url: str

    @property
    def shown(self) -> str:
        """Scheme and host: tokens are in the path as often as in the query."""
        parts = urlsplit(self.url)
        is_known = _is_http_or_mail(parts.scheme)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2] if is_known else '…'}"

    def redact(self, text: str) -> str:
        """A text of others without any part of the address that may be secret."""
        for piece in sorted(set(self._list_pieces()), key=len, reverse=True):
            text = text.replace(piece, REDACTED)
        return text

    def _list_pieces(self) -> Iterator[str]:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        userinfo = parts.netloc.rpartition("@")[0]
        found = [self.url, parts.path, parts.query, userinfo, *userinfo.split(":")]
        found += parts.path.split("/")
        found += [value for _, value in parse_qsl(parts.query)]
        if not _is_http_or_mail(parts.scheme):
            found += [parts.netloc, host]  # Apprise has tokens in place of a host
        for piece in found:
            for form in (piece, unquote(piece)):
                if len(form) >= _SHORTEST_SECRET:
                    yield form


def read_address(options: ChannelOptions | HeartbeatOptions) -> ChannelAddress:
    """The address as it is now: a file or an environment variable may have changed.

    Raises:
        NotifyError: the file cannot be read, the variable is not set, or it is no address.
    """
    url = read_secret_text(options.url, options.url_file).strip()
    try:
        is_address = bool(urlsplit(url).scheme)
    except ValueError:
        is_address = False
    if not is_address:
        raise NotifyError("notify.no_address", hint="notify.no_address.hint")
    return ChannelAddress(url)


def read_secret_text(secret: Secret, file: Path | None) -> str:
    """A secret that is written out, in a file, or in an environment variable (`env:NAME`).

    Raises:
        NotifyError: the file cannot be read, or the variable is not set.
    """
    if file is not None:
        try:
            return read_secret(file)
        except NetError as error:
            raise error.as_kind(NotifyError) from error
    text = secret.reveal()
    if not text.startswith(_ENVIRONMENT):
        return text
    name = text.removeprefix(_ENVIRONMENT)
    if not os.environ.get(name):
        raise NotifyError("notify.no_environment", hint="notify.no_environment.hint", name=name)
    return os.environ[name]


def _is_http_or_mail(scheme: str) -> bool:
    return scheme in {"http", "https", "smtp", "smtps"}
