"""Where windows lie on the times that series share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jipyo.model.sample import Mask, Times, Values


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows `start < t <= end` over sorted times: samples `lo:hi`. Shapes (windows,)."""

    start_ms: Times
    end_ms: Times
    lo: Times
    hi: Times

    @classmethod
    def over(cls, t_ms: Times, end_ms: Times, range_ms: int) -> Windows:
        """Left-open windows of one length (promql/engine.go, matrixIterSlice)."""
        start_ms = end_ms - range_ms
        return cls(
            start_ms,
            end_ms,
            np.searchsorted(t_ms, start_ms, "right"),
            np.searchsorted(t_ms, end_ms, "right"),
        )

    @property
    def count(self) -> Times:
        """How many samples each window holds."""
        return self.hi - self.lo

    def where(self, keep: Mask) -> Windows:
        """Only these windows."""
        if keep.all():
            return self
        return Windows(self.start_ms[keep], self.end_ms[keep], self.lo[keep], self.hi[keep])


@dataclass(frozen=True, slots=True)
class Prepared:
    """What depends on times alone, computed once for all series that share them.

    `apply` takes values (series, samples) and gives a result for each window in `ok`,
    shape (series, ok.sum()).
    """

    ok: Mask
    apply: Callable[[Values], Values]


Kernel = Callable[[Times, Windows, tuple[Values, ...]], Prepared]
"""Times, windows and scalar arguments (each of shape (windows,)) -> what to do with values."""

_CHUNK = 1 << 17
"""So many numbers are worked on at once, for the processor's cache."""


def run(prepared: Prepared, values: Values, *, check: Callable[[], None] = lambda: None) -> Values:
    """Apply to all series, a few at a time; shape (series, windows), zeros where not ok."""
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
