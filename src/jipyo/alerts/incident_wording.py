"""The texts about incidents, on the terminal, the dashboard and in reports alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.incident.incident import EntryKind
from jipyo.alerts.wording import (
    describe_alert,
    name_alert_state,
    name_attribution,
    name_cause_class,
    name_entry,
    name_event_kind,
    name_evidence,
)
from jipyo.analysis.series_names import SEPARATOR, name_series
from jipyo.analysis.wording import name_cause, name_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.alerts.alert import Alert
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import (
        Incident,
        IncidentAlert,
        IncidentEntry,
        IncidentEvidence,
    )
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts


def describe_title(ranked: Sequence[RankedAlert], catalogue: Catalogue, t: Texts) -> str:
    """An incident in a line: the likely origin, and how many alerts came with it."""
    title = describe_alert(ranked[0].alert.key, catalogue, t).title
    others = len(ranked) - 1
    return t("incident.title.more", title=title, n=others) if others else title


def describe_place(ranked: RankedAlert, catalogue: Catalogue, t: Texts) -> str:
    """Why an alert has its place in the order of an incident."""
    delay = t.span(ranked.delay_ms)
    if ranked.needs is None:
        return t(f"incident.origin.{ranked.reason.value}", delay=delay, n=ranked.dependants)
    needs = describe_alert(ranked.needs, catalogue, t).title
    when = "together" if ranked.is_together else "later"
    return t("incident.origin.depends", needs=needs, when=t(f"incident.origin.{when}", delay=delay))


def describe_part(alert: IncidentAlert, catalogue: Catalogue, t: Texts) -> str:
    """How an alert is now or was: state, worst value with its threshold, reason."""
    parts = [name_alert_state(alert.state, t)]
    if alert.reason is not None:
        parts.append(name_cause(alert.reason, t))
    elif alert.peak is not None and alert.threshold is not None:
        unit = describe_alert(alert.key, catalogue, t).unit
        peak, threshold = t.number(alert.peak, unit), t.number(alert.threshold, unit)
        parts.append(t("incident.peak", peak=peak, threshold=threshold))
    return ", ".join(parts)


def describe_entry(entry: IncidentEntry, catalogue: Catalogue, t: Texts) -> str:
    """An entry of the history as one line, without its time and who entered it."""
    kind = name_entry(entry.kind, t)
    if entry.transition is not None:
        alert = entry.transition.alert
        words = describe_alert(alert.key, catalogue, t)
        change = _describe_change(alert, words.unit, t)
        return t("incident.line.alert", kind=kind, alert=words.title, change=change)
    if entry.kind is EntryKind.EVIDENCE:
        return t("incident.line.evidence", n=len(entry.evidence))
    cause = name_cause_class(entry.cause, t)
    head = ", ".join(filter(None, (kind, cause, name_attribution(entry.attribution, t))))
    return t("incident.line.text", head=head, text=entry.text) if entry.text else head


def _describe_change(alert: Alert, unit: str, t: Texts) -> str:
    """What became of an alert: its severity and value, or why its target cannot be read."""
    if alert.state is not AlertState.FIRING:
        return name_alert_state(alert.state, t)
    severity = name_state(alert.severity.state, t)
    if alert.reason is not None:
        return f"{severity}, {name_cause(alert.reason, t)}"
    return severity if alert.value is None else f"{severity}, {t.number(alert.value, unit)}"


def describe_event(event: Event, t: Texts) -> str:
    """An event in a line: what it is, its text, and what it is about."""
    text = kind = name_event_kind(event.kind, t)
    if event.text:
        text = t("event.line", kind=kind, text=event.text)
    return SEPARATOR.join(filter(None, (text, name_series(event.labels))))


def describe_event_before(event: Event, incident: Incident, t: Texts) -> str:
    """`It began 3 min after: …`: never more than that it was before."""
    span = t.span(incident.began_ms - event.t_ms)
    return t("incident.event_before", span=span, event=describe_event(event, t))


def describe_evidence(evidence: IncidentEvidence, t: Texts) -> str:
    """Something that was seen beside the alerts, in a line."""
    text = evidence.text
    if evidence.count is not None:
        text = t("incident.line.records", text=text, n=evidence.count)
    return t("event.line", kind=name_evidence(evidence.kind, t), text=text)
