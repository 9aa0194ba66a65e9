"""Patterns: masked messages as tokens, with marks where they vary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from jipyo.logs.templates.masking import ALLOMORPHS, MARK, PARTICLE, collapse

if TYPE_CHECKING:
    from collections.abc import Iterable

Pattern: TypeAlias = tuple[str, ...]
"""Words, marks and separators; joined they are the masked message again."""

SEPARATORS = frozenset(" ,;:=()[]{}\"'|<>?&")
_TOKENS = re.compile(
    rf"({MARK}|{PARTICLE}[가-힣]+|[.!]+(?=[\s,;:)\]}}]|$)|[\s,;:=()\[\]{{}}\"'|<>?&])"
)
_BOTH_FORMS = {"는": "은(는)", "가": "이(가)", "를": "을(를)", "와": "과(와)", "로": "(으)로"}
_BOTH_FORMS |= {"나": "(이)나", "라는": "(이)라는"}
_WITH_CONSONANT = {vowel: consonant for consonant, vowel in ALLOMORPHS.items()}


def split_pattern(masked: str) -> Pattern:
    """The tokens of a masked message."""
    return tuple(token for token in _TOKENS.split(masked) if token)


def join_marks(tokens: Iterable[str]) -> Pattern:
    """A pattern of these tokens, in which marks side by side are one."""
    return split_pattern(collapse("".join(tokens)))


def is_word(token: str) -> bool:
    """Whether a token is a word or a mark, and no separator."""
    return not (token[0] in SEPARATORS or token[0] == PARTICLE or not token.strip(".!"))


def is_fixed(token: str) -> bool:
    """Whether it is a word that is always the same."""
    return token != MARK and is_word(token)


def write_pattern(pattern: Pattern) -> str:
    """As a person reads it: `<*>` for what varies, both forms of a particle after it."""
    texts = []
    for before, token in zip(("", *pattern), pattern, strict=False):
        particle = token.removeprefix(PARTICLE)
        texts.append(_BOTH_FORMS.get(particle, particle) if before == MARK else particle)
    return "".join(texts).replace(MARK, "<*>")


def write_like(pattern: Pattern, skeleton: bytes) -> str:
    """The pattern in the words of a message: units, brackets and particles as it has them.

    The pattern's fixed texts are looked for one after the other; what lies between them is
    what varies.
    """
    text = skeleton.decode(errors="replace").strip()
    texts, at = [], 0
    for number, fixed in enumerate("".join(pattern).split(MARK)):
        found = re.compile(build_expression(fixed)).search(text, at)
        if found is None or (number == 0 and found.start()):
            return write_pattern(pattern)
        if number and found.start() > at:
            texts.append("<*>")
        texts.append(_replace_particle(fixed, found[0]) if number else found[0])
        at = found.end()
    if pattern and pattern[-1] == MARK:
        return "".join(texts) + "<*>" * (at < len(text))
    rest = text[at:]
    return "".join(texts) + (rest if not rest.strip(" .!,;:") else "")


def build_expression(fixed: str) -> str:
    """What finds a pattern's fixed text in a message."""
    parts = re.split(f"({PARTICLE}[가-힣]+| )", fixed)
    return "".join(r"\s+" if part == " " else build_particle_expression(part) for part in parts)


def build_particle_expression(part: str) -> str:
    """What finds a particle in either form, or any other text."""
    if not part.startswith(PARTICLE):
        return re.escape(part)
    return "(?:" + "|".join({part[1:], _WITH_CONSONANT.get(part[1:], part[1:])}) + ")"


def _replace_particle(fixed: str, found: str) -> str:
    """Both forms of a particle that follows what varies."""
    begin = re.match(f"{PARTICLE}([가-힣]+)", fixed)
    if begin is None or begin[1] not in _BOTH_FORMS:
        return found
    with_consonant = _WITH_CONSONANT[begin[1]]
    form = with_consonant if found.startswith(with_consonant) else begin[1]
    return _BOTH_FORMS[begin[1]] + found[len(form) :]
