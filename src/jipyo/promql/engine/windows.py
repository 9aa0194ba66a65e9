"""Where the windows of range vectors lie on the times that series share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import Mask, Times, Values
from jipyo.promql.syntax.ast import Extension, MatrixSelector, Subquery

if TYPE_CHECKING:
    from jipyo.promql.engine.budget import QueryBudget


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows `start < t <= end` over sorted times: samples `lo:hi`. Shapes (windows,).

    Extended windows hold the samples that their edges may be read from, too.
    """

    start_ms: Times
    end_ms: Times
    lo: Times
    hi: Times

    @property
    def count(self) -> Times:
        """How many samples each window holds."""
        return self.hi - self.lo

    def keep(self, wanted: Mask) -> Windows:
        """Only these windows."""
        if wanted.all():
            return self
        return Windows(self.start_ms[wanted], self.end_ms[wanted], self.lo[wanted], self.hi[wanted])


@dataclass(frozen=True, slots=True)
class WindowShape:
    """Windows of one length, one for each step; `end_ms` (steps,)."""

    end_ms: Times
    range_ms: int
    extension: Extension | None = None
    lookback_ms: int = 0

    @classmethod
    def from_selector(cls, node: MatrixSelector, t_ms: Times, lookback_ms: int) -> WindowShape:
        """The windows of `x[5m]`."""
        selector = node.selector
        assert isinstance(selector.offset, int)
        assert isinstance(node.range, int)
        at_ms = np.full(len(t_ms), selector.at) if isinstance(selector.at, int) else t_ms
        return cls(at_ms - selector.offset, node.range, selector.extension, lookback_ms)

    @classmethod
    def from_subquery(cls, node: Subquery, t_ms: Times) -> WindowShape:
        """The windows of `expr[1h:5m]`."""
        assert isinstance(node.offset, int)
        assert isinstance(node.range, int)
        at_ms = np.full(len(t_ms), node.at) if isinstance(node.at, int) else t_ms
        return cls(at_ms - node.offset, node.range)

    @property
    def smoothed(self) -> bool:
        """Whether the values at the edges lie on the line between samples."""
        return self.extension is Extension.SMOOTHED

    @property
    def _margins_ms(self) -> tuple[int, int]:
        """How far before and after a window its edges may be read from."""
        before_ms = self.lookback_ms if self.extension else 0
        return before_ms, self.lookback_ms if self.smoothed else 0

    def place(self, t_ms: Times) -> Windows:
        """Lay the windows over sorted times (promql/engine.go, matrixIterSlice)."""
        before_ms, after_ms = self._margins_ms
        start_ms = self.end_ms - self.range_ms
        return Windows(
            start_ms,
            self.end_ms,
            np.searchsorted(t_ms, start_ms - before_ms, "right"),
            np.searchsorted(t_ms, self.end_ms + after_ms, "right"),
        )

    def find_reach(self) -> tuple[int, int]:
        """The first and last moment at which a sample counts."""
        before_ms, after_ms = self._margins_ms
        first_ms = int(self.end_ms.min()) - self.range_ms - before_ms + 1
        return first_ms, int(self.end_ms.max()) + after_ms

    def list_steps(self, step_ms: int, budget: QueryBudget) -> Times:
        """The multiples of the step that lie in any window: where a subquery is evaluated.

        Raises:
            QueryError: they are more than samples are allowed.
        """
        first = np.floor_divide(self.end_ms - self.range_ms, step_ms) + 1
        last = np.floor_divide(self.end_ms, step_ms)
        if len(first) > 1 and (first[1:] > last[:-1] + 1).any():
            budget.require_room(int(np.maximum(last - first + 1, 0).sum()))
            parts = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
            return np.unique(np.concatenate(parts)) * step_ms
        low, high = int(first.min()), int(last.max())
        budget.require_room(high - low + 1)
        return np.arange(low, high + 1, dtype=np.int64) * step_ms


@dataclass(frozen=True, slots=True)
class Prepared:
    """A kernel's work for all series that share their times: what depends on times alone is done.

    `apply` takes values (series, samples) and gives a result for each window in `ok`,
    shape (series, ok.sum()).
    """

    ok: Mask
    apply: Callable[[Values], Values]


Kernel = Callable[[Times, Windows, tuple[Values, ...]], Prepared]
"""Times, windows and scalar arguments (each of shape (windows,)) -> what to do with values."""

_CHUNK = 1 << 17
"""So many numbers are worked on at once, to stay in the processor's cache."""


def apply_to_series(
    prepared: Prepared, values: Values, *, check: Callable[[], None] = lambda: None
) -> Values:
    """Apply to all series, a few at a time; shape (series, windows), zeros where not ok.

    Args:
        prepared: what to apply.
        values: of the series, shape (series, samples).
        check: called before each part; raises where the query is to end.
    """
    ok = prepared.ok
    whole = bool(ok.all())
    out = np.empty((len(values), len(ok))) if whole else np.zeros((len(values), len(ok)))
    rows = max(1, _CHUNK // max(values.shape[1], len(ok), 1))
    for first in range(0, len(values), rows):
        check()
        result = prepared.apply(values[first : first + rows])
        if whole:
            out[first : first + rows] = result
        else:
            out[first : first + rows, ok] = result
    return out
