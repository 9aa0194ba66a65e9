"""The evidence that a place of a message varies, as a score.

A place is seen with several values while the rest of the message stays the same. Like naive
Bayes, the signs add up: how many values there are, what they look like, what stands beside
them, how much of the message is fixed. The weights are set by hand, round,
and the same for all logs; fitted to public sets they did worse on the set left out.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.logs.templates.masking import MARK
from jipyo.logs.templates.pattern import is_fixed, is_word

if TYPE_CHECKING:
    from collections.abc import Collection, Set

    from jipyo.logs.templates.pattern import Pattern

PRIOR = -5.0
PER_DOUBLING = 1.5
ONLY_TWO = -1.5
IDENTIFIER = 2.0
HAS_MARK = 2.0
KNOWN = 3.2
FIRST_WORD = -1.5
FIRST_PLAIN_WORD = -1.5
ASSIGNED = 1.5
AFTER_COLON = 0.5
ENCLOSED = 1.0
PER_DOUBLING_OF_FIXED = 0.8
INFLECTED = -1.5
CAPITALISED = -0.5

_IDENTIFIER = re.compile(
    r"[a-z].*[A-Z]|[A-Z].*[a-z].*[A-Z]|[a-zA-Z][.-]+[a-zA-Z]|^[A-Z]{2,}$|[_/\\@$*#~]"
)
_INFLECTED = re.compile(r"(?:ed|ing|다|요|음|함|됨|중)[.!]*$")
_CAPITALISED = re.compile(r"[A-Z][a-z]+[.,!]*$")


@lru_cache(1 << 16)
def is_identifier(word: str) -> bool:
    """Whether it is written like a name of something rather than like a word of prose."""
    return bool(_IDENTIFIER.search(word[:200]))


def is_korean(word: str) -> bool:
    """Whether it begins with a Korean syllable."""
    return "가" <= word[0] <= "힣"


def weigh(
    before: Pattern, after: Pattern, values: Collection[Pattern], known: Set[Pattern]
) -> float:
    """Log odds that the place between two parts of a message varies.

    `known` are values that were found to vary in other messages.
    """
    words = [[token for token in value if is_word(token)] for value in values if value != (MARK,)]
    score = PRIOR + PER_DOUBLING * math.log2(len(values)) + ONLY_TWO * (len(values) == 2)
    score += HAS_MARK * (len(words) < len(values))
    score += (
        KNOWN * sum(value in known for value in values if value != (MARK,)) / max(1, len(words))
    )
    return score + weigh_looks(before, words) + weigh_place(before, after)


def weigh_looks(before: Pattern, words: list[list[str]]) -> float:
    """What the values look like; verbs stand first in English and last in Korean."""
    n = max(1, len(words))
    looks_named = sum(map(share_identifiers, words)) / n if words else 1.0
    verbs = sum(bool(each) and bool(_INFLECTED.search(each[-is_korean(each[0])])) for each in words)
    capitals = sum(bool(each) and bool(_CAPITALISED.match(each[0])) for each in words)
    score = IDENTIFIER * looks_named + (INFLECTED * verbs + CAPITALISED * capitals) / n
    if any(map(is_word, before)):
        return score
    korean = sum(bool(each) and is_korean(each[0]) for each in words) / n
    return score + (FIRST_WORD + FIRST_PLAIN_WORD * (1 - looks_named)) * (1 - korean)


def share_identifiers(words: list[str]) -> float:
    """Which part of a value's words looks like names; all if there is a mark among them."""
    if MARK in words:
        return 1.0
    return sum(map(is_identifier, words)) / max(1, len(words))


def weigh_place(before: Pattern, after: Pattern) -> float:
    """What stands beside the place, and how many other words of the message are fixed."""
    left = before[-1:] if not before or is_word(before[-1]) else before[-2:]
    fixed = sum(map(is_fixed, before)) + sum(map(is_fixed, after))
    score = PER_DOUBLING_OF_FIXED * math.log2(1 + fixed)
    score += ASSIGNED * ("=" in left) + AFTER_COLON * (":" in left)
    opens = bool(before) and before[-1] in tuple("([{\"'<")
    return score + ENCLOSED * (opens and bool(after) and after[0] in tuple(")]}\"'>"))
