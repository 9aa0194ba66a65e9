"""`/api/jipyo/incidents/{number}/facts`: what an incident cost and what was seen of it.

The rows are those of the incident's report, in its order and words; `/file` is the report itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.incident.incident import EntryKind, EvidenceKind
from jipyo.alerts.incident.origin import EVENT_BEFORE_MS, rank_alerts
from jipyo.alerts.matchers import write_matchers
from jipyo.alerts.wording import describe_alert, name_cause_class, name_event_kind
from jipyo.i18n import texts
from jipyo.model.calendar import local_day, range_between, start_of_day
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.reports.incident_facts import gather_facts
from jipyo.reports.incident_report import build_incident_report
from jipyo.reports.sections.incident_evidence import list_evidence
from jipyo.reports.wording import Localizer
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.rendered import file_route
from jipyo.web.api.written import SeverityName, name_severity, read_number, to_seconds

if TYPE_CHECKING:
    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang, Texts
    from jipyo.reports.document import Issuer, Report
    from jipyo.reports.incident_facts import IncidentFacts, IncidentImpact
    from jipyo.reports.sections.incident_evidence import EvidenceRow
    from jipyo.source import Source
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_FRESH_MS = 15_000
"""While an incident goes on, what was read of it serves everybody for so long."""
_MOST_KEPT = 16
"""Incidents of which what was read is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRequests:
    """The requests of a service while an incident lasted; whole counts."""

    name: str
    failed: int
    failed_text: str
    total: int
    total_text: str
    share_text: str
    query: str
    """PromQL that counts those that failed, as of the end of the incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedEvidence:
    """One thing that was seen, the first of the rules first."""

    kind: Literal["alert", "log_template", "anomaly", "event", "requests"]
    name: str
    subject: str
    """Which series; empty where the name says it."""
    severity: SeverityName | None
    """Of an alert."""
    seen: str
    """The worst value with its threshold, or how many; may be empty."""
    reason: str
    """Why it stands at this place, or when it was seen; may be empty."""
    t: float | None
    """When it began."""
    query: str
    """PromQL or a command that shows it again."""
    is_promql: bool
    metric: str
    """The id of a metric of the catalogue that has a course to draw; else empty."""
    match: str
    """Matchers of its series."""
    labels: Mapping[str, str]
    words: tuple[str, str] | None
    """What 0 and 1 mean, where values are nothing else."""
    pattern: str
    """The id of a pattern of log lines; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedEvent:
    """An event from shortly before an incident to its end."""

    t: float
    title: str
    text: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReportPart:
    """A part of the incident's report, and whether somebody still has to fill it in."""

    name: str
    is_filled: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFactSheet:
    """What an incident cost, and what was seen of it."""

    number: int
    start: float
    end: float
    """Its recovery, or how far the data reach."""
    requests: tuple[IncidentRequests, ...]
    """Services that count their requests; failed ones first."""
    requests_text: str
    """In a sentence where none failed, or none are counted; else empty."""
    evidence: tuple[RankedEvidence, ...]
    note: str
    """That the order names no cause."""
    events: tuple[RelatedEvent, ...]
    report: tuple[IncidentReportPart, ...]


OPERATION = Operation(
    "/incidents/{number}/facts",
    IncidentFactSheet,
    "What an incident cost, and what was seen of it, ranked.",
    ("number", "lang"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactParts:
    """What the facts of incidents are read from."""

    desk: AlertDesk
    source: Source
    issuer: Issuer
    lang: Lang


class FactShelf:
    """What was read of the incidents that somebody looks at; safe to use from several threads."""

    def __init__(self, parts: FactParts) -> None:
        """Nothing is read before somebody asks."""
        self._parts = parts
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[object, IncidentFacts]] = OrderedDict()

    def find(self, incident: Incident) -> IncidentFacts:
        """The facts, read again once it has changed, and now and then while it goes on.

        Raises:
            SourceError: the source failed.
        """
        now_ms = self._parts.desk.now_ms()
        moment = now_ms // _FRESH_MS if incident.recovered_ms is None else 0
        version = (len(incident.entries), moment)
        with self._lock:
            kept = self._kept.get(incident.number)
            if kept is None or kept[0] != version:
                kept = version, read_facts(self._parts, incident, self._parts.source)
                self._kept[incident.number] = kept
            self._kept.move_to_end(incident.number)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return kept[1]


def routes(parts: FactParts) -> list[Route]:
    """The facts as JSON, and the report as a file."""
    shelf = FactShelf(parts)

    def show(request: WebRequest, t: Texts) -> IncidentFactSheet:
        return build_sheet(shelf.find(_read_incident(parts.desk, request, t)), parts.desk, t)

    return [
        json_route(OPERATION, show, parts.lang),
        file_route("/incidents/{number}/file", partial(_build_report, parts), parts.lang),
    ]


def _read_incident(desk: AlertDesk, request: WebRequest, t: Texts) -> Incident:
    number = read_number(request, "number", t, "incident.unknown")
    return desk.incidents.read_incident(number)


def read_facts(
    parts: FactParts, incident: Incident, source: Source, *, with_courses: bool = False
) -> IncidentFacts:
    """What the report of an incident is made of.

    Raises:
        SourceError: the source failed.
    """
    desk = parts.desk
    now_ms = desk.now_ms()
    end_ms = min(now_ms, incident.recovered_ms or now_ms) + 1
    events = desk.incidents.list_events(incident.began_ms - EVENT_BEFORE_MS, end_ms)
    ranked = incident, rank_alerts(incident, desk.grouping())
    return gather_facts(source, desk.catalogue, ranked, events, now_ms, with_courses=with_courses)


def _build_report(parts: FactParts, request: WebRequest, lang: Lang) -> Report:
    incident = _read_incident(parts.desk, request, texts(lang))
    source = parts.source.bind(request.cancelled)
    facts = read_facts(parts, incident, source, with_courses=True)
    desk = parts.desk
    return build_incident_report(facts, desk.catalogue, desk.zone, desk.now_ms(), parts.issuer)


# ------------------------------------------------------------------------------------- document


def build_sheet(facts: IncidentFacts, desk: AlertDesk, t: Texts) -> IncidentFactSheet:
    """The facts in the words of the report."""
    incident = facts.incident
    localizer = _build_localizer(facts, desk, t)
    failed = [one for one in facts.impacts if one.failed]
    return IncidentFactSheet(
        number=incident.number,
        start=incident.began_ms / 1000,
        end=facts.end_ms / 1000,
        requests=tuple(
            _build_requests(one, localizer)
            for one in sorted(facts.impacts, key=lambda one: -one.failed)
        ),
        requests_text="" if failed else _describe_requests(facts, localizer),
        evidence=tuple(
            _build_evidence(one, facts, desk.catalogue, localizer)
            for one in list_evidence(facts, desk.catalogue)
        ),
        note=t("incident_page.no_cause"),
        events=tuple(_build_event(one, t) for one in facts.events),
        report=_list_parts(incident, t),
    )


def _build_localizer(facts: IncidentFacts, desk: AlertDesk, t: Texts) -> Localizer:
    """Of the day of the incident where it began and ended on one."""
    first, last = (local_day(at, desk.zone) for at in (facts.incident.began_ms, facts.end_ms))
    following_ms = start_of_day(last + timedelta(days=1), desk.zone)
    period = range_between(start_of_day(first, desk.zone), following_ms, desk.zone)
    return Localizer.for_period(period, t.lang)


def _build_requests(impact: IncidentImpact, localizer: Localizer) -> IncidentRequests:
    name = impact.metric.name(localizer.texts.lang)

    def show(count: int) -> str:
        number = f"{count:,}"
        return localizer.text("reports.estimated", number=number) if impact.estimated else number

    return IncidentRequests(
        name=f"{name} · {impact.service}" if impact.service else name,
        failed=impact.failed,
        failed_text=show(impact.failed),
        total=impact.total,
        total_text=show(impact.total),
        share_text=localizer.format_share(impact.failed / impact.total),
        query=impact.failed_expr,
    )


def _describe_requests(facts: IncidentFacts, localizer: Localizer) -> str:
    if not facts.impacts:
        return localizer.text("incident_page.impact.unknown")
    names = (one.service or one.metric.name(localizer.texts.lang) for one in facts.impacts)
    return localizer.text("incident_page.impact.none", services=", ".join(names))


def _build_evidence(
    row: EvidenceRow, facts: IncidentFacts, catalogue: Catalogue, localizer: Localizer
) -> RankedEvidence:
    t, alert, finding = localizer.texts, row.alert, row.finding
    words = None if alert is None else describe_alert(alert.key, catalogue, t)
    metric = None if alert is None else catalogue.get(alert.key.rule)
    pairs = () if alert is None else alert.key.labels.pairs
    own = [(name, value) for name, value in pairs if metric and name in metric.labels]
    is_promql = metric is not None or row.kind == "requests"
    return RankedEvidence(
        kind=row.kind,
        name=localizer.format(row.what) if words is None else words.name,
        subject="" if words is None else words.subject,
        severity=None if alert is None else name_severity(alert.severity),
        seen="" if row.seen is None else localizer.format(row.seen),
        reason="" if row.reason is None or finding is not None else localizer.format(row.reason),
        t=_find_start(row, facts),
        query=row.query.text,
        is_promql=is_promql,
        metric="" if metric is None else metric.id,
        match=write_matchers(Matcher(name, MatchOp.EQ, value) for name, value in own),
        labels=dict(pairs),
        words=None if metric is None or not (metric.outage or metric.loss) else _name_answers(t),
        pattern=finding.ref if finding and finding.kind is EvidenceKind.LOG_TEMPLATE else "",
    )


def _name_answers(t: Texts) -> tuple[str, str]:
    return t("incident.answers"), t("incident.no_answer")


def _find_start(row: EvidenceRow, facts: IncidentFacts) -> float | None:
    if row.alert is not None:
        return row.alert.began_ms / 1000
    if row.finding is not None:
        return row.finding.t_ms / 1000
    event = facts.event_before if row.kind == "event" else None
    return to_seconds(None if event is None else event.t_ms)


def _build_event(event: Event, t: Texts) -> RelatedEvent:
    return RelatedEvent(
        t=event.t_ms / 1000,
        title=name_event_kind(event.kind, t),
        text=event.text,
        who=event.who,
    )


def _list_parts(incident: Incident, t: Texts) -> tuple[IncidentReportPart, ...]:
    """What of the report is written by itself, and what people have entered or must."""
    notes = sum(one.kind is EntryKind.NOTE for one in incident.entries)
    cause = t("incident_page.cause"), incident.cause is not None
    done = t("incident_page.actions"), notes > 0
    known = f"{t('incident_page.basic')} · {t('incident_page.course')}"
    missing = t("inspection.to_fill")
    return (
        IncidentReportPart(name=known, is_filled=True, text=t("incident.report.written")),
        IncidentReportPart(
            name=cause[0],
            is_filled=cause[1],
            text=name_cause_class(incident.cause, t) if cause[1] else missing,
        ),
        IncidentReportPart(
            name=done[0],
            is_filled=done[1],
            text=t("incident.report.notes", n=notes) if done[1] else missing,
        ),
        IncidentReportPart(name=t("incident_page.prevention"), is_filled=False, text=missing),
    )
