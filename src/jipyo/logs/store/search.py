"""A condition that is looked for in many blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    All,
    AnyOf,
    Condition,
    Contains,
    Equals,
    Matches,
    Not,
    StartsWith,
    compile_search,
)
from jipyo.logs.record import encode_text
from jipyo.logs.store.bloom import LongToken, has_bits, list_tokens
from jipyo.logs.store.needle import Needle
from jipyo.logs.store.pattern import find_required_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import re2

Alternatives: TypeAlias = "list[list[tuple[bool, LongToken]]]"
"""Of each alternative its tokens, and whether each is of a field (or of the message)."""
_VIRTUAL = (SERVICE, LEVEL)
_ANY_LENGTH = 1 << 62


class Search:
    """A condition that is looked for in many blocks, with what need not be worked out anew."""

    def __init__(
        self,
        condition: Condition,
        skeletons_of_template: Callable[[str], Collection[int]] = lambda _: (),
    ) -> None:
        """`skeletons_of_template` names the skeleton ids of a template's id.

        Raises:
            LogQueryError: a pattern is not RE2.
        """
        self.condition = condition
        self._skeletons_of_template = skeletons_of_template
        self._needles: dict[Contains, Needle] = {}
        self._patterns: dict[str, re2._Regexp] = {}
        self._required: dict[str, str] = {}
        self._templates: dict[str, frozenset[int]] = {}
        for matches in _find_patterns(condition):
            self.pattern(matches.pattern)
        self._alternatives = _list_alternatives(condition)
        tokens = [token for way in self._alternatives or () for _, token in way]
        self._least = min((len(t.text) for t in tokens if not t.whole), default=_ANY_LENGTH)
        self._ways = _list_probes(self._alternatives or (), self._least)

    def may_match(self, bloom: Sequence[int], read: Callable[[int, int], bytes]) -> bool:
        """Whether a block may have a record for which the condition holds, by its filter.

        Args:
            bloom: as `BlockSummary.bloom`.
            read: bytes of the block by offset and number.

        Raises:
            StoreCorrupt: the checksum of what was read of the filter does not hold.
        """
        if self._alternatives is None:
            return True
        longest, knows_messages, *place = bloom
        ways = self._ways
        if longest > self._least or not knows_messages:
            known = [
                [each for each in way if each[0] or knows_messages] for way in self._alternatives
            ]
            ways = _list_probes(known, longest)
        for way in ways:
            for line, bits in way:
                if not has_bits(place, line, bits, read):
                    break
            else:
                return True
        return False

    def needle(self, condition: Contains) -> Needle:
        """The needle of a condition on messages."""
        if condition not in self._needles:
            text = encode_sought(condition.text)
            self._needles[condition] = Needle(text, folded=not condition.exact_case)
        return self._needles[condition]

    def pattern(self, pattern: str) -> re2._Regexp:
        """The pattern, compiled."""
        if pattern not in self._patterns:
            self._patterns[pattern] = compile_search(pattern)
        return self._patterns[pattern]

    def required_text(self, pattern: str) -> str:
        """What is in every match of the pattern."""
        if pattern not in self._required:
            self._required[pattern] = find_required_text(pattern)
        return self._required[pattern]

    def template(self, template: str) -> frozenset[int]:
        """The skeletons of a template."""
        if template not in self._templates:
            self._templates[template] = frozenset(self._skeletons_of_template(template))
        return self._templates[template]


def _find_patterns(condition: Condition) -> list[Matches]:
    match condition:
        case Matches():
            return [condition]
        case All(conditions) | AnyOf(conditions):
            return [found for each in conditions for found in _find_patterns(each)]
        case Not(inner):
            return _find_patterns(inner)
        case _:
            return []


def encode_sought(text: str) -> bytes:
    """As bytes of a record; what no record can have is what nothing has."""
    try:
        return encode_text(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _list_alternatives(condition: Condition) -> Alternatives | None:
    """Ways for a condition to hold, each with the tokens that are necessary; None: without any."""
    match condition:
        case Contains(text, field) if field not in _VIRTUAL:
            tokens = list_tokens(encode_sought(text))
        case Equals(field, text) if field not in _VIRTUAL:
            tokens = list_tokens(encode_sought(text), is_start=True, is_end=True)
        case StartsWith(field, text) if field not in _VIRTUAL:
            tokens = list_tokens(encode_sought(text), is_start=True)
        case All(conditions):
            ways = [way for way in map(_list_alternatives, conditions) if way is not None]
            return min(ways, key=len, default=None)
        case AnyOf(conditions):
            found = [_list_alternatives(each) for each in conditions]
            return None if None in found else [way for ways in found if ways for way in ways]
        case _:
            return None
    return [[(field != MESSAGE, token) for token in tokens]] if tokens else None


def _list_probes(
    alternatives: Iterable[Iterable[tuple[bool, LongToken]]], longest: int
) -> list[tuple[tuple[int, int], ...]]:
    """Different ways, as lines and bits of the tokens that a filter knows.

    It knows a token at an edge if no text has a longer one than `longest`.
    """
    ways = [
        tuple((t.line, t.bits) for _, t in way if t.whole or len(t.text) >= longest)
        for way in alternatives
    ]
    return list(dict.fromkeys(ways))
