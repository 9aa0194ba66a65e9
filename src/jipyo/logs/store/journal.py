"""The journal: what receivers acknowledged and no segment has yet, in files that only grow.

Drawn in docs/log-store-format.md. An entry is on disk before `append` returns. Files are deleted
once segments have all their entries.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from jipyo.files import sync
from jipyo.logs.store.frames import encode_frame, scan_frames, write_all
from jipyo.logs.store.paths import make_read_error, make_write_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SUFFIX: Final = ".journal"
MAX_FILE_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What was received at once, as it came."""

    number: int
    """From 1, each one more than the one before it."""
    payload: bytes


@dataclass(slots=True)
class _File:
    path: Path
    size: int = 0
    last: int = 0
    """The number of its last entry; zero where it has none."""


@dataclass(eq=False, slots=True)
class _Waiting:
    payload: bytes
    number: int = 0
    error: OSError | None = None


class Journal:
    """Appends and replays; any number of threads may append, and share one wait for the disk."""

    def __init__(self, folder: Path, through: int = 0, also: Sequence[int] = ()) -> None:
        """Open the files of a folder; segments have the entries up to `through`, and `also`.

        What is behind the last whole entry, where a process died while it wrote, is cut off.

        Raises:
            StoreError: the folder cannot be read or written.
        """
        self.damaged_places = 0
        """Where entries are lost because the bytes are not what was written."""
        self.cut_bytes = 0
        """Behind the last whole entry of a file, and of no entry that was acknowledged."""
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._waiting: list[_Waiting] = []
        self._queue_lock, self._write_lock = threading.Lock(), threading.Lock()
        self._unsettled: set[int] = set()
        self._through, self._also = through, frozenset(also)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = [self._recover(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
        except OSError as error:
            raise make_write_error(folder, error) from error
        self._last = max([through, *also, *(file.last for file in self._files)])
        self._unread = [file.path for file in self._files if file.last > through]

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return self._last

    @property
    def size_bytes(self) -> int:
        """Bytes in its files."""
        return sum(file.size for file in self._files)

    def append(self, payload: bytes) -> int:
        """Write an entry and wait until it is on disk; its number.

        Raises:
            StoreFull: it is not.
        """
        mine = _Waiting(payload)
        with self._queue_lock:
            self._waiting.append(mine)
        with self._write_lock:
            if not mine.number and mine.error is None:
                with self._queue_lock:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if mine.error is not None:
            raise make_write_error(self._folder, mine.error) from mine.error
        return mine.number

    def replay(self) -> Iterator[JournalEntry]:
        """The entries that no segment had when the journal was opened.

        Raises:
            StoreError: a file cannot be read.
        """
        also = self._also
        for path in self._unread:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise make_read_error(path, error) from error
            for frame in scan_frames(data):
                if frame.number > self._through and frame.number not in also:
                    yield JournalEntry(frame.number, frame.payload)

    def find_state(self, entries: Iterable[int]) -> tuple[int, tuple[int, ...]]:
        """What segments have once they have these too: all up to a number, and some above it."""
        with self._queue_lock:
            done = self._also.union(entries)
            left = self._unsettled - done
            through = min(left) - 1 if left else self._last
            return through, tuple(sorted(number for number in done if number > through))

    def settle(self, through: int, also: Iterable[int]) -> None:
        """Segments have these entries: delete the files that have no others.

        Raises:
            StoreFull: a file cannot be deleted.
        """
        with self._queue_lock:
            self._also = frozenset(also)
            self._unsettled -= self._also
            self._unsettled = {number for number in self._unsettled if number > through}
        with self._write_lock:
            if self._last <= through:
                self._end_file()
            self._delete_files(through)

    def close(self) -> None:
        """Close the file that is written."""
        with self._write_lock:
            self._end_file()

    def _delete_files(self, through: int) -> None:
        while self._files and self._files[0].last <= through:
            if self._file is not None and len(self._files) == 1:
                return
            try:
                self._files[0].path.unlink(missing_ok=True)
            except OSError as error:
                raise make_write_error(self._files[0].path, error) from error
            del self._files[0]

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write some entries at once; each gets its number or the error.

        A number is never used again: where writing failed some of the bytes may be there.
        """
        with self._queue_lock:
            numbers = range(self._last + 1, self._last + 1 + len(batch))
            self._last = numbers[-1]
            self._unsettled.update(numbers)
        data = b"".join(
            [encode_frame(n, each.payload) for n, each in zip(numbers, batch, strict=True)]
        )
        try:
            file = self._open_file(numbers[0])
            write_all(file, data)
            os.fdatasync(file.fileno())
        except OSError as error:
            self._cut_back()
            with self._queue_lock:
                self._unsettled.difference_update(numbers)
            for each in batch:
                each.error = error
            return
        self._files[-1].last = numbers[-1]
        self._files[-1].size += len(data)
        for number, each in zip(numbers, batch, strict=True):
            each.number = number

    def _open_file(self, first: int) -> IO[bytes]:
        if self._file is not None and self._files[-1].size < MAX_FILE_BYTES:
            return self._file
        self._end_file()
        path = self._folder / f"{first:016d}{SUFFIX}"
        self._file = path.open("wb", buffering=0)
        if not self._files or self._files[-1].path != path:
            self._files.append(_File(path))
        sync(self._folder)
        return self._file

    def _cut_back(self) -> None:
        """End the file behind its last whole entry: what failed was not acknowledged."""
        if self._file is None:
            return
        with suppress(OSError):
            os.ftruncate(self._file.fileno(), self._files[-1].size)
            os.fdatasync(self._file.fileno())
        self._end_file()

    def _end_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _recover(self, path: Path) -> _File:
        """What a file has; what is behind its last whole entry is cut off."""
        file = _File(path)
        for frame in scan_frames(path.read_bytes()):
            file.last, file.size = frame.number, frame.end
            self.damaged_places += frame.follows_damage
            if frame.number > self._through and frame.number not in self._also:
                self._unsettled.add(frame.number)
        excess = path.stat().st_size - file.size
        if excess:
            self.cut_bytes += excess
            os.truncate(path, file.size)
            sync(path)
        return file
