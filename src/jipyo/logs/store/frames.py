"""Numbered frames in a file that only grows: each with checksums, found again behind damage."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC: Final = b"\xf5jip"
_HEADER: Final = struct.Struct("<4sQIII")
_WITHOUT_OWN_CRC: Final = _HEADER.size - 4


@dataclass(frozen=True, slots=True)
class NumberedFrame:
    """A whole frame of a file."""

    number: int
    payload: bytes
    end: int
    """Where it ends in the bytes that were read."""
    follows_damage: bool
    """Between it and the whole frame before it are bytes of none."""


def encode_frame(number: int, payload: bytes) -> bytes:
    """The bytes of a frame."""
    header = struct.pack("<4sQII", _MAGIC, number, len(payload), crc32(payload))
    return header + struct.pack("<I", crc32(header)) + payload


def scan_frames(data: bytes) -> Iterator[NumberedFrame]:
    """The whole frames, in order; what is damaged is passed over."""
    at = end = 0
    while (at := data.find(_MAGIC, at)) >= 0:
        header = data[at : at + _HEADER.size]
        if len(header) < _HEADER.size:
            return
        _, number, size, crc, own = _HEADER.unpack(header)
        if crc32(header[:_WITHOUT_OWN_CRC]) != own:
            at += 1
            continue
        payload = data[at + _HEADER.size : at + _HEADER.size + size]
        if len(payload) == size and crc32(payload) == crc:
            yield NumberedFrame(number, payload, at + _HEADER.size + size, follows_damage=at > end)
            end = at + _HEADER.size + size
        at += _HEADER.size + size


def write_all(file: IO[bytes], data: bytes) -> None:
    """Write to an unbuffered file until it has taken everything.

    Raises:
        OSError: it takes no more.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
