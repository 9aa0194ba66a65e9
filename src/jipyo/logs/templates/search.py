"""Which patterns a message fits: marks stand for words, names and short phrases."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from jipyo.logs.templates.evidence import weigh
from jipyo.logs.templates.masking import MARK
from jipyo.logs.templates.pattern import is_fixed, is_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from jipyo.logs.templates.pattern import Pattern

_MOST_PHRASE = 5
_MOST_WORDS = 8
_LONGEST = 200
"""Tokens; longer messages are compared as a whole."""
_CLOSING = frozenset(")]}>")


class PatternIndex:
    """Patterns by their rarest fixed word."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._messages_with = Counter(
            word for pattern in self._patterns for word in set(pattern) if is_fixed(word)
        )
        self._by_word: defaultdict[str, list[tuple[int, Pattern]]] = defaultdict(list)
        for pattern in self._patterns:
            self.add(pattern)

    def add(self, pattern: Pattern) -> None:
        """Let a pattern be found, if enough of it is fixed."""
        words = [token for token in pattern if is_fixed(token)]
        if MARK in pattern and len(words) >= 2:
            rarest = min(words, key=lambda word: (self._messages_with[word], word))
            self._by_word[rarest].append((len(words), pattern))

    def find(self, message: Pattern, known: Set[Pattern]) -> Pattern | None:
        """The pattern with the most fixed words that the message fits, other than itself."""
        best, most = None, 0
        for fixed, pattern in self.list_candidates(message):
            if fixed > most and pattern != message and fits(pattern, message, known):
                best, most = pattern, fixed
        return best

    def list_candidates(self, message: Pattern) -> Iterator[tuple[int, Pattern]]:
        """Patterns with a word of the message, and how many of their words are fixed."""
        if len(message) <= _LONGEST:
            for word in dict.fromkeys(message):
                yield from self._by_word.get(word, ())


def fits(pattern: Pattern, message: Pattern, known: Set[Pattern]) -> bool:
    """Whether the message is an instance of the pattern, and what it has there looks varying."""
    places = align(pattern, message)
    return places is not None and all(
        weigh(message[:start], message[end:], ((MARK,), message[start:end]), known) > 0
        for start, end in places
        if message[start:end] != (MARK,)
    )


def align(pattern: Pattern, message: Pattern) -> list[tuple[int, int]] | None:
    """Where the pattern's marks lie in the message; None where it does not fit.

    A mark stands for a run without blanks, or for some words with blanks between them.
    """
    states: dict[int, int] = {0: 0}
    history = []
    for token in pattern:
        reached: dict[int, int] = {}
        for at in states:
            if token == MARK:
                for end in ends_of_values(message, at):
                    reached.setdefault(end, at)
            elif at < len(message) and message[at] == token:
                reached.setdefault(at + 1, at)
        states = reached
        history.append(states)
    return trace_back(pattern, history, len(message)) if len(message) in states else None


def trace_back(pattern: Pattern, history: list[dict[int, int]], end: int) -> list[tuple[int, int]]:
    """The marks' places, from where each state was reached from."""
    places = []
    for token, reached in zip(reversed(pattern), reversed(history), strict=True):
        start = reached[end]
        if token == MARK:
            places.append((start, end))
        end = start
    return places[::-1]


def ends_of_values(message: Pattern, start: int) -> Iterator[int]:
    """Where a value that begins there may end."""
    words, is_phrase, has_mark, is_broken = 0, False, False, False
    for at in range(start, len(message)):
        token = message[at]
        if not is_word(token):
            is_phrase |= token.isspace()
            is_broken |= not token.isspace()
            if at == start or (is_phrase and is_broken):
                return
            if token in _CLOSING:
                yield at + 1
            continue
        words += 1
        has_mark |= token == MARK
        if words > (_MOST_PHRASE if is_phrase else _MOST_WORDS) or (is_phrase and has_mark):
            return
        yield at + 1
