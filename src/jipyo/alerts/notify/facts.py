"""The facts of a notification, from the incident and what was planned about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.duty.plan import Occasion
from jipyo.alerts.incident.grouping import find_host
from jipyo.alerts.incident.origin import OriginReason, rank_alerts
from jipyo.alerts.incident_wording import describe_event, describe_place
from jipyo.alerts.notify.message import MessageKind, Notification, NotifiedAlert, NotifiedEvent
from jipyo.alerts.rule import split_rule_id
from jipyo.alerts.rule_files.alert_texts import fill_texts
from jipyo.alerts.rule_files.template import TemplateError
from jipyo.analysis.series_names import name_series
from jipyo.analysis.wording import name_remedy
from jipyo.catalogue import Direction
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jipyo.alerts.duty.plan import PlannedNotification
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident, IncidentAlert
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule import ExpressionRule
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts

_KINDS = {
    Occasion.OPENED: MessageKind.OPENED,
    Occasion.GRAVER: MessageKind.CHANGED,
    Occasion.CAUSE_CHANGED: MessageKind.CHANGED,
    Occasion.REOPENED: MessageKind.REOPENED,
    Occasion.ESCALATED: MessageKind.ESCALATED,
    Occasion.RESOLVED: MessageKind.RESOLVED,
}
_FAILED = "<error expanding template"
_TELLING = frozenset({OriginReason.NEEDED, OriginReason.DEAD_TARGET, OriginReason.LOST_DEVICE})
"""Reasons that say more of the first alert than that it is the first."""


@dataclass(frozen=True, slots=True)
class FactSources:
    """What the facts of an incident are read from, beside the incident."""

    catalogue: Catalogue
    options: AlertsOptions
    grouping: IncidentGrouping
    rules: Mapping[str, ExpressionRule] = field(default_factory=dict)
    """Rules of files, by their ids: their annotations are part of the message."""


def build_notification(
    planned: PlannedNotification,
    incident: Incident,
    event: Event | None,
    t_ms: int,
    sources: FactSources,
) -> Notification:
    """The facts of a planned notification at a moment; `event` is the one before the incident."""
    facts = describe_incident(incident, _KINDS[planned.occasion], planned.key, t_ms, sources)
    before = None
    if event is not None:
        text = _in_both(lambda t: describe_event(event, t))
        before = NotifiedEvent(t_ms=event.t_ms, text=text)
    return replace(facts, event=before, recipients=planned.recipients)


def describe_incident(
    incident: Incident, kind: MessageKind, key: str, t_ms: int, sources: FactSources
) -> Notification:
    """The facts of an incident as it is at a moment."""
    ranked = rank_alerts(incident, sources.grouping)
    is_over = kind is MessageKind.RESOLVED
    first = ranked[0].alert
    origin = None
    if len(ranked) > 1 and ranked[0].reason in _TELLING:
        origin = _in_both(lambda t: describe_place(ranked[0], sources.catalogue, t))
    return Notification(
        key=key,
        kind=kind,
        t_ms=t_ms,
        severity=incident.severity,
        target=name_target(first),
        incident=incident.number,
        began_ms=incident.began_ms,
        ended_ms=incident.recovered_ms,
        alerts=tuple(
            _describe_alert(one.alert, incident, is_over, t_ms, sources) for one in ranked
        ),
        origin=origin,
        first_look=None if is_over else find_first_look(first, sources.catalogue),
        acknowledged_by=incident.acknowledged_by,
    )


def name_target(alert: IncidentAlert) -> str:
    """What an alert is about, as people call it: its host, else its series."""
    labels = alert.key.labels
    instance = labels.get("instance", "")
    return find_host(instance) if instance else name_series(labels) or alert.key.rule


def find_first_look(alert: IncidentAlert, catalogue: Catalogue) -> Bilingual | None:
    """The first thing to look at: by the cause of an outage, else by the topic of the metric."""
    reason, metric = alert.reason, catalogue.get(alert.key.rule)
    if reason is not None:
        return _in_both(lambda t: name_remedy(reason, t))
    if metric is None:
        return None
    if metric.loss and metric.remedy is not None:
        return metric.remedy
    key = f"notify.look.{metric.topic}"
    return _in_both(lambda t: t(key)) if key in texts("en") else None


def _describe_alert(
    alert: IncidentAlert, incident: Incident, is_over: bool, t_ms: int, sources: FactSources
) -> NotifiedAlert:
    rule = alert.key.rule
    value = alert.peak if is_over else _find_value(alert, incident)
    annotations = expand_annotations(alert, value, t_ms, sources)
    summary = annotations.get("summary") or annotations.get("description")
    metric = sources.catalogue.get(rule)
    name = split_rule_id(rule)[2]
    return NotifiedAlert(
        rule=rule,
        name=Bilingual(name, name) if metric is None else metric.name,
        labels=alert.key.labels,
        state=alert.state,
        severity=alert.severity,
        started_ms=alert.began_ms,
        ended_ms=alert.ended_ms if alert.state is AlertState.INACTIVE else None,
        value=value,
        threshold=alert.threshold,
        unit="count" if metric is None else metric.unit.value,
        lower_is_worse=metric is not None and metric.direction is Direction.LOWER_IS_WORSE,
        reason=alert.reason,
        summary=Bilingual(summary, summary) if summary else None,
        runbook=sources.options.rule(rule).runbook or annotations.get("runbook_url", ""),
    )


def expand_annotations(
    alert: IncidentAlert, value: float | None, t_ms: int, sources: FactSources
) -> dict[str, str]:
    """The annotations of a rule file, without those whose template fails or asks a query."""
    rule = sources.rules.get(alert.key.rule)
    if rule is None:
        return {}
    number = math.nan if value is None else value
    labels = alert.key.labels
    filled = fill_texts(rule, rule.annotations, labels, number, t_ms, _ask_nothing)
    return {name: text for name, text in filled if not text.startswith(_FAILED)}


def _ask_nothing(_expression: str) -> Sequence[tuple[Mapping[str, str], float]]:
    raise TemplateError("a message asks no queries")


def _find_value(alert: IncidentAlert, incident: Incident) -> float | None:
    """The value of its last change; the peak where that has none."""
    values = [
        entry.transition.alert.value
        for entry in incident.entries
        if entry.transition is not None and entry.transition.alert.key == alert.key
    ]
    return next((value for value in reversed(values) if value is not None), alert.peak)


def _in_both(describe: Callable[[Texts], str]) -> Bilingual:
    return Bilingual(describe(texts("ko")), describe(texts("en")))
