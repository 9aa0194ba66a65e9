"""A pattern of whole lines, matched against many lines in one call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

_ESCAPED_QUOTE = b'\\"'
_GROUP_NAME = re.compile(rb"\(\?P<(\w+)>")
_GROUP_OF_CLASS = re.compile(rb"(\(\?P<\w+>\[\^(?:\\.|[^\]\\])+?)\\n\]")
"""A group that begins with a negated class; those in lookaheads have no name."""
QUOTED = rb'[^"\\\n]*(?:\\[^\n][^"\\\n]*)*'
"""The inside of a quoted text with escapes."""
LOOSE_QUOTED = rb'[^"]*'


@dataclass(frozen=True, slots=True)
class LinePattern:
    """Groups of a line, and a way to find them in a block of lines.

    The loose variant leaves line ends out of its negated classes, which is twice as fast; what
    it finds counts only if every row is one line.
    """

    groups: tuple[str, ...]
    key: int
    """A group that is never empty where the line fits."""
    strict: re.Pattern[bytes]
    loose: re.Pattern[bytes]

    def find_columns(self, block: bytes, n: int) -> list[list[bytes | None]]:
        """The texts of each group in the `n` lines of a block, all of which end with a line feed.

        A group that is not in its line has no text, but None (`fill_absent`); the last column has
        the lines that do not fit.
        """
        step = len(self.groups) + 2
        pieces: list[bytes | None] = []
        if b"\\" not in block or _ESCAPED_QUOTE not in block:
            pieces = self.loose.split(block)
        if len(pieces) != n * step + 1:
            pieces = self.strict.split(block)
        assert len(pieces) == n * step + 1, "BUG: a line was found twice, or not at all"
        return [pieces[at::step] for at in range(1, step)]

    def find_unfit(self, columns: Sequence[Sequence[bytes | None]]) -> list[int]:
        """The rows of the lines that do not fit."""
        key = columns[self.key]
        return [] if all(key) else [row for row, text in enumerate(key) if not text]

    def fits(self, line: bytes) -> bool:
        """Whether a line, without its end, has this pattern."""
        found = self.strict.fullmatch(line + b"\n")
        return found is not None and bool(found[self.key + 1])


def compile_line(pattern: bytes, key: str) -> LinePattern:
    r"""Compile a pattern with named groups whose negated classes end with `\n`."""
    groups = tuple(name.decode() for name in _GROUP_NAME.findall(pattern))
    whole = pattern + rb"\n|(.*)\n"
    loose = _GROUP_OF_CLASS.sub(rb"\1]", whole.replace(QUOTED, LOOSE_QUOTED))
    return LinePattern(groups, groups.index(key), re.compile(whole), re.compile(loose))


def strip_names(pattern: bytes) -> bytes:
    """The same pattern without groups."""
    return _GROUP_NAME.sub(rb"(?:", pattern)


def fill_absent(column: Sequence[bytes | None]) -> Sequence[bytes]:
    """The column with empty texts where a group is not in its line."""
    return cast("Sequence[bytes]", column) if all(column) else [text or b"" for text in column]
