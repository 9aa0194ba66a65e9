"""The protobuf wire format, as far as remote write needs it (protobuf.dev, "Encoding")."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from jipyo.collect.push.body import BadBody

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _LEN, _FIXED32 = 0, 1, 2, 5
_SIGN = 1 << 63
_WORD = 1 << 64

Value = int | bytes
"""A varint, or the bytes of anything else."""
Field = tuple[int, Value]
"""The number of a field and its value."""


def damaged(reason: str) -> BadBody:
    """Said of bytes that are no such message."""
    return BadBody("push.damaged", reason=reason)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned number at a place, and the place behind it.

    Raises:
        BadBody: it does not end.
    """
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise damaged(f"a number does not end (byte {at})")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (_WORD - 1), at
        shift += 7


def fields(data: bytes) -> Iterator[Field]:
    """The fields of a message in their order; groups are long gone from the format.

    Raises:
        BadBody: the bytes are no message.
    """
    at, end = 0, len(data)
    while at < end:
        # Nearly every key takes one byte and every length two: those are read in place.
        key, at = (data[at], at + 1) if data[at] < 0x80 else varint(data, at)
        kind = key & 7
        if kind == _LEN:
            if at < end and data[at] < 0x80:
                size, at = data[at], at + 1
            elif at + 1 < end and data[at + 1] < 0x80:
                size, at = data[at] & 0x7F | data[at + 1] << 7, at + 2
            else:
                size, at = varint(data, at)
        elif kind == _VARINT:
            number, at = varint(data, at)
            yield key >> 3, number
            continue
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise damaged(f"a field of wire type {kind} (byte {at})")
        behind = at + size
        if behind > end:
            raise damaged(f"a field of {size} bytes ends behind the message (byte {at})")
        yield key >> 3, data[at:behind]
        at = behind


def signed(value: Value) -> int:
    """A varint as an int64."""
    if isinstance(value, bytes):
        raise damaged("bytes where a number is expected")
    return value - _WORD if value >= _SIGN else value


def double(value: Value) -> bytes:
    """The eight bytes of a double; kept as bytes because a NaN may lose bits as a float."""
    if not isinstance(value, bytes) or len(value) != struct.calcsize("<d"):
        raise damaged("no double where one is expected")
    return value


def message(value: Value) -> bytes:
    """The bytes of a message or a text within a message."""
    if not isinstance(value, bytes):
        raise damaged("a number where a message is expected")
    return value


def text(value: Value) -> str:
    """A text.

    Raises:
        BadBody: it is not UTF-8.
    """
    try:
        return message(value).decode()
    except UnicodeDecodeError as error:
        raise damaged("a text that is not UTF-8") from error


def packed(value: Value) -> list[int]:
    """Repeated unsigned numbers, packed or single."""
    if isinstance(value, int):
        return [value]
    if value.isascii():
        return list(value)
    numbers: list[int] = []
    at = 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(number)
    return numbers
