"""`/api/jipyo` of alerts, incidents, silences, maintenance windows and events, over a real file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.incident import CauseClass
from jipyo.alerts.incident.records import record_transitions
from jipyo.alerts.options import AlertsOptions, Maintenance, RuleOptions
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import Severity
from jipyo.app.alerts.schema import STEPS
from jipyo.model.attribution import Attribution
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.web.api import alerts, events, incidents, silences
from jipyo.web.api.alert_desk import AlertDesk
from support.web import NOW_MS, Answer, Client, serving
from web.api.test_openapi import check_schema, read_schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.web.api.operation import Operation

MINUTE_MS = 60_000
OUTAGE = "system.collection.failed"
DEAD = Alert(
    key=AlertKey(OUTAGE, Labels.of({"job": "vllm", "instance": "gpu-1:8000"})),
    state=AlertState.FIRING,
    severity=Severity.CRITICAL,
    value=1.0,
    threshold=1.0,
    active_ms=NOW_MS - 10 * MINUTE_MS,
    firing_ms=NOW_MS - 10 * MINUTE_MS,
    reason=FailureReason.CONNECTION_REFUSED,
)
BUSY = Alert(
    key=AlertKey("system.cpu.utilization", Labels.of({"instance": "gpu-1:9100"})),
    state=AlertState.PENDING,
    severity=Severity.WARNING,
    value=81.25,
    threshold=70.0,
    active_ms=NOW_MS - 2 * MINUTE_MS,
)
OPTIONS = AlertsOptions(
    rules=((OUTAGE, RuleOptions(runbook="http://wiki/vllm")),),
    maintenance=(
        Maintenance(name="backup", schedule="0 2 * * *", duration_ms=MINUTE_MS, approval="7"),
    ),
)


@dataclass
class Desk:
    """The endpoints over a file, and the clock and alerts that they see."""

    store: AlertStore
    client: Client
    now_ms: int = NOW_MS
    alerts: list[Alert] = field(default_factory=list)

    def fire(self, alert: Alert, t_ms: int) -> None:
        transition = Transition(t_ms, AlertState.INACTIVE, alert)
        with self.store.transaction() as db:
            record_transitions(db, [transition], GROUPING)

    def recover(self, alert: Alert, t_ms: int) -> None:
        over = Alert(
            key=alert.key,
            state=AlertState.INACTIVE,
            severity=alert.severity,
            value=0.0,
            threshold=alert.threshold,
            active_ms=alert.active_ms,
            firing_ms=alert.firing_ms,
            ended_ms=t_ms,
        )
        with self.store.transaction() as db:
            record_transitions(db, [Transition(t_ms, AlertState.FIRING, over)], GROUPING)

    def get(self, path: str, **fields: object) -> Any:
        answer = self.client.get(f"/api/jipyo{path}", **{"lang": "en", **fields})
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: object, lang: str = "en", **headers: str) -> Answer:
        return self.client.ask(
            "POST",
            f"/api/jipyo{path}?lang={lang}",
            headers={"content-type": "application/json", **headers},
            body=json.dumps(body).encode(),
        )


GROUPING = IncidentGrouping(outage_rules=frozenset({OUTAGE}))


@pytest.fixture
def desk(tmp_path: Path, known: Catalogue) -> Iterator[Desk]:
    store = AlertStore.open(tmp_path, STEPS)
    clock: Callable[[], int] = lambda: made.now_ms  # noqa: E731 - bound below
    context = AlertDesk(
        incidents=IncidentDesk(store, clock),
        list_alerts=lambda: made.alerts,
        grouping=lambda: GROUPING,
        catalogue=known,
        options=OPTIONS,
        zone=ZoneInfo("Asia/Seoul"),
        now_ms=clock,
    )
    modules = (alerts, incidents, silences, events)
    with serving(*(one for module in modules for one in module.routes(context, "ko"))) as client:
        made = Desk(store, client)
        yield made
    store.close()


@pytest.fixture
def incident(desk: Desk) -> Desk:
    desk.alerts = [BUSY, DEAD]
    desk.fire(DEAD, DEAD.active_ms + 1000)
    return desk


# ------------------------------------------------------------------------------------- reading


def test_an_alert_has_its_words_its_incident_and_what_to_do(incident: Desk) -> None:
    dead, busy = incident.get("/alerts")["alerts"]
    assert (dead["name"], dead["state"], dead["incident"]) == (
        "vllm gpu-1:8000 does not answer",
        "firing",
        1,
    )
    assert (dead["cause"], dead["runbook"]) == ("refused the connection", "http://wiki/vllm")
    assert dead["remedy"]
    assert (busy["state"], busy["value_text"], busy["threshold_text"], busy["incident"]) == (
        "pending",
        "81.2%",
        "70%",
        None,
    )
    assert (dead["silence"], dead["maintenance"]) == (None, "")


def test_an_alert_says_what_lets_nobody_be_notified(incident: Desk) -> None:
    added = incident.post("/silences", {"match": 'job="vllm"', "who": "kim", "reason": "swap"})
    window = {
        "name": "driver",
        "start": str(NOW_MS // 1000 - 60),
        "end": str(NOW_MS // 1000 + 60),
        "who": "kim",
        "match": 'instance="gpu-1:9100"',
    }
    assert incident.post("/maintenance", window).status == 200
    dead, busy = incident.get("/alerts")["alerts"]
    assert (dead["silence"], dead["maintenance"]) == (added.json["id"], "")
    assert (busy["silence"], busy["maintenance"]) == (None, "driver")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_an_incident_is_listed_and_shown_with_its_origin_and_history(
    incident: Desk, lang: str
) -> None:
    incident.post("/events", {"text": "v2", "who": "ci", "t": str(DEAD.active_ms // 1000 - 180)})
    row = incident.get("/incidents", lang=lang)["incidents"][0]
    shown = incident.get("/incidents/1", lang=lang)
    assert shown["incident"] == row
    assert (row["state"], row["severity"], row["alerts"]) == ("open", "critical", 1)
    assert (
        row["title"]
        == {
            "ko": "vllm gpu-1:8000 응답 없음",
            "en": "vllm gpu-1:8000 does not answer",
        }[lang]
    )
    assert row["noticed"] == DEAD.active_ms / 1000 + 1
    assert "v2" in shown["event"]
    (member,) = shown["members"]
    assert member["position"]
    assert (member["is_metric"], member["runbook"]) == (True, "http://wiki/vllm")
    assert [line["kind"] for line in shown["lines"]] == ["opened"]


@pytest.mark.parametrize(
    ("fields", "numbers", "open_"),
    [
        ({}, [2, 1], 1),
        ({"state": "open"}, [2], 1),
        ({"state": "recovered"}, [1], 1),
        ({"state": "closed"}, [], 1),
        ({"limit": "1"}, [2], 1),
        ({"to": str(NOW_MS / 1000 - 3600)}, [1], 1),
        ({"from": str(NOW_MS / 1000 - 60)}, [2], 1),
    ],
)
def test_incidents_are_chosen_by_state_and_time(
    desk: Desk, fields: dict[str, str], numbers: list[int], open_: int
) -> None:
    early = Alert(
        key=DEAD.key,
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        value=1.0,
        threshold=1.0,
        active_ms=NOW_MS - 120 * MINUTE_MS,
        firing_ms=NOW_MS - 120 * MINUTE_MS,
    )
    desk.fire(early, early.active_ms)
    desk.recover(early, NOW_MS - 100 * MINUTE_MS)
    desk.fire(DEAD, DEAD.active_ms)
    found = desk.get("/incidents", **fields)
    assert ([one["number"] for one in found["incidents"]], found["open"]) == (numbers, open_)


def test_a_wrong_state_and_an_unknown_incident_are_refused(incident: Desk) -> None:
    for path, status in [
        ("/incidents?state=over", 400),
        ("/incidents/2", 404),
        ("/incidents/x", 404),
        ("/incidents?from=yesterday", 400),
    ]:
        answer = incident.client.get(f"/api/jipyo{path}")
        assert (answer.status, bool(answer.json["error"])) == (status, True)


# ------------------------------------------------------------------------------------- editing


def test_an_incident_is_acknowledged_noted_and_closed(incident: Desk) -> None:
    assert (
        incident.post("/incidents/1/ack", {"who": "김운영"}).json["incident"]["acknowledged_by"]
        == "김운영"
    )
    noted = incident.post("/incidents/1/notes", {"who": "이점검", "text": "재시작 <b>"}).json
    assert (noted["lines"][-1]["who"], "재시작 <b>" in noted["lines"][-1]["text"]) == (
        "이점검",
        True,
    )
    early = incident.post("/incidents/1/close", {"who": "kim", "cause": "hardware"})
    assert (early.status, "open" in early.json["error"]) == (400, True)
    incident.recover(DEAD, NOW_MS - MINUTE_MS)
    body = {"who": "kim", "cause": "hardware", "attribution": "third_party", "text": "replaced"}
    closed = incident.post("/incidents/1/close", body).json
    assert (closed["incident"]["state"], closed["incident"]["cause_text"]) == (
        "closed",
        "hardware",
    )
    assert (closed["attribution"], closed["attribution_text"]) == ("third_party", "third party")
    assert [line["kind"] for line in closed["lines"]] == [
        *("opened", "acknowledged", "note", "recovered", "closed")
    ]
    assert incident.get("/incidents/1") == {**closed}


def test_a_cause_can_be_set_before_the_end(incident: Desk) -> None:
    after = incident.post("/incidents/1/cause", {"who": "kim", "cause": "network"}).json
    assert after["incident"]["cause"] == "network"
    assert after["attribution"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/incidents/1/ack", {}, 400, "The key who is missing"),
        ("/incidents/1/ack", {"who": " "}, 400, "who"),
        ("/incidents/1/notes", {"who": "kim"}, 400, "needs a text"),
        ("/incidents/1/notes", {"who": "kim", "text": "x" * 10_001}, 400, "10001"),
        ("/incidents/1/cause", {"who": "kim", "cause": "magic"}, 400, "magic"),
        ("/incidents/1/ack", {"who": "kim", "whom": "lee"}, 400, "whom"),
        ("/incidents/9/ack", {"who": "kim"}, 404, "9"),
        ("/incidents/1/ack", ["kim"], 400, "keys and values"),
        ("/silences", {"match": "job=a", "who": "kim", "reason": "x"}, 400, "matchers"),
        ("/silences", {"match": "", "who": "kim", "reason": "x"}, 400, ""),
        ("/silences", {"match": 'a="b"', "who": "k", "reason": "x", "duration": "1"}, 400, "1"),
        ("/silences", {"match": 'a="b"', "who": "k", "reason": "x", "duration": "1y"}, 400, ""),
        ("/silences/7/expire", {"who": "kim"}, 404, "7"),
        ("/silences/x/expire", {"who": "kim"}, 404, "x"),
        ("/maintenance", {"name": "a", "who": "k", "start": "now", "end": "1"}, 400, "now"),
        ("/maintenance", {"name": "a", "who": "k", "start": "9", "end": "1"}, 400, ""),
        ("/maintenance/backup/cancel", {"who": "kim"}, 404, "backup"),
        ("/events", {"text": "x", "who": "ci", "kind": "party"}, 400, "party"),
        ("/events", {"text": "x", "who": "ci", "t": "99999999999"}, 400, ""),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    incident: Desk, path: str, body: object, status: int, error: str
) -> None:
    answer = incident.post(path, body)
    assert answer.status == status, answer.body
    assert error in answer.json["error"]
    assert answer.json["error"]


def test_what_another_site_can_send_changes_nothing(incident: Desk) -> None:
    form = incident.client.post("/api/jipyo/incidents/1/ack", who="mallory")
    plain = incident.post("/incidents/1/ack", {"who": "m"}, **{"content-type": "text/plain"})
    foreign = incident.post("/incidents/1/ack", {"who": "m"}, origin="http://evil.example")
    host = incident.post("/incidents/1/ack", {"who": "m"}, host="evil.example")
    assert [one.status for one in (form, plain, foreign, host)] == [415, 415, 403, 403]
    assert incident.get("/incidents/1")["incident"]["acknowledged"] is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"who": "\\ud800"}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(incident: Desk, body: bytes) -> None:
    answer = incident.client.ask(
        "POST",
        "/api/jipyo/incidents/1/ack",
        headers={"content-type": "application/json"},
        body=body,
    )
    assert answer.status == 400


# ---------------------------------------------------------- silences, maintenance windows, events


def test_a_silence_is_added_listed_and_ended(desk: Desk) -> None:
    body = {"match": 'severity=~"warn.*"', "who": "김운영", "reason": "이전", "duration": "30m"}
    added = desk.post("/silences", body).json
    assert (added["phase"], added["end"] - added["start"]) == ("active", 1800)
    assert desk.get("/silences")["silences"] == [added]
    ended = desk.post(f"/silences/{added['id']}/expire", {"who": "이점검"}).json
    assert (ended["phase"], ended["expired_by"]) == ("over", "이점검")
    assert desk.get("/silences")["silences"] == []
    later = desk.post("/silences", {**body, "start": str(NOW_MS // 1000 + 60)}).json
    assert later["phase"] == "upcoming"


def test_maintenance_windows_of_both_kinds_are_listed_in_order(desk: Desk) -> None:
    hour = NOW_MS // 3_600_000 * 3600
    body = {
        "name": "driver",
        "start": str(hour + 7200),
        "end": str(hour + 10_800),
        "who": "kim",
        "approval": "2026-1",
        "announced": str(hour),
    }
    added = desk.post("/maintenance", body).json
    windows = desk.get("/maintenance")["windows"]
    assert [one["start"] for one in windows] == sorted(one["start"] for one in windows)
    assert added in windows
    assert {one["name"] for one in windows} == {"backup", "driver"}
    assert {one["approval"] for one in windows} == {"7", "2026-1"}
    (nearest,) = desk.get("/maintenance", **{"from": hour + 7200, "to": hour + 7201})["windows"]
    assert nearest == added
    cancelled = desk.post(f"/maintenance/{added['id']}/cancel", {"who": "lee"}).json
    assert (cancelled["phase"], cancelled["cancelled_by"]) == ("cancelled", "lee")


def test_events_are_added_and_listed_in_the_order_of_time(desk: Desk) -> None:
    labels = {"job": "api"}
    early = {"kind": "model", "text": "a -> b", "who": "ci", "t": "2026-10-29T12:00:00Z"}
    now = desk.post("/events", {"text": "v2", "who": "ci", "labels": labels}).json
    assert (now["kind"], now["t"], now["labels"]) == ("deployment", NOW_MS / 1000, labels)
    past = desk.post("/events", early).json
    assert past["title"] == "Model"
    assert desk.get("/events")["events"] == [now]
    assert desk.get("/events", **{"from": past["t"]})["events"] == [past, now]


def test_the_words_of_the_api_are_those_of_the_model() -> None:
    causes = {cause.value for cause in CauseClass}
    attributions = {one.value for one in Attribution}
    properties = read_schemas()["IncidentClosing"]["properties"]
    assert set(properties["cause"]["anyOf"][0]["enum"]) == causes
    assert set(properties["attribution"]["anyOf"][0]["enum"]) == attributions


OPERATIONS = (alerts.OPERATION, *incidents.OPERATIONS, *silences.OPERATIONS, *events.OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
def test_the_examples_work_and_answers_are_what_the_document_says(
    incident: Desk, operation: Operation
) -> None:
    incident.post("/silences", {"match": 'a="b"', "who": "kim", "reason": "x"})
    window = {"name": "a", "who": "k", "start": "1793500000", "end": "1893500000"}
    incident.post("/maintenance", window)
    if operation.path.endswith("/close"):
        incident.recover(DEAD, NOW_MS - MINUTE_MS)
    path = operation.path.replace("{number}", "1").replace("{id}", "1")
    if operation.method == "get":
        answer = incident.get(path)
    else:
        sent = incident.post(path, operation.example)
        assert sent.status == 200, sent.body
        answer = sent.json
    schemas = read_schemas()
    check_schema(schemas[operation.schema.__name__], answer, schemas)
