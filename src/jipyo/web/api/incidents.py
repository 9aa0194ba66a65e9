"""`/api/jipyo/incidents`: what happened, and what people did about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from jipyo.alerts.duty.plan import list_alert_labels
from jipyo.alerts.incident import edits
from jipyo.alerts.incident.incident import (
    CauseClass,
    IncidentState,
)
from jipyo.alerts.incident.origin import EVENT_BEFORE_MS, find_event_before, rank_alerts
from jipyo.alerts.incident_wording import describe_entry, describe_event_before, describe_place
from jipyo.alerts.matchers import write_matchers
from jipyo.alerts.wording import (
    describe_alert,
    name_alert_state,
    name_attribution,
    name_cause_class,
    name_evidence,
)
from jipyo.analysis.wording import name_cause, name_remedy
from jipyo.model.attribution import Attribution
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.schema import ANY_TEXT, TEXT, Key, one_of, record
from jipyo.web.api.headline import describe_last
from jipyo.web.api.incident_steps import IncidentStep, build_steps, describe_withholding
from jipyo.web.api.operation import Operation, json_route, read_json
from jipyo.web.api.written import SeverityName, name_severity, read_number, to_seconds
from jipyo.web.http.params import invalid_parameter, quote, read_limit, read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.alerts.incident.incident import (
        Incident,
        IncidentEntry,
        IncidentEvidence,
    )
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang, Texts
    from jipyo.schema import Kind
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.api.operation import BuildDocument
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

    MakeEntry = Callable[[Incident, int, "B"], IncidentEntry]

B = TypeVar("B")
MOST = 1000
"""Incidents of one list."""
_DEFAULT_MOST = 100

CauseName = Literal[
    "hardware",
    "software",
    "network",
    "change",
    "capacity",
    "operation",
    "security",
    "facility",
    "external",
    "unknown",
]
AttributionName = Literal["ours", "customer", "third_party", "force_majeure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident in a list."""

    number: int
    state: Literal["open", "recovered", "closed"]
    severity: SeverityName
    """The gravest that it came to."""
    title: str
    subject: str
    """What its first alert is about, such as the host."""
    began: float
    noticed: float
    acknowledged: float | None
    acknowledged_by: str
    recovered: float | None
    closed: float | None
    duration_s: float
    """From its beginning to the recovery, or to now."""
    duration_text: str
    alerts: int
    cause: CauseName | None
    cause_text: str


@dataclass(frozen=True, slots=True)
class IncidentCounts:
    """Incidents by their state."""

    open: int
    recovered: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """Incidents, the newest first."""

    t: float
    open: int
    """How many are open, of all."""
    text: str
    """How things are, in a sentence or two."""
    counts: IncidentCounts
    """Of that time, severity and search, whatever their state."""
    incidents: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMember:
    """The part of one alert in an incident."""

    rule: str
    is_metric: bool
    """Whether `rule` is a metric of the catalogue."""
    name: str
    subject: str
    labels: Mapping[str, str]
    state: Literal["inactive", "pending", "firing", "recovering", "no_data"]
    state_text: str
    severity: SeverityName
    began: float
    ended: float | None
    threshold_text: str
    peak: float | None
    peak_text: str
    peak_t: float | None
    cause: str
    """Why its target cannot be read; empty for what is not about that."""
    remedy: str
    """What to do about it."""
    position: str
    """Why it stands where it stands: the likely origin first, then what came with it."""
    runbook: str
    """The address of what to do; empty where the site has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """An entry of an incident's history."""

    t: float
    kind: Literal[
        "opened",
        "joined",
        "changed",
        "recovered",
        "reopened",
        "acknowledged",
        "note",
        "cause",
        "evidence",
        "closed",
    ]
    who: str
    """Empty for what jipyo found."""
    text: str
    """What it is, in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFinding:
    """Something else that was seen in the window of an incident."""

    kind: Literal["log_template", "anomaly", "event"]
    title: str
    t: float
    text: str
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail:
    """An incident with everything that is known of it."""

    t: float
    incident: IncidentRow
    attribution: AttributionName | None
    attribution_text: str
    steps: tuple[IncidentStep, ...]
    """발생, 인지, 접수, 조치, 복구, and what is waited for."""
    withheld: str
    """Why nobody is notified of it now, and until when; empty where somebody is."""
    match: str
    """Matchers that all of its open alerts have in common, for a silence; may be empty."""
    breached_s: float
    """How long a condition lasted within it, without pauses."""
    event: str
    """The event just before it, such as a deployment; empty for none."""
    members: tuple[IncidentMember, ...]
    """The likely origin first."""
    lines: tuple[IncidentLine, ...]
    findings: tuple[IncidentFinding, ...]


@dataclass(frozen=True, slots=True)
class IncidentNote:
    """Who did what."""

    who: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class IncidentClosing:
    """Who closes it, and what its cause was."""

    who: str
    cause: CauseName | None = None
    """Needed where none was set before."""
    attribution: AttributionName | None = None
    text: str = ""


_NOTE_KEYS = (Key("who", TEXT, required=True), Key("text", ANY_TEXT))
_NOTE = record(IncidentNote, _NOTE_KEYS)
_CLOSING = record(
    IncidentClosing,
    (
        *_NOTE_KEYS,
        Key("cause", one_of(get_args(CauseName))),
        Key("attribution", one_of(get_args(AttributionName))),
    ),
)
_NOTED = {"who": "김운영", "text": "vllm-2 재시작, 드라이버 로그 확보"}
_OF_ONE = ("number", "lang")
_ONE = "/incidents/{number}"

OPERATIONS = (
    Operation(
        "/incidents",
        Incidents,
        "Incidents, the newest first; with `start` and `end` those of that time.",
        ("state", "severity", "search", "from", "to", "limit", "lang"),
    ),
    Operation(_ONE, IncidentDetail, "An incident with everything that is known of it.", _OF_ONE),
    Operation(
        f"{_ONE}/ack",
        IncidentDetail,
        "Acknowledge an incident: somebody takes care of it.",
        _OF_ONE,
        "post",
        IncidentNote,
        {"who": "김운영"},
    ),
    Operation(
        f"{_ONE}/notes",
        IncidentDetail,
        "Add what was done or found.",
        _OF_ONE,
        "post",
        IncidentNote,
        _NOTED,
    ),
    Operation(
        f"{_ONE}/cause",
        IncidentDetail,
        "Set of what kind its cause was, and who answers for it.",
        _OF_ONE,
        "post",
        IncidentClosing,
        {"who": "김운영", "cause": "hardware", "attribution": "ours"},
    ),
    Operation(
        f"{_ONE}/close",
        IncidentDetail,
        "Close an incident that has recovered.",
        _OF_ONE,
        "post",
        IncidentClosing,
        {"who": "김운영", "cause": "hardware", "attribution": "ours", "text": "GPU 2 교체"},
    ),
)


@dataclass(frozen=True, slots=True)
class IncidentPages:
    """Answers and edits over the incidents of a file."""

    desk: AlertDesk

    def list_all(self, request: WebRequest, t: Texts) -> Incidents:
        """The newest incidents, those of a time, a state or a severity, or with some words."""
        state, most, now_ms = _read_state(request), _read_most(request), self.desk.now_ms()
        open_ = self._list_open(now_ms)
        has_time = bool(request.first("from") or request.first("to"))
        if state is IncidentState.OPEN and not has_time:
            found = open_
        else:
            start_ms, end_ms = read_time(request, "from", 0), read_time(request, "to", now_ms + 1)
            found = self.desk.incidents.list_incidents(start_ms, end_ms)
        rows = self._search(found, request, t, now_ms)
        counts = Counter(one.state for one in rows)
        return Incidents(
            t=now_ms / 1000,
            open=len(open_),
            text=" ".join(self._describe(open_, t, now_ms)),
            counts=IncidentCounts(counts["open"], counts["recovered"], counts["closed"]),
            incidents=tuple(one for one in rows if state is None or one.state == state.value)[
                :most
            ],
        )

    def _search(
        self, found: Sequence[Incident], request: WebRequest, t: Texts, now_ms: int
    ) -> list[IncidentRow]:
        """Those of the severity and with the words that are asked for."""
        severity = _read_severity(request)
        words = request.first("search").casefold().split()
        chosen = (one for one in found if severity in ("", name_severity(one.severity)))
        rows = (self._build_row(one, t, now_ms) for one in chosen)
        return [row for row in rows if all(word in _join_words(row) for word in words)]

    def _describe(self, open_: Sequence[Incident], t: Texts, now_ms: int) -> Iterator[str]:
        """How many are open and wait, or when the last one was."""
        if open_:
            waiting = sum(one.acknowledged_ms is None for one in open_)
            yield t("incident.list.open", n=len(open_))
            if waiting:
                yield t("incident.list.waiting", n=waiting)
            return
        newest = self.desk.incidents.find_newest()
        if newest is None:
            yield t("incident.list.none")
            return
        yield t("incident.list.calm")
        yield describe_last(newest, self.desk.zone, now_ms, t)

    def _list_open(self, now_ms: int) -> tuple[Incident, ...]:
        recent = self.desk.incidents.list_incidents(now_ms, now_ms + 1)
        return tuple(one for one in recent if one.state is IncidentState.OPEN)

    def show(self, request: WebRequest, t: Texts) -> IncidentDetail:
        """One incident."""
        number = read_number(request, "number", t, "incident.unknown")
        return self._build_detail(self.desk.incidents.read_incident(number), t)

    def edit(
        self, kind: Kind[B], make: MakeEntry[B], request: WebRequest, t: Texts
    ) -> IncidentDetail:
        """Add what a person did."""
        body = kind.read(read_json(request))
        number = read_number(request, "number", t, "incident.unknown")
        after = self.desk.incidents.edit(number, lambda one, t_ms: make(one, t_ms, body))
        return self._build_detail(after, t)

    # --- documents

    def _build_row(self, incident: Incident, t: Texts, now_ms: int) -> IncidentRow:
        origin = rank_alerts(incident, self.desk.grouping())[0].alert
        words = describe_alert(origin.key, self.desk.catalogue, t)
        duration_ms, cause = incident.duration_ms(now_ms), incident.cause
        return IncidentRow(
            number=incident.number,
            state=incident.state.value,
            severity=name_severity(incident.severity),
            title=words.name,
            subject=words.subject,
            began=incident.began_ms / 1000,
            noticed=incident.noticed_ms / 1000,
            acknowledged=to_seconds(incident.acknowledged_ms),
            acknowledged_by=incident.acknowledged_by,
            recovered=to_seconds(incident.recovered_ms),
            closed=to_seconds(incident.closed_ms),
            duration_s=duration_ms / 1000,
            duration_text=t.span(duration_ms),
            alerts=len(incident.alerts),
            cause=None if cause is None else cause.value,
            cause_text=name_cause_class(cause, t),
        )

    def _build_detail(self, incident: Incident, t: Texts) -> IncidentDetail:
        now_ms, desk, attribution = self.desk.now_ms(), self.desk, incident.attribution
        ranked = rank_alerts(incident, desk.grouping())
        event = find_event_before(
            incident,
            desk.incidents.list_events(incident.began_ms - EVENT_BEFORE_MS, incident.began_ms + 1),
        )
        return IncidentDetail(
            t=now_ms / 1000,
            incident=self._build_row(incident, t, now_ms),
            attribution=None if attribution is None else attribution.value,
            attribution_text=name_attribution(attribution, t),
            steps=build_steps(incident, ranked[0], desk, t),
            withheld=describe_withholding(incident, desk, t),
            match=_write_common(incident),
            breached_s=incident.breached_ms(now_ms) / 1000,
            event="" if event is None else describe_event_before(event, incident, t),
            members=tuple(_build_member(one, desk, t) for one in ranked),
            lines=tuple(_build_line(one, desk.catalogue, t) for one in incident.entries),
            findings=tuple(_build_finding(one, t) for one in incident.evidence),
        )


def routes(desk: AlertDesk, lang: Lang) -> list[Route]:
    """The routes over the incidents."""
    pages = IncidentPages(desk)
    builds: tuple[BuildDocument, ...] = (
        pages.list_all,
        pages.show,
        partial(pages.edit, _NOTE, _acknowledge),
        partial(pages.edit, _NOTE, _add_note),
        partial(pages.edit, _CLOSING, _set_cause),
        partial(pages.edit, _CLOSING, _close),
    )
    pairs = zip(OPERATIONS, builds, strict=True)
    return [json_route(operation, build, lang) for operation, build in pairs]


def _acknowledge(incident: Incident, t_ms: int, note: IncidentNote) -> IncidentEntry:
    return edits.acknowledge(incident, t_ms, note.who, note.text)


def _add_note(incident: Incident, t_ms: int, note: IncidentNote) -> IncidentEntry:
    return edits.add_note(incident, t_ms, note.who, note.text)


def _set_cause(incident: Incident, t_ms: int, body: IncidentClosing) -> IncidentEntry:
    return edits.set_cause(incident, t_ms, body.who, *_read_cause(body), body.text)


def _close(incident: Incident, t_ms: int, body: IncidentClosing) -> IncidentEntry:
    return edits.close(incident, t_ms, body.who, *_read_cause(body), body.text)


def _read_cause(body: IncidentClosing) -> tuple[CauseClass | None, Attribution | None]:
    return (
        None if body.cause is None else CauseClass(body.cause),
        None if body.attribution is None else Attribution(body.attribution),
    )


def _read_state(request: WebRequest) -> IncidentState | None:
    word = request.first("state")
    if word and word not in {one.value for one in IncidentState}:
        raise invalid_parameter("state", f"not supported value {quote(word)}")
    return IncidentState(word) if word else None


def _read_severity(request: WebRequest) -> str:
    word = request.first("severity")
    if word and word not in get_args(SeverityName):
        raise invalid_parameter("severity", f"not supported value {quote(word)}")
    return word


def _join_words(row: IncidentRow) -> str:
    """What is searched."""
    parts = (f"#{row.number}", row.title, row.subject, row.cause_text, row.acknowledged_by)
    return " ".join(parts).casefold()


def _write_common(incident: Incident) -> str:
    """Matchers of the labels that all open alerts have in common, without their severity."""
    first, *others = list_alert_labels(incident)
    common = set(first.drop(["severity"]).pairs).intersection(*(one.pairs for one in others))
    return write_matchers(Matcher(name, MatchOp.EQ, value) for name, value in sorted(common))


def _read_most(request: WebRequest) -> int:
    most = read_limit(request) or _DEFAULT_MOST
    return min(most, MOST)


# ------------------------------------------------------------------------------------- documents


def _build_member(ranked: RankedAlert, desk: AlertDesk, t: Texts) -> IncidentMember:
    alert, reason = ranked.alert, ranked.alert.reason
    words = describe_alert(alert.key, desk.catalogue, t)
    return IncidentMember(
        rule=alert.key.rule,
        is_metric=words.is_metric,
        name=words.name,
        subject=words.subject,
        labels=dict(alert.key.labels.pairs),
        state=alert.state.value,
        state_text=name_alert_state(alert.state, t),
        severity=name_severity(alert.severity),
        began=alert.began_ms / 1000,
        ended=to_seconds(alert.ended_ms),
        threshold_text="" if alert.threshold is None else t.number(alert.threshold, words.unit),
        peak=alert.peak,
        peak_text="" if alert.peak is None else t.number(alert.peak, words.unit),
        peak_t=to_seconds(alert.peak_ms),
        cause="" if reason is None else name_cause(reason, t),
        remedy="" if reason is None else name_remedy(reason, t),
        position=describe_place(ranked, desk.catalogue, t),
        runbook=desk.options.rule(alert.key.rule).runbook,
    )


def _build_line(entry: IncidentEntry, catalogue: Catalogue, t: Texts) -> IncidentLine:
    return IncidentLine(
        t=entry.t_ms / 1000,
        kind=entry.kind.value,
        who=entry.who,
        text=describe_entry(entry, catalogue, t),
    )


def _build_finding(one: IncidentEvidence, t: Texts) -> IncidentFinding:
    title = name_evidence(one.kind, t)
    return IncidentFinding(
        kind=one.kind.value, title=title, t=one.t_ms / 1000, text=one.text, count=one.count
    )
