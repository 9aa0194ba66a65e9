"""An incident, and the entries that it is made of: they are added to and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.alerts.alert import AlertKey, AlertState, Transition
    from jipyo.analysis.thresholds import Severity
    from jipyo.model.attribution import Attribution
    from jipyo.model.failure import FailureReason

Stretch = tuple[int, int | None]
"""From when to when a condition lasted, as `Breach` counts it; None while it goes on."""


class EntryKind(Enum):
    """What an entry does to its incident; the value is stored, and the end of a text's key."""

    OPENED = "opened"
    """Its first alert began to fire."""
    JOINED = "joined"
    """Another alert came to it."""
    CHANGED = "changed"
    """One of its alerts changed its state, severity or reason."""
    RECOVERED = "recovered"
    """The last alert that was open ended."""
    REOPENED = "reopened"
    """An alert began to fire soon after the recovery."""
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    """What was done about it."""
    CAUSE = "cause"
    """The class of its cause, and who has to answer for it."""
    EVIDENCE = "evidence"
    """What else was seen in its window: log templates, anomalies, events."""
    CLOSED = "closed"


class CauseClass(Enum):
    """Of what kind the cause was, as a person found; the value is the end of a text's key."""

    HARDWARE = "hardware"
    SOFTWARE = "software"
    NETWORK = "network"
    CHANGE = "change"
    CAPACITY = "capacity"
    OPERATION = "operation"
    SECURITY = "security"
    FACILITY = "facility"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


class EvidenceKind(Enum):
    """What was seen beside the alerts."""

    LOG_TEMPLATE = "log_template"
    ANOMALY = "anomaly"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvidence:
    """Something that was seen in the window of an incident."""

    kind: EvidenceKind
    t_ms: int
    """When it began."""
    ref: str
    """Its id: of a template, a series or an event."""
    text: str
    """In the words of its source, as a log template has them."""
    count: int | None = None
    """Of log records in the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEntry:
    """One line of an incident's history."""

    incident: int
    """The number of the incident."""
    t_ms: int
    """When it was entered: the moment of the evaluation, or of what a person did."""
    kind: EntryKind
    who: str = ""
    """The person; empty for jipyo itself."""
    text: str = ""
    transition: Transition | None = None
    """Of the alert, where the entry is about one."""
    moment_ms: int | None = None
    """When the alert's condition began or ended, as `Breach` counts it."""
    cause: CauseClass | None = None
    attribution: Attribution | None = None
    evidence: tuple[IncidentEvidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAlert:
    """The part that one alert has in an incident."""

    key: AlertKey
    state: AlertState
    severity: Severity
    """The gravest that it came to."""
    noticed_ms: int
    """The evaluation at which it came to the incident."""
    stretches: tuple[Stretch, ...]
    """When its condition lasted, in the order of time; never empty."""
    recovered_ms: int | None = None
    """From when on samples show that its condition has ended; None while it is firing, and
    while its samples are missing."""
    threshold: float | None = None
    peak: float | None = None
    """The worst of its values that entries have."""
    peak_ms: int | None = None
    reason: FailureReason | None = None
    """Why its target could not be read, as it was last known."""

    @property
    def began_ms(self) -> int:
        """When its condition began first."""
        return self.stretches[0][0]

    @property
    def ended_ms(self) -> int | None:
        """When it ended last; None while it goes on."""
        return self.stretches[-1][1]


class IncidentState(Enum):
    """How far an incident is, by the name that the API uses."""

    OPEN = "open"
    RECOVERED = "recovered"
    CLOSED = "closed"
    """A person has closed it; what comes after is another incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident, as its entries so far give it."""

    number: int
    alerts: tuple[IncidentAlert, ...]
    """In the order in which they came; never empty."""
    entries: tuple[IncidentEntry, ...]
    noticed_ms: int
    """인지: the evaluation at which its first alert fired."""
    recovered_ms: int | None = None
    """복구: when the last condition ended, as `Breach` counts; None while an alert is open."""
    acknowledged_ms: int | None = None
    """접수: the first time that a person did so."""
    acknowledged_by: str = ""
    cause: CauseClass | None = None
    attribution: Attribution | None = None
    closed_ms: int | None = None

    @property
    def state(self) -> IncidentState:
        """Closed by a person, recovered, or still open."""
        if self.closed_ms is not None:
            return IncidentState.CLOSED
        return IncidentState.OPEN if self.recovered_ms is None else IncidentState.RECOVERED

    @property
    def began_ms(self) -> int:
        """발생: the first moment of the first condition, as the report's breaches begin."""
        return min(alert.began_ms for alert in self.alerts)

    @property
    def severity(self) -> Severity:
        """The gravest that any of its alerts came to."""
        return max(alert.severity for alert in self.alerts)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """When any of its conditions lasted, joined where they overlap or touch."""
        return join_stretches(each for alert in self.alerts for each in alert.stretches)

    @property
    def evidence(self) -> tuple[IncidentEvidence, ...]:
        """What else was seen, by its time; of the same thing what was entered last."""
        latest = {(each.kind, each.ref): each for one in self.entries for each in one.evidence}
        return tuple(sorted(latest.values(), key=lambda each: each.t_ms))

    def duration_ms(self, now_ms: int) -> int:
        """From its beginning to the recovery, or to now."""
        return (now_ms if self.recovered_ms is None else self.recovered_ms) - self.began_ms

    def breached_ms(self, now_ms: int) -> int:
        """How long a condition lasted within it: without pauses and stretches without data."""
        return sum((now_ms if end is None else end) - start for start, end in self.stretches)

    def find_alert(self, key: AlertKey) -> IncidentAlert | None:
        """The part of an alert, if it has one."""
        return next((alert for alert in self.alerts if alert.key == key), None)


def join_stretches(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The union of stretches, in the order of time."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches, key=lambda each: each[0]):
        last = joined[-1] if joined else None
        if last is None or (last[1] is not None and last[1] < start):
            joined.append((start, end))
        elif last[1] is not None:
            joined[-1] = (last[0], None if end is None else max(last[1], end))
    return tuple(joined)
