"""Whether the files that the writer has open still carry their names.

A deleted file stays writable for the process that has it open, and SQLite does not look: its
commits succeed, and all of it is gone when the process ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.errors import StoreFull
from jipyo.tsdb.format import get_journal_path

if TYPE_CHECKING:
    from pathlib import Path

_Identity = tuple[int, int]


class OpenFiles:
    """The database and its journal, as they were when a writer had opened both."""

    def __init__(self, file: Path) -> None:
        """Remember the files at these paths; neither is replaced while a writer is open."""
        self._file = file
        self._opened = tuple(
            (path, _read_identity(path)) for path in (file, get_journal_path(file))
        )

    def are_in_place(self) -> bool:
        """Whether both paths still lead to the open files; two calls of `stat`.

        Raises:
            OSError: the file system does not tell.
        """
        return all(_read_identity(path) == identity for path, identity in self._opened)

    def check(self) -> None:
        """Refuse to write to files that no one could read after a restart.

        Raises:
            StoreFull: one of them was deleted, moved or replaced.
            OSError: the file system does not tell.
        """
        if not self.are_in_place():
            raise StoreFull("tsdb.file_gone", hint="tsdb.file_gone.hint", path=str(self._file))


def _read_identity(path: Path) -> _Identity | None:
    """Device and inode; None where there is no such file."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
