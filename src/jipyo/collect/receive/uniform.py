"""Remote write requests of the form in which Prometheus writes them, split all at once.

Every series of such a request has one sample, behind its labels; in 2.0 also metadata. Then
the three bytes with which a sample begins separate what names the series from what was
measured. They may occur elsewhere by chance, so what is split is checked against the lengths
that the message declares; what fails is left to the walker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.errors import MalformedBody
from jipyo.wire import protobuf as wire

if TYPE_CHECKING:
    from jipyo.model.sample import Times

# A sample is field 2, its length, the value, the time in six bytes. A value of 0 is not written.
VALUE_AND_TIME = b"\x12\x10\x09"
TIME_ALONE = b"\x12\x07\x10"
TAIL = 15
"""Bytes of a sample behind those: the value, the key of the time, the time."""
_LONG, _SHORT = 18, 9
_ZERO_BEHIND = b"\0"
_ZERO_VALUE = _ZERO_BEHIND + VALUE_AND_TIME + bytes(8) + b"\x10"
"""A sample without a value, written as the others; what names its series ends in a zero byte."""
_LABEL, _METADATA, _SERIES, _REFERENCES = 0x0A, 0x2A, 0x2A, 0x0A
_LEAST_PIECE = TAIL + 2
_LEAST_HEADER = 4

_Bytes = npt.NDArray[np.uint8]


def split_series_v1(body: bytes) -> tuple[list[bytes], bytes] | None:
    """What names each series, and the tails of their samples; None for a body of another form.

    A name is only proven to be one by `read_labels_v1`.
    """
    pieces = body.replace(TIME_ALONE, _ZERO_VALUE).split(VALUE_AND_TIME)
    tails = b"".join([piece[:TAIL] for piece in pieces[1:]])
    if len(pieces) == 1 or len(tails) != TAIL * (len(pieces) - 1) or len(pieces[-1]) != TAIL:
        return None
    return [pieces[0], *[piece[TAIL:] for piece in pieces[1:-1]]], tails


def read_labels_v1(name: bytes) -> bytes | None:
    """The fields of the labels; None where this is not the begin of a series with one sample."""
    if name[:1] != b"\x0a":
        return None
    try:
        size, at = wire.read_varint(name, 1)
        fields = name[at:-1] if size == len(name) - at - 1 + _SHORT else name[at:]
        sample = size - len(fields)
        is_whole = sample == _LONG or (sample == _SHORT and name.endswith(_ZERO_BEHIND))
        only_labels = all(number == 1 for number, _ in wire.iter_fields(fields))
    except MalformedBody:
        return None
    return fields if is_whole and only_labels else None


@dataclass(frozen=True, slots=True)
class UniformSeries:
    """The series of a request of 2.0."""

    references: wire.Packed
    """To the words of their labels."""
    tails: bytes
    body: bytes
    metadata: tuple[Times, Times]
    """Where that of each series begins in the body and ends."""

    def list_metadata(self) -> list[bytes]:
        """The metadata message of each series."""
        starts, ends = self.metadata
        return [self.body[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def split_series_v2(body: bytes) -> UniformSeries | None:
    """The series of a request, behind its symbols; None for one of another form.

    A series is its key, its length, its references, a sample, and metadata.
    """
    body = body.replace(TIME_ALONE, _ZERO_VALUE)
    lengths = np.array([len(piece) for piece in body.split(VALUE_AND_TIME)], np.int64)
    if len(lengths) == 1 or lengths[1:].min() < _LEAST_PIECE:
        return None
    data = np.frombuffer(body, np.uint8)
    starts = np.cumsum(lengths + len(VALUE_AND_TIME)) - lengths - len(VALUE_AND_TIME)
    ends = starts + lengths
    metadata, metadata_size = starts[1:] + TAIL + 2, data[starts[1:] + TAIL + 1].astype(np.int64)
    behind = metadata + metadata_size
    headers = np.concatenate((starts[:1], behind[:-1]))
    if behind[-1] != ends[-1] or (ends[:-1] - headers).min() < _LEAST_HEADER:
        return None
    size, at = _read_short_varints(data, headers + 1)
    reference_size, first = _read_short_varints(data, at + 1)
    is_zero = ends[:-1] - first - reference_size
    size_found = first + reference_size - at + np.where(is_zero, _SHORT, _LONG) + 2 + metadata_size
    is_whole = (
        (data[headers] == _SERIES)
        & (data[at] == _REFERENCES)
        & (data[starts[1:] + TAIL] == _METADATA)
        & (metadata_size < 0x80)
        & (reference_size >= 0)
        & (is_zero >= 0)
        & (is_zero <= 1)
        & (size == size_found)
    )
    if not is_whole.all():
        return None
    return UniformSeries(
        (data[_list_places(first, reference_size)], reference_size),
        data[_list_places(starts[1:], np.full(len(first), TAIL))].tobytes(),
        body,
        (metadata, behind),
    )


def _read_short_varints(data: _Bytes, at: Times) -> tuple[Times, Times]:
    """Numbers of one or two bytes, and where what follows begins; -1 for a longer one."""
    first, second = data[at].astype(np.int64), data[at + 1].astype(np.int64)
    is_long = first >= 0x80
    numbers = np.where(is_long, (first & 0x7F) | second << 7, first)
    numbers[is_long & (second >= 0x80)] = -1
    return numbers, at + 1 + is_long


def _list_places(starts: Times, sizes: Times) -> Times:
    """The places of stretches of an array, one stretch behind the other."""
    behind = np.cumsum(sizes)
    places: Times = np.repeat(starts - behind + sizes, sizes) + np.arange(behind[-1])
    return places
