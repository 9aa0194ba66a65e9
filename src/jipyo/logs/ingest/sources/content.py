"""What a log file holds, plain or compressed by gzip."""

from __future__ import annotations

import os
import stat
import zlib
from typing import TYPE_CHECKING, Protocol

from jipyo.model.errors import MalformedBody
from jipyo.wire.compression import GZIP

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = b"\x1f\x8b"
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_COMPRESSED_BYTES = 1 << 16
_STEP = 1 << 20
_KEPT = 4096


class Content(Protocol):
    """The bytes of a file; read from the front to the back, as compressed ones must be."""

    identity: tuple[int, int]
    """Device and inode."""
    is_compressed: bool

    def read_at(self, offset: int, size: int) -> bytes:
        """So many bytes at an offset, fewer at the end.

        Raises:
            OSError, MalformedBody: they cannot be read.
        """
        ...

    def size(self) -> int | None:
        """How many bytes there are; None where only reading tells."""
        ...

    def is_complete(self) -> bool:
        """Whether nothing can follow behind what was read: the end of a compressed file."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class PlainContent:
    """A file as it is."""

    is_compressed = False

    def __init__(self, handle: int) -> None:
        """Own an open file."""
        self._handle = handle
        about = os.fstat(handle)
        self.identity = about.st_dev, about.st_ino

    def read_at(self, offset: int, size: int) -> bytes:
        """See `Content.read_at`."""
        return os.pread(self._handle, size, offset)

    def size(self) -> int | None:
        """See `Content.size`."""
        return os.fstat(self._handle).st_size

    def is_complete(self) -> bool:
        """See `Content.is_complete`."""
        return False

    def close(self) -> None:
        """See `Content.close`."""
        os.close(self._handle)


class GzipContent:
    """What a compressed file decompresses to; reading backwards begins at the front again."""

    is_compressed = True

    def __init__(self, handle: int) -> None:
        """Own an open file."""
        self._plain = PlainContent(handle)
        self.identity = self._plain.identity
        self._restart()

    def _restart(self) -> None:
        self._stream = zlib.decompressobj(GZIP)
        self._input, self._input_at = b"", 0
        self._start, self._window = 0, b""
        """The last bytes that were decompressed, and where they are."""

    def read_at(self, offset: int, size: int) -> bytes:
        """See `Content.read_at`."""
        if offset < self._start:
            self._restart()
        while self._start + len(self._window) < offset + size:
            keep_from = min(offset, self._start + len(self._window) - _KEPT)
            if keep_from > self._start:
                self._window = self._window[keep_from - self._start :]
                self._start = keep_from
            piece = self._decompress()
            if not piece:
                break
            self._window += piece
        at = offset - self._start
        return self._window[at : at + size] if at >= 0 else b""

    def _decompress(self) -> bytes:
        """The next piece; none at the end, which may be in the middle of a file being written."""
        while True:
            if not self._input:
                self._input = self._plain.read_at(self._input_at, _COMPRESSED_BYTES)
                self._input_at += len(self._input)
                if not self._input:
                    return b""
            if self._stream.eof:
                self._stream = zlib.decompressobj(GZIP)
            try:
                piece = self._stream.decompress(self._input, _STEP)
            except zlib.error as error:
                raise MalformedBody("wire.damaged", reason=str(error)) from error
            at_end = self._stream.eof
            self._input = self._stream.unused_data if at_end else self._stream.unconsumed_tail
            if piece:
                return piece

    def size(self) -> int | None:
        """See `Content.size`."""
        return None

    def is_complete(self) -> bool:
        """See `Content.is_complete`."""
        return self._stream.eof and not self._input

    def close(self) -> None:
        """See `Content.close`."""
        self._plain.close()


def open_content(path: Path) -> Content | None:
    """The content of a regular file; None for a folder, pipe or device.

    Raises:
        OSError: it cannot be opened.
    """
    handle = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return None
        if os.pread(handle, len(_MAGIC), 0) == _MAGIC:
            return GzipContent(handle)
        return PlainContent(handle)
    except BaseException:
        os.close(handle)
        raise
