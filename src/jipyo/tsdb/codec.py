"""Arrays <-> bytes: a codec byte, a CRC32 that is checked before a byte is decoded.

pcodec has no checksum of its own and may take any damaged bytes for numbers, so nothing
reaches it that does not carry the CRC it was written with.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pcodec
from pcodec import standalone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.sample import Times, Values

_LEVEL = 6
"""1.02 B a value at 19 M values a second; level 8, the default, 1.01 B at 12 M."""

Sids = npt.NDArray[np.int64]
NO_CHUNK = (0, 0, b"-")
"""Codec, CRC and bytes of a chunk that is gone: they do not fit one another."""
Packed = tuple[int, bytes, npt.NDArray[Any]]
"""The codec, bytes whose CRC has been checked, and where the numbers go (contiguous)."""


class Codec(IntEnum):
    """How the bytes were encoded."""

    PCODEC = 1
    ZLIB = 2
    """Bytes of the numbers, first bytes first, deflated: if pcodec ever has to go."""


_PCODEC = int(Codec.PCODEC)
"""Comparing with a member of an enumeration costs several times as much."""


class Damaged(Exception):  # noqa: N818 - never leaves this room
    """Bytes on disk are not those that were written."""


NO_CRC = -1
"""What no row has as its checksum."""
_INTEGER = struct.Struct("<q")
_FIELD = struct.Struct("<BI")
_HEAD_ROW = struct.Struct("<BIqBIqBI")


def crc(b: object, seed: int = 0) -> int:
    """CRC32 with a seed, so that bytes in the wrong place do not pass either.

    On a damaged page a column may be of any type: what is not bytes has `NO_CRC`.
    """
    return zlib.crc32(b, seed & 0xFFFFFFFF) if isinstance(b, bytes) else NO_CRC


def row_crc(*fields: object) -> int:
    """CRC32 of a row's fields in their order, each as its type, its length and its bytes.

    Integers are int64, text is UTF-8. A row with any other type has `NO_CRC`.
    """
    found = 0
    for field in fields:
        if isinstance(field, bytes):
            kind, b = 3, field
        elif isinstance(field, int):
            kind, b = 1, _INTEGER.pack(field)
        elif isinstance(field, str):
            kind, b = 2, field.encode()
        else:
            return NO_CRC
        found = zlib.crc32(b, zlib.crc32(_FIELD.pack(kind, len(b)), found))
    return found


def head_row_crc(lid: int, t_ms: object, b: object) -> int:
    """What `row_crc` is of a head row, in half the time: a query verifies thousands of them."""
    if not isinstance(t_ms, int) or not isinstance(b, bytes):
        return NO_CRC
    return zlib.crc32(b, zlib.crc32(_HEAD_ROW.pack(1, 8, lid, 1, 8, t_ms, 3, len(b))))


def text_row_crc(*fields: object) -> int:
    """The checksum of a row whose texts are given as bytes, which need not be UTF-8."""
    return row_crc(*(decode_text(f) if isinstance(f, bytes) else f for f in fields))


def decode_text(b: bytes) -> str:
    """Damaged text is text with replacement characters: its row fails, not the statement."""
    return b.decode("utf-8", "replace")


def encode(array: npt.NDArray[Any], codec: Codec = Codec.PCODEC) -> bytes:
    """Bytes of an array of 8-byte numbers (int64, uint64, float64) of one dimension."""
    if codec is Codec.ZLIB:
        planes = np.ascontiguousarray(array).view(np.uint8).reshape(-1, 8).T
        return zlib.compress(planes.tobytes(), 6)
    packed: bytes = standalone.simple_compress(array, pcodec.ChunkConfig(_LEVEL))
    return packed


def decode_into(b: bytes, codec: int, out: npt.NDArray[Any]) -> None:
    """Fill `out` (contiguous) from bytes whose CRC has been checked.

    Raises:
        Damaged: the bytes do not hold exactly as many numbers as `out`.
    """
    if codec == Codec.PCODEC:
        done = standalone.simple_decompress_into(b, out)
        if done.n_processed != len(out) or not done.finished:
            raise Damaged
    elif codec == Codec.ZLIB:
        planes = np.frombuffer(_inflate(b), np.uint8)
        if planes.size != out.nbytes:
            raise Damaged
        out.view(np.uint8).reshape(-1, 8)[:] = planes.reshape(8, -1).T
    else:
        raise Damaged


def decode_all(packed: Sequence[Packed]) -> list[int]:
    """Fill one array after the other; the answer is the places of those that are damaged.

    pcodec frees the interpreter's lock while it works; the rest is kept short, so that
    several threads can do this side by side.
    """
    damaged = []
    unpack = standalone.simple_decompress_into
    for at, (codec, b, out) in enumerate(packed):
        if codec == _PCODEC:
            done = unpack(b, out)
            if done.n_processed != len(out) or not done.finished:
                damaged.append(at)
        else:
            try:
                decode_into(b, codec, out)
            except Damaged:
                damaged.append(at)
    return damaged


def decode_times(b: bytes, codec: int, crc_found: int, n: int) -> Times:
    """Times of a slab.

    Raises:
        Damaged: the CRC does not hold.
    """
    if crc(b) != crc_found:
        raise Damaged
    out = np.empty(n, np.int64)
    decode_into(b, codec, out)
    return out


def decode_values(stored: tuple[int, int, bytes], sid: int, out: Values) -> None:
    """Values of one series and day into `out`; `stored` is its codec, CRC and bytes.

    Raises:
        Damaged: the CRC does not hold.
    """
    codec, crc_found, b = stored
    if crc(b, sid) != crc_found:
        raise Damaged
    decode_into(b, codec, out)


def pack_sids(sids: Sids) -> bytes:
    """Ascending ids of series, small."""
    return zlib.compress(np.diff(sids, prepend=0).astype("<i8").tobytes(), 1)


def unpack_sids(b: object) -> Sids:
    """What `pack_sids` packed.

    Raises:
        Damaged: the bytes are not ascending ids, or their checksum (Adler-32) does not hold.
    """
    differences = _inflate(b)
    if len(differences) % 8:
        raise Damaged
    return np.cumsum(np.frombuffer(differences, "<i8")).astype(np.int64)


def _inflate(b: object) -> bytes:
    if not isinstance(b, bytes):
        raise Damaged
    try:
        return zlib.decompress(b)
    except zlib.error as error:
        raise Damaged from error
