"""What is sent about an incident, evaluation by evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from alerts.incident.alert_stories import GROUPING, at, key, transitions
from jipyo.alerts.duty.plan import Duty, find_due_ms, plan_notifications, select_channels
from jipyo.alerts.duty.rota import parse_rota
from jipyo.alerts.incident.edits import acknowledge
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.history import add_entries
from jipyo.alerts.options import (
    AlertRoute,
    AlertsOptions,
    ChannelOptions,
    Escalation,
    QuietHours,
)
from jipyo.alerts.silence import MaintenanceWindow, Silence
from jipyo.analysis.thresholds import Severity
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertKey, Transition
    from jipyo.alerts.incident.incident import Incident

UTC = ZoneInfo("UTC")
CPU = key("system.cpu", instance="node1")
DISK = key("system.disk", instance="node1")
NODE1 = (Matcher("instance", MatchOp.EQ, "node1"),)
ON_CPU = (Matcher("alertname", MatchOp.EQ, "system.cpu"),)
MAIL = ChannelOptions(name="mail")
DUTY = Duty(options=AlertsOptions(channels=(MAIL,)), zone=UTC)


def run(
    changes: list[Transition], duty: Duty, *, minutes: int = 40, acknowledged_at: int = -1
) -> str:
    """`minute:occasion` of all that is queued, an evaluation a minute."""
    incidents: dict[int, Incident] = {}
    queued: dict[str, str] = {}
    for minute in range(minutes):
        now = [one for one in changes if one.t_ms == at(minute)]
        entries = fold(incidents, now, GROUPING, next_number=len(incidents) + 1)
        incidents = add_entries(incidents, entries)
        if minute == acknowledged_at:
            incidents = add_entries(incidents, [acknowledge(incidents[1], at(minute), "kim")])
        for incident in incidents.values():
            for planned in plan_notifications(incident, queued, at(minute), duty):
                assert planned.key not in queued
                queued[planned.key] = f"{minute}:{planned.occasion.value}"
    return " ".join(queued.values())


def silence(start: int, end: int, matchers: tuple[Matcher, ...] = NODE1) -> Silence:
    return Silence(
        matchers=matchers,
        start_ms=at(start),
        end_ms=at(end),
        who="kim",
        reason="",
        entered_ms=at(0),
    )


@pytest.mark.parametrize(
    ("stories", "expected"),
    [
        ({CPU: ".www."}, "1:opened 4:resolved"),
        ({CPU: ".wccw."}, "1:opened 2:graver 5:resolved"),
        ({CPU: ".wcwcw."}, "1:opened 2:graver 6:resolved"),  # warning, critical: told once
        ({CPU: ".ww.", DISK: "..www."}, "1:opened 5:resolved"),
        ({CPU: ".w.w."}, "1:opened 2:resolved 3:reopened 4:resolved"),
        ({CPU: ".wrrwrr."}, "1:opened 7:resolved"),
        ({CPU: ".w????w."}, "1:opened 7:resolved"),
        ({CPU: ".ppp."}, ""),
    ],
)
def test_an_incident_is_one_opening_and_one_end(
    stories: dict[AlertKey, str], expected: str
) -> None:
    assert run(transitions(stories), DUTY) == expected


@pytest.mark.parametrize(
    ("story", "silences", "expected"),
    [
        (".wwww.", [silence(0, 9)], ""),  # it came and went in silence
        (".wwww.", [silence(0, 3)], "3:opened 5:resolved"),  # and is told of where it goes on
        (".wwww.", [silence(3, 9)], "1:opened 5:resolved"),  # the end of what was told
        (".wccw.", [silence(2, 3)], "1:opened 3:graver 5:resolved"),
    ],
)
def test_silences_withhold_what_is_open(story: str, silences: list[Silence], expected: str) -> None:
    assert run(transitions({CPU: story}), replace(DUTY, silences=tuple(silences))) == expected


def test_an_alert_that_is_not_silenced_opens_the_incident() -> None:
    duty = replace(DUTY, silences=(silence(0, 30, ON_CPU),))
    assert run(transitions({CPU: ".wwwww.", DISK: "...www."}), duty) == "3:opened 6:resolved"


def test_a_maintenance_window_withholds_until_it_is_cancelled() -> None:
    window = MaintenanceWindow(
        id="1", name="disks", matchers=(), start_ms=at(0), end_ms=at(30), announced_ms=None
    )
    story = transitions({CPU: ".wwwww."})
    assert run(story, replace(DUTY, windows=(window,))) == ""
    cancelled = replace(window, cancelled_ms=at(3))
    assert run(story, replace(DUTY, windows=(cancelled,))) == "3:opened 6:resolved"


ESCALATION = (
    Escalation(after_ms=20 * 60_000, channels=("boss",)),
    Escalation(after_ms=10 * 60_000, channels=("lead",), severity=Severity.WARNING),
)


@pytest.mark.parametrize(
    ("story", "acknowledged_at", "expected"),
    [
        ("." + "c" * 30, -1, "1:opened 11:escalated 21:escalated"),
        ("." + "w" * 30, -1, "1:opened 11:escalated"),  # the boss gets critical ones only
        ("." + "c" * 30, 10, "1:opened"),
        ("." + "c" * 30, 15, "1:opened 11:escalated"),
        ("." + "c" * 5 + "." * 25, -1, "1:opened 6:resolved"),
    ],
)
def test_what_nobody_acknowledges_is_escalated(
    story: str, acknowledged_at: int, expected: str
) -> None:
    options = AlertsOptions(channels=(MAIL,), escalation=ESCALATION)
    duty = replace(DUTY, options=options)
    found = run(transitions({CPU: story}), duty, minutes=31, acknowledged_at=acknowledged_at)
    assert found == expected


def test_a_changed_cause_is_sent_once_each() -> None:
    reasons = [
        FailureReason.TIMEOUT,
        FailureReason.LOGIN_REFUSED,
        FailureReason.TIMEOUT,
        FailureReason.LOGIN_REFUSED,
    ]
    first = transitions({key("dead", instance="db", job="db"): ".c"})[0]
    changes = [
        replace(first, t_ms=at(1 + minute), alert=replace(first.alert, reason=reason))
        for minute, reason in enumerate(reasons)
    ]
    assert run(changes, DUTY) == "1:opened 2:cause_changed"


def test_messages_go_to_the_routes_and_to_who_is_on_call() -> None:
    rota = parse_rota(
        "people: [{name: kim, channels: [phone]}]\nrotations: [{people: [kim], start: 2020-01-01}]",
        "rota.yaml",
    )
    routes = (
        AlertRoute(channels=("mail",)),
        AlertRoute(channels=("chat",), matchers=(Matcher("severity", MatchOp.EQ, "critical"),)),
    )
    duty = Duty(options=AlertsOptions(routes=routes), zone=UTC, rota=rota)
    incidents = add_entries({}, fold({}, transitions({CPU: ".c"}), GROUPING, next_number=1))
    (planned,) = plan_notifications(incidents[1], (), at(1), duty)
    assert planned.channels == ("mail", "chat", "phone")
    assert planned.recipients == ("kim",)
    warning = Labels.of({"severity": "warning"})
    assert list(select_channels([warning], duty.options)) == ["mail"]


@pytest.mark.parametrize(
    ("severity", "clock", "due"),
    [
        (Severity.WARNING, 21 * 60 + 59, 21 * 60 + 59),
        (Severity.WARNING, 22 * 60, 24 * 60 + 8 * 60),  # until the one that follows ends
        (Severity.WARNING, 7 * 60 + 30, 8 * 60),
        (Severity.CRITICAL, 23 * 60, 23 * 60),
    ],
)
def test_quiet_hours_by_severity(severity: Severity, clock: int, due: int) -> None:
    quiet = (
        QuietHours(from_minute=7 * 60, to_minute=8 * 60),
        QuietHours(from_minute=22 * 60, to_minute=7 * 60),
    )
    midnight_ms = 1_800_057_600_000 // 86_400_000 * 86_400_000
    found = find_due_ms(severity, midnight_ms + clock * 60_000, quiet, UTC)
    assert (found - midnight_ms) // 60_000 == due
