"""Records that are deleted for good, and the proof of it: a line for each segment they were in.

Drawn in docs/log-store-format.md. The line is on disk before the records are gone. Where a process
died between the two, the next one finds the segment still there and voids the line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from jipyo.files import sync
from jipyo.logs.store.paths import make_read_error, make_write_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.logs.store.reader import StoredBlock

FILE: Final = "deletions"
_START: Final = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRecords:
    """What was deleted of one service from one segment."""

    service: str
    n: int
    first_ns: int
    last_ns: int
    checksum: str
    """BLAKE2b of the stored bytes of the blocks that they were in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A line of the file."""

    at_ns: int
    reason: str
    segment: str
    """The file that they were in."""
    records: tuple[DeletedRecords, ...]

    @property
    def n(self) -> int:
        """Records deleted."""
        return sum(part.n for part in self.records)


def digest_blocks(blocks: Iterable[StoredBlock]) -> str:
    """The checksum of what is stored of some blocks.

    Raises:
        StoreError: they cannot be read.
    """
    digest = blake2b(digest_size=16)
    for block in blocks:
        digest.update(block.segment.read(block.summary.offset, block.summary.whole_size))
    return digest.hexdigest()


class DeletionFile:
    """The lines, each with a checksum over itself and the one before, so that none can go."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._path = folder / FILE

    def read(self) -> Iterator[Deletion]:
        """The deletions up to the first line that is not as it was written, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        found: dict[str, Deletion] = {}
        for value in self._read_values():
            found.pop(value["segment"], None)
            if value["records"]:
                found[value["segment"]] = _parse(value)
        yield from found.values()

    def is_whole(self) -> bool:
        """Whether every line is as it was written, and none in between is gone.

        Raises:
            StoreError: the file cannot be read.
        """
        return len(list(self._read_values())) == len(self._read_lines())

    def append(self, deletion: Deletion) -> None:
        """Write a line, and wait until it is on disk; without records it voids the one before.

        Raises:
            StoreFull: it cannot be written.
        """
        body = {
            "at_ns": deletion.at_ns,
            "reason": deletion.reason,
            "segment": deletion.segment,
            "records": [
                {name: getattr(part, name) for name in part.__slots__} for part in deletion.records
            ],
        }
        *_, last = [_START, *(str(value["checksum"]) for value in self._read_values())]
        line = orjson.dumps({**body, "checksum": _chain(last, body)}) + b"\n"
        try:
            self._cut_torn_line()
            is_new = not self._path.exists()
            with self._path.open("ab", buffering=0) as file:
                file.write(line)
                os.fdatasync(file.fileno())
            if is_new:
                sync(self._path.parent)
        except OSError as error:
            raise make_write_error(self._path, error) from error

    def _cut_torn_line(self) -> None:
        """Cut what a process that died left of a line; it had deleted nothing yet."""
        if self._path.exists():
            data = self._path.read_bytes()
            os.truncate(self._path, data.rfind(b"\n") + 1)

    def _read_lines(self) -> list[bytes]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise make_read_error(self._path, error) from error
        return data[: data.rfind(b"\n") + 1].splitlines()

    def _read_values(self) -> Iterator[dict[str, Any]]:
        """The lines up to the first that is not as it was written."""
        last = _START
        for line in self._read_lines():
            try:
                value = orjson.loads(line)
                own = value["checksum"]
                body = {name: part for name, part in value.items() if name != "checksum"}
            except (ValueError, KeyError, TypeError, AttributeError):
                return
            if own != _chain(last, body):
                return
            last = own
            yield value


def _parse(value: dict[str, Any]) -> Deletion:
    return Deletion(
        at_ns=value["at_ns"],
        reason=value["reason"],
        segment=value["segment"],
        records=tuple(DeletedRecords(**part) for part in value["records"]),
    )


def _chain(last: str, body: dict[str, Any]) -> str:
    text = last.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest()
