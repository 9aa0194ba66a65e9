"""Sets of moments as spans [start, end): in order, apart from one another, none of them empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Spans = tuple[tuple[int, int], ...]
SECOND_MS = 1000


def unite(pieces: Iterable[tuple[int, int]]) -> Spans:
    """The moments that are in any of the pieces, which may overlap or be empty."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(piece for piece in pieces if piece[0] < piece[1]):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return tuple(united)


def intersect(one: Spans, other: Spans) -> Spans:
    """The moments that are in both."""
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            common.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(whole: Spans, removed: Spans) -> Spans:
    """The moments of `whole` that are not in `removed`."""
    if not whole or not removed:
        return whole
    edges = [whole[0][0], *(edge for span in removed for edge in span), whole[-1][1]]
    between = zip(edges[::2], edges[1::2], strict=True)
    return intersect(whole, tuple((start, end) for start, end in between if start < end))


def add_up(spans: Spans) -> int:
    """How many milliseconds they are."""
    return sum(end - start for start, end in spans)


def floor_second(t_ms: int) -> int:
    """The second that a moment lies in, as it is printed."""
    return t_ms // SECOND_MS * SECOND_MS
