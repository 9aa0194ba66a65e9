"""The files of a log store: their names, and the errors of what cannot be read or written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import StoreCorrupt, StoreError, StoreFull

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUFFIX = ".logs"
_NAME = re.compile(r"(\d{12})-(\d{12})-(\d+)\.logs")


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """Which flushes a segment has the records of, and how often it was rewritten."""

    first: int
    last: int
    """Flushes are numbered from 1; both ends are in it."""
    version: int = 0

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.first:012d}-{self.last:012d}-{self.version}{SUFFIX}"

    @classmethod
    def parse(cls, file: str) -> SegmentName | None:
        """The name of a segment's file; None for another file."""
        found = _NAME.fullmatch(file)
        return cls(*(int(part) for part in found.groups())) if found else None

    def replaces(self, other: SegmentName) -> bool:
        """Whether what the other has is in this one, or has been deleted from it."""
        if self.first > other.first or self.last < other.last:
            return False
        return (self.first, self.last) != (other.first, other.last) or self.version > other.version


def list_valid(names: Iterable[SegmentName]) -> list[SegmentName]:
    """Those that no other replaces, in order of their flushes."""
    valid: list[SegmentName] = []
    for name in sorted(names, key=lambda each: (each.first, -each.last, -each.version)):
        if not valid or not valid[-1].replaces(name):
            valid.append(name)
    return valid


def list_segments(folder: Path) -> list[SegmentName]:
    """The names of all segment files of a folder, in no order.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        names = [SegmentName.parse(entry.name) for entry in folder.iterdir()]
    except OSError as error:
        raise make_read_error(folder, error) from error
    return [name for name in names if name is not None]


def make_write_error(path: Path, error: OSError) -> StoreFull:
    """That a path cannot be written to, and why."""
    return StoreFull(
        "logs_store.full",
        hint="logs_store.full.hint",
        path=str(path),
        reason=error.strerror or str(error),
    )


def make_read_error(path: Path, error: OSError) -> StoreError:
    """That a path cannot be read, and why."""
    return StoreError("logs_store.unreadable", path=str(path), reason=error.strerror or str(error))


def make_corrupt_error(path: Path, reason: str) -> StoreCorrupt:
    """That the bytes of a file are not what was written."""
    return StoreCorrupt(
        "logs_store.corrupt", hint="logs_store.corrupt.hint", path=str(path), reason=reason
    )
