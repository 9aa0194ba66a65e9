"""Where a text can lie over skeletons, values and line layouts: exact, without writing a line.

A needle lies inside the fixed text of a skeleton, inside one value, or over the edges between
them; what is left of it for each value is a test on the value's column (Rodrigues, Luo, Yuan:
CLP, OSDI 2021). No separator occurs inside a value, so there is at most one way for each
beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from jipyo.logs.store.literal import Literal, Place, Selection, both, either
from jipyo.logs.store.slices import CLASSES, DIGIT, MARK, byte_set_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.store.skeleton import SkeletonTable

Way: TypeAlias = "tuple[tuple[int, Literal], ...]"
"""Values by their place in the skeleton, with what must be true of each."""


class LineColumns(Protocol):
    """The columns of a layout's parts, by their place."""

    def may_have(self, place: int, literal: Literal) -> bool:
        """Whether any text of a column can have the literal, from the meta data alone."""
        ...

    def longest_text(self, place: int) -> int:
        """No text of a column is longer."""
        ...

    def find(self, place: int, literal: Literal) -> Selection:
        """The rows whose text has the literal."""
        ...


class Needle:
    """A text that is searched in messages; keeps how it lies over each skeleton it meets."""

    def __init__(self, text: bytes, *, folded: bool) -> None:
        self.text = text.lower() if folded else text
        self.folded = folded
        self.byte_set = byte_set_of([self.text])
        self.anywhere = self.literal(self.text, Place.ANYWHERE)
        self._value_lengths: dict[int, int] = {}
        self._ways: dict[int, tuple[Way, ...] | None] = {}

    def literal(self, text: bytes, place: Place) -> Literal:
        """A part of the needle, to be found in a column."""
        return Literal(text, place, self.folded and text != text.upper())

    def ways_over(self, skeleton_id: int, skeletons: SkeletonTable) -> tuple[Way, ...] | None:
        """The ways over a skeleton, any of which is enough; None if its fixed text has it."""
        if skeleton_id not in self._ways:
            text = skeletons.text(skeleton_id)
            parts = (text.lower() if self.folded else text).split(MARK)
            fixed = any(self.text in part for part in parts)
            self._ways[skeleton_id] = None if fixed else tuple(dict.fromkeys(self._lay(parts)))
        return self._ways[skeleton_id]

    def _lay(self, parts: list[bytes]) -> Iterator[Way]:
        """All ways over a skeleton whose fixed texts do not have the needle."""
        for place, part in enumerate(parts[:-1]):
            for overlap in range(min(len(part), len(self.text) - 1), -1, -1):
                if overlap and part.endswith(self.text[:overlap]):
                    yield from self._lay_from_value(parts, place, overlap, ())
            inside = self._value_length(0)
            if inside == len(self.text):
                yield ((place, self.anywhere),)
            elif inside:
                end = (place, self.literal(self.text[:inside], Place.END))
                yield from self._lay_from_fixed(parts, place + 1, inside, (end,))

    def _lay_from_value(self, parts: list[bytes], place: int, at: int, way: Way) -> Iterator[Way]:
        """Ways on from `at`, where this value begins."""
        inside = self._value_length(at)
        text = self.text[at : at + inside]
        if at + inside == len(self.text):
            yield (*way, (place, self.literal(text, Place.START)))
        elif any(CLASSES[byte] & DIGIT for byte in text):
            whole = (place, self.literal(text, Place.WHOLE))
            yield from self._lay_from_fixed(parts, place + 1, at + inside, (*way, whole))

    def _lay_from_fixed(self, parts: list[bytes], place: int, at: int, way: Way) -> Iterator[Way]:
        """Ways on from `at`, where this fixed text begins."""
        rest, part = self.text[at:], parts[place]
        if part.startswith(rest):
            yield way
        elif rest.startswith(part) and place < len(parts) - 1:
            yield from self._lay_from_value(parts, place, at + len(part), way)

    def _value_length(self, at: int) -> int:
        """How many bytes from here on can be inside a value."""
        if at not in self._value_lengths:
            end = at
            while end < len(self.text) and CLASSES[self.text[end]]:
                end += 1
            self._value_lengths[at] = end - at
        return self._value_lengths[at]

    def find_in_line(self, texts: Sequence[bytes], columns: LineColumns) -> Selection:
        """The rows of a line layout that have the needle.

        A field can have anything within, so there may be many ways; each part of the needle is
        looked at once for each part of the layout.
        """
        parts = [text.lower() if self.folded else text for text in texts]
        if any(self.text in part for part in parts):
            return True
        line = _LineSearch(self, parts, columns)
        found: Selection = False
        for place, part in enumerate(parts[:-1]):
            for overlap in range(min(len(part), len(self.text) - 1), 0, -1):
                if part.endswith(self.text[:overlap]):
                    found = either(found, line.find_from_value(place, overlap))
            found = either(found, columns.find(place, self.anywhere))
            for end in line.find_ends(place, 0):
                if end:
                    found = either(found, line.find_split(place, 0, end, Place.END))
        return found


class _LineSearch:
    """The rows that have the rest of a needle from some part of a layout on."""

    def __init__(self, needle: Needle, parts: list[bytes], columns: LineColumns) -> None:
        self._needle = needle
        self._parts = parts
        self._columns = columns
        self._found: dict[tuple[int, int], Selection] = {}

    def find_from_value(self, place: int, at: int) -> Selection:
        """Rows whose line has the needle's bytes from `at` on where this value begins."""
        if (place, at) not in self._found:
            rest = self._needle.text[at:]
            found = self._columns.find(place, self._needle.literal(rest, Place.START))
            for end in self.find_ends(place, at):
                found = either(found, self.find_split(place, at, end, Place.WHOLE))
            self._found[place, at] = found
        return self._found[place, at]

    def find_ends(self, place: int, at: int) -> Iterator[int]:
        """Where a value that begins at `at` can end: before the next fixed text, or its part."""
        text, part = self._needle.text, self._parts[place + 1]
        last = at + self._columns.longest_text(place)
        if place + 2 < len(self._parts):
            end = text.find(part, at, len(text) - 1)
            while 0 <= end <= last:
                yield end
                end = text.find(part, end + 1, len(text) - 1)
        for end in range(max(at, len(text) - len(part)), min(len(text) - 1, last) + 1):
            if part.startswith(text[end:]):
                yield end

    def find_split(self, place: int, at: int, end: int, where: Place) -> Selection:
        """Rows with the bytes from `at` to `end` in this value, and the rest after it."""
        text, part = self._needle.text, self._parts[place + 1]
        literal = self._needle.literal(text[at:end], where)
        if not self._columns.may_have(place, literal):
            return False
        if len(text) - end <= len(part):
            return self._columns.find(place, literal)
        after = self.find_from_value(place + 1, end + len(part))
        return both(self._columns.find(place, literal), after) if np.any(after) else False
