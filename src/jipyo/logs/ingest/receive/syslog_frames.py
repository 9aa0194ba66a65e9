"""Where messages of syslog begin and end in a stream (RFC 6587), and in an entry of the journal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COUNT = re.compile(rb"([1-9]\d{0,8}) ")
_COUNT_BEGUN = re.compile(rb"[1-9]\d{0,8}")


class SyslogFrames:
    """The messages of one connection: each with its length before it, or a line each.

    A longer message than allowed is cut, and the rest of it passed over.
    """

    def __init__(self, max_bytes: int) -> None:
        """Cut messages at so many bytes."""
        self._max_bytes = max_bytes
        self._buffer = b""
        self._skip_bytes = 0
        """Of a message with a length: what is still to come of the part that is cut off."""
        self._skips_line = False
        self.cut_messages = 0
        """How many were longer than allowed."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with these bytes."""
        self._buffer += data
        messages: list[bytes] = []
        at = 0
        while True:
            message, at = self._find_message(at)
            if message is None:
                break
            if message:
                messages.append(message)
        self._buffer = self._buffer[at:]
        return messages

    def finish(self) -> list[bytes]:
        """The message whose end is the end of the connection."""
        rest, self._buffer = self._buffer, b""
        if self._skips_line or not rest.strip():
            return []
        return [_COUNT.sub(b"", rest, count=1) if _COUNT.match(rest) else rest]

    def _find_message(self, at: int) -> tuple[bytes | None, int]:
        """The next message and what is behind it; None while it is not complete."""
        buffer = self._buffer
        if self._skip_bytes:
            passed = min(self._skip_bytes, len(buffer) - at)
            self._skip_bytes -= passed
            at += passed
            if self._skip_bytes:
                return None, at
        if at >= len(buffer):
            return None, at
        counted = None if self._skips_line else _COUNT.match(buffer, at)
        if counted:
            return self._find_counted(counted)
        is_begun = _COUNT_BEGUN.fullmatch(buffer, at)
        return (None, at) if is_begun and not self._skips_line else self._find_line(at)

    def _find_counted(self, counted: re.Match[bytes]) -> tuple[bytes | None, int]:
        size, start = int(counted[1]), counted.end()
        wanted = min(size, self._max_bytes)
        if len(self._buffer) - start < wanted:
            return None, counted.start()
        if size > wanted:
            self.cut_messages += 1
            self._skip_bytes = size - wanted
        return self._buffer[start : start + wanted], start + wanted

    def _find_line(self, at: int) -> tuple[bytes | None, int]:
        end = _find_line_end(self._buffer, at)
        if end is None:
            if len(self._buffer) - at <= self._max_bytes:
                return None, at
            skips, self._skips_line = self._skips_line, True
            return self._cut(at, len(self._buffer), skips=skips)
        skips, self._skips_line = self._skips_line, False
        message, _ = self._cut(at, end, skips=skips)
        return message, end + 1

    def _cut(self, at: int, end: int, *, skips: bool) -> tuple[bytes, int]:
        if skips:
            return b"", end
        if end - at > self._max_bytes:
            self.cut_messages += 1
        return self._buffer[at : min(end, at + self._max_bytes)], end


def _find_line_end(data: bytes, at: int) -> int | None:
    """Where a line ends: at a line feed, or at a zero byte as some senders write it."""
    line_feed = data.find(b"\n", at)
    zero = data.find(b"\0", at, line_feed if line_feed >= 0 else len(data))
    end = zero if zero >= 0 else line_feed
    return end if end >= 0 else None


def join_sent(sent: Iterable[tuple[str, bytes]]) -> bytes:
    """Messages with who sent them, as the body of an entry."""
    return b"".join(
        b"%d %s %s" % (len(sender) + 1 + len(message), sender.encode(), message)
        for sender, message in sent
    )


def iter_sent(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The messages of an entry's body; it ends at bytes that are none."""
    at = 0
    while found := _COUNT.match(body, at):
        at = found.end() + int(found[1])
        sender, _, message = body[found.end() : at].partition(b" ")
        yield sender.decode("utf-8", "replace"), message
