"""The queue on disk: one log for all destinations, and a position in it for each of them.

What `append` has acknowledged survives kill -9. The reasons are in docs/decisions/sending.md.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jipyo.model.sample import Appended, Reject
from jipyo.send.cursor import POSITION_SUFFIX, Cursor, position_path
from jipyo.send.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from jipyo.model.sample import Scrape


class Queue:
    """The log and the positions of its destinations; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open the queue of a folder, which is made where there is none.

        Raises:
            StoreBusy: another process has it open.
            StoreFull: the folder cannot be read or written.
        """
        self._log = Log(folder)
        self._lock = threading.Lock()
        self._cursors: dict[str, Cursor] = {}

    @property
    def size_bytes(self) -> int:
        """The size of the queue's files."""
        return self._log.size_bytes

    def set_destinations(self, limits: Mapping[str, int]) -> dict[str, Cursor]:
        """The cursor of each destination; how much may wait for it, by its name.

        A destination that was not there before gets what is appended from now on; what waits
        for one that is there no more is forgotten.
        """
        with self._lock:
            for name, limit_bytes in limits.items():
                known = self._cursors.get(name)
                if known is None:
                    self._cursors[name] = Cursor(self._log, name, limit_bytes)
                else:
                    known.limit_bytes = limit_bytes
            for name in set(self._cursors) - set(limits):
                self._cursors.pop(name).forget()
            kept = {position_path(self._log.folder, name) for name in limits}
            for path in self._log.folder.glob(f"*{POSITION_SUFFIX}"):
                if path not in kept:  # it went while the queue was closed
                    path.unlink(missing_ok=True)
            if limits:
                self._log.adapt_to_limit(min(limits.values()))
            else:
                self._log.delete_all()
            cursors = dict(self._cursors)
        self.clean()
        return cursors

    def release(self, names: Iterable[str]) -> None:
        """Close these cursors: what was not acknowledged is read again by the next ones."""
        with self._lock:
            for name in names:
                cursor = self._cursors.pop(name, None)
                if cursor is not None:
                    cursor.close()

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """Keep the scrapes for every destination; they are on disk before it returns.

        Raises:
            StoreFull: nothing of them was kept.
        """
        written = self._log.append(scrapes)
        with self._lock:
            cursors = list(self._cursors.values())
        for cursor in cursors:
            cursor.enforce_limit()
        self.clean()
        rejected = {Reject.INVALID_LABELS: written.invalid} if written.invalid else {}
        return Appended(written.accepted, rejected)

    def clean(self) -> None:
        """Delete the files that every destination has passed."""
        with self._lock:
            passed = [cursor.acked.offset for cursor in self._cursors.values()]
        self._log.delete_before(min(passed, default=self._log.end.offset))

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            for cursor in self._cursors.values():
                cursor.close()
            self._log.close()
