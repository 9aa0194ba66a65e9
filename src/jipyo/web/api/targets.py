"""`/api/jipyo/targets`: everything that is collected, with the last error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.wording import name_cause, name_remedy
from jipyo.model.secret import redact_url
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.collect.target import TargetStatus
    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A target and its last scrape."""

    job: str
    instance: str
    url: str
    state: Literal["up", "down", "unknown", "absent"]
    """`absent` is a collector that has nothing to measure on this host."""
    since: float | None
    """When it came into this state; null where it has not been read yet."""
    error: str
    """Why it is down: it cannot be read, or the probe failed; empty where it is not."""
    hint: str
    """What to do about it; empty where it is not down."""
    notes: tuple[str, ...]
    """What could not be read, though the rest could."""
    last: float | None
    """When it was last tried."""
    duration_s: float
    samples: int
    rejected: int
    """Samples that the store rejected."""
    interval_s: float


@dataclass(frozen=True, slots=True)
class Targets:
    """Everything that is collected."""

    targets: tuple[TargetInfo, ...]


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """How many targets are in each state."""

    up: int
    down: int
    unknown: int
    absent: int


OPERATION = Operation("/targets", Targets, "Everything that is collected.")


def routes(targets: Callable[[], Sequence[TargetStatus]], lang: Lang) -> list[Route]:
    """The route over the targets at the time of the request."""

    def build(_request: WebRequest, t: Texts) -> Targets:
        return Targets(tuple(build_target(status, t) for status in targets()))

    return [json_route(OPERATION, build, lang)]


def build_target(status: TargetStatus, t: Texts) -> TargetInfo:
    """A target with the texts of its errors."""
    error, hint = describe_failure(status, t)
    return TargetInfo(
        job=status.labels.get("job", ""),
        instance=status.labels.get("instance", ""),
        url=redact_url(status.url),
        state=status.state.value,
        since=None if status.since_ms is None else status.since_ms / 1000,
        error=error,
        hint=hint,
        notes=tuple(t(note.key, **dict(note.values)) for note in status.notes),
        last=None if status.last_ms is None else status.last_ms / 1000,
        duration_s=status.duration_s,
        samples=status.samples,
        rejected=status.rejected,
        interval_s=status.interval_ms / 1000,
    )


def describe_failure(status: TargetStatus, t: Texts) -> tuple[str, str]:
    """Why a target is down and what to do about it; both empty where it is not."""
    if status.failure is None:
        return "", ""
    cause = name_cause(status.failure, t) if status.error is None else t.error(status.error)
    error, _, hint = cause.partition("\n")
    return error, hint or name_remedy(status.failure, t)


def count_targets(targets: Sequence[TargetStatus]) -> TargetCounts:
    """The targets by state."""
    states = Counter(target.state.value for target in targets)
    return TargetCounts(states["up"], states["down"], states["unknown"], states["absent"])
