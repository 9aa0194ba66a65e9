"""Alerts, incidents and events in words: names, kinds and states, one text for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.rule import split_rule_id
from jipyo.analysis.outages import Outage, identify_target
from jipyo.analysis.series_names import name_series

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertKey, AlertState
    from jipyo.alerts.events.event import EventKind
    from jipyo.alerts.incident.incident import CauseClass, EntryKind, EvidenceKind, IncidentState
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts
    from jipyo.model.attribution import Attribution


@dataclass(frozen=True, slots=True)
class AlertWords:
    """An alert in the words of one language."""

    name: str
    """Of its metric or rule."""
    subject: str
    """Of its series; empty for one without labels."""
    unit: str
    """Of its value, as `Texts.number` takes it."""
    is_metric: bool
    """Whether its rule is a metric of the catalogue."""

    @property
    def title(self) -> str:
        """Name and subject in one line."""
        return f"{self.name} · {self.subject}" if self.subject else self.name


def describe_alert(key: AlertKey, catalogue: Catalogue, t: Texts) -> AlertWords:
    """The words of an alert: a target that does not answer, a metric, or a rule of a file."""
    subject = name_series(key.labels)
    metric = catalogue.get(key.rule)
    if metric is None:
        return AlertWords(split_rule_id(key.rule)[2], subject, "count", False)
    if metric.outage:
        target = Outage(*identify_target(key.labels), None).name or subject
        return AlertWords(t("health.outage", target=target), "", metric.unit.value, True)
    return AlertWords(metric.name(t.lang), subject, metric.unit.value, True)


def name_alert_state(state: AlertState, t: Texts) -> str:
    """`firing`, `recovering`."""
    return t(f"alert.state.{state.value}")


def name_incident_state(state: IncidentState, t: Texts) -> str:
    """`open`, `recovered`, `closed`."""
    return t(f"incident.state.{state.value}")


def name_entry(kind: EntryKind, t: Texts) -> str:
    """What an entry of an incident is."""
    return t(f"incident.entry.{kind.value}")


def name_evidence(kind: EvidenceKind, t: Texts) -> str:
    """What was seen beside the alerts of an incident."""
    return t(f"incident.evidence.{kind.value}")


def name_cause_class(cause: CauseClass | None, t: Texts) -> str:
    """Of what kind the cause of an incident was; empty where nobody has set it."""
    return "" if cause is None else t(f"incident.cause.{cause.value}")


def name_attribution(attribution: Attribution | None, t: Texts) -> str:
    """Who answers for an incident; empty where nobody has set it."""
    return "" if attribution is None else t(f"incident.attribution.{attribution.value}")


def name_event_kind(kind: EventKind, t: Texts) -> str:
    """`Deployment`, `Reboot`."""
    return t(f"event.kind.{kind.value}")
