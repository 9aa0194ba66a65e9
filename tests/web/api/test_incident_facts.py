"""What an incident cost and what was seen of it, over the afternoon of a made-up outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.incident import edits
from jipyo.alerts.incident.incident import CauseClass
from jipyo.alerts.incident.rules import build_grouping
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import list_metric_rules
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.model.result import Vector
from jipyo.web.api.alert_desk import AlertDesk
from jipyo.web.api.incident_facts import OPERATION, FactParts, routes
from reports.test_incident_report import END_MS, START_MS, facts, workspace
from support.web import serving
from web.api.test_openapi import check_schema, read_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.app.workspace import Workspace
    from jipyo.reports.incident_facts import IncidentFacts
    from support.web import Client

__all__ = ["facts", "workspace"]


@pytest.fixture(scope="module")
def desk(workspace: Workspace) -> Iterator[AlertDesk]:
    assert workspace.config is not None
    assert workspace.data is not None
    options = workspace.config.settings.alerts or AlertsOptions()
    grouping = build_grouping(list_metric_rules(workspace.catalogue, options), options)
    store = AlertStore.open(workspace.data, STEPS)
    yield AlertDesk(
        incidents=IncidentDesk(store, lambda: END_MS),
        list_alerts=tuple,
        grouping=lambda: grouping,
        catalogue=workspace.catalogue,
        options=options,
        zone=workspace.zone,
        now_ms=lambda: END_MS,
    )
    store.close()


@pytest.fixture(scope="module")
def client(workspace: Workspace, desk: AlertDesk) -> Iterator[Client]:
    parts = FactParts(desk=desk, source=workspace.source, issuer=workspace.issuer, lang="ko")
    with serving(*routes(parts)) as client:
        yield client


@pytest.fixture(scope="module")
def number(desk: AlertDesk) -> int:
    found = desk.incidents.list_incidents(START_MS, END_MS)
    return max(found, key=lambda one: len(one.alerts)).number


def read(client: Client, number: int, lang: str = "en") -> Any:
    answer = client.get(f"/api/jipyo/incidents/{number}/facts", lang=lang)
    assert answer.status == 200, answer.body
    return answer.json


def test_the_rows_are_those_of_the_report(
    client: Client, number: int, facts: IncidentFacts
) -> None:
    found = read(client, number)
    schemas = read_schemas()
    check_schema(schemas[OPERATION.schema.__name__], found, schemas)
    counted = {(one.failed, one.total) for one in facts.impacts}
    assert {(one["failed"], one["total"]) for one in found["requests"]} == counted
    alerts = [one for one in found["evidence"] if one["kind"] == "alert"]
    assert [one["metric"] for one in alerts] == [one.alert.key.rule for one in facts.ranked]
    assert (found["evidence"][0]["kind"], found["events"][0]["text"]) == (
        "event",
        facts.event_before.text if facts.event_before else "",
    )
    assert found["requests"][0]["failed_text"] == f"{found['requests'][0]['failed']:,}"


def test_each_alert_can_be_drawn_and_asked_again(
    client: Client, number: int, workspace: Workspace, facts: IncidentFacts
) -> None:
    for one in read(client, number)["evidence"]:
        if one["kind"] != "alert":
            continue
        assert one["is_promql"]
        value = workspace.source.instant(one["query"], facts.incident.noticed_ms).value
        assert isinstance(value, Vector)
        assert len(value.series)
        assert all(f'{name}="' in one["match"] for name in one["labels"])
        metric = workspace.catalogue.get(one["metric"])
        assert metric is not None
        assert (one["words"] is not None) == (metric.outage or metric.loss)


def test_words_are_in_the_language_that_is_asked_for(client: Client, number: int) -> None:
    korean, english = read(client, number, "ko"), read(client, number, "en")
    assert "원인" in korean["note"]
    assert "no cause" in english["note"]
    assert [one["t"] for one in korean["evidence"]] == [one["t"] for one in english["evidence"]]


def test_the_report_says_what_must_be_filled_in_and_follows_what_is_entered(
    client: Client, number: int, desk: AlertDesk
) -> None:
    before = [one["is_filled"] for one in read(client, number)["report"]]
    assert before[0]
    assert not before[-1]
    desk.incidents.edit(
        number, lambda one, t_ms: edits.set_cause(one, t_ms, "kim", CauseClass.NETWORK, None, "")
    )
    assert read(client, number)["report"][1]["text"] == "network"


@pytest.mark.parametrize(
    ("fields", "begins", "place"),
    [
        ({"format": "html", "inline": "1"}, b"<!doctype html>", "inline"),
        ({"format": "hwpx"}, b"PK", "attachment"),
    ],
)
def test_the_report_is_made_when_it_is_asked_for(
    client: Client, number: int, fields: dict[str, str], begins: bytes, place: str
) -> None:
    answer = client.get(f"/api/jipyo/incidents/{number}/file", lang="ko", **fields)
    assert answer.status == 200
    assert answer.body.lower().startswith(begins.lower())
    assert answer.headers["content-disposition"].startswith(place)
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("999/facts", 404),
        ("x/facts", 404),
        ("999/file", 404),
        ("1/file?format=docx", 400),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(client: Client, path: str, status: int) -> None:
    answer = client.get(f"/api/jipyo/incidents/{path}")
    assert (answer.status, bool(answer.json["error"])) == (status, True)
