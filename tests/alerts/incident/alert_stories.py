"""Alerts as letters, a letter an evaluation, as transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.history import add_entries
from jipyo.analysis.thresholds import Severity
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.alerts.incident.incident import Incident

MINUTE_MS = 60_000
T0_MS = 1_800_000_000_000
GROUPING = IncidentGrouping(interval_ms=MINUTE_MS, outage_rules=frozenset({"dead"}))
_STATES = {
    ".": AlertState.INACTIVE,
    "p": AlertState.PENDING,
    "w": AlertState.FIRING,
    "c": AlertState.FIRING,
    "r": AlertState.RECOVERING,
    "?": AlertState.NO_DATA,
}


def key(rule: str, **labels: str) -> AlertKey:
    return AlertKey(rule, Labels.of(labels))


def at(minute: float) -> int:
    return T0_MS + int(minute * MINUTE_MS)


def transitions(stories: Mapping[AlertKey, str]) -> list[Transition]:
    """The changes of alerts: `..ppwwc.` is a state a minute."""
    found: list[Transition] = []
    for alert_key, story in stories.items():
        before, active_ms = ".", 0
        ended_ms: int | None = None
        for minute, letter in enumerate(story):
            if before == "." and letter != ".":
                active_ms = at(minute)
            ended_ms = None if letter in "wcp?" else ended_ms or at(minute)
            if letter != before:
                alert = Alert(
                    key=alert_key,
                    state=_STATES[letter],
                    severity=Severity.CRITICAL if letter == "c" else Severity.WARNING,
                    value=float(minute),
                    threshold=0.0,
                    active_ms=active_ms,
                    ended_ms=ended_ms,
                )
                found.append(Transition(at(minute), _STATES[before], alert))
            before = letter
    return sorted(found, key=lambda one: one.t_ms)


def make_incidents(
    stories: Mapping[AlertKey, str], grouping: IncidentGrouping = GROUPING
) -> dict[int, Incident]:
    """The incidents that the alerts give."""
    return fold_all(transitions(stories), grouping)


def fold_all(changes: Iterable[Transition], grouping: IncidentGrouping) -> dict[int, Incident]:
    """Fold one transition after the other, as evaluations do."""
    incidents: dict[int, Incident] = {}
    for change in changes:
        entries = fold(incidents, [change], grouping, next_number=len(incidents) + 1)
        incidents = add_entries(incidents, entries)
    return incidents
