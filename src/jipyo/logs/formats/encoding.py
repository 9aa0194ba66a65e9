"""Bytes of lines as they come -> lines that formats can be found in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEADING_NULS = re.compile(rb"(?m)^\x00+")
_HANGUL_FIRST, _HANGUL_LAST = "가", "힣"
_HANGUL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class CleanBlock:
    """Lines that end with a line feed alone, in UTF-8 as far as they can be."""

    block: bytes
    recoded: frozenset[int]
    """Lines that were EUC-KR."""
    damaged: frozenset[int]
    """Lines that are neither UTF-8 nor EUC-KR, and stay as they are."""


def clean_block(block: bytes) -> CleanBlock:
    """Whole lines without carriage returns at their ends and without zeroes at their beginnings.

    Zeroes are what is left of a file that was cut while a program held it open.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\0" in block:
        block = _LEADING_NULS.sub(b"", block)
    if block.isascii() or _is_utf8(block):
        return CleanBlock(block, frozenset(), frozenset())
    lines = block.split(b"\n")
    recoded, damaged = set(), set()
    for number, line in enumerate(lines):
        if not line.isascii() and not _is_utf8(line):
            text = _decode_euc_kr(line)
            if text is None:
                damaged.add(number)
            else:
                recoded.add(number)
                lines[number] = text
    return CleanBlock(b"\n".join(lines), frozenset(recoded), frozenset(damaged))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_euc_kr(line: bytes) -> bytes | None:
    """The line in UTF-8, if most of what is not ASCII is Hangul in EUC-KR (CP949)."""
    try:
        text = line.decode("cp949")
    except UnicodeDecodeError:
        return None
    others = [letter for letter in text if not letter.isascii()]
    hangul = sum(_HANGUL_FIRST <= letter <= _HANGUL_LAST for letter in others)
    if hangul < len(others) * _HANGUL_SHARE or "\n" in text:
        return None
    return text.encode()
