"""What is collected, job by job, and what fails, cause by cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.analysis.targets import ScrapeState
from jipyo.model.result import Vector
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jipyo.analysis.targets import TargetNow
    from jipyo.model.failure import FailureReason
    from jipyo.source.base import Source

_RECEIVED = "sum by (protocol) (increase(jipyo_receive_samples_total[1h] anchored))"
_SENT = "sum by (remote_name) (increase(jipyo_remote_write_samples_total{own}[1h]))"
_FAILING = "max by (remote_name) (jipyo_remote_write_failing{own})"


class JobKind(Enum):
    """Who collects the targets of a job."""

    HOST = "host"
    """The collectors of this host, all of them together."""
    SCRAPE = "scrape"
    DATABASE = "database"
    PROBE = "probe"
    RECEIVER = "receiver"
    """Nobody: samples are pushed."""
    DESTINATION = "destination"
    """Nobody: samples are sent to another server."""


@dataclass(frozen=True, slots=True)
class OwnJobs:
    """The jobs that the configuration sets up."""

    instance: str
    """The label `instance` of this host's own collectors."""
    host: frozenset[str]
    """The jobs of those collectors."""
    site: Mapping[str, JobKind]
    """The databases, probes and scrape jobs, by name."""


@dataclass(frozen=True, slots=True)
class JobNow:
    """All targets of a job; of a receiver or a destination, the samples of the last hour."""

    name: str
    kind: JobKind
    targets: int
    failing: int
    samples: int
    """Of the last reading of every target."""

    @property
    def is_healthy(self) -> bool:
        """Whether nothing of it fails, and it has targets where it should have any."""
        return not self.failing and (self.targets > 0 or self.kind is JobKind.RECEIVER)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """The targets that fail for one reason."""

    reason: FailureReason | None
    """None where the store does not have it."""
    targets: tuple[TargetNow, ...]


def group_by_job(targets: Sequence[TargetNow], own: OwnJobs) -> tuple[JobNow, ...]:
    """The jobs with the targets that are scraped now: this host, then those of the site.

    A job of the configuration that has no target is among them.
    """
    members: dict[tuple[JobKind, str], list[TargetNow]] = {
        (kind, name): [] for name, kind in own.site.items()
    }
    for target in targets:
        if target.state is not ScrapeState.GONE:
            is_own = target.instance == own.instance and target.job in own.host
            kind = JobKind.HOST if is_own else own.site.get(target.job, JobKind.SCRAPE)
            members.setdefault((kind, own.instance if is_own else target.job), []).append(target)
    return tuple(
        JobNow(
            name,
            kind,
            len(scraped),
            sum(target.state is ScrapeState.DOWN for target in scraped),
            sum(target.samples for target in scraped),
        )
        for (kind, name), scraped in sorted(
            members.items(), key=lambda member: member[0][0] is not JobKind.HOST
        )
    )


def group_by_reason(targets: Collection[TargetNow]) -> tuple[FailureGroup, ...]:
    """The targets that are down, by the reason; the reason of most targets first."""
    groups: dict[FailureReason | None, list[TargetNow]] = {}
    for target in targets:
        if target.state is ScrapeState.DOWN:
            groups.setdefault(target.reason, []).append(target)
    found = (FailureGroup(reason, tuple(members)) for reason, members in groups.items())
    return tuple(sorted(found, key=lambda group: -len(group.targets)))


def read_receivers(source: Source, t_ms: int) -> tuple[JobNow, ...]:
    """The protocols by which samples were received within the last hour.

    Raises:
        SourceError: the source failed.
    """
    result = source.instant(_RECEIVED, t_ms).value
    assert isinstance(result, Vector), "BUG: an instant query is answered by a Vector"
    received = zip(result.series, result.values.tolist(), strict=True)
    return tuple(
        JobNow(labels.get("protocol", ""), JobKind.RECEIVER, 0, 0, int(samples))
        for labels, samples in received
        if samples > 0
    )


def read_destinations(source: Source, instance: str, t_ms: int) -> tuple[JobNow, ...]:
    """The servers that the jipyo of this host sends to; one of them fails, or does not.

    Raises:
        SourceError: the source failed.
    """
    own = f'{{job="jipyo", instance={quote(instance)}}}'
    sent, failing = (
        source.instant(query.replace("{own}", own), t_ms).value for query in (_SENT, _FAILING)
    )
    assert isinstance(sent, Vector), "BUG: an instant query is answered by a Vector"
    assert isinstance(failing, Vector), "BUG: an instant query is answered by a Vector"
    samples = dict(zip(sent.series, sent.values.tolist(), strict=True))
    return tuple(
        JobNow(
            labels.get("remote_name", ""),
            JobKind.DESTINATION,
            1,
            int(fails),
            round(samples.get(labels, 0.0)),
        )
        for labels, fails in zip(failing.series, failing.values.tolist(), strict=True)
    )
