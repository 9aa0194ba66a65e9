"""A figure and everything needed to compute it again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class ProportionEstimate:
    """Of how many cases a share is one, and its 95% interval in the share's own unit.

    All of it is None where the cases are not counted.
    """

    n: int | None
    low: float | None
    high: float | None

    def straddles(self, limit: float) -> bool:
        """Whether the truth may as well lie on the other side of this limit."""
        return self.low is not None and self.high is not None and self.low < limit < self.high


UNKNOWN_PROPORTION = ProportionEstimate(None, None, None)


class Fold(Enum):
    """How values over a window became one figure; `docs/reports.md` explains each in a sentence."""

    AVERAGE = "average"
    P95 = "p95"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    LAST = "last"
    CHANGE = "change"
    TOTAL = "total"
    RATIO = "ratio"
    BUCKETS = "buckets"
    MEAN = "mean"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the report and all that is needed to work it out again.

    With `step_ms` above 0, `expr` was asked as a range (start + step to end) and the values
    that were present were folded; with 0 it was asked once, at `end_ms`, over the whole
    window. `value` is None where there was nothing to work it out from.
    """

    metric: str
    """The catalogue's id; empty for what is not of the catalogue."""
    value: float | None
    unit: str
    fold: Fold
    expr: str
    series: str
    exporter: str
    start_ms: int
    end_ms: int
    step_ms: int
    samples: int
    coverage: float
    proportion: ProportionEstimate | None = None
    """Of how many cases a share is one; None for what is not a share of counted cases."""
    estimated: bool = False
    """Whether it is a count that the source could only extrapolate."""


@dataclass(frozen=True, slots=True)
class Delta:
    """By how much something changed; the unit `point` is a difference of percentages."""

    value: float
    unit: str
