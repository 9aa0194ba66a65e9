"""Incidents as findings: what was seen first, how long, and what happened just before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.incident.incident import EvidenceKind
from jipyo.alerts.incident.origin import EVENT_BEFORE_MS
from jipyo.analysis.series_names import name_series
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import Direction
from jipyo.reports.document import (
    Duration,
    Finding,
    Inline,
    Moment,
    Phrase,
    Quantity,
    Subject,
    phrase,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident, IncidentAlert
    from jipyo.catalogue import Metric
    from jipyo.reports.data import ReportMetric
    from jipyo.reports.incident_facts import IncidentFacts, IncidentImpact
    from jipyo.reports.inputs import RankedIncident, ReportInputs


def list_reported_incidents(inputs: ReportInputs) -> tuple[Incident, ...]:
    """Those that have a finding of their own; outages are told from the samples."""
    return tuple(incident for (incident, _), _ in _list_reported(inputs))


def find_incidents(inputs: ReportInputs) -> Iterator[tuple[int, Finding]]:
    """A finding for each grave incident, with its length in milliseconds."""
    cut_ms = inputs.data.window.end_ms
    for (incident, ranked), metric in _list_reported(inputs):
        first = ranked[0].alert
        details: list[Inline] = [
            *_describe_affected(incident, inputs.incident_pages),
            *_describe_before(incident, inputs.events),
            _describe_recovery(incident, cut_ms),
        ]
        if others := len(ranked) - 1:
            details.insert(0, phrase("reports.finding.incident_others", n=others))
        finding = Finding(
            State.CRITICAL,
            _describe(incident, first, metric, cut_ms),
            tuple(details),
            phrase("reports.basis.incidents", number=incident.number, n=len(incident.entries)),
        )
        yield incident.duration_ms(cut_ms), finding


def _list_reported(inputs: ReportInputs) -> Iterator[tuple[RankedIncident, Metric]]:
    for incident, ranked in inputs.incidents:
        metric = inputs.catalogue.get(ranked[0].alert.key.rule)
        is_grave = incident.severity is Severity.CRITICAL
        if is_grave and metric is not None and not metric.outage and not metric.loss:
            yield (incident, ranked), metric


def _describe(incident: Incident, first: IncidentAlert, metric: Metric, cut_ms: int) -> Phrase:
    """What was beyond its threshold first, how far, from when and how long."""
    unit = metric.unit.value
    values: dict[str, Inline] = {
        "subject": Subject(metric.name, name_series(first.key.labels)),
        "number": incident.number,
        "start": Moment(incident.began_ms),
        "span": Duration(incident.duration_ms(cut_ms)),
    }
    if first.peak is None or first.threshold is None:
        return phrase("reports.finding.incident", **values)
    side = "below" if metric.direction is Direction.LOWER_IS_WORSE else "above"
    peak, threshold = Quantity(first.peak, unit), Quantity(first.threshold, unit)
    return phrase(f"reports.finding.incident.{side}", peak=peak, threshold=threshold, **values)


def _describe_affected(incident: Incident, pages: Sequence[IncidentFacts]) -> Iterator[Phrase]:
    """How many requests failed while it lasted, by the metric that counts most of them.

    Models and the API in front of them count the same requests.
    """
    impacts = [one for page in pages if page.incident == incident for one in page.impacts]
    failed = [one for one in impacts if one.failed]
    if failed:
        metric = max(failed, key=lambda one: one.failed).metric
        of_metric = [one for one in impacts if one.metric == metric]
        yield phrase(
            "reports.finding.affected",
            failed=_add_counts(of_metric, "failed"),
            total=_add_counts(of_metric, "total"),
        )


def _add_counts(impacts: Sequence[IncidentImpact], kind: str) -> Inline:
    number = Quantity(float(sum(getattr(one, kind) for one in impacts)), "count")
    if any(one.estimated for one in impacts):
        return phrase("reports.estimated", number=number)
    return number


def _describe_before(incident: Incident, events: Sequence[Event]) -> Iterator[Phrase]:
    """The last event before it, which is no cause: what people did just then."""
    known = [(one.t_ms, one.text) for one in events]
    known += [(one.t_ms, one.text) for one in incident.evidence if one.kind is EvidenceKind.EVENT]
    first_ms = incident.began_ms - EVENT_BEFORE_MS
    near = [(t_ms, text) for t_ms, text in known if first_ms <= t_ms <= incident.began_ms]
    if near:
        t_ms, text = max(near)
        yield phrase(
            "reports.finding.event_before",
            span=Duration(incident.began_ms - t_ms),
            at=Moment(t_ms),
            text=text,
        )


def _describe_recovery(incident: Incident, cut_ms: int) -> Phrase:
    if incident.recovered_ms is None or incident.recovered_ms > cut_ms:
        return phrase("reports.finding.going_on")
    return phrase("reports.finding.ended", end=Moment(incident.recovered_ms))


def is_of_incident(entry: ReportMetric, incidents: Sequence[Incident]) -> bool:
    """Whether the gravest breach of a metric is one of the alerts of these incidents."""
    breaches = entry.now.series[0].firing_breaches
    if not breaches:
        return False
    gravest = max(breaches, key=lambda one: (one.severity, one.duration_ms))
    return any(
        alert.key.rule == entry.metric.id and _overlaps(alert, gravest.start_ms, gravest.end_ms)
        for incident in incidents
        for alert in incident.alerts
    )


def _overlaps(alert: IncidentAlert, start_ms: int, end_ms: int) -> bool:
    return any(start < end_ms and (end is None or end > start_ms) for start, end in alert.stretches)
