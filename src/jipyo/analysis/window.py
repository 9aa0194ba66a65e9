"""The stretch of time that is summed up: its steps, its local days, and pieces to read it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.thresholds import Indices
    from jipyo.model.sample import Times

STEP_MS = 60_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch (start, end] in steps; a step at t covers (t - step, t]."""

    start_ms: int
    end_ms: int
    step_ms: int = STEP_MS
    drawn_ms: int = STEP_MS
    """How far apart the values are that are kept of a series; a day means a local one."""
    day_ends_ms: tuple[int, ...] = ()
    """The end of each local day, the last one that of the window; none: it is not divided."""

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def steps(self) -> int:
        """How many steps there are: what a series without gaps has."""
        return self.duration_ms // self.step_ms

    @property
    def t_ms(self) -> Times:
        """The steps, shape (steps,)."""
        return self.start_ms + self.step_ms * np.arange(1, self.steps + 1, dtype=np.int64)

    @property
    def drawn_t_ms(self) -> Times:
        """The end of each drawn step, the last one that of the window; shape (drawn steps,)."""
        if self.drawn_ms >= DAY_MS and self.day_ends_ms:
            return np.array(self.day_ends_ms, np.int64)
        return self.list_ends(max(self.drawn_ms, self.step_ms))

    @property
    def edges_ms(self) -> tuple[int, ...]:
        """Where its local days begin, and where the last one ends."""
        return (self.start_ms, *(self.day_ends_ms or (self.end_ms,)))

    @property
    def day_count(self) -> int:
        """How many local days it has, whole or not."""
        return max(len(self.day_ends_ms), 1)

    @property
    def days(self) -> tuple[Window, ...]:
        """Its local days; itself where it is not divided."""
        return tuple(Window(*ends_ms, self.step_ms) for ends_ms in pairwise(self.edges_ms))

    def list_ends(self, length_ms: int) -> Times:
        """The ends of stretches of this length, the last one that of the window."""
        count = -(-self.duration_ms // length_ms)
        ends_ms = self.start_ms + length_ms * np.arange(1, count + 1, dtype=np.int64)
        return np.minimum(ends_ms, self.end_ms)


class WindowPiece(NamedTuple):
    """Some whole days of a window that are read at once."""

    window: Window
    first_day: int
    """Which day of the whole window its first one is."""
    day_starts: Indices
    """The first step of each of its days."""

    @property
    def days(self) -> slice:
        """Which days of the whole window these are."""
        return slice(self.first_day, self.first_day + len(self.day_starts))


def cut_piece(window: Window, first_day: int, most_steps: int) -> WindowPiece:
    """The days from one on that have at most so many steps together; one at least."""
    edges_ms = np.array(window.edges_ms[first_day:], np.int64)
    most_ms = edges_ms[0] + most_steps * window.step_ms
    count = max(int(np.searchsorted(edges_ms, most_ms, "right")) - 1, 1)
    piece = Window(int(edges_ms[0]), int(edges_ms[count]), window.step_ms)
    return WindowPiece(piece, first_day, (edges_ms[:count] - edges_ms[0]) // window.step_ms)


def span_windows(windows: Sequence[Window]) -> Window | None:
    """The window that holds all of these and no more, with all of their days.

    None where they have nothing in common, or where one ends within a day of another.
    """
    if len(windows) == 1:
        return windows[0]
    ordered = sorted(windows, key=lambda window: window.start_ms)
    if any(later.start_ms > earlier.end_ms for earlier, later in pairwise(ordered)):
        return None
    days = {(day.start_ms, day.end_ms) for window in windows for day in window.days}
    starts_ms, ends_ms = zip(*sorted(days), strict=True)
    if starts_ms[1:] != ends_ms[:-1]:
        return None
    return replace(ordered[0], end_ms=ends_ms[-1], day_ends_ms=ends_ms)
