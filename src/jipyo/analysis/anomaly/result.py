"""What an anomaly detector says: which series deviates, by how much, from what expectation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values


class Expectation(IntEnum):
    """What a value was compared with."""

    RECENT = 0
    """The last few values: a sudden change."""
    LEVEL = 1
    """The level of the last day, compared with that of the last few values."""
    RHYTHM = 2
    """What is usual at this hour of the day or week."""
    RANGE = 3
    """All values seen so far."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One series that deviates. `score` is 1 or more; `deviation` is in usual deviations."""

    key: str
    target: str
    score: float
    value: float
    expected: float
    expectation: Expectation
    deviation: float


@dataclass(frozen=True, slots=True)
class JointAnomaly:
    """Series of one target that deviate at the same time, the strongest first."""

    target: str
    score: float
    members: tuple[Anomaly, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One step of all series: arrays of shape (series,), in the order of the detector's keys.

    `score` is 1 where a value is as unusual as an alert needs to be, and 0 where it is usual;
    NaN where there was no value, or too few before it to say. `alerts` are those at or above 1.
    `joint` has one score a target, in the order of `targets`; NaN where none of its series has
    one.
    """

    t_ms: int
    keys: tuple[str, ...]
    target_of: tuple[str, ...]
    targets: tuple[str, ...]
    score: Values
    value: Values
    expected: Values
    expectation: Indices
    deviation: Values
    joint: Values

    def find_anomalies(self, least: float = 1.0) -> tuple[Anomaly, ...]:
        """The series whose score is at least `least`, the strongest first."""
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(self.score >= least)
        ordered = rows[np.argsort(-self.score[rows], kind="stable")]
        return tuple(self._describe(int(row)) for row in ordered)

    def find_joint_anomalies(
        self, least: float = 1.0, members: float = 0.5
    ) -> tuple[JointAnomaly, ...]:
        """The targets whose joint score is at least `least`, with series of score `members`."""
        by_target: dict[str, list[Anomaly]] = {}
        for one in self.find_anomalies(members):
            by_target.setdefault(one.target, []).append(one)
        found = [
            JointAnomaly(target, float(score), tuple(by_target.get(target, ())))
            for target, score in zip(self.targets, self.joint, strict=True)
            if score >= least
        ]
        return tuple(sorted(found, key=lambda one: -one.score))

    def _describe(self, row: int) -> Anomaly:
        return Anomaly(
            self.keys[row],
            self.target_of[row],
            float(self.score[row]),
            float(self.value[row]),
            float(self.expected[row]),
            Expectation(int(self.expectation[row])),
            float(self.deviation[row]),
        )
