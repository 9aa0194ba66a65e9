"""How many lines a text takes, estimated: HWPX wants the height of every cell."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\S+\s*")
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
