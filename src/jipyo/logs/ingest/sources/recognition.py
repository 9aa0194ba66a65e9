"""Whether a file that is found is one that was read before, under another name or inode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.logs.ingest.sources.file_names import is_rotated_name
from jipyo.logs.ingest.sources.position import HEAD_BYTES, TAIL_BYTES, Trail, find_trail, hash_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.logs.ingest.sources.content import Content
    from jipyo.logs.ingest.sources.position import FilePosition
    from jipyo.logs.ingest.sources.tailed_file import TailedFile

_DISTINCT_BYTES = 256
"""With fewer bytes two files may be alike by chance."""
_STEP = 4096


def recognise(
    path: Path, content: Content, remembered: Mapping[str, FilePosition]
) -> tuple[str, Trail] | None:
    """The remembered file that has these bytes; one with the same inode first.

    Raises:
        OSError, MalformedBody: the file cannot be read.
    """
    heads: dict[int, str] = {}
    candidates = [each for each in remembered.items() if _may_be(each[1], path, content)]
    candidates.sort(
        key=lambda each: ((each[1].device, each[1].inode) != content.identity, -each[1].offset)
    )
    for key, position in candidates:
        size = position.head_size
        if size not in heads:
            heads[size] = hash_bytes(content.read_at(0, size))
        trail = find_trail(content, position) if heads[size] == position.head else None
        if trail is not None:
            return key, trail
    return None


def _may_be(position: FilePosition, path: Path, content: Content) -> bool:
    """Whether a file may be a remembered one: few bytes prove nothing without inode or name."""
    size = content.size()
    if size is not None and size < position.offset:
        return False
    if (position.device, position.inode) == content.identity:
        return True
    is_named_so = is_rotated_name(path.name, Path(position.real_path).name)
    return position.offset >= _DISTINCT_BYTES or (is_named_so and position.offset > 0)


def is_copy(path: Path, content: Content, file: TailedFile) -> bool:
    """Whether a file is what a rotation copies or compresses of one that is being read.

    It is passed over as long as that one is there: what it has beyond is read once it is gone.

    Raises:
        OSError, MalformedBody: a file cannot be read.
    """
    offset = file.trail.offset
    real = file.real_path
    if not offset or path.parent not in (real.parent, file.path.parent):
        return False
    if not is_rotated_name(path.name, real.name) and not is_rotated_name(path.name, file.path.name):
        return False
    head = content.read_at(0, len(file.trail.head))
    if not head or head != file.trail.head[: len(head)]:
        return False
    start = max(offset - TAIL_BYTES, 0)
    tail = content.read_at(start, offset - start)
    if len(tail) == offset - start:
        return tail == file.trail.tail
    size = content.size()
    if size is None:
        return True  # it is still being written: the next time there is more of it
    start = max(size - TAIL_BYTES, 0)
    return content.read_at(start, size - start) == file.content.read_at(start, size - start)


def skip_all(content: Content) -> Trail:
    """Behind the last whole line of a file; at the front of a compressed one.

    Raises:
        OSError: the file cannot be read.
    """
    size = content.size() or 0
    head = content.read_at(0, HEAD_BYTES)
    while size > 0:
        start = max(size - _STEP, 0)
        line_end = content.read_at(start, size - start).rfind(b"\n") + 1
        if line_end:
            at = start + line_end
            tail = content.read_at(max(at - TAIL_BYTES, 0), min(at, TAIL_BYTES))
            return Trail(at, head[:at], tail)
        size = start
    return Trail()
