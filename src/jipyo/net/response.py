"""A response of HTTP whose head has come to its end."""

from __future__ import annotations

import http.client
from typing import BinaryIO, cast


class WholeHeadResponse(http.client.HTTPResponse):
    """Requires the empty line behind the headers (RFC 9112, 2.1).

    `http.client` takes the end of the connection for it, and then an answer that was cut
    within its headers for one with an empty body.
    """

    def begin(self) -> None:
        """Read the status and the headers.

        Raises:
            http.client.RemoteDisconnected: the connection ended before the empty line.
        """
        if self.headers is not None:
            return
        head = _HeadReader(cast("BinaryIO", self.fp))
        self.fp = cast("BinaryIO", head)
        try:
            super().begin()
        finally:
            if self.fp is head:
                self.fp = head.file
        if not head.last_line:
            self.close()
            raise http.client.RemoteDisconnected("connection closed within the headers")


class _HeadReader:
    """Remembers the last line that was read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.last_line = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last_line = self.file.readline(limit)
        return self.last_line

    def close(self) -> None:
        self.file.close()
