"""One writer per folder: an flock, which the kernel releases when its process dies."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreBusy
from jipyo.tsdb.format import make_full_error

if TYPE_CHECKING:
    from pathlib import Path


READERS = "lock.readers"
"""Shared by readers, held alone while the file is replaced."""


class FolderLock:
    """Held from `acquire` until `close` or the end of the process."""

    def __init__(self, fd: int) -> None:
        """Use `acquire`."""
        self._fd = fd

    @classmethod
    def acquire(cls, folder: Path, name: str = "lock", *, shared: bool = False) -> FolderLock:
        """Lock a folder, or fail at once.

        Raises:
            StoreBusy: another process holds it.
            StoreFull: the lock's file cannot be made.
        """
        path = folder / name
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            if error.errno != errno.EROFS or not path.exists():
                raise make_full_error(path, error) from error
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise StoreBusy("tsdb.busy", hint="tsdb.busy.hint", path=str(folder)) from error
        return cls(fd)

    def close(self) -> None:
        """Release the lock; more than once does no harm."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
