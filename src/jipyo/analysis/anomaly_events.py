"""What was unusual over a range: series that deviated, together where they are of one target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.anomaly_steps import score_steps

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from jipyo.analysis.anomaly import Anomaly
    from jipyo.analysis.anomaly_steps import Watched, WatchedSeries
    from jipyo.model.sample import Times

_JOIN_STEPS = 3
"""Alerts of a series so few steps apart are one event."""


@dataclass(frozen=True, slots=True)
class AnomalyEvent:
    """A stretch in which a series deviated, and its strongest deviation."""

    series: WatchedSeries
    start_ms: int
    end_ms: int
    peak_ms: int
    peak: Anomaly


@dataclass(frozen=True, slots=True)
class TargetAnomaly:
    """Series of one target that deviated at the same time, the strongest first."""

    target: str
    events: tuple[AnomalyEvent, ...]

    @property
    def start_ms(self) -> int:
        """When the first of them began."""
        return min(event.start_ms for event in self.events)

    @property
    def end_ms(self) -> int:
        """When the last of them ended."""
        return max(event.end_ms for event in self.events)

    @property
    def score(self) -> float:
        """The highest score of any."""
        return max(event.peak.score for event in self.events)


def find_target_anomalies(
    watched: Watched, t_ms: Times, step_ms: int, zone: ZoneInfo, since_ms: int
) -> tuple[TargetAnomaly, ...]:
    """What deviated from `since_ms` on, the newest first; what is before teaches what is usual."""
    if not watched.series:
        return ()
    by_key = {one.key: one for one in watched.series}
    events: list[AnomalyEvent] = []
    open_: dict[str, int] = {}
    for scores in score_steps(watched, t_ms, step_ms, zone):
        if scores.t_ms < since_ms:
            continue
        for anomaly in scores.find_anomalies():
            at = open_.get(anomaly.key)
            near_ms = scores.t_ms - _JOIN_STEPS * step_ms
            if at is not None and events[at].end_ms >= near_ms:
                events[at] = _extend(events[at], scores.t_ms, anomaly)
                continue
            open_[anomaly.key] = len(events)
            t = scores.t_ms
            events.append(AnomalyEvent(by_key[anomaly.key], t, t, t, anomaly))
    return tuple(sorted(_join(events, step_ms), key=lambda one: (-one.end_ms, -one.score)))


def _extend(event: AnomalyEvent, t_ms: int, anomaly: Anomaly) -> AnomalyEvent:
    if anomaly.score <= event.peak.score:
        return replace(event, end_ms=t_ms)
    return replace(event, end_ms=t_ms, peak_ms=t_ms, peak=anomaly)


def _join(events: Iterable[AnomalyEvent], step_ms: int) -> list[TargetAnomaly]:
    """Events of one target that overlap, or nearly do, as one."""
    groups: list[TargetAnomaly] = []
    newest: dict[str, int] = {}
    for event in sorted(events, key=lambda one: one.start_ms):
        target = event.series.target
        at = newest.get(target)
        near_ms = event.start_ms - _JOIN_STEPS * step_ms
        if at is not None and groups[at].end_ms >= near_ms:
            together = (*groups[at].events, event)
            groups[at] = TargetAnomaly(
                target, tuple(sorted(together, key=lambda one: -one.peak.score))
            )
            continue
        newest[target] = len(groups)
        groups.append(TargetAnomaly(target, (event,)))
    return groups
