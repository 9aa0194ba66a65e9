"""The pieces of a block: bytes one after the other, each followed by its checksum."""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate
from typing import TYPE_CHECKING

import cramjam

from jipyo.model.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CRC_BYTES = 4
_CRC = struct.Struct("<I")
_LEVEL = 3


def compress(content: bytes) -> bytes:
    """Zstandard."""
    return bytes(cramjam.zstd.compress(content, _LEVEL))


def decompress(content: bytes) -> bytes:
    """What was compressed; only for bytes whose checksum holds."""
    return bytes(cramjam.zstd.decompress(content))


def seal(content: bytes, seed: int) -> bytes:
    """The content and its CRC32, seeded, so that it fails in another place too."""
    return content + _CRC.pack(zlib.crc32(content, seed))


def unseal(sealed: bytes, seed: int) -> bytes:
    """The content of sealed bytes.

    Raises:
        StoreCorrupt: the checksum does not hold.
    """
    content = sealed[:-CRC_BYTES]
    if sealed[-CRC_BYTES:] != _CRC.pack(zlib.crc32(content, seed)):
        raise StoreCorrupt("logs_store.damaged_blob", blob=seed)
    return content


class BlobWriter:
    """Gathers the blobs of a block; a column knows its blobs by their numbers."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []

    def put(self, content: bytes) -> int:
        """Append a blob with its checksum; the answer is its number."""
        self.blobs.append(seal(content, len(self.blobs)))
        return len(self.blobs) - 1

    def put_sealed(self, blob: bytes) -> int:
        """Append a blob that has checksums inside; the answer is its offset in the block."""
        offset = sum(map(len, self.blobs))
        self.blobs.append(blob)
        return offset


class BlobReader:
    """Reads single blobs of a block, and verifies them."""

    __slots__ = ("_ends", "_lengths", "_read")

    def __init__(self, lengths: Sequence[int], read: Callable[[int, int], bytes]) -> None:
        """`read` gives bytes by their offset in the block and their number."""
        self._lengths = lengths
        self._ends: list[int] | None = None
        self._read = read

    def get(self, number: int) -> bytes:
        """One blob.

        Raises:
            StoreCorrupt: the checksum does not hold.
        """
        length = self._lengths[number]
        return unseal(self._read(self.offset(number), length), number)

    def offset(self, number: int) -> int:
        """Where a blob begins in the block."""
        if self._ends is None:
            self._ends = [0, *accumulate(self._lengths)]
        return self._ends[number]
