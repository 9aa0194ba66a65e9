"""The records of the queue's files: bytes <-> values, no I/O. docs/decisions/sending.md draws them.

A record is a header and its payload. The header counts the samples that the queue was given
before it, so that what is lost with a damaged record is known exactly.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import orjson

from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.sample import Values

_MAGIC = b"\xf5JQ"
_HEADER = struct.Struct("<3sBIIQ")
_CHECKED = struct.Struct("<BIQ")
_SERIES = struct.Struct("<I")
_SCRAPE = struct.Struct("<IIq")
_FASTEST = 1

HEADER_SIZE = _HEADER.size


class RecordKind(IntEnum):
    """What is in a record."""

    SERIES = 1
    """The series of scrapes, under a number that is valid within the file."""
    SCRAPES = 2


@dataclass(frozen=True, slots=True)
class Header:
    """What precedes a payload."""

    kind: int
    size: int
    """Bytes of the payload."""
    checksum: int
    samples_before: int
    """Samples that the queue was given before this record."""

    def matches(self, payload: bytes) -> bool:
        """Whether the payload, and the header itself, are what was written."""
        return len(payload) == self.size and self.checksum == _sum_up(
            self.kind, self.samples_before, payload
        )


@dataclass(frozen=True, slots=True)
class StoredScrape:
    """A scrape whose series are known by their number."""

    layout: int
    t_ms: int
    values: Values


def encode_record(kind: RecordKind, samples_before: int, payload: bytes) -> bytes:
    """Header and payload."""
    checksum = _sum_up(kind, samples_before, payload)
    return _HEADER.pack(_MAGIC, kind, len(payload), checksum, samples_before) + payload


def decode_header(data: bytes) -> Header | None:
    """The header at the beginning of the bytes; None where there is none."""
    if len(data) < HEADER_SIZE:
        return None
    magic, kind, size, checksum, samples_before = _HEADER.unpack_from(data)
    return Header(kind, size, checksum, samples_before) if magic == _MAGIC else None


def find_record(data: bytes, start: int = 0) -> tuple[int, Header] | None:
    """Where the first whole record at or behind `start` begins, and its header."""
    at = data.find(_MAGIC, start)
    while at >= 0:
        header = decode_header(data[at : at + HEADER_SIZE])
        if header is not None:
            behind = at + HEADER_SIZE
            if header.matches(data[behind : behind + header.size]):
                return at, header
        at = data.find(_MAGIC, at + 1)
    return None


def encode_series(layout: int, series: tuple[Labels, ...]) -> bytes:
    """The payload of the series of a layout.

    Raises:
        TypeError: a label is no text of Unicode.
    """
    texts = orjson.dumps([labels.pairs for labels in series])
    return _SERIES.pack(layout) + zlib.compress(texts, _FASTEST)


def read_layout(payload: bytes) -> int:
    """The number of the layout whose series are in a payload."""
    (layout,) = _SERIES.unpack_from(payload)
    assert isinstance(layout, int)
    return layout


def decode_series(payload: bytes) -> tuple[Labels, ...]:
    """The series of a layout."""
    texts = orjson.loads(zlib.decompress(payload[_SERIES.size :]))
    return tuple(Labels(tuple((name, value) for name, value in one)) for one in texts)


def encode_scrapes(scrapes: Iterable[StoredScrape]) -> bytes:
    """The payload of scrapes, one behind the other."""
    return b"".join(
        part
        for scrape in scrapes
        for part in (
            _SCRAPE.pack(scrape.layout, len(scrape.values), scrape.t_ms),
            np.ascontiguousarray(scrape.values, "<f8").tobytes(),
        )
    )


def decode_scrapes(payload: bytes) -> Iterator[StoredScrape]:
    """The scrapes of a payload, whose values are views of it."""
    at = 0
    while at < len(payload):
        layout, count, t_ms = _SCRAPE.unpack_from(payload, at)
        at += _SCRAPE.size
        yield StoredScrape(layout, t_ms, np.frombuffer(payload, "<f8", count, at))
        at += 8 * count


def count_samples(payload: bytes) -> int:
    """How many samples are in a payload of scrapes."""
    return sum(len(scrape.values) for scrape in decode_scrapes(payload))


def _sum_up(kind: int, samples_before: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, len(payload), samples_before)))
