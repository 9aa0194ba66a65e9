"""Which alert of an incident stands first, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alerts.incident.alert_stories import GROUPING, at, key, make_incidents
from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.incident.origin import find_event_before, is_about, rank_alerts
from jipyo.alerts.options import Dependency
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertKey

HOST = key("dead", instance="node1:9100", job="node")
REDIS = key("dead", instance="node1:6379", job="redis")
MEMORY = key("memory", instance="node1")
GPU = key("gpu.lost", instance="node1")
LATENCY = key("ai.latency", instance="node1:8000", job="vllm")
DATABASE = key("dead", instance="db1:5432", job="postgres")
API = key("api.errors", instance="web1", service="chat")
NEEDS_DATABASE = Dependency(
    matchers=(Matcher("service", MatchOp.EQ, "chat"),),
    needs=(Matcher("job", MatchOp.EQ, "postgres"),),
)
RANKING = replace(
    GROUPING,
    loss_rules=frozenset({"gpu.lost"}),
    load_rules=frozenset({"ai.latency", "api.errors"}),
    dependencies=(NEEDS_DATABASE,),
)


@pytest.mark.parametrize(
    ("stories", "expected"),
    [
        ({MEMORY: ".ww"}, [(MEMORY, "alone")]),
        # A dead target before what depends on it, though it was found later.
        ({REDIS: ".ccc", HOST: "..cc"}, [(HOST, "needed"), (REDIS, "depends")]),
        ({API: ".www", DATABASE: "..cc"}, [(DATABASE, "needed"), (API, "depends")]),
        # A lost GPU before its model's latency.
        ({LATENCY: ".www", GPU: "..cc"}, [(GPU, "needed"), (LATENCY, "depends")]),
        # The earlier onset first; what died of it later stands after it.
        ({MEMORY: ".wwwwww", REDIS: "....ccc"}, [(MEMORY, "earliest"), (REDIS, "later")]),
        # Within a minute the dead target is first, as it is found with a delay.
        ({MEMORY: ".www", REDIS: "..cc"}, [(REDIS, "dead_target"), (MEMORY, "together")]),
        ({MEMORY: ".www", GPU: "..cc"}, [(GPU, "lost_device"), (MEMORY, "together")]),
        # What was slow long before the database died did not begin with it.
        ({API: ".wwwwww", DATABASE: "....ccc"}, [(API, "earliest"), (DATABASE, "needed")]),
    ],
)
def test_the_likely_origin_stands_first(
    stories: dict[AlertKey, str], expected: list[tuple[AlertKey, str]]
) -> None:
    (incident,) = make_incidents(stories, RANKING).values()
    ranked = rank_alerts(incident, RANKING)
    assert [(one.alert.key, one.reason.value) for one in ranked] == expected


def event(minute: float, **labels: str) -> Event:
    return Event(t_ms=at(minute), kind=EventKind.DEPLOYMENT, text="v2", labels=Labels.of(labels))


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([event(-1), event(-3)], 0),  # the last one before it
        ([event(0)], 0),
        ([event(0.5)], None),  # it had begun
        ([event(-31)], None),
        ([event(-1, instance="node2:80")], None),
        ([event(-1, instance="node2:80"), event(-2, instance="node1:80", job="web")], 1),
    ],
)
def test_the_event_just_before(events: list[Event], found: int | None) -> None:
    (incident,) = make_incidents({MEMORY: ".ww"}).values()
    assert find_event_before(incident, events) == (None if found is None else events[found])


@pytest.mark.parametrize(
    ("labels", "about"),
    [
        ({}, True),
        ({"service": "chat"}, True),
        ({"service": "search"}, False),
        ({"instance": "web1:443", "service": "search"}, True),
        ({"version": "2"}, True),
    ],
)
def test_an_event_is_about_an_alert_where_nothing_differs(
    labels: dict[str, str], about: bool
) -> None:
    assert is_about(event(0, **labels), API) is about
