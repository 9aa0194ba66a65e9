"""The targets that do not answer, and why, as far as the store knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.failure import FAILURES, parse_reason
from jipyo.model.result import Vector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source


@dataclass(frozen=True, slots=True)
class Outage:
    """A target that does not answer."""

    job: str
    instance: str
    reason: FailureReason | None
    """None where the store does not have it, as for targets that somebody else scrapes."""

    @property
    def name(self) -> str:
        """Job and instance: `redis 10.0.0.5:6379`."""
        return " ".join(filter(None, (self.job, self.instance)))


def find_outages(source: Source, series: Iterable[Labels], t_ms: int) -> tuple[Outage, ...]:
    """The targets of these series, each with the reason for which it fails at `t_ms`.

    Raises:
        SourceError: the source failed.
    """
    result = source.instant(FAILURES, t_ms).value
    assert isinstance(result, Vector), "BUG: an instant query is answered by a Vector"
    reasons = {
        identify_target(labels): reason
        for labels in result.series
        if (reason := parse_reason(labels)) is not None
    }
    targets = dict.fromkeys(identify_target(labels) for labels in series)
    return tuple(Outage(*target, reasons.get(target)) for target in targets)


def identify_target(labels: Labels) -> tuple[str, str]:
    """The job and the instance of a series."""
    return labels.get("job", ""), labels.get("instance", "")
