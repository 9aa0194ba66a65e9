"""An incident as a finding: what was seen first, how far, and what happened just before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.history import build_incidents
from jipyo.alerts.incident.incident import (
    EntryKind,
    EvidenceKind,
    IncidentEntry,
    IncidentEvidence,
)
from jipyo.alerts.incident.origin import rank_alerts
from jipyo.analysis.thresholds import Severity
from jipyo.catalogue import Catalogue
from jipyo.model.labels import Labels
from jipyo.reports.document import Finding, Moment, Phrase, Quantity, phrase
from jipyo.reports.incident_facts import IncidentFacts, IncidentImpact
from jipyo.reports.sections.findings import select_findings
from jipyo.reports.sections.incident_findings import find_incidents
from reports.documents import MINUTE, START
from reports.summaries import build_data, build_entry, build_inputs, build_metric, shape_day

if TYPE_CHECKING:
    from jipyo.reports.inputs import RankedIncident

ERRORS = build_metric("Errors", "app.error_rate")
GROUPING = IncidentGrouping(outage_rules=frozenset())
KEY = AlertKey(ERRORS.id, Labels.of({"job": "api"}))


def rank(
    start: int, end: int | None, *more: IncidentEntry, severity: Severity = Severity.CRITICAL
) -> RankedIncident:
    """An incident of the error rate between two minutes."""
    states = [(start, AlertState.INACTIVE, AlertState.FIRING)]
    states += [] if end is None else [(end, AlertState.FIRING, AlertState.INACTIVE)]
    transitions = [
        Transition(
            START + minute * MINUTE,
            before,
            Alert(
                key=KEY,
                state=state,
                severity=severity,
                value=66.0,
                threshold=0.1,
                active_ms=START + start * MINUTE,
                firing_ms=START + start * MINUTE,
                ended_ms=None if state is AlertState.FIRING else START + minute * MINUTE,
                reason=None,
            ),
        )
        for minute, before, state in states
    ]
    incident = build_incidents((*fold({}, transitions, GROUPING, next_number=1), *more))[1]
    return incident, rank_alerts(incident, GROUPING)


def find(*ranked: RankedIncident) -> list[Finding]:
    inputs = build_inputs(build_data(), incidents=ranked, catalogue=Catalogue((ERRORS,)))
    return [finding for _, finding in find_incidents(inputs)]


def read(finding: Finding) -> dict[str, object]:
    assert isinstance(finding.text, Phrase)
    return dict(finding.text.values)


def test_it_says_what_how_far_from_when_and_that_it_is_over() -> None:
    (finding,) = find(rank(10, 52))
    values = read(finding)
    assert (values["peak"], values["threshold"]) == (
        Quantity(66.0, "percent"), Quantity(0.1, "percent"),
    )  # fmt: skip
    assert values["number"] == 1
    assert [part.key for part in finding.details if isinstance(part, Phrase)] == [
        "reports.finding.ended"
    ]


def test_one_that_goes_on_says_so() -> None:
    (finding,) = find(rank(10, None))
    assert isinstance(finding.details[-1], Phrase)
    assert finding.details[-1].key == "reports.finding.going_on"


def test_the_last_event_before_it_is_named_and_no_cause() -> None:
    evidence = tuple(
        IncidentEvidence(
            kind=EvidenceKind.EVENT, t_ms=START + minute * MINUTE, ref=str(minute), text=text
        )
        for minute, text in ((-20, "restart"), (-3, "deployed v2.4.1"), (15, "undone"))
    )
    entry = IncidentEntry(incident=1, t_ms=START, kind=EntryKind.EVIDENCE, evidence=evidence)
    (finding,) = find(rank(10, 52, entry))
    before = finding.details[0]
    assert isinstance(before, Phrase)
    assert before.key == "reports.finding.event_before"
    values = dict(before.values)
    assert (values["text"], values["at"]) == ("deployed v2.4.1", Moment(START - 3 * MINUTE))


def test_an_event_of_the_period_counts_where_it_was_within_half_an_hour() -> None:
    events = tuple(
        Event(t_ms=START + minute * MINUTE, kind=EventKind.DEPLOYMENT, text=f"at {minute}")
        for minute in (60, 95, 101)
    )
    inputs = build_inputs(
        build_data(), incidents=(rank(100, 130),), catalogue=Catalogue((ERRORS,)), events=events
    )
    ((_, finding),) = find_incidents(inputs)
    before = finding.details[0]
    assert isinstance(before, Phrase)
    assert dict(before.values)["text"] == "at 95"


def test_a_warning_is_no_finding_of_its_own() -> None:
    assert find(rank(10, 52, severity=Severity.WARNING)) == []


@pytest.mark.parametrize(("at", "n"), [(10, 1), (600, 2)])
def test_what_is_part_of_an_incident_is_told_once(at: int, n: int) -> None:
    values = shape_day((at, 10.0), (42, 95.0))
    data = build_data(build_entry(ERRORS, {"": values}))
    inputs = build_inputs(data, incidents=(rank(12, 53),), catalogue=Catalogue((ERRORS,)))
    assert len(select_findings(inputs)) == n


def test_it_says_how_many_requests_failed_by_the_metric_that_counts_most() -> None:
    ranked = rank(10, 52)
    models = build_metric("Failures", "ai.failures")
    impacts = tuple(
        IncidentImpact(
            metric=metric, service=name, failed=failed, total=total, failed_expr="f", total_expr="t"
        )
        for metric, name, failed, total in (
            (ERRORS, "api", 40, 1000), (ERRORS, "web", 2, 500), (models, "m", 30, 900),
        )
    )  # fmt: skip
    page = IncidentFacts(
        incident=ranked[0], ranked=ranked[1], end_ms=START + 52 * MINUTE, impacts=impacts
    )
    inputs = build_inputs(
        build_data(), incidents=(ranked,), catalogue=Catalogue((ERRORS,)), incident_pages=(page,)
    )
    ((_, finding),) = find_incidents(inputs)
    affected = phrase(
        "reports.finding.affected",
        failed=Quantity(42.0, "count"),
        total=Quantity(1500.0, "count"),
    )
    assert affected in finding.details
    none = replace(page, impacts=tuple(replace(one, failed=0) for one in impacts))
    ((_, finding),) = find_incidents(replace(inputs, incident_pages=(none,)))
    assert affected.key not in [one.key for one in finding.details if isinstance(one, Phrase)]
