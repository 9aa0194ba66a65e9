"""What was seen of an incident, in the order of the rules of `alerts/incident/origin`.

Nothing here names a cause: each row says why it has its place, and how it can be seen again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.incident.incident import EvidenceKind
from jipyo.reports.document import Code, Duration, Inline, Moment, Phrase, Quantity, phrase
from jipyo.reports.sections.incidents import name_alert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import IncidentAlert, IncidentEvidence
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue
    from jipyo.reports.incident_facts import IncidentFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One thing that was seen; what it is about is given where it is an alert or a finding."""

    kind: Literal["alert", "log_template", "anomaly", "event", "requests"]
    what: Inline
    seen: Inline
    reason: Inline
    query: Code
    """PromQL, or a command."""
    alert: IncidentAlert | None = None
    finding: IncidentEvidence | None = None


def list_evidence(facts: IncidentFacts, catalogue: Catalogue) -> list[EvidenceRow]:
    """The event before it, its alerts by rank, what was found beside them, failed requests."""
    return [
        *_list_event(facts),
        *(_show_alert(one, catalogue, facts.expressions) for one in facts.ranked),
        *(_show_finding(one) for one in facts.incident.evidence),
        *_list_requests(facts),
    ]


def describe_event(event: Event) -> Inline:
    """An event with its kind."""
    return phrase(
        "incident_page.event", kind=phrase(f"event.kind.{event.kind.value}"), text=event.text
    )


def _list_event(facts: IncidentFacts) -> list[EvidenceRow]:
    event = facts.event_before
    if event is None:
        return []
    span = Duration(facts.incident.began_ms - event.t_ms)
    what = phrase("incident_page.evidence.event", event=describe_event(event), span=span)
    return [
        EvidenceRow(kind="event", what=what, seen=None, reason=None, query=Code("jipyo event list"))
    ]


def _list_requests(facts: IncidentFacts) -> list[EvidenceRow]:
    return [
        EvidenceRow(
            kind="requests",
            what=phrase("incident_page.evidence.requests", service=one.service),
            seen=phrase("incident_page.evidence.failed", failed=one.failed, total=one.total),
            reason=None,
            query=Code(one.failed_expr),
        )
        for one in facts.impacts
        if one.failed
    ]


def _show_alert(
    ranked: RankedAlert, catalogue: Catalogue, expressions: Mapping[AlertKey, str]
) -> EvidenceRow:
    alert = ranked.alert
    return EvidenceRow(
        kind="alert",
        what=name_alert(alert, catalogue),
        seen=_show_peak(alert, catalogue),
        reason=_explain(ranked, catalogue),
        query=Code(expressions.get(alert.key, alert.key.rule)),
        alert=alert,
    )


def _explain(ranked: RankedAlert, catalogue: Catalogue) -> Phrase:
    """Why an alert has its place in the order."""
    delay = Duration(ranked.delay_ms)
    if ranked.needs is None:
        return phrase(f"incident.origin.{ranked.reason.value}", delay=delay, n=ranked.dependants)
    metric = catalogue.get(ranked.needs.rule)
    when = phrase(f"incident.origin.{'together' if ranked.is_together else 'later'}", delay=delay)
    needs = metric.name if metric is not None else ranked.needs.rule
    return phrase("incident.origin.depends", needs=needs, when=when)


def _show_peak(alert: IncidentAlert, catalogue: Catalogue) -> Inline:
    metric = catalogue.get(alert.key.rule)
    if alert.reason is not None:
        return phrase(f"health.cause.{alert.reason.value}")
    if alert.peak is None or metric is None or metric.outage or metric.loss:
        return None
    unit = metric.unit.value
    peak = Quantity(alert.peak, unit)
    if alert.threshold is None:
        return peak
    return phrase("incident.peak", peak=peak, threshold=Quantity(alert.threshold, unit))


def _show_finding(evidence: IncidentEvidence) -> EvidenceRow:
    kind = phrase(f"incident.evidence.{evidence.kind.value}")
    seen: Inline = None
    if evidence.count is not None:
        seen = phrase("incident_page.evidence.records", n=evidence.count)
    query = evidence.ref
    if evidence.kind is EvidenceKind.LOG_TEMPLATE:
        query = f"jipyo logs search 'template:{evidence.ref}'"
    return EvidenceRow(
        kind=evidence.kind.value,
        what=phrase("event.line", kind=kind, text=evidence.text),
        seen=seen,
        reason=Moment(evidence.t_ms, to_the_second=True),
        query=Code(query),
        finding=evidence,
    )
