"""Where an incident is likely to have begun: its alerts in an order, each with the reason.

The order follows from rules, and it is no statement about causes:

1. What another alert of the incident depends on comes before that one: a dead host before all
   that is on it, a lost device before the latency of what needs it, and by the configuration.
2. Else the earlier onset comes first.
3. Of what began within a minute of the first a dead host comes first, then a dead target, then a
   lost device: they are found with a delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.alerts.incident.grouping import find_host
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident, IncidentAlert

_TOGETHER_MS = 60_000
"""Onsets that are so near each other are in no order."""
_NAMES = ("job", "service", "server", "model")
EVENT_BEFORE_MS = 30 * 60_000
"""How long before an incident an event may lie to be shown with it."""


class OriginReason(Enum):
    """Why an alert has its place; the value is the end of a text's key."""

    ALONE = "alone"
    NEEDED = "needed"
    """Other alerts of the incident depend on it."""
    DEAD_TARGET = "dead_target"
    """It began with the first, and its target does not answer."""
    LOST_DEVICE = "lost_device"
    """It began with the first, and a device is gone."""
    EARLIEST = "earliest"
    DEPENDS = "depends"
    """It depends on one that stands before it."""
    TOGETHER = "together"
    """It began with the first, before or after it."""
    LATER = "later"


@dataclass(frozen=True, slots=True)
class RankedAlert:
    """An alert of an incident, with the reason for its place."""

    alert: IncidentAlert
    reason: OriginReason
    delay_ms: int
    """How long after the first onset of the incident its condition began."""
    is_together: bool
    """Whether that is so soon that it says nothing about the order."""
    dependants: int = 0
    """How many alerts of the incident depend on it."""
    needs: AlertKey | None = None
    """What it depends on, where that is the reason."""


def rank_alerts(incident: Incident, grouping: IncidentGrouping) -> tuple[RankedAlert, ...]:
    """The alerts of an incident, the likely origin first."""
    alerts = incident.alerts
    needs = {alert.key: _find_needed(alert, alerts, grouping) for alert in alerts}
    first_ms = min((one.began_ms for one in alerts if needs[one.key] is None), default=0)

    def order(alert: IncidentAlert) -> tuple[bool, bool, int, int]:
        is_later = alert.began_ms > first_ms + _TOGETHER_MS
        kind = 0 if is_later else _find_kind(alert, grouping)
        return needs[alert.key] is not None, is_later, kind, alert.began_ms

    ranked = sorted(alerts, key=order)
    return tuple(
        _explain(alert, at, incident, needs[alert.key], grouping) for at, alert in enumerate(ranked)
    )


def _find_needed(
    alert: IncidentAlert, alerts: Iterable[IncidentAlert], grouping: IncidentGrouping
) -> AlertKey | None:
    """What an alert depends on that began before it, or was found with a delay; the earliest."""
    found = [
        one
        for one in alerts
        if one.began_ms <= alert.began_ms + _TOGETHER_MS
        and grouping.depends_on(alert.key, one.key)
        and not grouping.depends_on(one.key, alert.key)
    ]
    return min(found, key=lambda one: one.began_ms).key if found else None


def _find_kind(alert: IncidentAlert, grouping: IncidentGrouping) -> int:
    if grouping.is_dead_host(alert.key):
        return 0
    if grouping.is_dead_target(alert.key):
        return 1
    return 2 if alert.key.rule in grouping.loss_rules else 3


def _explain(
    alert: IncidentAlert,
    place: int,
    incident: Incident,
    needs: AlertKey | None,
    grouping: IncidentGrouping,
) -> RankedAlert:
    delay_ms = alert.began_ms - incident.began_ms
    others = [one for one in incident.alerts if one.key != alert.key]
    dependants = sum(grouping.depends_on(one.key, alert.key) for one in others)
    is_together = delay_ms <= _TOGETHER_MS
    if not others:
        reason = OriginReason.ALONE
    elif needs is not None:
        reason = OriginReason.DEPENDS
    elif dependants:
        reason = OriginReason.NEEDED
    elif place == 0 and is_together and grouping.is_dead_target(alert.key):
        reason = OriginReason.DEAD_TARGET
    elif place == 0 and is_together and alert.key.rule in grouping.loss_rules:
        reason = OriginReason.LOST_DEVICE
    elif place == 0:
        reason = OriginReason.EARLIEST
    else:
        reason = OriginReason.TOGETHER if is_together else OriginReason.LATER
    return RankedAlert(alert, reason, delay_ms, is_together, dependants, needs)


def find_event_before(incident: Incident, events: Iterable[Event]) -> Event | None:
    """The last event within half an hour before an incident that is about one of its places.

    One without labels is about everything.
    """
    began_ms = incident.began_ms
    near = [
        event
        for event in events
        if began_ms - EVENT_BEFORE_MS <= event.t_ms <= began_ms
        and any(is_about(event, alert.key) for alert in incident.alerts)
    ]
    return max(near, key=lambda event: event.t_ms, default=None)


def is_about(event: Event, key: AlertKey) -> bool:
    """Whether an event may have to do with what an alert is about.

    On the same host it may, whatever its service; else no label that names something differs.
    """
    mine, labels = event.labels, key.labels
    if mine.get(SOURCE, "") != labels.get(SOURCE, mine.get(SOURCE, "")):
        return False
    if "instance" in mine and "instance" in labels:
        return find_host(mine["instance"]) == find_host(labels["instance"])
    return all(labels.get(name, mine[name]) == mine[name] for name in _NAMES if name in mine)
