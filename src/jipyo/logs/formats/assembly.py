"""Which lines without a head belong to the record before them, and where the last one begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.formats.parts import PlainPart
from jipyo.logs.formats.table import Continuation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.parts import Part

_TRACEBACK = b"Traceback (most recent call last):"
_CHAINED = (b"During handling of the above", b"The above exception was")
_FOLLOWING = (b"Caused by: ", b"Suppressed: ", b"... ", *_CHAINED)
_CLOSING = frozenset(b"}])")


class _Traceback(Enum):
    """Where a record is in a traceback of Python."""

    NONE = 0
    FRAMES = 1
    """Up to the unindented line with the exception."""
    AFTER = 2


@dataclass(slots=True)
class _OpenRecord:
    """The record that the next lines may belong to."""

    head: int
    continuation: Continuation
    traceback: _Traceback
    texts: list[bytes] = field(default_factory=list)
    size_bytes: int = 0

    def takes(self, line: bytes) -> bool:
        """Whether a line without a head belongs to it; moves on in a traceback."""
        if self.continuation is not Continuation.INDENTED:
            return self.continuation is Continuation.ANY
        if not line:
            return self.traceback is _Traceback.AFTER
        if line.startswith(_TRACEBACK):
            self.traceback, before = _Traceback.FRAMES, self.traceback
            return before is not _Traceback.AFTER or self._is_chained()
        if line[0] in b" \t" or line.startswith(_FOLLOWING):
            return True
        if self.traceback is _Traceback.FRAMES:
            self.traceback = _Traceback.AFTER
            return True
        return line[0] in _CLOSING and not line.rstrip(b",;")[1:]

    def _is_chained(self) -> bool:
        last_text = next((text for text in reversed(self.texts) if text), b"")
        return last_text.startswith(_CHAINED)


@dataclass(frozen=True, slots=True)
class RecordLimits:
    """How large a record of several lines may become; more lines begin another one."""

    record_lines: int = 1000
    record_bytes: int = 1 << 20


@dataclass(slots=True)
class Assembled:
    """The records of a block."""

    parts: list[Part]
    continued: dict[int, Sequence[bytes]]
    """By the line of its head, the further lines of a record."""
    open_line: int
    """The head of the last record, if more lines may follow; else the number of all lines."""
    blank: int
    """Empty lines that belong to no record."""


def assemble(
    parts: Sequence[Part], loose: Mapping[int, bytes], n: int, limits: RecordLimits
) -> Assembled:
    """Join lines without a head to records; `loose` has them in ascending order."""
    owners = _number_parts(parts, n)
    plain: dict[int, bytes] = {}
    continued: dict[int, Sequence[bytes]] = {}
    record = None
    blank, last = 0, -2
    for line, text in loose.items():
        if line != last + 1 or record is None:
            owner = int(owners[line - 1]) if line else -1
            if owner >= 0:
                record = _OpenRecord(line - 1, parts[owner].continuation, _Traceback.NONE)
                continued[line - 1] = record.texts
            elif line != last + 1:
                record = None
        last = line
        if record is not None and _fits(record, text, limits) and record.takes(text):
            record.texts.append(text)
            record.size_bytes += len(text) + 1
        elif not text:
            blank += 1
        else:
            traceback = _Traceback.FRAMES if text.startswith(_TRACEBACK) else _Traceback.NONE
            record = _OpenRecord(line, Continuation.INDENTED, traceback, size_bytes=len(text))
            plain[line] = text
            continued[line] = record.texts
    open_line = _find_open_line(parts, owners, record if last == n - 1 else None, n)
    if plain:
        lines = np.fromiter(plain, np.int64, len(plain))
        parts = [*parts, PlainPart(lines, list(plain.values()))]
    continued = {head: texts for head, texts in continued.items() if texts}
    return Assembled(list(parts), continued, open_line, blank)


def _fits(record: _OpenRecord, text: bytes, limits: RecordLimits) -> bool:
    return (
        len(record.texts) < limits.record_lines - 1
        and record.size_bytes + len(text) < limits.record_bytes
    )


def _number_parts(parts: Sequence[Part], n: int) -> NDArray[np.int32]:
    """Of every line the number of its part, -1 for none."""
    owners = np.full(n, -1, np.int32)
    for number, part in enumerate(parts):
        owners[part.lines] = number
    return owners


def _find_open_line(
    parts: Sequence[Part], owners: NDArray[np.int32], record: _OpenRecord | None, n: int
) -> int:
    if record is not None:
        return n if record.continuation is Continuation.NONE else record.head
    if not n or owners[n - 1] < 0:
        return n
    part = parts[int(owners[n - 1])]
    return n if part.continuation is Continuation.NONE else n - 1


def cut_parts(parts: Sequence[Part], end: int) -> list[Part]:
    """The parts without the lines from `end` on."""
    cut: list[Part] = []
    for part in parts:
        kept = int(np.searchsorted(part.lines, end))
        if kept == len(part.lines):
            cut.append(part)
        elif kept:
            cut.append(part.take(np.arange(kept)))
    return cut
