"""What every match of a pattern has in it: found without the pattern, before it is tried."""

from __future__ import annotations

import re

_REPEAT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?[a-z]*:\]|\\.|[^\]\\])*\]", re.DOTALL)
_WITHOUT_ARGUMENT = frozenset("dDwWsSbBAz")


def find_required_text(pattern: str) -> str:
    """The longest text that is in whatever an RE2 pattern matches; empty where none is known.

    Alternatives, flags and groups are not looked into.
    """
    if "|" in pattern or "(?" in pattern:
        return ""
    runs = [""]
    at = depth = 0
    while at < len(pattern):
        piece = _read_piece(pattern, at)
        if piece is None:
            return ""
        at += len(piece)
        if piece in "()":
            depth += 1 if piece == "(" else -1
        _add_piece(runs, piece if depth == 0 else "(")
    return max(runs, key=len)


def _read_piece(pattern: str, at: int) -> str | None:
    """The next character, escape, class or repetition; None if it is not understood."""
    match pattern[at]:
        case "\\":
            escape = pattern[at : at + 2]
            known = escape[1:] in _WITHOUT_ARGUMENT or not escape[1:].isalnum()
            return escape if len(escape) == 2 and known else None
        case "[":
            found = _CLASS.match(pattern, at)
            return found[0] if found else None
        case "{":
            found = _REPEAT.match(pattern, at)
            return found[0] if found else None
        case character:
            return character


def _add_piece(runs: list[str], piece: str) -> None:
    """Lengthen the last run by a character, or begin another."""
    if piece[0] in "*?{":
        runs[-1] = runs[-1][:-1]
        runs.append("")
    elif piece[0] in ".^$+()[" or (piece[0] == "\\" and piece[1].isalnum()):
        runs.append("")
    else:
        runs[-1] += piece[-1]
