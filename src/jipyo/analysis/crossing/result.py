"""What a crossing forecast says: when each threshold is reached, how likely, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Motion(Enum):
    """How a series moves, as far as its history tells."""

    FLAT = "flat"
    STEADY = "steady"
    ACCELERATING = "accelerating"
    SATURATING = "saturating"
    STEPS = "steps"
    WANDERING = "wandering"
    SAWTOOTH = "sawtooth"
    SAWTOOTH_OVERDUE = "sawtooth_overdue"
    """A sawtooth whose usual reset has not come: treated as if it no longer came."""


class CrossingState(Enum):
    """Whether one threshold is reached, or is expected to be."""

    REACHED = "reached"
    """The newest values are beyond it."""
    EXPECTED = "expected"
    """Reached within the horizon with a probability of one half or more."""
    NOT_EXPECTED = "not_expected"
    UNKNOWN = "unknown"
    """Too little history to say anything."""


@dataclass(frozen=True, slots=True)
class CrossingReason:
    """Why a threshold is or is not reached: a motion and its figures.

    `per_day` is the present slope in the series' unit a day, seasons and resets apart; `since_ms`
    is when the present course began; `period_ms` is the usual time between resets or steps, and
    `last_ms` the last of them, where there are any.
    """

    motion: Motion
    per_day: float
    since_ms: int
    period_ms: int | None = None
    last_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """When one threshold is reached.

    `probability` is that of reaching it within the horizon. `t_ms` is the median date,
    `earliest_ms` to `latest_ms` the 80 % interval; each is None where it lies beyond twice the
    horizon, which is as far as paths are simulated.
    """

    threshold: float
    state: CrossingState
    probability: float
    t_ms: int | None = None
    earliest_ms: int | None = None
    latest_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CrossingForecast:
    """The crossings of a series' thresholds, in the order asked for, with what they rest on.

    `end_ms` is the time of the newest sample, from which the horizon counts; `samples` of
    `expected` grid points had a value. `reason` is None where the state is unknown.
    """

    crossings: tuple[Crossing, ...]
    reason: CrossingReason | None
    end_ms: int
    horizon_ms: int
    samples: int
    expected: int

    def find_eta_seconds(self, crossing: Crossing) -> float:
        """Seconds from the newest sample to the median date; infinite where there is none."""
        if crossing.state is CrossingState.REACHED:
            return 0.0
        return math.inf if crossing.t_ms is None else (crossing.t_ms - self.end_ms) / 1000
