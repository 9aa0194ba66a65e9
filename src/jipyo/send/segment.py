"""The files of the queue: each is named after the offset at which it begins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.files import sync
from jipyo.model.sample import Scrape
from jipyo.send.record import (
    HEADER_SIZE,
    RecordKind,
    StoredScrape,
    count_samples,
    decode_header,
    decode_series,
    encode_record,
    encode_scrapes,
    encode_series,
    find_record,
    read_layout,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from jipyo.model.labels import Labels
    from jipyo.send.record import Header

SUFFIX = ".queue"
_RECORD_SAMPLES = 20_000
"""A record ends with the scrape that brings it to so many samples."""


@dataclass(slots=True)
class Segment:
    """A file of the queue, from one offset of the queue to another."""

    path: Path
    start: int
    end: int
    """Behind the last byte that is on disk."""
    samples_before: int
    """Samples that the queue was given before this file."""


def segment_path(folder: Path, start: int) -> Path:
    """The file that begins at an offset; names in order are offsets in order."""
    return folder / f"{start:020d}{SUFFIX}"


def list_segments(folder: Path) -> list[Segment]:
    """The files of a folder in their order; empty ones are deleted.

    Raises:
        OSError: the folder cannot be read.
    """
    segments: list[Segment] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        size = path.stat().st_size
        if not path.stem.isdecimal():
            continue
        if not size:
            path.unlink()
            continue
        start = int(path.stem)
        segments.append(Segment(path, start, start + size, _read_samples_before(path, segments)))
    return segments


def _read_samples_before(path: Path, before: list[Segment]) -> int:
    """By the first whole record; without one, as many as before the file before it."""
    with path.open("rb") as file:
        header = decode_header(file.read(HEADER_SIZE))
        if header is not None and header.matches(file.read(header.size)):
            return header.samples_before
    found = find_record(path.read_bytes())
    if found is not None:
        return found[1].samples_before
    return before[-1].samples_before if before else 0


def count_all_samples(segment: Segment) -> int:
    """The samples that the queue was given by the last whole record of a file.

    Raises:
        OSError: it cannot be read.
    """
    data, at, total = segment.path.read_bytes(), 0, segment.samples_before
    while (found := find_record(data, at)) is not None:
        at, header = found
        at += HEADER_SIZE
        total = max(total, header.samples_before)
        if header.kind == RecordKind.SCRAPES:
            total = header.samples_before + count_samples(data[at : at + header.size])
        at += header.size
    return total


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the samples of an append."""

    accepted: int = 0
    invalid: int = 0
    """Samples of series whose labels are no text of Unicode."""


class SegmentWriter:
    """Appends to a new file, whose layouts are numbered as they come."""

    def __init__(self, folder: Path, start: int, samples_before: int) -> None:
        """Make the file.

        Raises:
            OSError: it cannot be made.
        """
        self.segment = Segment(segment_path(folder, start), start, start, samples_before)
        self._file = self.segment.path.open("wb", buffering=0)
        self._layouts: dict[tuple[Labels, ...], int] = {}
        self._series: list[tuple[Labels, ...]] = []
        sync(folder)

    @property
    def series(self) -> list[tuple[Labels, ...]]:
        """The series of each layout, by its number."""
        return self._series

    def append(self, scrapes: Iterable[Scrape], samples_before: int) -> Written:
        """Write the scrapes, and wait until they are on disk.

        Raises:
            OSError: they are not; the writer must not be used again.
        """
        data, written = self._encode(scrapes, samples_before)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        os.fdatasync(self._file.fileno())
        self.segment.end += len(data)
        return written

    def close(self) -> int:
        """End the file behind the last whole append where that is possible; how long it is."""
        size = self.segment.end - self.segment.start
        try:
            if os.fstat(self._file.fileno()).st_size > size:
                os.ftruncate(self._file.fileno(), size)
        except OSError:
            pass  # what is behind is not read: the next file begins behind it
        finally:
            size = os.fstat(self._file.fileno()).st_size
            self._file.close()
        return size

    def _encode(self, scrapes: Iterable[Scrape], samples_before: int) -> tuple[bytes, Written]:
        records: list[bytes] = []
        waiting: list[StoredScrape] = []
        flushed = count = invalid = 0
        for given in scrapes:
            layout, scrape = self._find_layout(given, samples_before + flushed, records)
            invalid += len(given.values) - len(scrape.values)
            waiting.append(StoredScrape(layout, scrape.t_ms, scrape.values))
            count += len(scrape.values)
            if count - flushed >= _RECORD_SAMPLES:
                records.append(_encode_scrapes(waiting, samples_before + flushed))
                waiting, flushed = [], count
        if waiting:
            records.append(_encode_scrapes(waiting, samples_before + flushed))
        return b"".join(records), Written(count, invalid)

    def _find_layout(
        self, scrape: Scrape, samples_before: int, records: list[bytes]
    ) -> tuple[int, Scrape]:
        """The number of the scrape's series, and the scrape without series that are invalid."""
        layout = self._layouts.get(scrape.series)
        if layout is not None:
            return layout, scrape
        layout = len(self._series)
        try:
            payload = encode_series(layout, scrape.series)
        except TypeError:
            return self._find_layout(keep_valid(scrape), samples_before, records)
        records.append(encode_record(RecordKind.SERIES, samples_before, payload))
        self._layouts[scrape.series] = layout
        self._series.append(scrape.series)
        return layout, scrape


def _encode_scrapes(scrapes: list[StoredScrape], samples_before: int) -> bytes:
    return encode_record(RecordKind.SCRAPES, samples_before, encode_scrapes(scrapes))


def keep_valid(scrape: Scrape) -> Scrape:
    """The scrape without the series whose labels are no text of Unicode."""
    valid = [n for n, labels in enumerate(scrape.series) if is_unicode(labels)]
    series = tuple(scrape.series[n] for n in valid)
    return Scrape(scrape.t_ms, series, scrape.values[np.array(valid, np.intp)])


def is_unicode(labels: Labels) -> bool:
    """Whether the labels can be written as UTF-8."""
    try:
        str(labels).encode()
    except UnicodeEncodeError:
        return False
    return True


class SegmentReader:
    """Reads the records of one file, wherever it is begun, and knows the series of its layouts."""

    def __init__(self, segment: Segment, offset: int) -> None:
        """Begin at an offset of the queue within the file.

        Raises:
            OSError: the file cannot be read.
        """
        self.segment = segment
        self.offset = offset
        self._file = segment.path.open("rb", buffering=0)
        self._layouts: dict[int, tuple[Labels, ...]] = {}
        self._learn_layouts()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def find_layout(self, layout: int) -> tuple[Labels, ...] | None:
        """The series of a layout; None where the record that has them is damaged."""
        return self._layouts.get(layout)

    def read(self, end: int) -> tuple[Header, bytes] | None:
        """The record at the offset, which then is behind it; None where none is whole there."""
        at = self.offset - self.segment.start
        header = decode_header(self._read_at(at, HEADER_SIZE))
        if header is None or self.offset + HEADER_SIZE + header.size > end:
            return None
        payload = self._read_at(at + HEADER_SIZE, header.size)
        if not header.matches(payload):
            return None
        self.offset += HEADER_SIZE + header.size
        return header, payload

    def skip_damage(self, end: int) -> Header | None:
        """Move to the next whole record; None, and to the end, where there is none."""
        at = self.offset - self.segment.start
        found = find_record(self._read_at(at, end - self.offset), 1)
        if found is None:
            self.offset = end
            return None
        self.offset += found[0]
        return found[1]

    def learn(
        self, payload: bytes, find_series: Callable[[int], tuple[Labels, ...] | None] | None = None
    ) -> None:
        """Keep the series of a record; where `find_series` has them, those objects."""
        layout = read_layout(payload)
        known = find_series(layout) if find_series else None
        self._layouts[layout] = decode_series(payload) if known is None else known

    def _learn_layouts(self) -> None:
        """The series of the records between the beginning of the file and the offset."""
        wanted, self.offset = self.offset, self.segment.start
        while self.offset < wanted:
            header = decode_header(self._read_at(self.offset - self.segment.start, HEADER_SIZE))
            if header is None or header.kind != RecordKind.SERIES:
                if header is None or self.offset + HEADER_SIZE + header.size > wanted:
                    self._skip_or_stop(wanted)
                else:
                    self.offset += HEADER_SIZE + header.size
                continue
            record = self.read(wanted)
            if record is None:
                self._skip_or_stop(wanted)
            else:
                self.learn(record[1])
        self.offset = wanted

    def _skip_or_stop(self, wanted: int) -> None:
        if self.skip_damage(wanted) is None:
            self.offset = wanted

    def _read_at(self, at: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, at)
