"""The capacity answer as a value, and what it says about a rate that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.analysis.capacity.history import CapacityObjective


@dataclass(frozen=True, slots=True)
class Remark:
    """The key of a text and what fills its blanks; rates in requests/s, times in seconds."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateInterval:
    """A request rate in 1/s with its 80% interval."""

    low: float
    median: float
    high: float

    @property
    def spread(self) -> float:
        """How many times the upper end is the lower one."""
        return self.high / self.low


class Basis(Enum):
    """What the breaking rate was seen from."""

    MODEL = "model"
    """A queueing model of the hours below the break."""
    OBSERVED = "observed"
    """The objective was broken within the history."""


class Broken(Enum):
    """Which part of the objective breaks first."""

    LATENCY = "latency"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class ResourceLimit:
    """What a resource's busy share says, if anything."""

    name: str
    peak_busy: float | None
    """The highest share seen, 0 to 1; None where nothing was measured."""
    full_rate: float | None
    """The rate at which it would be fully busy, by the utilisation law; None: see `unusable`."""
    is_configured: bool = False
    """Whether `full_rate` is a limit of the configuration rather than measured."""
    unusable: Remark | None = None
    """Why its busy share tells nothing about the capacity."""


@dataclass(frozen=True, slots=True)
class ProvenLoad:
    """The highest load up to which the objective was kept, without any model."""

    rate: float
    windows: int
    """How many windows had about this load."""
    duration_s: float
    """All of them together."""
    latency_s: float
    """The objective's quantile in these windows, interpolated between bounds."""
    error_share: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of the history that the answer is from."""

    begin_ms: int
    end_ms: int
    windows: int
    hours: float
    """How much time the windows cover, without gaps and without windows left out."""
    requests: float
    highest_rate: float
    """The load that only one window in 500 exceeded."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where the service changed; nothing before it is used."""

    t_ms: int
    shift: float
    """How much slower requests became at equal load: 0.2 is 20% slower. Negative: faster."""
    is_known: bool
    """Whether it is one of the deployments that were given, or was found by its effect."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """At which load an objective breaks, or why that is unknown.

    Just one of `breaking` and `refusal` is None.
    """

    objective: CapacityObjective
    breaking: RateInterval | None
    """The rate at which the objective breaks when it lasts for 15 minutes."""
    refusal: Remark | None
    likely_above: float | None
    """Where it is refused: the rate that is likely held (nine in ten); None if not known."""
    basis: Basis
    broken: Broken
    """What breaks first at that rate."""
    limiting: str | None
    """Name of the resource that gives out first; None where no resource was of use."""
    resources: tuple[ResourceLimit, ...]
    proven: ProvenLoad | None
    """None where the objective was not kept even at the lowest loads, or nothing was seen."""
    seen: Seen | None
    splits: tuple[Split, ...]
    remarks: tuple[Remark, ...]
    """What the reader must know to judge the answer."""


class TargetVerdict(Enum):
    """Whether a wanted rate can be served within the objective."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Not enough load was seen to say."""


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """The answer to "does it serve 100 requests/s?"."""

    rate: float
    verdict: TargetVerdict
    reason: Remark


def judge_target(capacity: Capacity, rate: float) -> TargetAnswer:
    """Yes if the rate was proven or lies below the interval, no if above it, else unknown."""
    assert rate > 0, "BUG: a target is a positive rate"
    proven, breaking = capacity.proven, capacity.breaking
    if proven and rate <= proven.rate:
        values = {"proven": proven.rate, "duration_s": proven.duration_s}
        return TargetAnswer(rate, TargetVerdict.YES, Remark("capacity.target.proven", values))
    if breaking is None:
        likely = capacity.likely_above
        if likely is not None and rate <= likely:
            values = {"low": likely}
            return TargetAnswer(
                rate, TargetVerdict.UNKNOWN, Remark("capacity.target.likely", values)
            )
        highest = capacity.seen.highest_rate if capacity.seen else 0.0
        values = {"highest": highest}
        return TargetAnswer(rate, TargetVerdict.UNKNOWN, Remark("capacity.target.unseen", values))
    values = {"low": breaking.low, "median": breaking.median, "high": breaking.high}
    if rate <= breaking.low:
        return TargetAnswer(rate, TargetVerdict.YES, Remark("capacity.target.below", values))
    if rate > breaking.high:
        return TargetAnswer(rate, TargetVerdict.NO, Remark("capacity.target.above", values))
    return TargetAnswer(rate, TargetVerdict.UNKNOWN, Remark("capacity.target.within", values))
