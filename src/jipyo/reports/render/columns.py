"""How wide the columns of a printed table are, estimated from the texts in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.charts.svg import estimate_text_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.sample import Values

_MEASURED_PT = 10
"""The type size that `estimate_text_width` speaks of."""
_PADDING_PT, _SMALL_PADDING_PT = 8.6, 6.6
"""Beside a text, and in a table of small type."""
_SMALL_PT = 8
_AFTER_NUMBER_PT = 7
"""More room before a text that follows a number, as pages are set with."""
_WIDEST_WORD_PT = 100
"""A longer word breaks rather than push the others off the page."""

_LEAST_TEXT_PT = 44
"""A text is not squeezed into less, where it has as much to say."""
_WIDEST_HEAD_PT = 64
"""The heading of a column of numbers is broken, in two, only where it is longer."""
_WORD = re.compile(r"\S+")
_PATH_PART = re.compile(r"[^/]*/+|[^/]+")
_MANY_COLUMNS = 5
"""In a table of fewer columns none gives way."""
_MUCH_LOWER = 0.9
"""A column gives way only where the table has at most this share of its lines then."""
_SPACE_PX = estimate_text_width(" ")
_STEP_PT = 4.0
"""By how much columns are widened while the lines of their cells are counted."""
_MOST_ROWS = 60
"""Of longer tables that many rows decide how wide the columns are."""
_SHARPNESS = 8
"""How close the norm over the cells of a row comes to the lines of its tallest cell."""


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

    Each column has at least the room of its longest word, within reason; a number is one word.
    What is left goes where it saves most lines.
    """
    least, wanted = _measure_columns(heads, rows, numeric, size_pt)
    if sum(least) < room_pt:
        if sum(wanted) > room_pt:
            least = _save_lines(least, wanted, _list_cells(heads, rows), size_pt, room_pt)
        return _share(least, wanted, numeric, room_pt)
    kept = [width if stays else 0.0 for width, stays in zip(least, fixed, strict=False)]
    kept += [0.0] * (len(least) - len(kept))
    if sum(kept) >= room_pt / 2:
        kept = [0.0] * len(least)
    part = (room_pt - sum(kept)) / (sum(least) - sum(kept))
    return [stays or width * part for width, stays in zip(least, kept, strict=True)]


def find_below(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    size_pt: float,
    room_pt: float,
) -> int | None:
    """The column that had better stand across the page below its rows, as the table is lower then.

    It is the one that asks for most room, but never the first one.
    """
    _, wanted = _measure_columns(heads, rows, numeric, size_pt)
    if len(heads) < _MANY_COLUMNS or sum(wanted) <= room_pt:
        return None
    widest = max(range(1, len(heads)), key=wanted.__getitem__)
    kept = [at for at in range(len(heads)) if at != widest]
    short = [[row[at] for at in kept] for row in rows]
    below = [["" if row[widest] == "–" else row[widest].replace("\n", ", ")] for row in rows]
    parts = (
        (heads, rows, numeric),
        ([heads[at] for at in kept], short, [numeric[at] for at in kept]),
    )
    whole, lower = (
        _count_rows(one[1], plan_widths(*one, size_pt, room_pt), size_pt) for one in parts
    )
    lower += _count_rows(below, (room_pt,), size_pt) - sum(text == [""] for text in below)
    return widest if lower < _MUCH_LOWER * whole else None


def _count_rows(rows: Sequence[Sequence[str]], widths: Sequence[float], size_pt: float) -> int:
    """The lines of all rows, each as tall as its tallest cell."""
    rooms = [_find_room(width, size_pt) for width in widths]
    return sum(
        max(
            sum(_count_lines(line, room) for line in _measure_words(text))
            for text, room in zip(row, rooms, strict=True)
        )
        for row in rows[:_MOST_ROWS]
    )


def _find_room(width_pt: float, size_pt: float) -> float:
    """What a column of this width holds, in the units of `estimate_text_width`."""
    padding = _SMALL_PADDING_PT if size_pt < _SMALL_PT else _PADDING_PT
    return (width_pt - padding) * _MEASURED_PT / size_pt


def _measure_words(text: str) -> list[list[float]]:
    """How wide the words of each line are."""
    return [[estimate_text_width(word) for word in _split(line)] for line in text.split("\n")]


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
        word = max(map(estimate_text_width, _split("\n".join(texts))), default=0.0)
        room = word if numeric[at] else max(word, min(cell, _LEAST_TEXT_PT))
        needed = min(room * scale, _WIDEST_WORD_PT)
        stands_off = at > 0 and numeric[at - 1] and not numeric[at]
        padding = _SMALL_PADDING_PT if size_pt < _SMALL_PT else _PADDING_PT
        padding += _AFTER_NUMBER_PT * stands_off
        least.append(max(needed, head_word * scale) + padding)
        line = _measure_line(head)
        whole = line if not numeric[at] or line * scale <= _WIDEST_HEAD_PT else line / 2 + _SPACE_PX
        wanted.append(max(least[-1], max(cell, whole, head_word) * scale + padding))
    return least, wanted


def _split(text: str) -> list[str]:
    """What stays on one line; an address or path may be broken after its slashes, a unit not."""
    return [
        part
        for word in _WORD.findall(text)
        for part in (_PATH_PART.findall(word) if word.count("/") > 1 else (word,))
    ]


def _list_cells(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The texts of each column, its heading first."""
    return [[head, *(row[at] for row in rows[:_MOST_ROWS])] for at, head in enumerate(heads)]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A width of a column, and how many lines its cells take in it, one value a row."""

    width_pt: float
    lines: Values


def _save_lines(
    least: Sequence[float],
    wanted: Sequence[float],
    cells: Sequence[Sequence[str]],
    size_pt: float,
    room_pt: float,
) -> list[float]:
    """Wider columns as long as there is room: next the one that saves most lines for its room.

    A row is as tall as its tallest cell. The norm over its cells stands for that, since it also
    falls where only one of two tall cells becomes lower.
    """
    choices = [
        list(_list_choices(column, low, high, size_pt))
        for column, low, high in zip(cells, least, wanted, strict=True)
    ]
    chosen = [column.pop(0) for column in choices]
    powers = np.sum([one.lines for one in chosen], axis=0)
    while True:
        spare = room_pt - sum(one.width_pt for one in chosen)
        best, most = None, 0.0
        for at, column in enumerate(choices):
            for choice in column:
                extra = choice.width_pt - chosen[at].width_pt
                if extra > spare:
                    break
                changed = powers - chosen[at].lines + choice.lines
                saved = _measure_height(powers) - _measure_height(changed)
                if saved / extra > most:
                    best, most = (at, choice), saved / extra
        if best is None:
            return [one.width_pt for one in chosen]
        at, choice = best
        powers = powers - chosen[at].lines + choice.lines
        chosen[at] = choice
        choices[at] = [one for one in choices[at] if one.width_pt > choice.width_pt]


def _measure_height(powers: Values) -> float:
    return float((powers ** (1 / _SHARPNESS)).sum())


def _list_choices(
    column: Sequence[str], least_pt: float, most_pt: float, size_pt: float
) -> Iterator[_Choice]:
    """The least width, and each wider one from which on the cells take fewer lines.

    The lines are raised to the power of the norm that they are added up in.
    """
    words = [_measure_words(text) for text in column]
    before = np.inf
    for width in (*np.arange(least_pt, most_pt, _STEP_PT), most_pt):
        room = _find_room(float(width), size_pt)
        lines = np.array([sum(_count_lines(line, room) for line in text) for text in words])
        if lines.sum() < before:
            before = lines.sum()
            yield _Choice(float(width), lines.astype(float) ** _SHARPNESS)
        if before == sum(map(len, words)):
            return


def _count_lines(words: Sequence[float], room: float) -> int:
    """The lines of a paragraph of words that are so wide."""
    lines, used = 1, 0.0
    for word in words:
        if used and used + _SPACE_PX + word > room:
            lines, used = lines + 1, word
        else:
            used += word + _SPACE_PX * (used > 0)
    return lines


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
