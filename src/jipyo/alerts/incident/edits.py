"""What people add to an incident: acknowledgement, notes, the class of its cause, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.incident.incident import EntryKind, IncidentEntry, IncidentState
from jipyo.model.errors import IncidentError

if TYPE_CHECKING:
    from jipyo.alerts.incident.incident import CauseClass, Incident
    from jipyo.model.attribution import Attribution

MOST_CHARACTERS = 10_000
"""Of a note."""


def acknowledge(incident: Incident, t_ms: int, who: str, text: str = "") -> IncidentEntry:
    """Somebody takes care of it (접수).

    Raises:
        IncidentError: it is closed, or somebody has acknowledged it before.
    """
    _check_not_closed(incident)
    if incident.acknowledged_ms is not None:
        raise IncidentError(
            "incident.acknowledged_before",
            hint="incident.acknowledged_before.hint",
            number=incident.number,
            who=incident.acknowledged_by,
        )
    return _build(incident, t_ms, EntryKind.ACKNOWLEDGED, who, text)


def add_note(incident: Incident, t_ms: int, who: str, text: str) -> IncidentEntry:
    """What was done or found (조치); also after it was closed, as reports are written then.

    Raises:
        IncidentError: the note is empty.
    """
    if not text.strip():
        raise IncidentError("incident.empty_note", number=incident.number)
    return _build(incident, t_ms, EntryKind.NOTE, who, text)


def set_cause(
    incident: Incident,
    t_ms: int,
    who: str,
    cause: CauseClass | None,
    attribution: Attribution | None = None,
    text: str = "",
) -> IncidentEntry:
    """Of what kind the cause was and who answers for it; what is None stays as it was."""
    entry = _build(incident, t_ms, EntryKind.CAUSE, who, text)
    return replace(entry, cause=cause, attribution=attribution)


def close(
    incident: Incident,
    t_ms: int,
    who: str,
    cause: CauseClass | None = None,
    attribution: Attribution | None = None,
    text: str = "",
) -> IncidentEntry:
    """It is over, and nothing that comes later belongs to it.

    Of alerts whose samples have ended only a person knows that they are over.

    Raises:
        IncidentError: an alert of it fires, it is closed, or its cause is not known.
    """
    _check_not_closed(incident)
    states = {alert.state for alert in incident.alerts if alert.state.is_open}
    if not states <= {AlertState.NO_DATA}:
        raise IncidentError(
            "incident.not_recovered", hint="incident.not_recovered.hint", number=incident.number
        )
    if cause is None and incident.cause is None:
        raise IncidentError(
            "incident.without_cause", hint="incident.without_cause.hint", number=incident.number
        )
    entry = _build(incident, t_ms, EntryKind.CLOSED, who, text)
    return replace(entry, cause=cause, attribution=attribution)


def _build(incident: Incident, t_ms: int, kind: EntryKind, who: str, text: str) -> IncidentEntry:
    if not who.strip():
        raise IncidentError("incident.without_name", hint="incident.without_name.hint")
    if len(text) > MOST_CHARACTERS:
        raise IncidentError("incident.long_note", most=MOST_CHARACTERS, length=len(text))
    # A clock that was set back does not change the order of what was entered.
    t_ms = max(t_ms, incident.entries[-1].t_ms)
    return IncidentEntry(
        incident=incident.number,
        t_ms=t_ms,
        kind=kind,
        who=who.strip(),
        text=text.strip(),
    )


def _check_not_closed(incident: Incident) -> None:
    if incident.state is IncidentState.CLOSED:
        raise IncidentError(
            "incident.closed_before", hint="incident.closed_before.hint", number=incident.number
        )
