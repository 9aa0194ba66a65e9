"""What a substring says about the words of a text that the standard analyzer has split; no I/O.

The analyzer (UAX #29) never splits between ASCII letters, digits, underscores and Hangul, and
always at blanks and most signs. So a run of the former in a substring lies within one word, and
where one of the latter is next to it, the word begins or ends there. Signs that join words or
split them, as their neighbours want it (`.`, `:`, `,` ...), and all other letters leave open
where the word ends. Words longer than 255 are cut: `LONG` finds them all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN = re.compile(r"[0-9A-Za-z_가-힣]+")
_HAS_LETTER = re.compile(r"[0-9A-Za-z가-힣]")
_SPLITS = frozenset(" \t\r\n!#$%&()*+-/<=>?@[\\]^`{|}~")
_LONGEST_RUN = 200
_LONG = ".{127,}"
"""Parts of a word that was cut at 255 UTF-16 units have at least 127 characters."""
_SPECIAL = re.compile(r"[*?\\]")
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def list_word_queries(path: str, text: str) -> list[dict[str, Any]]:
    """Queries that all find every document whose field at the path contains the text."""
    return [_build_query(path, text, run) for run in _find_runs(text)]


def is_one_word(text: str) -> bool:
    """Whether a text is inside another wherever it is inside one of its words."""
    return bool(_RUN.fullmatch(text) and _HAS_LETTER.search(text)) and len(text) <= _LONGEST_RUN


def find_in_words(path: str, text: str) -> dict[str, Any]:
    """The query that finds exactly the documents with a word that contains such a text."""
    return {"wildcard": {path: {"value": f"*{text.translate(_UPPER)}*"}}}


def escape_wildcard(text: str) -> str:
    r"""The text as a pattern of `wildcard`.

    >>> escape_wildcard("a*b")
    'a\\*b'
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def _find_runs(text: str) -> Iterator[re.Match[str]]:
    return (run for run in _RUN.finditer(text) if _HAS_LETTER.search(run[0]))


def _build_query(path: str, text: str, run: re.Match[str]) -> dict[str, Any]:
    word = run[0].translate(_UPPER)[:_LONGEST_RUN]
    begins = run.start() > 0 and text[run.start() - 1] in _SPLITS
    ends = run.end() < len(text) and text[run.end()] in _SPLITS and len(word) == len(run[0])
    if begins and ends:
        return {"term": {path: word}}
    if begins:
        return {"prefix": {path: word}}
    inside: dict[str, Any] = {"wildcard": {path: {"value": f"*{word}{'' if ends else '*'}"}}}
    return {"bool": {"should": [inside, {"regexp": {path: {"value": _LONG}}}]}}
