"""The states of each group of metrics over the day, up to now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.day.reading import COLUMN_MS, DAY_MS
from jipyo.analysis.day.stretches import LaneGroup, StateStretch, find_lane, merge_stretches
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import name_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.incident.incident import Incident
    from jipyo.analysis.day.stretches import LaneMark
    from jipyo.analysis.health import Health
    from jipyo.web.api.day.context import DayContext

_FIRING = (State.WARNING, State.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpan:
    """A stretch in which a group was not ok."""

    state: Literal["pending", "warning", "critical", "unknown"]
    start: float
    end: float
    text: str
    incident: int | None
    """The incident of that time that is about one of the metrics."""
    metric: str
    """The first of its metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLane:
    """The states of a group of metrics over the day."""

    id: Literal["api", "ai", "gpu", "server", "database", "collection"]
    name: str
    spans: tuple[LaneSpan, ...]


def build_lanes(
    health: Health, incidents: Sequence[Incident], context: DayContext
) -> tuple[GroupLane, ...]:
    """The lanes of the groups that have data."""
    present = {find_lane(one.metric) for one in health.metrics if not one.is_absent}
    stretches: dict[LaneGroup | None, list[StateStretch]] = {}
    past = tuple(_list_past(context))
    for one in (*past, *_list_fired(incidents, past, context), *_list_now(health)):
        metric = context.catalogue.get(one.metric_id)
        if metric is not None:
            stretches.setdefault(find_lane(metric), []).append(one)
    return tuple(
        GroupLane(
            id=group.value,
            name=context.t(f"overview.lane.{group.value}"),
            spans=tuple(
                _build_span(mark, incidents, context)
                for mark in merge_stretches(stretches.get(group, ()))
            ),
        )
        for group in LaneGroup
        if group in present
    )


def _list_past(context: DayContext) -> Iterator[StateStretch]:
    if context.day is not None:
        for metric in context.day.metrics.values():
            yield from metric.stretches


def _list_fired(
    incidents: Sequence[Incident], past: Sequence[StateStretch], context: DayContext
) -> Iterator[StateStretch]:
    """What fired since the day was read some minutes ago, also where it is over by now.

    Of before only what lies between two steps of that reading: rules are evaluated more often.
    """
    read_ms = context.now_ms - COLUMN_MS if context.day is None else context.day.end_ms
    fired: dict[str, list[StateStretch]] = {}
    for one in past:
        if one.state in _FIRING:
            fired.setdefault(one.metric_id, []).append(one)
    for alert in (alert for incident in incidents for alert in incident.alerts):
        known = fired.get(alert.key.rule, ())
        for began_ms, ended_ms in alert.stretches:
            end_ms = context.now_ms if ended_ms is None else ended_ms
            is_seen = any(one.start_ms < end_ms and one.end_ms > began_ms for one in known)
            start_ms = max(began_ms, read_ms if is_seen else context.now_ms - DAY_MS)
            if end_ms > start_ms:
                yield StateStretch(alert.key.rule, alert.severity.state, start_ms, end_ms)


def _list_now(health: Health) -> Iterator[StateStretch]:
    """What is not ok at this moment, from when it began."""
    for one in health.judged:
        if one.state is not State.OK and one.since_ms is not None and one.since_ms < health.t_ms:
            start_ms = max(one.since_ms, health.t_ms - DAY_MS)
            yield StateStretch(one.metric.id, one.state, start_ms, health.t_ms)


def _build_span(mark: LaneMark, incidents: Sequence[Incident], context: DayContext) -> LaneSpan:
    return LaneSpan(
        state=mark.state.value,  # type: ignore[arg-type]  # none is ok
        start=mark.start_ms / 1000,
        end=mark.end_ms / 1000,
        text=_describe_mark(mark, context),
        incident=_find_incident(mark, incidents),
        metric=mark.metrics[0],
    )


def _describe_mark(mark: LaneMark, context: DayContext) -> str:
    """`위험 21:06–21:14: API 에러율 외 2개`."""
    t, found = context.t, [context.catalogue.get(one) for one in mark.metrics]
    names = [metric.name(t.lang) for metric in found if metric is not None]
    more = t("overview.mark.more", name=names[0], n=len(names) - 1)
    key = "overview.mark.open" if mark.end_ms >= context.now_ms else "overview.mark"
    return t(
        key,
        state=name_state(mark.state, t),
        start=context.name_moment(mark.start_ms),
        end=context.name_moment(mark.end_ms),
        names=more if names[1:] else names[0],
    )


def _find_incident(mark: LaneMark, incidents: Sequence[Incident]) -> int | None:
    for incident in incidents:
        for alert in incident.alerts:
            ended_ms = mark.end_ms if alert.ended_ms is None else alert.ended_ms
            touches = alert.began_ms <= mark.end_ms and ended_ms >= mark.start_ms
            if touches and alert.key.rule in mark.metrics:
                return incident.number
    return None
