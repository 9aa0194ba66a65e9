"""`/api/v1/rules` and `/api/v1/alerts` over groups whose rules are known."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.alerts.alert import AlertState
from jipyo.alerts.rule_groups import ActiveAlert, RuleGroupStatus, RuleStatus
from jipyo.model.labels import Labels
from jipyo.web.prometheus import rules
from support.web import NOW_MS, Client, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Labels.of({"severity": "page"})
HOT = RuleStatus(
    name="Hot",
    query="temperature > 90",
    labels=PAGE,
    annotations=(("summary", "is {{ $value }}"), ("description", "d")),
    for_ms=60_000,
    keep_firing_ms=300_000,
    alerts=(
        ActiveAlert(
            labels=PAGE.put({"alertname": "Hot", "gpu": "0"}),
            annotations=(("summary", "is 91.5"),),
            state=AlertState.PENDING,
            active_ms=NOW_MS - 30_000,
            value=91.5,
        ),
        ActiveAlert(
            labels=PAGE.put({"alertname": "Hot", "gpu": "1"}),
            state=AlertState.RECOVERING,
            active_ms=NOW_MS - 90_000,
            keep_firing_ms=NOW_MS - 1_500,
            value=1e10,
        ),
    ),
    evaluated_ms=NOW_MS,
    duration_s=0.25,
)
BAD = RuleStatus(name="Bad", query="x", error="no such function", evaluated_ms=NOW_MS)
NEW = RuleStatus(name="New", query="y")
RECORD = RuleStatus(name="a:b", query="sum(c)", is_recording=True, evaluated_ms=NOW_MS)
GROUPS = (
    RuleGroupStatus(name="web", file="r.yml", interval_ms=15_000, rules=(RECORD, HOT, BAD, NEW)),
    RuleGroupStatus(name="two", file="r.yml", interval_ms=500, rules=(RECORD,)),
    RuleGroupStatus(name="cpu", file="", interval_ms=15_000, rules=(NEW,)),
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(*rules.routes(lambda: GROUPS)) as client:
        yield client


def names(answer: Any) -> list[tuple[str, list[str]]]:
    return [(one["name"], [rule["name"] for rule in one["rules"]]) for one in answer["groups"]]


def test_a_rule_is_described_in_the_order_of_prometheus(client: Client) -> None:
    web = client.get("/api/v1/rules", **{"rule_group[]": "web"}).data["groups"][0]
    record, hot, bad, new = web["rules"]
    assert (web["interval"], web["limit"], web["lastEvaluation"]) == (
        15,
        0,
        "0001-01-01T00:00:00Z",
    )
    assert list(record) == [
        *("name", "query", "labels", "health", "evaluationTime", "lastEvaluation", "type")
    ]
    assert list(hot) == [
        *("state", "name", "query", "duration", "keepFiringFor", "labels", "annotations"),
        *("alerts", "health", "evaluationTime", "lastEvaluation", "type"),
    ]
    assert (hot["state"], hot["duration"], hot["keepFiringFor"]) == ("firing", 60, 300)
    assert list(hot["annotations"]) == ["description", "summary"]
    pending, kept = hot["alerts"]
    assert (pending["state"], pending["value"]) == ("pending", "9.15e+01")
    assert "keepFiringSince" not in pending
    assert (kept["state"], kept["value"]) == ("firing", "1e+10")
    assert kept["keepFiringSince"].endswith(".500Z")
    assert (bad["health"], bad["lastError"], bad["state"]) == (
        "err",
        "no such function",
        "inactive",
    )
    assert (new["health"], new["alerts"]) == ("unknown", [])


def test_alerts_are_those_of_all_rules(client: Client) -> None:
    alerts = client.get("/api/v1/alerts").data["alerts"]
    assert [alert["labels"]["gpu"] for alert in alerts] == ["0", "1"]


@pytest.mark.parametrize(
    ("fields", "groups"),
    [
        ({}, [("cpu", ["New"]), ("two", ["a:b"]), ("web", ["a:b", "Hot", "Bad", "New"])]),
        ({"type": "record"}, [("two", ["a:b"]), ("web", ["a:b"])]),
        ({"type": "Alert"}, [("cpu", ["New"]), ("web", ["Hot", "Bad", "New"])]),
        ({"rule_name[]": "Hot"}, [("web", ["Hot"])]),
        ({"file[]": ""}, [("cpu", ["New"])]),
        ({"match[]": '{severity="page"}'}, [("web", ["Hot"])]),
        ({"match[]": '{severity="mail"}'}, []),
        ({"group_limit": "1"}, [("cpu", ["New"])]),
        ({"group_limit": "9"}, [("cpu", ["New"]), ("two", ["a:b"]), ("web", ["a:b"])]),
    ],
)
def test_parameters_select_rules(
    client: Client, fields: dict[str, str], groups: list[tuple[str, list[str]]]
) -> None:
    found = names(client.get("/api/v1/rules", **fields).data)
    assert [
        (name, rules[: len(wanted)])
        for (name, rules), (_, wanted) in zip(found, groups, strict=True)
    ] == groups


def test_pages_of_groups_follow_each_other(client: Client) -> None:
    seen, token = [], {}
    while True:
        page = client.get("/api/v1/rules", group_limit="1", **token).data
        seen += names(page)
        if "groupNextToken" not in page:
            break
        token = {"group_next_token": page["groupNextToken"]}
    assert seen == names(client.get("/api/v1/rules").data)
    assert (
        client.get("/api/v1/rules", group_limit="1").data["groupNextToken"]
        == sha256(b"r.yml;two").hexdigest()
    )


def test_alerts_can_be_left_out(client: Client) -> None:
    answer = client.get("/api/v1/rules", exclude_alerts="true", **{"rule_name[]": "Hot"}).data
    assert answer["groups"][0]["rules"][0]["alerts"] is None


INVALID = 'invalid parameter "{}": {}'


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"type": "x"}, INVALID.format("type", 'not supported value "x"')),
        (
            {"group_limit": "x"},
            INVALID.format(
                "group_limit",
                'group_limit needs to be a valid number: strconv.ParseInt: parsing "x": '
                "invalid syntax",
            ),
        ),
        (
            {"group_limit": "0"},
            INVALID.format("group_limit", "group_limit needs to be greater than 0"),
        ),
        (
            {"group_next_token": "x"},
            INVALID.format(
                "group_next_token",
                "group_limit needs to be present in order to paginate over the groups",
            ),
        ),
        (
            {"group_limit": "1", "group_next_token": "x"},
            INVALID.format(
                "group_next_token", "invalid group_next_token 'x'. were rule groups changed?"
            ),
        ),
        (
            {"exclude_alerts": "maybe"},
            INVALID.format(
                "exclude_alerts",
                'error converting exclude_alerts: strconv.ParseBool: parsing "maybe": '
                "invalid syntax",
            ),
        ),
        ({"match[]": "{a=~'.*'}"}, "match[] must contain at least one non-empty matcher"),
        ({"match[]": "foo{"}, "1:5: parse error: unexpected end of input inside braces"),
    ],
)
def test_wrong_parameters_are_refused_in_the_words_of_prometheus(
    client: Client, fields: dict[str, str], error: str
) -> None:
    answer = client.get("/api/v1/rules", **fields)
    assert (answer.status, answer.json["error"]) == (400, error)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0e+00"),
        (1.0, "1e+00"),
        (100.0, "1e+02"),
        (0.1, "1e-01"),
        (-10.05, "-1.005e+01"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_values_are_written_as_go_writes_them(value: float, text: str) -> None:
    assert rules.format_value(value) == text
