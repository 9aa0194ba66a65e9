"""How far a destination has come in the log: what it reads next, and what it has delivered."""

from __future__ import annotations

import contextlib
import errno
import sys
import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from jipyo.model.errors import StoreError
from jipyo.model.sample import Scrape
from jipyo.send.log import Position
from jipyo.send.record import RecordKind, decode_scrapes
from jipyo.send.segment import SegmentReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.send.log import Log
    from jipyo.send.record import StoredScrape
    from jipyo.send.segment import Segment

POSITION_SUFFIX = ".position"
_LONGEST_NAME = 200
_GONE = frozenset({errno.ENOENT, errno.EIO})


@dataclass(frozen=True, slots=True)
class Batch:
    """What comes next for a destination, until it is acknowledged."""

    scrapes: tuple[Scrape, ...]
    samples: int
    end: Position
    skips: int
    """How often samples had been dropped when it was read."""


class Cursor:
    """The place of one destination; one thread reads, others may look and enforce the limit."""

    def __init__(self, log: Log, name: str, limit_bytes: int) -> None:
        """Go on where the destination was, or at the end of the log where it is new.

        Where its position cannot be read all that is there comes again, as a loss would be worse.
        """
        self.limit_bytes = limit_bytes
        """How much may wait for this destination."""
        self.dropped_samples = 0
        """Samples dropped because more waited than the limit allows."""
        self.damaged_samples = 0
        """Samples lost because the bytes on disk are not what was written."""
        self._log = log
        self._path = position_path(log.folder, name)
        self._lock = threading.Lock()
        self._reader: SegmentReader | None = None
        self._skips = 0
        self._is_closed = False
        position, oldest = _load_position(self._path, log), log.find_start_within(sys.maxsize)
        log.move_end(position)
        if oldest.offset > position.offset:
            self.dropped_samples = max(oldest.samples - position.samples, 0)
            position = oldest
        self._next = self._acked = position
        self._save()  # before anything is appended that must not be missed

    @property
    def acked(self) -> Position:
        """Everything before it has been delivered or dropped."""
        return self._acked

    @property
    def pending_samples(self) -> int:
        """Samples that are not delivered yet."""
        return max(self._log.end.samples - self._acked.samples, 0)

    @property
    def pending_bytes(self) -> int:
        """What they take on disk."""
        return max(self._log.end.offset - self._acked.offset, 0)

    @property
    def unread_samples(self) -> int:
        """Samples that were not read yet."""
        return max(self._log.end.samples - self._next.samples, 0)

    def read(self, max_samples: int) -> Batch | None:
        """The next scrapes, until there are `max_samples` or more; None where there are none.

        Raises:
            StoreError: the log cannot be read at the moment.
        """
        with self._lock:
            at, end = self._next, self._log.end
            scrapes: list[Scrape] = []
            count = 0
            while count < max_samples and at.offset < end.offset:
                at, found = self._read_record(at, end)
                scrapes += found
                count += sum(len(scrape.values) for scrape in found)
            if at.offset == end.offset:
                at = self._count_damage(at, end.samples)
            self._next = at
            if not scrapes:
                self._acked = at
                return None
            return Batch(tuple(scrapes), count, at, self._skips)

    def acknowledge(self, batch: Batch) -> None:
        """The batch is delivered, or never will be: go on behind it, also after a restart."""
        with self._lock:
            # The limit may have led further meanwhile, or another sender have taken over.
            if batch.skips == self._skips and not self._is_closed:
                self._acked = batch.end
                self._save()

    def enforce_limit(self) -> None:
        """Drop the oldest samples while more waits than the limit allows."""
        with self._lock:
            if self._is_closed or self._log.end.offset - self._next.offset <= self.limit_bytes:
                return
            start = self._log.find_start_within(self.limit_bytes)
            if start.offset <= self._next.offset:
                return
            self.dropped_samples += max(start.samples - self._next.samples, 0)
            self._next = self._acked = start
            self._skips += 1
            self._save()

    def close(self) -> None:
        """Read no more, and keep the position as it is."""
        with self._lock:
            self._is_closed = True
            self._close_reader()

    def forget(self) -> None:
        """Delete the position: the destination is gone for good."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _read_record(self, at: Position, end: Position) -> tuple[Position, list[Scrape]]:
        """Behind the next record, and its scrapes; none where it is of series or damaged."""
        segment = self._log.find_segment(at.offset)
        if segment is None:
            return end, []
        try:
            reader = self._open_reader(segment, at)
            record = reader.read(segment.end)
            if record is None:
                reader.skip_damage(segment.end)
                return Position(reader.offset, at.samples), []
        except OSError as error:
            return self._skip_unreadable(segment, at, error), []
        header, payload = record
        at = self._count_damage(Position(reader.offset, at.samples), header.samples_before)
        if header.kind == RecordKind.SERIES:
            reader.learn(payload, lambda layout: self._log.find_series(segment, layout))
            return at, []
        stored = list(decode_scrapes(payload))
        count = sum(len(scrape.values) for scrape in stored)
        return Position(at.offset, at.samples + count), list(self._name_series(reader, stored))

    def _name_series(self, reader: SegmentReader, stored: list[StoredScrape]) -> Iterator[Scrape]:
        for scrape in stored:
            series = reader.find_layout(scrape.layout)
            if series is None or len(series) != len(scrape.values):
                self.damaged_samples += len(scrape.values)  # what named them is damaged
            else:
                yield Scrape(scrape.t_ms, series, scrape.values)

    def _open_reader(self, segment: Segment, at: Position) -> SegmentReader:
        reader = self._reader
        offset = max(at.offset, segment.start)
        if reader is None or reader.segment is not segment or reader.offset != offset:
            self._close_reader()
            reader = self._reader = SegmentReader(segment, offset)
        return reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _skip_unreadable(self, segment: Segment, at: Position, error: OSError) -> Position:
        """Behind a file that is gone or whose disk fails."""
        if error.errno not in _GONE:
            raise StoreError(
                "send.unreadable", path=str(segment.path), reason=error.strerror or str(error)
            ) from error
        self._close_reader()
        return Position(segment.end, at.samples)

    def _count_damage(self, at: Position, samples_before: int) -> Position:
        """The position with as many samples before it as the log has counted; others were lost."""
        self.damaged_samples += max(samples_before - at.samples, 0)
        return Position(at.offset, samples_before)

    def _save(self) -> None:
        """Keep what has been delivered; an older position only sends some samples twice."""
        position = {"offset": self._acked.offset, "samples": self._acked.samples}
        temporary = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            temporary.write_bytes(orjson.dumps(position))
            temporary.replace(self._path)


def position_path(folder: Path, name: str) -> Path:
    """Where the position of a destination is kept."""
    text = quote(name, safe="")
    if len(text) > _LONGEST_NAME:  # nine characters for each of Hangul
        text = blake2b(name.encode(), digest_size=16).hexdigest()
    return folder / f"{text}{POSITION_SUFFIX}"


def _load_position(path: Path, log: Log) -> Position:
    try:
        value = orjson.loads(path.read_bytes())
        return Position(int(value["offset"]), int(value["samples"]))
    except FileNotFoundError:
        return log.end
    except (OSError, ValueError, KeyError, TypeError):
        return log.find_start_within(sys.maxsize)
