"""A log file that is being read: its bytes in order, its records, and how far they were taken."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jipyo.logs.ingest.lines import add_fields

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.logs.ingest.lines import LineOrigin, LineStream
    from jipyo.logs.ingest.sources.content import Content
    from jipyo.logs.ingest.sources.position import FilePosition, Trail
    from jipyo.logs.record import LogBatch

MAX_RECORD_BYTES = 4 << 20
"""A record that is still longer is cut."""
_PROOF_BYTES = 64


class TailedFile:
    """One file; what is appended to it is read until it is replaced, deleted or cut."""

    def __init__(
        self,
        key: str,
        paths: tuple[Path, Path],
        origin: LineOrigin,
        content: Content,
        trail: Trail,
        stream: LineStream,
    ) -> None:
        """Go on behind a trail.

        Args:
            key: of the file's position.
            paths: where it was first seen, and where that was without symbolic links.
            origin: whose lines it has.
            content: is closed by the caller.
            trail: the bytes up to which it was read.
            stream: of its lines.
        """
        self.key = key
        self.path, self.real_path = paths
        self.current_path = self.path
        """Where it is now."""
        self.content = content
        self.trail = trail
        self.is_rotated = False
        """Whether its path leads to another file, or to none."""
        self.read_at_ns = self.idle_since_ns = 0
        """When bytes were last read from it, and since when nothing happens to it."""
        self.origin = origin
        self._stream = stream
        self._buffer = b""
        """Read and not yet taken as records."""

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        return self.content.identity

    def read(self, size: int, now_ns: int) -> tuple[list[LogBatch], int]:
        """The next records, and how many bytes were read; zero at the end of the file.

        Raises:
            OSError, MalformedBody: the file cannot be read.
        """
        data = self.content.read_at(self.trail.offset + len(self._buffer), size)
        if not data:
            return [], 0
        self.read_at_ns = self.idle_since_ns = now_ns
        self._buffer += data
        if not self.trail.offset:
            self._skip_zeros()
        is_last = len(self._buffer) >= MAX_RECORD_BYTES
        size = len(self._buffer) if is_last else self._buffer.rfind(b"\n") + 1
        return self._take(size, now_ns, is_last=is_last) if size else [], len(data)

    def flush(self, now_ns: int, *, is_last: bool) -> list[LogBatch]:
        """The records of the bytes that are there; with `is_last` also a line without its end."""
        size = len(self._buffer) if is_last else self._buffer.rfind(b"\n") + 1
        return self._take(size, now_ns, is_last=True) if size else []

    def has_lost_place(self) -> bool:
        """Whether the file was cut, or written anew, before the place where reading goes on.

        Raises:
            OSError: the file cannot be read.
        """
        size = self.content.size()
        at = self.trail.offset + len(self._buffer)
        if size is None or size == at:
            return False
        proof = (self.trail.tail + self._buffer[-_PROOF_BYTES:])[-_PROOF_BYTES:]
        return size < at or self.content.read_at(at - len(proof), len(proof)) != proof

    def count_unread(self) -> int:
        """Bytes that are there and not yet records; of a compressed file only those in memory.

        Raises:
            OSError: the file cannot be read.
        """
        size = self.content.size()
        return max(size - self.trail.offset, 0) if size is not None else len(self._buffer)

    def build_position(self) -> FilePosition:
        """Behind the records that were taken."""
        paths = os.fspath(self.path), os.fspath(self.real_path)
        return self.trail.build_position(paths, self.identity, self.read_at_ns)

    def has_pending(self) -> bool:
        """Whether bytes wait for what belongs to them."""
        return bool(self._buffer)

    def _take(self, size: int, now_ns: int, *, is_last: bool) -> list[LogBatch]:
        """The records of the first bytes of the buffer, which are whole lines or the last ones."""
        batches, used = self._stream.feed(self._buffer[:size], now_ns, is_last=is_last)
        assert used or not is_last, "BUG: the last bytes of a file were not used"
        self.trail.pass_over(self._buffer[:used])
        self._buffer = self._buffer[used:]
        return [add_fields(batch, self.origin.fields) for batch in batches]

    def _skip_zeros(self) -> None:
        """A writer that goes on where it was leaves a hole before it in a file that was cut."""
        text = self._buffer.lstrip(b"\0")
        self.trail.pass_over(self._buffer[: len(self._buffer) - len(text)])
        self._buffer = text
