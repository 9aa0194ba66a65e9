"""What is to be sent about an incident, to whom and when: decided anew at every evaluation.

Everything is derived from the incident, from what is configured, and from what was queued
before; so a decision that a crash lost is made again, and one that was kept is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.alerts.duty.rota import find_hours, find_on_call
from jipyo.alerts.incident.grouping import name_alert
from jipyo.alerts.incident.incident import EntryKind, IncidentState
from jipyo.alerts.silence import find_maintenance, find_silence
from jipyo.model.matcher import select_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.duty.rota import Rota
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.options import AlertsOptions, Escalation, QuietHours
    from jipyo.alerts.silence import MaintenanceWindow, Silence
    from jipyo.analysis.thresholds import Severity
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels


class Occasion(Enum):
    """Why something is sent; the value begins its key."""

    OPENED = "opened"
    GRAVER = "graver"
    """It became critical."""
    CAUSE_CHANGED = "cause_changed"
    """Its target cannot be read for another reason than before."""
    REOPENED = "reopened"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What decisions are made by."""

    options: AlertsOptions
    zone: ZoneInfo
    rota: Rota | None = None
    silences: tuple[Silence, ...] = ()
    windows: tuple[MaintenanceWindow, ...] = ()
    """Maintenance windows, of the file and of the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNotification:
    """Something that is to be queued."""

    incident: int
    occasion: Occasion
    key: str
    """The same whenever the same is decided: it is queued once."""
    due_ms: int
    """Not to be sent before, as in quiet hours."""
    channels: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    """Who is on call, by name."""


def plan_notifications(
    incident: Incident, queued: Iterable[str], t_ms: int, duty: Duty
) -> tuple[PlannedNotification, ...]:
    """What is to be queued now about an incident, the first first.

    Args:
        incident: as it is at `t_ms`.
        queued: the keys of all that was queued about it before.
        t_ms: the moment of the evaluation.
        duty: what decides.
    """
    known = _read_keys(queued)
    return tuple(
        _plan(incident, occasion, detail, t_ms, duty)
        for occasion, detail in _list_occasions(incident, known, t_ms, duty)
        if (occasion, detail) not in known.keys
    )


def find_withholding(
    incident: Incident, t_ms: int, duty: Duty
) -> Silence | MaintenanceWindow | None:
    """Why nobody is to be notified of an incident now; None where somebody is.

    Each of its open alerts is silenced or in a maintenance window: of these the one that lasts
    longest.
    """
    reasons = [
        find_maintenance(duty.windows, labels, t_ms) or find_silence(duty.silences, labels, t_ms)
        for labels in list_alert_labels(incident)
    ]
    known = [one for one in reasons if one is not None]
    return max(known, key=lambda one: one.end_ms) if len(known) == len(reasons) else None


def list_alert_labels(incident: Incident) -> tuple[Labels, ...]:
    """The labels of its open alerts (once it has recovered of all), as matchers see them."""
    alerts = [one for one in incident.alerts if one.state.is_open] or incident.alerts
    return tuple(name_alert(one.key).put({"severity": one.severity.state.value}) for one in alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was queued before."""

    opened: tuple[str, int] | None = None
    """With which severity, and when."""
    reopenings: int = 0
    recoveries: int = 0
    keys: frozenset[tuple[Occasion, str]] = frozenset()


def _read_keys(queued: Iterable[str]) -> _Known:
    opened, counts = None, {Occasion.REOPENED: 0, Occasion.RESOLVED: 0}
    keys = set()
    for key in queued:
        _, word, detail = key.split("/", 2)
        occasion = Occasion(word)
        keys.add((occasion, detail))
        if occasion is Occasion.OPENED:
            severity, _, at = detail.partition("/")
            opened = severity, int(at)
        elif occasion in counts:
            counts[occasion] = max(counts[occasion], int(detail))
    return _Known(
        opened=opened,
        reopenings=counts[Occasion.REOPENED],
        recoveries=counts[Occasion.RESOLVED],
        keys=frozenset(keys),
    )


def _list_occasions(
    incident: Incident, known: _Known, t_ms: int, duty: Duty
) -> Iterator[tuple[Occasion, str]]:
    """The occasions that are new, each with what its key ends with."""
    if incident.recovered_ms is not None:
        if known.opened is not None and known.reopenings >= known.recoveries:
            yield Occasion.RESOLVED, str(_count(incident, EntryKind.RECOVERED))
        return  # else it came and went while nobody was to be notified
    if find_withholding(incident, t_ms, duty) is not None:
        return
    severity = incident.severity.state.value
    if known.opened is None:
        yield Occasion.OPENED, f"{severity}/{t_ms}"
        return
    if known.recoveries > known.reopenings:
        yield Occasion.REOPENED, str(_count(incident, EntryKind.REOPENED))
    if known.opened[0] != severity:
        yield Occasion.GRAVER, severity
    for detail in _list_changed_causes(incident, known.opened[1]):
        yield Occasion.CAUSE_CHANGED, detail
    for escalation in find_due_escalations(incident, t_ms, duty.options.escalation):
        yield Occasion.ESCALATED, _name_escalation(escalation)


def _name_escalation(escalation: Escalation) -> str:
    return f"{escalation.after_ms}/{'+'.join(escalation.channels)}"


def find_due_escalations(
    incident: Incident, t_ms: int, escalations: Iterable[Escalation]
) -> tuple[Escalation, ...]:
    """The escalations that an incident has come to, as nobody has acknowledged it in time."""
    if incident.acknowledged_ms is not None or incident.state is not IncidentState.OPEN:
        return ()
    waited_ms = t_ms - incident.noticed_ms
    return tuple(
        one
        for one in sorted(escalations, key=lambda one: one.after_ms)
        if waited_ms >= one.after_ms and incident.severity >= one.severity
    )


def find_next_escalation(
    incident: Incident, t_ms: int, escalations: Iterable[Escalation]
) -> Escalation | None:
    """The next one that an incident comes to, if nobody acknowledges it; None for none."""
    if incident.acknowledged_ms is not None or incident.state is not IncidentState.OPEN:
        return None
    waited_ms = t_ms - incident.noticed_ms
    coming = [
        one for one in escalations if one.after_ms > waited_ms and incident.severity >= one.severity
    ]
    return min(coming, key=lambda one: one.after_ms, default=None)


def _count(incident: Incident, kind: EntryKind) -> int:
    return sum(entry.kind is kind for entry in incident.entries)


def _list_changed_causes(incident: Incident, opened_ms: int) -> Iterator[str]:
    """Reasons for which targets cannot be read that nobody was notified of: each once."""
    seen: set[tuple[AlertKey, FailureReason]] = set()
    for entry in incident.entries:
        alert = None if entry.transition is None else entry.transition.alert
        if alert is None or alert.reason is None or (alert.key, alert.reason) in seen:
            continue
        is_first = all(key != alert.key for key, _ in seen)
        seen.add((alert.key, alert.reason))
        if entry.t_ms > opened_ms and not is_first and alert.state.is_open:
            yield f"{alert.reason.value}/{alert.key.rule}{alert.key.labels}"


def _plan(
    incident: Incident, occasion: Occasion, detail: str, t_ms: int, duty: Duty
) -> PlannedNotification:
    on_call = () if duty.rota is None else find_on_call(duty.rota, t_ms, duty.zone)
    channels = list(select_channels(list_alert_labels(incident), duty.options))
    if occasion is Occasion.ESCALATED:
        named = {_name_escalation(one): one for one in duty.options.escalation}
        channels = list(named[detail].channels)
    channels += [name for one in on_call for name in one.channels]
    return PlannedNotification(
        incident=incident.number,
        occasion=occasion,
        key=f"{incident.number}/{occasion.value}/{detail}",
        due_ms=find_due_ms(incident.severity, t_ms, duty.options.quiet_hours, duty.zone),
        channels=tuple(dict.fromkeys(channels)),
        recipients=tuple(one.name for one in on_call),
    )


def select_channels(alerts: Iterable[Labels], options: AlertsOptions) -> Iterator[str]:
    """The channels to which the routes lead of alerts with these labels."""
    if not options.routes:
        yield from (one.name for one in options.channels)
    for labels in alerts:
        for route in options.routes:
            if select_all(route.matchers, labels):
                yield from route.channels


def find_due_ms(
    severity: Severity, t_ms: int, quiet_hours: Sequence[QuietHours], zone: ZoneInfo
) -> int:
    """When a message of a severity may be sent: now, or at the end of quiet hours."""
    due_ms = t_ms
    for _ in range(len(quiet_hours) + 1):  # one may begin when another ends
        for quiet in quiet_hours:
            if severity in quiet.severities:
                hours = (quiet.from_minute, quiet.to_minute)
                within = find_hours(due_ms, hours, quiet.days, zone)
                due_ms = due_ms if within is None else within[1]
    return due_ms
