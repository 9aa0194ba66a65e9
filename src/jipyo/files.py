"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PUBLIC = 0o644


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """A file that replaces what has its name only once it is complete and on disk.

    Temp, write, sync, rename, sync the folder: readers see the old file or the new one, even
    after a power cut.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), _PUBLIC)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_new(path: Path, text: str) -> bool:
    """Write a file for people to fill in; False where it is there already, and stays as it is.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(text.encode())
    return True


def sync(path: Path, *, data_only: bool = False) -> None:
    """Wait until a file, or the names in a folder, are on disk.

    With `data_only` the file's times may follow later, which saves a write.

    Raises:
        OSError: they cannot be written.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        (os.fdatasync if data_only else os.fsync)(handle)
    finally:
        os.close(handle)
