"""Which label names need quotes."""

from __future__ import annotations

import re

_LEGACY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def needs_quotes(label: str, *, unquoted_utf8: bool) -> bool:
    """Whether a label name has to be quoted, with or without names in any letters."""
    if _LEGACY.fullmatch(label):
        return False
    if not unquoted_utf8 or not label:
        return True
    first, rest = label[0], label[1:]
    return not _is_letter(first) or not all(
        _is_letter(char) or char == "." or "0" <= char <= "9" for char in rest
    )


def _is_letter(char: str) -> bool:
    return char == "_" or char.isalpha()
