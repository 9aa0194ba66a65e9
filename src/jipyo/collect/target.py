"""Targets, their status, and reading our own collectors as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.reading import ReadingNote, TargetReading
from jipyo.model.sample import MetricMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from jipyo.collect.protocols import Collector, TargetReader
    from jipyo.model.errors import JipyoError
    from jipyo.model.failure import FailureReason
    from jipyo.model.family import Family


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Something scraped every interval. Two targets are equal only if they are one object."""

    labels: Labels
    """At least job and instance; `up` and its like have them."""
    reader: TargetReader
    interval_ms: int
    url: str = ""
    """Where it is scraped; empty for our own collectors."""

    @property
    def job(self) -> str:
        """The label `job`."""
        return self.labels.get("job", "")

    @property
    def instance(self) -> str:
        """The label `instance`."""
        return self.labels.get("instance", "")


class TargetState(Enum):
    """The state of a target."""

    UNKNOWN = "unknown"
    """Not read yet."""
    UP = "up"
    DOWN = "down"
    """It cannot be read, or what it probes fails."""
    ABSENT = "absent"
    """There is nothing of this kind here: no GPU, for example."""


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """A target and the outcome of its last scrape."""

    labels: Labels
    url: str
    interval_ms: int
    state: TargetState = TargetState.UNKNOWN
    error: JipyoError | None = None
    """Why it could not be read; None for a probe that could be made and failed."""
    last_ms: int | None = None
    duration_s: float = 0.0
    samples: int = 0
    notes: tuple[ReadingNote, ...] = ()
    rejected: int = 0
    """Samples of the last scrape that the store rejected."""
    since_ms: int | None = None
    """The first scrape with this outcome, without another between; None where not read yet."""
    failure: FailureReason | None = None
    """Why it is down."""


class TargetPool:
    """The targets of one list after another: one that is made of the same is the same object.

    So the loop goes on with a target that has not changed.
    """

    def __init__(self) -> None:
        """No target yet."""
        self._targets: dict[Hashable, Target] = {}

    def select(self, plans: Mapping[Hashable, Callable[[], Target]]) -> list[Target]:
        """One target for each plan; the keys are all that a target is made of.

        Raises:
            ConfigError: one cannot be built; the targets stay as they were.
        """
        known = self._targets
        self._targets = {key: known.get(key) or build() for key, build in plans.items()}
        return list(self._targets.values())


class CollectorReader:
    """Reads collectors on this machine as one target."""

    def __init__(
        self,
        collectors: Sequence[Collector],
        labels: Mapping[str, str],
        notes: Callable[[], tuple[ReadingNote, ...]] = tuple,
    ) -> None:
        """Put `labels` (job, instance) on all their series; `notes` are about the last reading."""
        self._collectors = tuple(collectors)
        self._notes = notes
        self._labels = dict(labels)
        self._full: dict[Labels, Labels] = {}
        self._bare: tuple[Labels, ...] = ()
        self._series: tuple[Labels, ...] = ()
        self._described: tuple[tuple[str, str], ...] = ()
        self._metadata: tuple[MetricMetadata, ...] = ()
        self._families: tuple[Family, ...] = ()

    def read(self, t_ms: int) -> TargetReading | None:
        """Run every collector; None where none has anything here.

        Raises:
            CollectError: one that should be there cannot be read.
        """
        self._families = ()
        results = [collector.collect(t_ms) for collector in self._collectors]
        if all(families is None for families in results):
            return None
        families = tuple(family for result in results for family in result or ())
        self._families = families
        samples = [sample for family in families for sample in family.samples]
        self._label_series([sample.labels for sample in samples])
        values = np.array([sample.value for sample in samples], np.float64)
        return TargetReading(
            self._series,
            values,
            metadata=self._describe(families),
            scraped=len(samples),
            notes=self._notes(),
        )

    def families(self) -> tuple[Family, ...]:
        """The last result."""
        return self._families

    def _label_series(self, bare: Iterable[Labels]) -> None:
        """Series with the target's labels, the same tuple while nothing changes."""
        now = tuple(bare)
        if now != self._bare or not self._series:
            before = self._full
            self._full = {labels: before.get(labels) or labels.put(self._labels) for labels in now}
            self._bare, self._series = now, tuple(self._full[labels] for labels in now)

    def _describe(self, families: Sequence[Family]) -> tuple[MetricMetadata, ...]:
        described = tuple((family.name, family.help) for family in families)
        if described != self._described:
            self._described = described
            self._metadata = tuple(
                MetricMetadata(family.name, family.type, family.help, family.unit)
                for family in families
            )
        return self._metadata


def own_target(
    collectors: Sequence[Collector],
    *,
    job: str,
    instance: str,
    interval_ms: int,
    notes: Callable[[], tuple[ReadingNote, ...]] = tuple,
) -> Target:
    """Collectors on this machine as a target of the loop, with `notes` on their last reading."""
    labels = {"job": job, "instance": instance}
    return Target(Labels.of(labels), CollectorReader(collectors, labels, notes), interval_ms)
