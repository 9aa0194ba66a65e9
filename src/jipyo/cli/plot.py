"""A chart of characters: series over time in braille dots, thinned so that no spike is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.sample import Mask, Values

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille cell by row and column (Unicode block 2800)."""
_BLANK = 0x2800


@dataclass(frozen=True, slots=True)
class Canvas:
    """A drawing: cells, each with its braille dots and the series that was drawn last there."""

    bits: np.ndarray
    owner: np.ndarray

    def list_rows(self) -> list[list[tuple[str, int]]]:
        """Characters with the index of their series, -1 where nothing is."""
        return [
            [(chr(_BLANK + int(b)), int(o)) for b, o in zip(bits, owners, strict=True)]
            for bits, owners in zip(self.bits, self.owner, strict=True)
        ]


def find_bounds(values: Values, present: Mask) -> tuple[float, float]:
    """The lowest and the highest finite value, apart even where all are equal."""
    shown = values[present & np.isfinite(values)]
    if shown.size == 0:
        return 0.0, 1.0
    low, high = float(shown.min()), float(shown.max())
    room = (high - low) or abs(high) or 1.0
    return (low, high) if high > low else (low - room / 2, high + room / 2)


def draw(values: Values, present: Mask, width: int, height: int) -> Canvas:
    """Draw series, shape (series, steps), on width x height characters.

    Steps that share a column of dots become one line from their lowest to their highest
    value; a step without a value breaks the line.
    """
    low, high = find_bounds(values, present)
    bits = np.zeros((height, width), np.int32)
    owner = np.full((height, width), -1, np.int32)
    for index, (line, there) in enumerate(zip(values, present & np.isfinite(values), strict=True)):
        for column, top, bottom in _find_strokes(line, there, low, high, width * 2, height * 4):
            for dot in range(top, bottom + 1):
                cell = dot // 4, column // 2
                bits[cell] |= _DOTS[dot % 4][column % 2]
                owner[cell] = index
    return Canvas(bits, owner)


def _find_strokes(
    line: Values, there: Mask, low: float, high: float, columns: int, dots: int
) -> Sequence[tuple[int, int, int]]:
    """Column, top dot and bottom dot of each column that has a value, joined to its neighbour."""
    steps = len(line)
    at = np.minimum(np.arange(steps) * columns // max(steps, 1), columns - 1)
    dot = np.round((high - line) / (high - low) * (dots - 1), 0)
    strokes: list[tuple[int, int, int]] = []
    before: tuple[int, int] | None = None
    for column in np.unique(at):
        inside = at == column
        shown = dot[inside & there]
        if shown.size:
            top, bottom = int(shown.min()), int(shown.max())
            if before is not None:
                top, bottom = min(top, before[1]), max(bottom, before[0])
            strokes.append((int(column), top, bottom))
            before = int(shown[-1]), int(shown[-1])
        else:
            before = None
    return strokes
