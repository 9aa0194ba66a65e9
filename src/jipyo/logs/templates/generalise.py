"""From masked messages to patterns: which places vary is seen when many are laid side by side.

No setting, no list of words. Words are opened first: a place where the rest of the message
stays the same and the evidence is strong enough (`evidence`), the most certain ones first,
because what was found to vary helps to judge the next. Then places that vary together, then
phrases, and at last single messages join the pattern that they fit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.templates.evidence import is_identifier, weigh
from jipyo.logs.templates.masking import MARK
from jipyo.logs.templates.pattern import Pattern, is_fixed, is_word, join_marks
from jipyo.logs.templates.search import PatternIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Known: TypeAlias = frozenset[Pattern]
"""Values that were found to vary."""
Place: TypeAlias = tuple[Pattern, int, int]
"""A pattern, and where a part of it begins and ends."""

_CERTAINTY = (2.5, 1.5, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0)
_VALUES_TO_KNOW = 3
_VALUES_OF_PHRASES = 5
_LONGEST_PHRASE = 10
_STRONG = frozenset(":,;=()[]{}\"'|<>")
_RARITY = 4
_FEWEST_OF_RARE = 5
_OPENING = frozenset("=[({<\"'")


def generalise(messages: Iterable[Pattern]) -> tuple[dict[Pattern, Pattern], Known]:
    """The pattern of every message, and the values that vary.

    Patterns are the same whatever the order of the messages.
    """
    patterns = {message: message for message in sorted(set(messages))}
    known: Known = frozenset()
    for certainty in _CERTAINTY:
        before = patterns
        patterns, known = open_words(patterns, known, certainty)
        if patterns is before and certainty <= 0:
            break
    patterns, known = open_all(patterns, known, open_together)
    patterns, known = open_phrases(patterns, known)
    patterns, known = open_all(patterns, known, open_rare)
    for _ in range(2):
        patterns, known = open_words(patterns, known, 0.0)
        patterns = follow(patterns, join_single(distinct(patterns), known))
    return patterns, known


def distinct(patterns: Mapping[Pattern, Pattern]) -> list[Pattern]:
    """The patterns that are in use, sorted."""
    return sorted(set(patterns.values()))


def follow(
    patterns: Mapping[Pattern, Pattern], changes: Mapping[Pattern, Pattern]
) -> dict[Pattern, Pattern]:
    """The messages' patterns after some of these have changed."""
    return {message: changes.get(pattern, pattern) for message, pattern in patterns.items()}


def open_words(
    patterns: dict[Pattern, Pattern], known: Known, certainty: float
) -> tuple[dict[Pattern, Pattern], Known]:
    """Put a mark where a word varies; the same patterns if nothing does."""
    opened, values_found = [], set[Pattern]()
    for places in find_places(distinct(patterns), find_words):
        values = find_values(places)
        pattern, start, end = places[0]
        before, after = pattern[:start], pattern[end:]
        if not has_fixed(before, after) or weigh(before, after, values, known) <= certainty:
            continue
        opened += places
        if len(values) >= _VALUES_TO_KNOW:
            values_found |= values.keys()
    if not opened:
        return patterns, known
    return follow(patterns, put_marks(opened)), known | values_found


def open_phrases(
    patterns: dict[Pattern, Pattern], known: Known
) -> tuple[dict[Pattern, Pattern], Known]:
    """Put a mark where several words between punctuation vary together.

    What follows a single fixed word (`kernel: ...`) may be anything; there most phrases must be
    seen at other places too.
    """
    groups = [
        (places, values)
        for places in find_places(distinct(patterns), find_phrases)
        if len(values := find_values(places)) >= _VALUES_OF_PHRASES
        and any(len(value) > 1 for value in values)
    ]
    seen = Counter(value for _, values in groups for value in values)
    opened: list[Place] = []
    values_found = set[Pattern]()
    for places, values in groups:
        pattern, start, end = places[0]
        fixed = sum(map(is_fixed, pattern[:start] + pattern[end:]))
        if fixed >= 2 or 2 * sum(seen[value] > 1 for value in values) >= len(values):
            opened += places
            values_found |= values.keys()
    return follow(patterns, put_marks(opened)), known | values_found


def has_fixed(before: Pattern, after: Pattern) -> bool:
    """Whether any word of a message is fixed."""
    return any(map(is_fixed, before)) or any(map(is_fixed, after))


def find_values(places: Iterable[Place]) -> dict[Pattern, None]:
    """The different values that are seen at the same place."""
    return dict.fromkeys(pattern[start:end] for pattern, start, end in places)


def find_words(pattern: Pattern) -> Iterator[tuple[int, int]]:
    """Where words are that may vary; the name before a `=` never does."""
    for at, token in enumerate(pattern):
        if is_word(token) and pattern[at + 1 : at + 2] != ("=",):
            yield at, at + 1


def find_phrases(pattern: Pattern) -> Iterator[tuple[int, int]]:
    """Where words and phrases are that may vary: all words there, or all between punctuation."""
    yield from find_words(pattern)
    start = 0
    for at in range(len(pattern) + 1):
        is_dash = pattern[at - 1 : at + 2] == (" ", "-", " ")
        if at == len(pattern) or pattern[at] in _STRONG or is_dash:
            first, last = strip_separators(pattern, start, at)
            is_name = pattern[last : last + 1] == ("=",)
            is_phrase = first > 1 and 1 < last - first < _LONGEST_PHRASE
            if is_phrase and not is_name and MARK not in pattern[first:last]:
                yield first, last
            start = at + 1


def strip_separators(pattern: Pattern, start: int, end: int) -> tuple[int, int]:
    """The same part without separators at its ends."""
    while start < end and not is_word(pattern[start]):
        start += 1
    while end > start and not is_word(pattern[end - 1]):
        end -= 1
    return start, end


def find_places(
    patterns: Sequence[Pattern],
    find_parts: Callable[[Pattern], Iterator[tuple[int, int]]],
) -> Iterator[list[Place]]:
    """Places that are seen with several values while the rest stays the same.

    What is left and what is right of a place are one number each, so that no text is copied
    for the many places where nothing varies.
    """
    places: list[Place] = []
    rests: list[int] = []
    for pattern in patterns:
        left, right = number_parts(pattern), number_parts(pattern[::-1])[::-1]
        for start, end in find_parts(pattern):
            places.append((pattern, start, end))
            rests.append(hash((left[start], right[end])))
    order = np.argsort(np.array(rests, np.int64), kind="stable")
    ordered = np.array(rests, np.int64)[order]
    cuts = np.flatnonzero(np.diff(ordered)) + 1
    groups = [group for group in np.split(order, cuts) if len(group) > 1]
    for group in sorted(groups, key=lambda group: int(group[0])):
        yield [places[number] for number in group.tolist()]


def number_parts(tokens: Pattern) -> list[int]:
    """A number for each beginning of the tokens, the empty one first."""
    numbers = [0]
    for token in tokens:
        numbers.append(hash((numbers[-1], token)))
    return numbers


def put_marks(places: Iterable[Place]) -> dict[Pattern, Pattern]:
    """Patterns -> the same with a mark at these places."""
    by_pattern: defaultdict[Pattern, set[int]] = defaultdict(set)
    for pattern, start, end in places:
        by_pattern[pattern].update(range(start, end))
    return {
        pattern: join_marks(MARK if at in marked else token for at, token in enumerate(pattern))
        for pattern, marked in by_pattern.items()
    }


def open_all(
    patterns: dict[Pattern, Pattern],
    known: Known,
    find_changes: Callable[[Sequence[Pattern], Known], dict[Pattern, Pattern]],
) -> tuple[dict[Pattern, Pattern], Known]:
    """Put marks where several words vary at once."""
    changes = find_changes(distinct(patterns), known)
    values = (set(before).difference(after) for before, after in changes.items())
    words = {(word,) for each in values for word in each if is_fixed(word)}
    return follow(patterns, changes), known | words


def open_together(patterns: Sequence[Pattern], known: Known) -> dict[Pattern, Pattern]:
    """Put marks where several words vary at once, each looking like a value already."""
    alike: defaultdict[Pattern, list[tuple[Pattern, tuple[int, ...]]]] = defaultdict(list)
    for pattern in patterns:
        places = tuple(find_likely_places(pattern, known))
        alike[replace_at(pattern, places)].append((pattern, places))
    changes: dict[Pattern, Pattern] = {}
    for group in alike.values():
        if len(group) > 1:
            places_of_all = sorted({place for _, places in group for place in places})
            changes |= open_group([pattern for pattern, _ in group], places_of_all, known)
    return changes


def find_likely_places(pattern: Pattern, known: Known) -> Iterator[int]:
    """Where words look like values: names, what is assigned or enclosed, what varies elsewhere."""
    for at, _ in find_words(pattern):
        token = pattern[at]
        is_enclosed = at > 0 and pattern[at - 1] in _OPENING
        if token == MARK or is_enclosed or is_identifier(token) or (token,) in known:
            yield at


def open_rare(patterns: Sequence[Pattern], known: Known) -> dict[Pattern, Pattern]:
    """Put marks where several words vary at once that are rare beside the others.

    Of messages of one kind the fixed words are in all (Dai et al., "PILAR", ICSE 2023, and Yu
    et al., "Brain", IEEE TSC 2023, build on that too). At least as many must be fixed as vary.
    """
    messages_with = Counter(word for pattern in patterns for word in set(pattern))
    alike: defaultdict[Pattern, list[tuple[Pattern, tuple[int, ...]]]] = defaultdict(list)
    for pattern in patterns:
        places = tuple(find_rare_places(pattern, messages_with))
        if 1 < len(places) <= sum(map(is_fixed, pattern)) - len(places):
            alike[replace_at(pattern, places)].append((pattern, places))
    changes: dict[Pattern, Pattern] = {}
    for group in alike.values():
        if len(group) >= _FEWEST_OF_RARE:
            changes |= open_group([pattern for pattern, _ in group], group[0][1], known)
    return changes


def find_rare_places(pattern: Pattern, messages_with: Mapping[str, int]) -> Iterator[int]:
    """Where words are that far fewer messages have than the most frequent word there."""
    most = max((messages_with[token] for token in pattern if is_fixed(token)), default=0)
    for at, _ in find_words(pattern):
        if is_fixed(pattern[at]) and messages_with[pattern[at]] * _RARITY <= most:
            yield at


def replace_at(pattern: Pattern, places: Iterable[int]) -> Pattern:
    """The pattern with marks instead of the tokens at some places, and the same length."""
    tokens = list(pattern)
    for at in places:
        tokens[at] = MARK
    return tuple(tokens)


def open_group(
    patterns: list[Pattern], places: Sequence[int], known: Known
) -> dict[Pattern, Pattern]:
    """Open all places of patterns that differ nowhere else, or split them by one that is fixed."""
    places = [at for at in places if len({pattern[at] for pattern in patterns}) > 1]
    if not places:
        return {}
    common = replace_at(patterns[0], places)
    fixed = [at for at in places if not varies_in(patterns, common, at, known)]
    if not fixed:
        return dict.fromkeys(patterns, join_marks(common))
    split = min(fixed, key=lambda at: len({pattern[at] for pattern in patterns}))
    by_word: defaultdict[str, list[Pattern]] = defaultdict(list)
    for pattern in patterns:
        by_word[pattern[split]].append(pattern)
    changes: dict[Pattern, Pattern] = {}
    for group in by_word.values():
        changes |= open_group(group, [at for at in places if at != split], known)
    return changes


def varies_in(patterns: Iterable[Pattern], common: Pattern, at: int, known: Known) -> bool:
    """Whether the evidence that this place of patterns varies is strong enough."""
    before, after = common[:at], common[at + 1 :]
    values = {(pattern[at],) for pattern in patterns}
    return has_fixed(before, after) and weigh(before, after, values, known) > 0


def join_single(patterns: Sequence[Pattern], known: Known) -> dict[Pattern, Pattern]:
    """Let patterns become the more general ones that they fit."""
    index = PatternIndex(patterns)
    parents = {
        pattern: parent
        for pattern in patterns
        if (parent := index.find(pattern, known)) is not None
    }
    return {pattern: find_last(parents, pattern) for pattern in parents}


def find_last(parents: Mapping[Pattern, Pattern], pattern: Pattern) -> Pattern:
    """Where the way from a pattern to more general ones ends."""
    seen = set[Pattern]()
    while pattern in parents and pattern not in seen:
        seen.add(pattern)
        pattern = parents[pattern]
    return pattern
