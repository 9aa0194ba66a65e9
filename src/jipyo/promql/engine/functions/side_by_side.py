"""Series with few samples at times of their own, worked on together.

Each target is scraped at its own times, so a query over many targets meets many small blocks,
and most of its time would go into calling numpy for each of them. Here their samples lie one
after the other, as if those of the second target came long after those of the first: one row
then holds a series of each target, and the windows of the second follow those of the first.
A function that looks only at what lies within a window sees no difference.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.engine.windows import WindowShape, apply_to_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.sample import Mask, Values
    from jipyo.promql.engine.samples import Samples
    from jipyo.promql.engine.windows import Kernel

_MOST_PARTS = 48
"""Neighbours look like resets of a counter, of which few are added up fastest."""
_SMALL_CELLS = 1 << 15
_MOST_CELLS = 1 << 19
"""Samples and results that are worked on together (4 MiB); a part has at most `_SMALL_CELLS`."""


_LONGEST_MS = 1 << 50


def can_stand_side_by_side(shape: WindowShape) -> bool:
    """Whether the windows of one part can follow those of another."""
    span_ms = int(shape.end_ms.max()) - int(shape.end_ms.min()) + shape.range_ms
    return shape.extension is None and span_ms < _LONGEST_MS


def collect_small_parts(parts: Iterator[Samples], steps: int) -> Iterator[list[Samples]]:
    """Those that are worth working on together, some at a time; large ones alone."""
    waiting: list[Samples] = []
    cells = 0
    for part in parts:
        size = len(part.series) * (len(part.t_ms) + steps)
        if size > _SMALL_CELLS:
            yield [part]
            continue
        if len(waiting) == _MOST_PARTS or cells + size > _MOST_CELLS:
            yield waiting
            waiting, cells = [], 0
        waiting.append(part)
        cells += size
    if waiting:
        yield waiting


def apply_side_by_side(
    kernel: Kernel, parts: Sequence[Samples], shape: WindowShape, check: Callable[[], None]
) -> tuple[Values, Mask]:
    """The results of all series of the parts, and where there are any: (series, windows)."""
    steps = len(shape.end_ms)
    longest_ms = int(shape.end_ms.max()) - int(shape.end_ms.min()) + shape.range_ms + 1
    later_ms = longest_ms * np.arange(len(parts))
    t_ms = np.concatenate([part.t_ms + by for part, by in zip(parts, later_ms, strict=True)])
    end_ms = (shape.end_ms + later_ms[:, None]).ravel()
    prepared = kernel(t_ms, WindowShape(end_ms, shape.range_ms).place(t_ms), ())
    heights = [len(part.series) for part in parts]
    present = prepared.ok.reshape(len(parts), steps).repeat(heights, axis=0)
    if not present.any():
        return np.zeros(present.shape), present
    values = np.zeros((max(heights), len(t_ms)))
    ends = accumulate(len(part.t_ms) for part in parts)
    for part, end in zip(parts, ends, strict=True):
        values[: len(part.series), end - len(part.t_ms) : end] = part.values
    rows = apply_to_series(prepared, values, check=check).reshape(len(values), len(parts), steps)
    results = np.concatenate([rows[:height, nth] for nth, height in enumerate(heights)])
    return results, present
