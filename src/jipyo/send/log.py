"""The log: a row of files, of which the last one is written to; whole before `append` returns."""

from __future__ import annotations

import errno
import fcntl
import threading
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreBusy, StoreFull
from jipyo.send.segment import SegmentWriter, Written, count_all_samples, list_segments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Scrape
    from jipyo.send.segment import Segment

_SMALLEST_SEGMENT, _LARGEST_SEGMENT = 64 << 10, 8 << 20
_SEGMENTS_WITHIN_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log, in bytes, and how many samples are before it."""

    offset: int
    samples: int


class Log:
    """The files of a folder; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open the log, which is made where there is none; a file that it goes on with is new.

        Raises:
            StoreBusy: another process has it open.
            StoreFull: the folder cannot be read or written.
        """
        self.folder = folder
        self.segment_bytes = _LARGEST_SEGMENT
        """A file of this size is followed by another."""
        self._lock = threading.Lock()
        self._writer: SegmentWriter | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._mutex = lock_folder(folder)
            self._segments = list_segments(folder)
            last = self._segments[-1] if self._segments else None
            self._end = Position(last.end, count_all_samples(last)) if last else Position(0, 0)
        except OSError as error:
            raise self._build_error(error) from error

    @property
    def end(self) -> Position:
        """Behind the last append."""
        return self._end

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        with self._lock:
            return sum(segment.end - segment.start for segment in self._segments)

    def append(self, scrapes: Sequence[Scrape]) -> Written:
        """Write the scrapes behind all others.

        Raises:
            StoreFull: nothing of them was kept.
        """
        with self._lock:
            try:
                if self._mutex.closed:
                    raise OSError(errno.EBADF, "closed")
                writer = self._find_writer()
                written = writer.append(scrapes, self._end.samples)
            except OSError as error:
                self._end_file()
                raise self._build_error(error) from error
            self._end = Position(writer.segment.end, self._end.samples + written.accepted)
            return written

    def move_end(self, position: Position) -> None:
        """Begin behind a position, where files are gone that destinations have passed."""
        with self._lock:
            if position.offset > self._end.offset:
                self._end = position

    def find_segment(self, offset: int) -> Segment | None:
        """The file of an offset, or the next one; None where there is none yet."""
        with self._lock:
            at = bisect_right(self._segments, offset, key=lambda segment: segment.start) - 1
            if at >= 0 and offset < self._segments[at].end:
                return self._segments[at]
            return self._segments[at + 1] if at + 1 < len(self._segments) else None

    def find_start_within(self, limit_bytes: int) -> Position:
        """Where the oldest file begins of which all is within the last `limit_bytes`."""
        with self._lock:
            for segment in self._segments:
                if self._end.offset - segment.start <= limit_bytes:
                    return Position(segment.start, segment.samples_before)
            return self._end

    def find_series(self, segment: Segment, layout: int) -> tuple[Labels, ...] | None:
        """The series of a layout of the file that is written to; None for another file."""
        with self._lock:
            writer = self._writer
            if writer is None or writer.segment is not segment:
                return None
            return writer.series[layout] if layout < len(writer.series) else None

    def delete_before(self, offset: int) -> None:
        """Delete the files that end at or before an offset, but for the one that is written to."""
        with self._lock:
            current = self._writer.segment if self._writer else None
            for segment in list(self._segments):
                if segment.end > offset or segment is current:
                    break
                try:
                    segment.path.unlink(missing_ok=True)
                except OSError:
                    break  # after the next append it is tried again
                self._segments.remove(segment)

    def delete_all(self) -> None:
        """Delete all files: nobody waits for what is in them."""
        with self._lock:
            self._end_file()
            for segment in self._segments:
                segment.path.unlink(missing_ok=True)
            self._segments.clear()

    def adapt_to_limit(self, limit_bytes: int) -> None:
        """Make the files small enough that a limit is kept with one of them more or less."""
        size = limit_bytes // _SEGMENTS_WITHIN_LIMIT
        self.segment_bytes = min(max(size, _SMALLEST_SEGMENT), _LARGEST_SEGMENT)

    def close(self) -> None:
        """Close the files, and let others open them."""
        with self._lock:
            self._end_file()
            self._mutex.close()

    def _find_writer(self) -> SegmentWriter:
        writer = self._writer
        if writer and writer.segment.end - writer.segment.start >= self.segment_bytes:
            self._end_file()
        if self._writer is None:
            self._writer = SegmentWriter(self.folder, self._end.offset, self._end.samples)
            self._segments.append(self._writer.segment)
        return self._writer

    def _end_file(self) -> None:
        """Write no more to the current file; what failed to be written is cut off or skipped."""
        if self._writer is None:
            return
        segment, size = self._writer.segment, self._writer.close()
        self._writer = None
        if segment.end == segment.start:
            segment.path.unlink(missing_ok=True)
            self._segments.remove(segment)
        elif segment.start + size > self._end.offset:
            self._end = Position(segment.start + size, self._end.samples)

    def _build_error(self, error: OSError) -> StoreFull:
        reason = error.strerror or str(error)
        return StoreFull("send.full", hint="send.full.hint", path=str(self.folder), reason=reason)


def lock_folder(folder: Path) -> IO[bytes]:
    """A file that this process alone has locked until it is closed.

    Raises:
        StoreBusy: another process has it locked.
        OSError: it cannot be made.
    """
    file = (folder / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise StoreBusy("send.busy", hint="send.busy.hint", path=str(folder)) from error
    return file
