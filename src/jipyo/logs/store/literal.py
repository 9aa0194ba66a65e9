"""Where a literal must be in a text, and the texts of which that is true."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.store.slices import Rows

Selection: TypeAlias = "bool | NDArray[np.bool_]"
"""Which rows: all, none, or one truth value a row."""


class Place(Enum):
    """Where in a text a literal must be."""

    ANYWHERE = "anywhere"
    START = "start"
    END = "end"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that a text must have at a place; folded, ASCII letters of either case are equal."""

    text: bytes
    place: Place = Place.ANYWHERE
    folded: bool = False
    """The text is in lower case then."""

    @property
    def is_in_every_text(self) -> bool:
        """Whether it is empty, and so true of everything."""
        return not self.text and self.place is not Place.WHOLE

    def holds(self, text: bytes) -> bool:
        """Whether it is true of a text."""
        if self.folded:
            text = text.lower()
        match self.place:
            case Place.ANYWHERE:
                return self.text in text
            case Place.START:
                return text.startswith(self.text)
            case Place.END:
                return text.endswith(self.text)
            case Place.WHOLE:
                return text == self.text

    def list_places(self, length: int) -> Sequence[int]:
        """Where it can begin in a text of this length."""
        last = length - len(self.text)
        match self.place:
            case Place.ANYWHERE:
                return range(last + 1)
            case Place.START:
                return (0,) if last >= 0 else ()
            case Place.END:
                return (last,) if last >= 0 else ()
            case Place.WHOLE:
                return (0,) if last == 0 else ()


def both(one: Selection, other: Selection) -> Selection:
    """Rows that are in both."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one & other


def either(one: Selection, other: Selection) -> Selection:
    """Rows that are in at least one of them."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    return one | other


def invert(rows: Selection) -> Selection:
    """All other rows."""
    return not rows if isinstance(rows, bool) else ~rows


def count_rows(rows: Selection, n: int) -> int:
    """The number of rows, of so many."""
    return n * rows if isinstance(rows, bool) else int(np.count_nonzero(rows))


def select_at(places: Rows, n: int) -> Selection:
    """The rows with these numbers."""
    if not len(places):
        return False
    rows = np.zeros(n, bool)
    rows[places] = True
    return rows


def find_in_joined(joined: bytes, separator: bytes, n: int, literal: Literal) -> Selection:
    """Which of the texts, joined by a byte that none of them has, have the literal."""
    if literal.folded:
        joined = joined.lower()
    at_start = literal.place in (Place.START, Place.WHOLE)
    at_end = literal.place in (Place.END, Place.WHOLE)
    sought = separator * at_start + literal.text + separator * at_end
    if separator in literal.text:
        return False
    if literal.is_in_every_text:
        return True
    framed = b"".join((separator, joined, separator))
    hits = np.fromiter(_find_all(framed, sought, max(1, len(sought) - at_end)), np.int64)
    if not len(hits):
        return False
    edges = np.flatnonzero(np.frombuffer(framed, np.uint8) == separator[0])
    return select_at(np.searchsorted(edges, hits + at_start) - 1, n)


def find_in_parts(joined: bytes, ends: Rows, literal: Literal) -> Selection:
    """Which of the texts, of which only the ends are known, have the literal."""
    starts = np.concatenate([[0], ends[:-1]])
    if literal.is_in_every_text:
        return True
    texts = (joined[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True))
    return np.fromiter(map(literal.holds, texts), bool, len(ends))


def find_in_matrix(matrix: NDArray[np.uint8], literal: Literal) -> Selection:
    """Which of the texts of one length, the rows of a matrix, have the literal."""
    n, width = matrix.shape
    length = len(literal.text)
    if literal.is_in_every_text:
        return True
    if length > width or (literal.place is Place.WHOLE and length != width):
        return False
    flat = matrix.tobytes().lower() if literal.folded else matrix.tobytes()
    if literal.place is Place.ANYWHERE:
        hits = np.fromiter(_find_all(flat, literal.text, 1), np.int64)
        return select_at(hits[hits % width + length <= width] // width, n)
    part = np.frombuffer(flat, np.uint8).reshape(n, width)
    part = part[:, width - length :] if literal.place is Place.END else part[:, :length]
    return np.asarray((part == np.frombuffer(literal.text, np.uint8)).all(axis=1))


def _find_all(text: bytes, sought: bytes, step: int) -> Iterator[int]:
    """Places of a text; where they overlap by more than `step` allows, only the first."""
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + step)
