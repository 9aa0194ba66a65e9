"""How many lines a text takes, estimated: HWPX wants the height of every cell."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"\S+\s*")
_PART = re.compile(r"[^-./_:]*[-./_:]|[^-./_:]+")
"""Of a long name: it is broken after a sign, where there is one."""
_WIDE_EM, _NARROW_EM, _THIN_EM = 1.0, 0.56, 0.32
_THIN = frozenset(" .,:;|il'")


def measure_text(text: str) -> float:
    """The width of a text in em: a Hangul syllable is a square."""
    return sum(map(_measure_char, text))


def _measure_char(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return _WIDE_EM
    return _THIN_EM if char in _THIN else _NARROW_EM


def count_lines(text: str, height: int, width: int) -> int:
    """The lines of a text of characters of a height in a width, broken between words.

    A word that is longer than a line is broken within.
    """
    return sum(_count_paragraph(paragraph, width / height) for paragraph in text.split("\n"))


def _count_paragraph(text: str, room: float) -> int:
    lines, used = 1, 0.0
    for word in _WORD.findall(text):
        length = measure_text(word.rstrip())
        if used and used + length > room:
            lines, used = lines + 1, 0.0
        if length > room:
            more = int((used + length) / room)
            lines, length = lines + more, used + length - more * room
            used = 0.0
        used += length + measure_text(word[len(word.rstrip()) :])
    return lines


def break_long_words(text: str, height: int, width: int) -> str:
    """The text with line breaks in words that are longer than a line of this width.

    Not every program breaks within a word: what is left over would not be seen.
    """
    room = width / height

    def break_word(match: re.Match[str]) -> str:
        return (
            match[0] if measure_text(match[0]) <= room else "\n".join(_split_word(match[0], room))
        )

    return re.sub(r"\S+", break_word, text)


def _split_word(word: str, room: float) -> Iterator[str]:
    """Pieces that each fit; after a sign, else where the line ends."""
    line = ""
    for part in _PART.findall(word):
        if line and measure_text(line + part) > room:
            yield line
            line = ""
        for char in part:
            if line and measure_text(line + char) > room:
                yield line
                line = ""
            line += char
    yield line
