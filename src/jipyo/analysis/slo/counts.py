"""Good, bad and unknown events or minutes, in pieces of time that add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.slo.objective import MissingData

if TYPE_CHECKING:
    from jipyo.model.sample import Times, Values


@dataclass(frozen=True, slots=True)
class SloTally:
    """Counts of a stretch of time: of requests, or of minutes."""

    good: float
    bad: float
    missing: float = 0.0
    """Minutes without data."""

    def apply(self, policy: MissingData) -> SloTally:
        """What they come to where minutes without data are good or bad."""
        if policy is MissingData.IGNORE:
            return self
        if policy is MissingData.BAD:
            return SloTally(self.good, self.bad + self.missing, self.missing)
        return SloTally(self.good + self.missing, self.bad, self.missing)

    @property
    def total(self) -> float:
        """Good and bad."""
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class SloCounts:
    """Counts by pieces `(edge, next edge]`; arrays of shape (pieces,)."""

    edge_ms: Times
    """Ascending, shape (pieces + 1,)."""
    good: Values
    bad: Values
    missing: Values
    """Minutes without data."""

    def add_up(self, start_ms: int, end_ms: int) -> SloTally:
        """The counts of the pieces that lie in a stretch whose ends are edges.

        Counters that are read apart may disagree, where counts are extrapolated or one of them
        alone seems reset: neither good nor bad is then less than none.
        """
        first, last = np.searchsorted(self.edge_ms, (start_ms, end_ms)).tolist()
        ends = self.edge_ms[[first, last]].tolist() if last < len(self.edge_ms) else []
        assert ends == [start_ms, end_ms], f"BUG: {start_ms} or {end_ms} is no edge"
        rows = (self.good, self.bad, self.missing)
        good, bad, missing = (float(row[first:last].sum()) for row in rows)
        total = max(good + bad, 0.0)
        return SloTally(min(max(good, 0.0), total), min(max(bad, 0.0), total), missing)
