"""A pattern of whole lines, matched against many lines in one call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def find_rows(self, block: bytes, n: int) -> list[tuple[bytes, ...]]:
        """A row for each of the `n` lines of a block; the last group is a line that does not fit.

        Every line of the block ends with a line feed.
        """
        if _ESCAPED_QUOTE not in block:
            rows = self.loose.findall(block)
            if len(rows) == n:
                return rows
        return self.strict.findall(block)

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


def split_rows(
    pattern: LinePattern, rows: Sequence[tuple[bytes, ...]]
) -> tuple[list[tuple[bytes, ...]], list[int]]:
    """The groups as columns, with those that do not fit, and the numbers of the latter."""
    columns = list(zip(*rows, strict=True))
    key = columns[pattern.key]
    if b"" not in key:
        return columns, []
    return columns, [row for row, text in enumerate(key) if not text]
