"""How far a log file was read, and whether a file is the one that was read before.

Rotation renames, copies and compresses, and file systems use inodes again. So a file is
known by its bytes: the first ones, and those before the place up to which it was read.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.logs.ingest.sources.content import Content

HEAD_BYTES = 1024
TAIL_BYTES = 256
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class FilePosition:
    """Everything before `offset` is stored; for a compressed file, of what it decompresses to."""

    path: str
    """Where the file was first seen: rotated, it still belongs there."""
    real_path: str
    """Where that was, symbolic links resolved."""
    device: int
    inode: int
    seen_ns: int
    """When it was last read."""
    offset: int = 0
    head_size: int = 0
    head: str = ""
    """Of the first `head_size` bytes."""
    tail: str = ""
    """Of the last `TAIL_BYTES` before `offset`, or as many as there are."""

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FilePosition:
        """The position as it was written."""
        return cls(**content)


@dataclass(slots=True)
class Trail:
    """The bytes by which a file is recognised, while it is read."""

    offset: int = 0
    head: bytes = b""
    tail: bytes = b""

    def pass_over(self, data: bytes) -> None:
        """Go on behind these bytes."""
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]
        self.tail = (self.tail + data)[-TAIL_BYTES:]
        self.offset += len(data)

    def build_position(
        self, paths: tuple[str, str], identity: tuple[int, int], seen_ns: int
    ) -> FilePosition:
        """The position of the file that was read up to here."""
        head, tail = hash_bytes(self.head), hash_bytes(self.tail)
        return FilePosition(*paths, *identity, seen_ns, self.offset, len(self.head), head, tail)


def find_trail(content: Content, position: FilePosition) -> Trail | None:
    """Read up to a position; None where the file has other bytes there, or fewer.

    Raises:
        OSError, MalformedBody: the file cannot be read.
    """
    head = content.read_at(0, position.head_size)
    if len(head) != position.head_size or hash_bytes(head) != position.head:
        return None
    size = min(TAIL_BYTES, position.offset)
    tail = content.read_at(position.offset - size, size)
    if len(tail) != size or hash_bytes(tail) != position.tail:
        return None
    return Trail(position.offset, head, tail)


def hash_bytes(data: bytes) -> str:
    """A short hash."""
    return hashlib.blake2b(data, digest_size=_HASH_BYTES).hexdigest()
