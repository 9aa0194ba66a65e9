"""Incidents as JSON: times in Unix seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.incident.origin import rank_alerts
from jipyo.alerts.incident_wording import describe_entry, describe_place, describe_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.cli.incident.view import IncidentView


def build_incident_row(incident: Incident, view: IncidentView) -> dict[str, object]:
    """An incident as a row of a list."""
    ranked = rank_alerts(incident, view.grouping)
    return {
        "number": incident.number,
        "state": incident.state.value,
        "severity": incident.severity.state.value,
        "title": describe_title(ranked, view.catalogue, view.t),
        "began": incident.began_ms / 1000,
        "noticed": incident.noticed_ms / 1000,
        "acknowledged": _to_seconds(incident.acknowledged_ms),
        "acknowledged_by": incident.acknowledged_by,
        "recovered": _to_seconds(incident.recovered_ms),
        "closed": _to_seconds(incident.closed_ms),
        "duration_seconds": incident.duration_ms(view.now_ms) / 1000,
        "breached_seconds": incident.breached_ms(view.now_ms) / 1000,
        "cause": incident.cause and incident.cause.value,
        "attribution": incident.attribution and incident.attribution.value,
    }


def build_incident_details(
    incident: Incident, events: Sequence[Event], view: IncidentView
) -> dict[str, object]:
    """An incident with all that is known of it."""
    return {
        **build_incident_row(incident, view),
        "alerts": [_build_alert(one, view) for one in rank_alerts(incident, view.grouping)],
        "events": [build_event_row(one) for one in events],
        "evidence": [
            {
                "kind": one.kind.value,
                "t": one.t_ms / 1000,
                "ref": one.ref,
                "text": one.text,
                "count": one.count,
            }
            for one in incident.evidence
        ],
        "entries": [
            {
                "t": one.t_ms / 1000,
                "kind": one.kind.value,
                "who": one.who,
                "text": describe_entry(one, view.catalogue, view.t),
            }
            for one in incident.entries
        ],
    }


def _build_alert(ranked: RankedAlert, view: IncidentView) -> dict[str, object]:
    alert = ranked.alert
    return {
        "rule": alert.key.rule,
        "labels": dict(alert.key.labels.pairs),
        "state": alert.state.value,
        "severity": alert.severity.state.value,
        "began": alert.began_ms / 1000,
        "recovered": _to_seconds(alert.recovered_ms),
        "peak": alert.peak,
        "threshold": alert.threshold,
        "reason": alert.reason and alert.reason.value,
        "place": ranked.reason.value,
        "place_text": describe_place(ranked, view.catalogue, view.t),
        "stretches": [
            [start_ms / 1000, _to_seconds(end_ms)] for start_ms, end_ms in alert.stretches
        ],
    }


def build_event_row(event: Event) -> dict[str, object]:
    """An event as JSON; times in Unix seconds."""
    return {
        "id": event.id,
        "t": event.t_ms / 1000,
        "kind": event.kind.value,
        "text": event.text,
        "labels": dict(event.labels.pairs),
        "who": event.who,
        "entered": event.entered_ms / 1000,
    }


def _to_seconds(t_ms: int | None) -> float | None:
    return None if t_ms is None else t_ms / 1000
