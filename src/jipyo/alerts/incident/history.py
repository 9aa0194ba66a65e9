"""Incidents from their entries: the same entries give the same incidents, whenever read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.incident.incident import EntryKind, Incident, IncidentAlert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.alerts.alert import Alert, Transition
    from jipyo.alerts.incident.incident import IncidentEntry, Stretch

_ENDED = frozenset({AlertState.RECOVERING, AlertState.INACTIVE})


def build_incidents(entries: Iterable[IncidentEntry]) -> dict[int, Incident]:
    """The incidents by their numbers; entries of one are in the order in which they were added."""
    return add_entries({}, entries)


def add_entries(
    incidents: Mapping[int, Incident], entries: Iterable[IncidentEntry]
) -> dict[int, Incident]:
    """The incidents with more entries."""
    after = dict(incidents)
    for entry in entries:
        after[entry.incident] = add_entry(after.get(entry.incident), entry)
    return after


def add_entry(incident: Incident | None, entry: IncidentEntry) -> Incident:
    """The incident with one more entry; None before its first, which is about an alert."""
    if incident is None:
        assert entry.kind is EntryKind.OPENED, f"BUG: incident {entry.incident} opens by an alert"
        incident = Incident(number=entry.incident, alerts=(), entries=(), noticed_ms=entry.t_ms)
    incident = replace(incident, entries=(*incident.entries, entry))
    if entry.transition is not None:
        return _add_transition(incident, entry, entry.transition)
    if entry.kind is EntryKind.ACKNOWLEDGED and incident.acknowledged_ms is None:
        return replace(incident, acknowledged_ms=entry.t_ms, acknowledged_by=entry.who)
    if entry.kind in {EntryKind.CAUSE, EntryKind.CLOSED}:
        closed_ms = entry.t_ms if entry.kind is EntryKind.CLOSED else incident.closed_ms
        return replace(
            incident,
            cause=entry.cause or incident.cause,
            attribution=entry.attribution or incident.attribution,
            closed_ms=closed_ms,
        )
    return incident


def _add_transition(incident: Incident, entry: IncidentEntry, transition: Transition) -> Incident:
    alert = transition.alert
    known = incident.find_alert(alert.key)
    stretches = _add_stretch(known.stretches if known else (), entry, transition)
    peak, peak_ms = _find_peak(known, alert, entry.t_ms)
    part = IncidentAlert(
        key=alert.key,
        state=alert.state,
        severity=max(alert.severity, known.severity) if known else alert.severity,
        noticed_ms=known.noticed_ms if known else entry.t_ms,
        stretches=stretches,
        recovered_ms=entry.moment_ms if alert.state in _ENDED else None,
        threshold=alert.threshold,
        peak=peak,
        peak_ms=peak_ms,
        reason=alert.reason or (known.reason if known else None),
    )
    alerts = tuple(part if each is known else each for each in incident.alerts)
    alerts = alerts if known else (*alerts, part)
    is_open = any(each.state.is_open for each in alerts)
    ends = [each.recovered_ms for each in alerts if each.recovered_ms is not None]
    return replace(incident, alerts=alerts, recovered_ms=None if is_open else max(ends))


def _add_stretch(
    stretches: tuple[Stretch, ...], entry: IncidentEntry, transition: Transition
) -> tuple[Stretch, ...]:
    """The stretches after a transition: one begins with firing, and ends with all else."""
    is_within = bool(stretches) and stretches[-1][1] is None
    if entry.moment_ms is None:
        return stretches
    if transition.alert.state is AlertState.FIRING and not is_within:
        return (*stretches, (entry.moment_ms, None))
    if transition.alert.state is not AlertState.FIRING and is_within:
        return (*stretches[:-1], (stretches[-1][0], entry.moment_ms))
    return stretches


def _find_peak(
    known: IncidentAlert | None, alert: Alert, t_ms: int
) -> tuple[float | None, int | None]:
    """The worst value so far and its time."""
    value, value_ms = alert.value, t_ms
    if alert.peak is not None:
        value, value_ms = alert.peak, alert.peak_ms or t_ms
    elif alert.state is not AlertState.FIRING:
        value = None  # a good one, of after the condition
    if known is None or known.peak is None:
        return (None, None) if value is None else (value, value_ms)
    if value is None or not _is_worse(value, known):
        return known.peak, known.peak_ms
    return value, value_ms


def _is_worse(value: float, known: IncidentAlert) -> bool:
    """Whether a value is further from the threshold than the peak; both are beyond it."""
    assert known.peak is not None, "BUG: nothing to compare with"
    origin = known.threshold or 0.0
    return abs(value - origin) > abs(known.peak - origin)
