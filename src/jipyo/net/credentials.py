"""Credentials: how they are sent, and read anew from their files."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import NetError
from jipyo.model.secret import NO_SECRET, Secret

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is sent in the Authorization header."""

    type: str = "Bearer"
    """"Basic" joins user and secret; any other word is written before the secret."""
    username: str = ""
    secret: Secret = NO_SECRET
    secret_file: Path | None = None
    """Read anew for every request, so that a secret can be rotated."""

    def authorization(self) -> str:
        """The value of the header.

        Raises:
            NetError: the file cannot be read, or the secret cannot stand in a header.
        """
        secret = read_secret(self.secret_file).strip() if self.secret_file else self.secret.reveal()
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
