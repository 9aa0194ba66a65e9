"""Which records of a block a condition holds for, from as few columns as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.evaluate import parse_number
from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    All,
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    Matches,
    Not,
    StartsWith,
)
from jipyo.logs.record import Level
from jipyo.logs.store.bloom import LEAST_TOKEN, list_tokens
from jipyo.logs.store.line import spread
from jipyo.logs.store.literal import (
    Literal,
    Place,
    Selection,
    both,
    count_rows,
    either,
    invert,
    select_at,
)
from jipyo.logs.store.messages import StoredMessages, spread_groups
from jipyo.logs.store.search import Search, encode_sought
from jipyo.logs.store.skeleton import LONGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.logs.store.block import BlockReader
    from jipyo.logs.store.needle import Needle, Way
    from jipyo.logs.store.slices import Rows
    from jipyo.logs.store.values import StoredValues

__all__ = ["Search", "count", "select", "select_rows"]

FieldCondition: TypeAlias = "Contains | Equals | StartsWith | Between | Matches | Exists"
_MOST_LAID = 512
"""Longer texts are sought in lines that are written out: there can be too many ways to lie."""
_EXACT = 1 << 53
"""Integers below are doubles."""


def select(block: BlockReader, search: Search | Condition) -> Rows:
    """The numbers of the records for which a condition holds, ascending."""
    found = select_rows(block, search)
    if isinstance(found, bool):
        return np.arange(block.n if found else 0)
    return np.flatnonzero(found)


def count(block: BlockReader, search: Search | Condition) -> int:
    """The number of records for which a condition holds."""
    search = search if isinstance(search, Search) else Search(search)
    condition = search.condition
    if isinstance(condition, Contains) and condition.field == MESSAGE and "m" in block.meta:
        found = _Selector(block, search).find_in_groups(search.needle(condition))
        sizes = _group_sizes(block.stored_messages())
        return sum(count_rows(rows, sizes[code]) for code, rows in found.items())
    return count_rows(select_rows(block, search), block.n)


def select_rows(block: BlockReader, search: Search | Condition) -> Selection:
    """The same as all, none, or one truth value a record."""
    search = search if isinstance(search, Search) else Search(search)
    return _Selector(block, search).select(search.condition)


def _group_sizes(messages: StoredMessages) -> list[int]:
    residue = messages.open_residue()
    return [*(n for _, n, _ in messages.groups), *([residue[0]] if residue else [])]


class _Selector:
    """Evaluates conditions over one block."""

    def __init__(self, block: BlockReader, search: Search) -> None:
        self._block = block
        self._search = search

    def select(self, condition: Condition) -> Selection:
        match condition:
            case All(conditions):
                return self._select_all(conditions)
            case AnyOf(conditions):
                return self._select_any(conditions)
            case Not(inner):
                return invert(self.select(inner))
            case HasTemplate(template):
                return self._select_skeletons(self._search.template(template))
            case _:
                return self._select_by_field(condition)

    def _select_by_field(self, condition: FieldCondition) -> Selection:
        match condition.field:
            case field if field == MESSAGE:
                return self._select_messages(condition)
            case field if field == SERVICE:
                return self._holds(condition)(self._block.service.encode())
            case field if field == LEVEL:
                return self._select_levels(self._holds(condition))
            case _:
                return self._select_field(condition)

    def _select_all(self, conditions: tuple[Condition, ...]) -> Selection:
        found: Selection = True
        for condition in conditions:
            found = both(found, self.select(condition))
            if found is False or not np.any(found):
                return False
        return found

    def _select_any(self, conditions: tuple[Condition, ...]) -> Selection:
        found: Selection = False
        for condition in conditions:
            found = either(found, self.select(condition))
            if found is True:
                break
        return found

    def _select_skeletons(self, ids: frozenset[int]) -> Selection:
        if "m" not in self._block.meta:
            return self._block.meta.get("k") in ids
        messages = self._block.stored_messages()
        found: dict[int, Selection] = {
            code: True for code, group in enumerate(messages.groups) if group[0] in ids
        }
        rare = messages.rare_skeleton_ids()
        if len(rare) and (chosen := np.isin(rare, list(ids))).any():
            found[len(messages.groups)] = chosen
        return spread_groups(messages.codes(), found) if found else False

    def _select_levels(self, holds: Callable[[bytes], bool]) -> Selection:
        chosen = [holds(level.name.lower().encode()) for level in Level]
        counts = self._block.level_counts
        if all(chosen[level] for level in Level if counts[level]):
            return True
        if not any(chosen[level] for level in Level if counts[level]):
            return False
        return np.array(chosen)[self._block.levels()]

    # --- fields

    def _select_field(self, condition: FieldCondition) -> Selection:
        block = self._block
        if condition.field not in block.meta["f"]:
            return False
        if isinstance(condition, Exists):
            return block.present(condition.field)
        found = self._find_in_field(block.stored(condition.field), condition)
        if found is False:
            return False
        present = block.present(condition.field)
        return found if isinstance(present, bool) else spread(found, present)

    def _find_in_field(self, stored: StoredValues, condition: FieldCondition) -> Selection:
        match condition:
            case Contains(text, exact_case=exact_case):
                sought = encode_sought(text)
                folded = not exact_case
                lower = sought.lower() if folded else sought
                return self.find(stored, Literal(lower, Place.ANYWHERE, folded))
            case Equals(value=value):
                return self.find(stored, Literal(encode_sought(value), Place.WHOLE))
            case StartsWith(prefix=prefix):
                return self.find(stored, Literal(encode_sought(prefix), Place.START))
            case Between():
                return _find_between(stored, condition)
            case Matches(pattern):
                required = Literal(encode_sought(self._search.required_text(pattern)))
                if self.find(stored, required) is False:
                    return False
        return stored.match(self._holds(condition))

    def find(self, stored: StoredValues, literal: Literal) -> Selection:
        """Rows of a column with the literal, if the filter has its long tokens."""
        if not stored.may_have(literal):
            return literal.is_in_every_text
        longest = stored.longest_token
        if not longest or len(literal.text) < LEAST_TOKEN:
            return stored.find(literal)
        tokens = list_tokens(
            literal.text,
            is_start=literal.place in (Place.START, Place.WHOLE),
            is_end=literal.place in (Place.END, Place.WHOLE),
        )
        may = all(self._block.may_have_token(token, longest) for token in tokens)
        return stored.find(literal) if may else False

    def _holds(self, condition: FieldCondition) -> Callable[[bytes], bool]:
        """What a text is tested with."""
        match condition:
            case Contains(text, exact_case=exact_case):
                fold = bytes if exact_case else bytes.lower
                sought = fold(encode_sought(text))
                return lambda value: sought in fold(value)
            case Equals(value=wanted):
                return encode_sought(wanted).__eq__
            case StartsWith(prefix=prefix):
                start = encode_sought(prefix)
                return lambda value: value.startswith(start)
            case Matches(pattern):
                compiled = self._search.pattern(pattern)
                return lambda value: compiled.search(value) is not None
            case Between():
                return lambda value: _is_between(value, condition)
            case Exists():
                return lambda _: True

    # --- messages

    def _select_messages(self, condition: FieldCondition) -> Selection:
        block = self._block
        if not block.has_messages:
            return False
        match condition:
            case Exists():
                return True
            case Contains():
                return self._find_needle(self._search.needle(condition))
            case Equals(value=text) | StartsWith(prefix=text):
                part = Contains(text, exact_case=True)
                return self._test_messages(condition, self._find_needle(self._search.needle(part)))
            case Matches(pattern):
                part = Contains(self._search.required_text(pattern), exact_case=True)
                return self._test_messages(condition, self._find_needle(self._search.needle(part)))
            case Between():
                return self._test_messages(condition, True)

    def _test_messages(self, condition: FieldCondition, candidates: Selection) -> Selection:
        """Of the candidates the rows whose message, written out, passes."""
        if candidates is False:
            return False
        rows = None if candidates is True else np.flatnonzero(candidates)
        holds = self._holds(condition)
        passed = np.fromiter(map(holds, self._block.messages(rows)), bool)
        return passed if rows is None else select_at(rows[passed], self._block.n)

    def _find_needle(self, needle: Needle) -> Selection:
        if not needle.text:
            return True
        block = self._block
        layout = block.layout
        if layout is None:
            found = self.find_in_groups(needle)
            every = all(rows is True for rows in found.values())
            if every and len(found) == len(_group_sizes(block.stored_messages())):
                return True
            return spread_groups(block.stored_messages().codes(), found) if found else False
        columns = block.line_columns(layout)
        longest = sum(column.longest_text for column in columns) + sum(map(len, layout.texts))
        if len(needle.text) > longest:
            return False
        if len(needle.text) > _MOST_LAID:
            return np.fromiter(map(needle.anywhere.holds, block.messages()), bool, block.n)
        return needle.find_in_line(layout.texts, _Columns(columns, self.find))

    def find_in_groups(self, needle: Needle) -> dict[int, Selection]:
        """Rows with the needle by group, in which there is at least one."""
        messages = self._block.stored_messages()
        found: dict[int, Selection] = {}
        groups = messages.groups if len(needle.text) <= LONGEST_MESSAGE else ()
        for code, (skeleton_id, _, _) in enumerate(groups):
            ways = needle.ways_over(skeleton_id, self._block.skeletons)
            rows = ways is None or self._find_ways(messages, code, ways)
            if rows is True or np.any(rows):
                found[code] = rows
        residue = messages.open_residue()
        if residue is not None:
            rows = self.find(residue[1], needle.anywhere)
            if rows is True or np.any(rows):
                found[len(messages.groups)] = rows
        return found

    def _find_ways(self, messages: StoredMessages, code: int, ways: tuple[Way, ...]) -> Selection:
        found: Selection = False
        for way in ways:
            rows: Selection = True
            for place, literal in way:
                rows = both(rows, self.find(messages.open_column(code, place), literal))
                if rows is False:
                    break
            found = either(found, rows)
        return found


class _Columns:
    """The columns of a line, each test of which is made once."""

    def __init__(
        self, columns: list[StoredValues], find: Callable[[StoredValues, Literal], Selection]
    ) -> None:
        self._columns = columns
        self._find = find
        self._may_have: dict[tuple[int, Literal], bool] = {}
        self._found: dict[tuple[int, Literal], Selection] = {}

    def may_have(self, place: int, literal: Literal) -> bool:
        if (place, literal) not in self._may_have:
            self._may_have[place, literal] = self._columns[place].may_have(literal)
        return self._may_have[place, literal]

    def longest_text(self, place: int) -> int:
        return self._columns[place].longest_text

    def find(self, place: int, literal: Literal) -> Selection:
        if (place, literal) not in self._found:
            self._found[place, literal] = self._find(self._columns[place], literal)
        return self._found[place, literal]


def _find_between(stored: StoredValues, bounds: Between) -> Selection:
    integers, decimals = stored.numbers() or (None, 0)
    if integers is None or (decimals and np.abs(integers).max() >= _EXACT):
        return stored.match(lambda text: _is_between(text, bounds))
    values = integers / 10.0**decimals
    rows = np.ones(len(values), bool)
    if bounds.low is not None:
        rows &= values >= bounds.low if bounds.include_low else values > bounds.low
    if bounds.high is not None:
        rows &= values <= bounds.high if bounds.include_high else values < bounds.high
    return rows


def _is_between(text: bytes, bounds: Between) -> bool:
    number = parse_number(text)
    if number is None:
        return False
    low, high = bounds.low, bounds.high
    above = low is None or number > low or (bounds.include_low and number == low)
    below = high is None or number < high or (bounds.include_high and number == high)
    return above and below
