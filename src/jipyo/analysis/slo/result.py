"""What became of an objective: compliance, budget and burn rates, or why they are not known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.analysis.objectives import Result
    from jipyo.analysis.slo.counts import SloTally
    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels


class RefusalReason(Enum):
    """Why an objective cannot be evaluated."""

    NO_DATA = "no_data"
    NO_EDGE = "no_edge"
    """No bucket ends at the objective."""
    NATIVE_HISTOGRAM = "native_histogram"
    """The source has a native histogram only, whose buckets end elsewhere."""
    WITHOUT_COUNTS = "without_counts"
    """The source gives a mean or a percentile alone."""
    UNREADABLE = "unreadable"
    """The source rejected the query."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no figure, with what can be done about it."""

    reason: RefusalReason
    below: float | None = None
    """Of NO_EDGE: the nearest bucket that ends below the objective, in seconds."""
    above: float | None = None
    where: str = ""
    """The series that lack the bucket, or the exporter, or what the source answered."""


@dataclass(frozen=True, slots=True)
class BurnRate:
    """How many times faster than allowed the budget was spent over the last so long."""

    window_ms: int
    rate: float | None
    """1: just the budget at the end of the period. None: nothing was counted."""
    tally: SloTally


@dataclass(frozen=True, slots=True, kw_only=True)
class SloResult:
    """An objective over its period, of one target."""

    objective: ServiceLevelObjective
    labels: Labels
    """Of the target."""
    name: str
    """What tells it from other targets of the objective; empty where there are none."""
    period: Period
    cut_ms: int
    """Up to where it is counted: the last whole minute, or the end of the period."""
    tally: SloTally
    """Of the period up to then, minutes without data counted by the objective's policy."""
    compliance: float | None
    """The share that was good; None where nothing was counted."""
    budget: float
    """How many may be bad: of the requests so far, or of the minutes of the whole period."""
    budget_left: float | None
    """1: untouched, 0: spent, below: overspent. None where nothing is known."""
    result: Result
    burn_rates: tuple[BurnRate, ...] = ()
    exhausted_ms: int | None = None
    """When the budget ends at the pace of the last day, if that is within the period."""
    coverage: float = 0.0
    """The share of the minutes up to then with data."""
    estimated: bool = False
    """Whether counts are extrapolated, because the source has no anchored windows."""
    exporter: str = ""
    expressions: Mapping[str, str]
    """PromQL of `good` or `bad` and of `total`: instant queries at `cut_ms` give the counts again,
    where no counter has a gap at the start that is longer than the lookback."""
    missing: tuple[JipyoError, ...] = ()
    """What could not be read."""
    refusal: Refusal | None = None
    """Why nothing is known; then there are no other figures."""

    def burn_rate(self, window_ms: int) -> float | None:
        """The burn rate over a window; None where it is not known."""
        rates = (one.rate for one in self.burn_rates if one.window_ms == window_ms)
        return next(rates, None)
