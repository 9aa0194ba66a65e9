"""How wide the columns of a printed table are, estimated from the texts in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.charts.svg import estimate_text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEASURED_PT = 10
"""The type size that `estimate_text_width` speaks of."""
_PADDING_PT, _SMALL_PADDING_PT = 8.6, 6.6
"""Beside a text, and in a table of small type."""
_SMALL_PT = 8
_AFTER_NUMBER_PT = 7
"""More room before a text that follows a number, as pages are set with."""
_WIDEST_WORD_PT = 100
"""A longer word breaks rather than push the others off the page."""

_LEAST_TEXT_PT = 70
"""A text is not squeezed into less, where it has as much to say."""
_WIDEST_HEAD_PT = 64
"""The heading of a column of numbers is broken only where it is longer."""


def choose_size(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    sizes_pt: tuple[float, float],
    room_pt: float,
) -> float:
    """The first size, or the second where in the first one texts would be squeezed."""
    _, wanted = _measure_columns(heads, rows, numeric, sizes_pt[0])
    texts = [min(want, _WIDEST_WORD_PT) for want, number in zip(wanted, numeric, strict=True)
             if not number]  # fmt: skip
    numbers = [want for want, number in zip(wanted, numeric, strict=True) if number]
    return sizes_pt[0] if sum(texts) + sum(numbers) <= room_pt else sizes_pt[1]


def plan_widths(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    size_pt: float,
    room_pt: float,
    fixed: Sequence[bool] = (),
) -> list[float]:
    """The width of each column in points; together `room_pt`.

    Columns that are fixed are never narrower than what they hold: it cannot be broken.

    A numeric column is as wide as its widest number, within reason. Texts share the rest: each
    has at least the room of its longest word, and what is left goes to those that would wrap.
    """
    least, wanted = _measure_columns(heads, rows, numeric, size_pt)
    if sum(least) < room_pt:
        return _share(least, wanted, numeric, room_pt)
    kept = [width if stays else 0.0 for width, stays in zip(least, fixed, strict=False)]
    kept += [0.0] * (len(least) - len(kept))
    if sum(kept) >= room_pt / 2:
        kept = [0.0] * len(least)
    part = (room_pt - sum(kept)) / (sum(least) - sum(kept))
    return [stays or width * part for width, stays in zip(least, kept, strict=True)]


def _measure_columns(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], size_pt: float
) -> tuple[list[float], list[float]]:
    """What each column needs at least, and what it would have where there is room."""
    scale = size_pt / _MEASURED_PT
    least: list[float] = []
    wanted: list[float] = []
    for at, head in enumerate(heads):
        texts = [row[at] for row in rows]
        head_word = max(map(estimate_text_width, head.split()), default=0.0)
        cell = max(map(_measure_line, texts), default=0.0)
        word = max(map(estimate_text_width, " ".join(texts).split()), default=0.0)
        if numeric[at]:
            needed = min(cell * scale, _WIDEST_WORD_PT)
        else:
            needed = min(max(word, min(cell, _LEAST_TEXT_PT)) * scale, _WIDEST_WORD_PT)
        stands_off = at > 0 and numeric[at - 1] and not numeric[at]
        padding = _SMALL_PADDING_PT if size_pt < _SMALL_PT else _PADDING_PT
        padding += _AFTER_NUMBER_PT * stands_off
        least.append(max(needed, head_word * scale) + padding)
        line = _measure_line(head)
        whole = head_word if numeric[at] and line * scale > _WIDEST_HEAD_PT else line
        wanted.append(max(least[-1], max(cell, whole) * scale + padding))
    return least, wanted


def _measure_line(text: str) -> float:
    return max(map(estimate_text_width, text.split("\n")))


def _share(
    least: Sequence[float], wanted: Sequence[float], numeric: Sequence[bool], room_pt: float
) -> list[float]:
    spare = room_pt - sum(least)
    missing = [want - width for width, want in zip(least, wanted, strict=True)]
    if sum(missing) >= spare:
        part = spare / sum(missing)
        return [width + part * more for width, more in zip(least, missing, strict=True)]
    growing = (
        [not is_number for is_number in numeric] if not all(numeric) else [True] * len(numeric)
    )
    more = (spare - sum(missing)) / sum(growing)
    return [want + more * grows for want, grows in zip(wanted, growing, strict=True)]
