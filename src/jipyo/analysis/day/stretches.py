"""When a metric was beyond its thresholds or no longer reported, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from jipyo.analysis.health import judge_steps
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import MetricGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.catalogue import Metric
    from jipyo.source.metric_data import MetricData

_BEFORE, _OK = -1, int(Severity.OK)


class LaneGroup(Enum):
    """What a metric is about, as the lanes of the overview have it; the end of a text's key."""

    API = "api"
    AI = "ai"
    GPU = "gpu"
    SERVER = "server"
    DATABASE = "database"
    COLLECTION = "collection"


_LANES = {
    MetricGroup.SYSTEM: LaneGroup.SERVER,
    MetricGroup.APPLICATION: LaneGroup.API,
    MetricGroup.AI: LaneGroup.AI,
    MetricGroup.DATABASE: LaneGroup.DATABASE,
}
_TOPICS = {
    "system.gpu": LaneGroup.GPU,
    "ai.gpu_memory": LaneGroup.GPU,
    "system.collection": LaneGroup.COLLECTION,
}
_AHEAD = ("system.outlook",)
"""Topics that speak of the future: no state of the past."""


def find_lane(metric: Metric) -> LaneGroup | None:
    """The lane that shows a metric's states; None for one that says what is to come."""
    if metric.topic in _AHEAD:
        return None
    return _TOPICS.get(metric.topic, _LANES[metric.group])


@dataclass(frozen=True, slots=True)
class StateStretch:
    """A stretch (start, end] in which a metric was not ok."""

    metric_id: str
    state: State
    start_ms: int
    end_ms: int


def list_stretches(data: MetricData, start_ms: int, step_ms: int) -> tuple[StateStretch, ...]:
    """The stretches of a metric that end after `start_ms`, by the one judge.

    What is before `start_ms` is judged, so that the state there is known, and not listed. A
    metric that has no value while nothing happens was not lost.
    """
    gravest = judge_steps(data)
    if gravest is None:
        return ()
    t_ms = data.matrix.t_ms
    found: list[StateStretch] = []
    at = 0
    for severity, steps in groupby(gravest.tolist()):
        first, at = at, at + sum(1 for _ in steps)
        state = _find_state(severity, data.metric)
        began_ms, ended_ms = int(t_ms[first]) - step_ms, int(t_ms[at - 1])
        if state is not None:
            last = found[-1] if found else None
            fires = state in (State.WARNING, State.CRITICAL)
            if fires and last and last.state is State.PENDING and last.end_ms == began_ms:
                # What fires began when the threshold was reached, as everywhere else.
                began_ms = found.pop().start_ms
            found.append(StateStretch(data.metric.id, state, began_ms, ended_ms))
    return tuple(
        replace(one, start_ms=max(one.start_ms, start_ms)) for one in found if one.end_ms > start_ms
    )


def _find_state(severity: int, metric: Metric) -> State | None:
    if severity in (_BEFORE, _OK):
        return None
    state = Severity(severity).state
    return None if state is State.UNKNOWN and metric.idle_without_data else state


@dataclass(frozen=True, slots=True)
class LaneMark:
    """A stretch of a lane: the gravest state of its metrics there, and which have it."""

    state: State
    start_ms: int
    end_ms: int
    metrics: tuple[str, ...]


def merge_stretches(stretches: Iterable[StateStretch]) -> tuple[LaneMark, ...]:
    """The stretches of a lane's metrics laid over one another, the gravest on top.

    Stretches that touch and have the same state are one mark.
    """
    starts_ms: dict[int, list[StateStretch]] = {}
    for one in stretches:
        starts_ms.setdefault(one.start_ms, []).append(one)
        starts_ms.setdefault(one.end_ms, [])
    marks: list[LaneMark] = []
    there: list[StateStretch] = []
    for start_ms, end_ms in pairwise(sorted(starts_ms)):
        there = [one for one in there if one.end_ms > start_ms] + starts_ms[start_ms]
        if not there:
            continue
        state = max((one.state for one in there), key=lambda one: one.severity)
        metrics = tuple(dict.fromkeys(one.metric_id for one in there if one.state is state))
        last = marks[-1] if marks else None
        if last is not None and last.state is state and last.end_ms == start_ms:
            metrics = tuple(dict.fromkeys((*last.metrics, *metrics)))
            marks[-1] = replace(last, end_ms=end_ms, metrics=metrics)
        else:
            marks.append(LaneMark(state, start_ms, end_ms, metrics))
    return tuple(marks)
