"""Which incidents alerts give: case by case, then against the report's breaches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alerts.incident.alert_stories import GROUPING, MINUTE_MS, at, key, make_incidents, transitions
from jipyo.alerts.incident.fold import fold, is_needed
from jipyo.alerts.incident.history import add_entries, build_incidents
from jipyo.alerts.incident.incident import EntryKind, IncidentEntry, IncidentState
from jipyo.analysis.thresholds import Severity

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertKey

CPU = key("system.cpu", instance="node1")
DISK = key("system.disk", instance="node1")
REDIS = key("dead", instance="node1:6379", job="redis")
HOST = key("dead", instance="node1:9100", job="node")
OTHER = key("system.cpu", instance="node2")


@pytest.mark.parametrize(
    ("story", "kinds", "minutes"),
    [
        ("..ww..", "opened recovered", [(1, 3)]),  # as a breach: a step covers what is before it
        ("..ppww.", "opened recovered", [(1, 5)]),  # it began when it became pending
        ("..pp.", "", []),
        ("..ww", "opened", [(1, None)]),
        ("..wwcc.", "opened changed recovered", [(1, 5)]),
        ("..wrr.", "opened changed recovered", [(1, 2)]),  # the condition ended before the alert
        ("..wrw.", "opened changed changed recovered", [(1, 2), (3, 4)]),
        ("..w??.", "opened changed recovered", [(1, 2)]),
        ("..w?r.", "opened changed changed recovered", [(1, 2)]),
        ("..w??w.", "opened changed changed recovered", [(1, 2), (4, 5)]),
        (".w...w.", "opened recovered reopened recovered", [(0, 1), (4, 5)]),
        (".w...pp.", "opened recovered", [(0, 1)]),  # what did not fire counts nowhere
    ],
)
def test_the_history_of_an_alert_makes_entries(
    story: str, kinds: str, minutes: list[tuple[int, int | None]]
) -> None:
    incidents = make_incidents({CPU: story})
    assert len(incidents) == bool(kinds)
    for incident in incidents.values():
        assert " ".join(one.kind.value for one in incident.entries) == kinds
        expected = [(at(start), None if end is None else at(end)) for start, end in minutes]
        assert list(incident.stretches) == expected


@pytest.mark.parametrize(
    ("stories", "groups"),
    [
        ({CPU: ".ww.", DISK: "..ww"}, [{CPU, DISK}]),  # one place, one time
        ({CPU: ".ww.", OTHER: ".ww."}, [{CPU}, {OTHER}]),
        ({CPU: "." + "w" * 12, DISK: "." * 11 + "w"}, [{CPU}, {DISK}]),  # the disk began later
        # What is on a dead host belongs to its incident whenever it comes.
        ({HOST: "." + "c" * 12, REDIS: "." * 11 + "c"}, [{HOST, REDIS}]),
        ({REDIS: "." + "c" * 12, CPU: "." * 11 + "c"}, [{REDIS}, {CPU}]),
        ({CPU: ".w" + "." * 11 + "w"}, [{CPU}, {CPU}]),  # after the flap window
        ({CPU: ".w...", DISK: ".ppww"}, [{CPU, DISK}]),  # it had begun before the recovery
        ({CPU: ".w...", DISK: "...ww"}, [{CPU}, {DISK}]),  # it had not
    ],
)
def test_alerts_of_a_place_and_time_are_one_incident(
    stories: dict[AlertKey, str], groups: list[set[AlertKey]]
) -> None:
    incidents = make_incidents(stories)
    assert [{alert.key for alert in one.alerts} for one in incidents.values()] == groups


def test_an_incident_is_open_until_its_last_alert_ends() -> None:
    incident = make_incidents({CPU: ".ww...", DISK: "..www."})[1]
    assert incident.state is IncidentState.RECOVERED
    assert (incident.began_ms, incident.recovered_ms) == (at(0), at(4))
    assert incident.noticed_ms == at(1)
    assert incident.duration_ms(at(9)) == incident.breached_ms(at(9)) == 4 * MINUTE_MS
    opened = make_incidents({CPU: ".ww...", DISK: "..wwww"})[1]
    assert opened.state is IncidentState.OPEN
    assert opened.duration_ms(at(9)) == 9 * MINUTE_MS


def test_missing_samples_show_no_recovery() -> None:
    incident = make_incidents({CPU: "..w???r."})[1]
    assert incident.recovered_ms == at(5)
    assert (incident.duration_ms(at(9)), incident.breached_ms(at(9))) == (
        4 * MINUTE_MS,
        MINUTE_MS,
    )


def test_an_incident_is_as_grave_as_its_gravest_alert_was() -> None:
    incident = make_incidents({CPU: ".wcw.", DISK: ".w..."})[1]
    assert incident.severity is Severity.CRITICAL
    assert incident.alerts[0].peak == 3.0
    assert incident.alerts[0].peak_ms == at(3)


def test_what_a_person_closed_is_not_opened_again() -> None:
    incidents = make_incidents({CPU: ".w."})
    closing = IncidentEntry(incident=1, t_ms=at(3), kind=EntryKind.CLOSED, who="kim")
    incidents = add_entries(incidents, [closing])
    assert incidents[1].state is IncidentState.CLOSED
    assert not is_needed(incidents[1], at(4), GROUPING)
    again = [replace(one, t_ms=one.t_ms + 3 * MINUTE_MS) for one in transitions({CPU: ".w."})]
    entries = fold(incidents, again, GROUPING, next_number=7)
    assert [(one.incident, one.kind) for one in entries] == [
        (7, EntryKind.OPENED),
        (7, EntryKind.RECOVERED),
    ]


def test_entries_give_the_incidents_again() -> None:
    incidents = make_incidents({CPU: ".wwr.", DISK: "..wc.", OTHER: "...w"})
    entries = [entry for one in incidents.values() for entry in one.entries]
    assert build_incidents(entries) == incidents
