"""The protobuf wire format, as far as remote write needs it (protobuf.dev, "Encoding")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.errors import MalformedBody
from jipyo.model.sample import Times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VARINT, _FIXED64, _LEN, _FIXED32 = 0, 1, 2, 5
_SIGN = 1 << 63
_WORD = 1 << 64
_DOUBLE = 8
_MOST_DIGITS = 9
_FIRST_FIELD = 1 << 3

Value = int | bytes
"""A varint, or the bytes of anything else."""
Field = tuple[int, Value]
"""The number of a field and its value."""
Packed = tuple[npt.NDArray[np.uint8], Times]
"""Packed varints of several parts behind one another, and how many bytes each part has."""


def malformed_message(reason: str) -> MalformedBody:
    """The error for bytes that are no such message."""
    return MalformedBody("wire.damaged", reason=reason)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned number at an offset, and the offset behind it.

    Raises:
        MalformedBody: it does not end.
    """
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise malformed_message(f"a number does not end (byte {at})")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (_WORD - 1), at
        shift += 7


def iter_fields(data: bytes) -> Iterator[Field]:
    """The fields of a message in their order; groups, long deprecated, are rejected.

    Raises:
        MalformedBody: the bytes are no message.
    """
    at, end = 0, len(data)
    while at < end:
        # Nearly every key takes one byte and every length two: those are read in place.
        key, at = (data[at], at + 1) if data[at] < 0x80 else read_varint(data, at)
        kind = key & 7
        if key < _FIRST_FIELD:
            raise malformed_message(f"a field without a number (byte {at})")
        if kind == _LEN:
            if at < end and data[at] < 0x80:
                size, at = data[at], at + 1
            elif at + 1 < end and data[at + 1] < 0x80:
                size, at = data[at] & 0x7F | data[at + 1] << 7, at + 2
            else:
                size, at = read_varint(data, at)
        elif kind == _VARINT:
            number, at = read_varint(data, at)
            yield key >> 3, number
            continue
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise malformed_message(f"a field of wire type {kind} (byte {at})")
        behind = at + size
        if behind > end:
            raise malformed_message(f"a field of {size} bytes ends behind the message (byte {at})")
        yield key >> 3, data[at:behind]
        at = behind


def read_unsigned(value: Value) -> int:
    """A varint as an unsigned number."""
    if isinstance(value, bytes):
        raise malformed_message("bytes where a number is expected")
    return value


def read_signed(value: Value) -> int:
    """A varint as an int64."""
    number = read_unsigned(value)
    return number - _WORD if number >= _SIGN else number


def read_double_bytes(value: Value) -> bytes:
    """The eight bytes of a double; kept as bytes because a NaN may lose bits as a float."""
    if not isinstance(value, bytes) or len(value) != _DOUBLE:
        raise malformed_message("no double where one is expected")
    return value


def read_message(value: Value) -> bytes:
    """The bytes of a message or a text within a message."""
    if not isinstance(value, bytes):
        raise malformed_message("a number where a message is expected")
    return value


def read_text(value: Value) -> str:
    """A text.

    Raises:
        MalformedBody: it is not UTF-8.
    """
    try:
        return read_message(value).decode()
    except UnicodeDecodeError as error:
        raise malformed_message("a text that is not UTF-8") from error


def encode_varint(value: int) -> bytes:
    """An unsigned number as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def encode_field(number: int, payload: bytes) -> bytes:
    """A field that holds a text, bytes or another message."""
    return encode_varint(number << 3 | _LEN) + encode_varint(len(payload)) + payload


def join_packed(parts: Sequence[bytes]) -> Packed:
    """The bytes of all parts behind one another, and how many each has."""
    sizes = np.array([len(part) for part in parts], np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), sizes


def read_packed_varints(digits: npt.NDArray[np.uint8], sizes: Times) -> tuple[Times, Times]:
    """The unsigned numbers of parts of so many bytes as one array, and the end of each part in it.

    All at once, since one by one they would cost more than all the rest.

    Raises:
        MalformedBody: a part does not end with a number's last byte.
    """
    last = digits < 0x80
    edges = np.cumsum(sizes)
    if not last[edges[sizes > 0] - 1].all():
        raise malformed_message("a number does not end")
    behind = np.flatnonzero(last) + 1
    starts = np.concatenate((np.zeros(1, np.int64), behind))[:-1]
    places = np.arange(len(digits)) - np.repeat(starts, behind - starts)
    if len(places) and places.max() >= _MOST_DIGITS:
        raise malformed_message("a number that is too large")
    shifted = (digits & 0x7F).astype(np.int64) << (7 * places)
    numbers: Times = np.add.reduceat(shifted, starts) if len(starts) else shifted
    ends: Times = np.concatenate((np.zeros(1, np.int64), np.cumsum(last, dtype=np.int64)))[edges]
    return numbers, ends
