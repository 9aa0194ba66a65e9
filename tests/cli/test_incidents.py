"""`jipyo incident`, `event`, `silence` and `maintenance` on a data folder without a server."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.records import record_transitions
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import Severity
from jipyo.app.alerts.schema import STEPS
from jipyo.cli.event import parse_labels
from jipyo.cli.people import find_account, find_person
from jipyo.model.errors import ConfigError
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang
    from support.product import CommandResult

MINUTE_MS = 60_000
HOST = AlertKey("system.collection.failed", Labels.of({"instance": "gpu-1:9100", "job": "node"}))
ERRORS = AlertKey("app.error_rate", Labels.of({"instance": "gpu-1:80", "service": "<b>chat"}))
NODES = IncidentGrouping(outage_rules=frozenset({HOST.rule}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An incident of half an hour that ended, and one that goes on."""
    data = tmp_path / "data"
    store = AlertStore.open(data, STEPS)
    now_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    for key, minute, state in (
        (HOST, -90, AlertState.FIRING),
        (ERRORS, -89, AlertState.FIRING),
        (HOST, -61, AlertState.INACTIVE),
        (ERRORS, -60, AlertState.INACTIVE),
        (ERRORS, -5, AlertState.FIRING),
    ):
        t_ms = now_ms + minute * MINUTE_MS
        alert = Alert(
            key=key,
            state=state,
            severity=Severity.CRITICAL if key is HOST else Severity.WARNING,
            value=4.5,
            threshold=1.0,
            active_ms=t_ms,
            reason=FailureReason.CONNECTION_REFUSED if key is HOST else None,
        )
        with store.transaction() as db:
            record_transitions(db, [Transition(t_ms, AlertState.INACTIVE, alert)], NODES)
    store.close()
    return data


def call(folder: Path, *words: str, lang: Lang = "en") -> CommandResult:
    return jipyo(*words, "--data", str(folder), "--lang", lang)


def call_json(folder: Path, *words: str) -> Any:
    result = call(folder, *words, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            ("2 incidents, 1 open", "#2", "node gpu-1:9100 does not answer, and 1 more", "<b>chat"),
        ),
        ("ko", ("장애 2건, 진행 중 1건", "node gpu-1:9100 응답 없음 외 1건", "복구")),
    ],
)
def test_incidents_are_listed(folder: Path, lang: Lang, words: tuple[str, ...]) -> None:
    result = call(folder, "incident", "list", lang=lang)
    assert result.code == 0
    for word in words:
        assert word in result.out


def test_incidents_are_selected_by_time_and_state(folder: Path) -> None:
    def numbers(*words: str) -> list[int]:
        return [row["number"] for row in call_json(folder, "incident", "list", *words)]

    assert numbers() == [2, 1]
    assert numbers("--state", "recovered") == [1]
    assert numbers("--from", "-30m") == [2]
    assert numbers("--to", "-2h") == []
    assert "No incidents" in call(folder, "incident", "list", "--to", "-2h").out


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "Incident #1",
                "nobody",
                "1 alert of this incident depends on it.",
                "(node gpu-1:9100 does not answer). Began within the first minute",
                "refused the connection",
                "says nothing about the cause",
                'after: Deployment: chat "v2"',
            ),
        ),
        ("ko", ("장애 1번", "미접수", "이 장애의 다른 알림 1건이", "원인을 뜻하지 않습니다")),
    ],
)
def test_an_incident_explains_itself(folder: Path, lang: Lang, words: tuple[str, ...]) -> None:
    call(folder, "event", "add", 'chat "v2"', "--at=-93m", "--by", "kim")
    result = call(folder, "incident", "show", "1", lang=lang)
    assert result.code == 0
    for word in words:
        assert word in result.out


def test_people_take_an_incident_to_its_end(folder: Path) -> None:
    assert call(folder, "incident", "ack", "#2", "looking", "--by", "kim").code == 0
    again = call(folder, "incident", "ack", "2", "--by", "lee")
    assert (again.code, again.err.splitlines()[0]) == (
        1,
        "kim has already acknowledged incident 2.",
    )
    assert "still open" in call(folder, "incident", "close", "2", "--by", "lee").err
    assert "class of its cause" in call(folder, "incident", "close", "1", "--by", "lee").err
    assert call(folder, "incident", "note", "1", "new cable", "--by", "lee").code == 0
    words = ("--cause", "hardware", "--attribution", "third_party", "--by", "lee")
    assert call(folder, "incident", "close", "1", "done", *words).code == 0
    assert call(folder, "incident", "cause", "1", "--cause", "network", "--by", "lee").code == 0
    assert call(folder, "incident", "cause", "1").code == 2
    row = call_json(folder, "incident", "show", "1")
    assert (row["state"], row["cause"], row["attribution"]) == ("closed", "network", "third_party")
    assert [(one["kind"], one["who"]) for one in row["entries"][-3:]] == [
        ("note", "lee"),
        ("closed", "lee"),
        ("cause", "lee"),
    ]
    assert row["duration_seconds"] == 30 * 60
    assert call(folder, "incident", "show", "9").code == 1
    assert call(folder, "incident", "show", "x").code == 2


def test_events_are_recorded_and_listed(folder: Path) -> None:
    ahead = call(folder, "event", "add", "v4", "--at", "2190-01-04", "--by", "ci")
    assert "more than a day in the future" in ahead.err
    call(folder, "event", "add", "v3", "--at=-10m", "--label", "service=chat", "--by", "ci")
    rows = call_json(folder, "event", "list", "--from", "-1h")
    assert [(row["text"], row["labels"], row["who"]) for row in rows] == [
        ("v3", {"service": "chat"}, "ci")
    ]
    assert "v3" in call(folder, "event", "list", lang="ko").out
    assert "No events" in call(folder, "event", "list", "--to", "-2h").out


def test_silences_are_added_and_ended(folder: Path) -> None:
    added = call(
        folder, "silence", "add", 'instance=~"gpu-.*"', "fan", "--for", "3h", "--by", "kim"
    )
    assert added.code == 0, added.err
    (row,) = call_json(folder, "silence", "list")
    assert (row["matchers"], row["reason"]) == ('instance=~"gpu-.*"', "fan")
    assert row["end"] - row["start"] == 3 * 3600
    assert "in force" in call(folder, "silence", "list").out
    assert call(folder, "silence", "expire", "1", "--by", "lee").code == 0
    assert call_json(folder, "silence", "list") == []
    (row,) = call_json(folder, "silence", "list", "--all")
    assert row["expired_by"] == "lee"
    assert call(folder, "silence", "expire", "1", "--by", "lee").code == 1
    everything = call(folder, "silence", "add", 'instance=~".*"', "all", "--by", "kim")
    assert "cover every alert" in everything.err
    assert call(folder, "silence", "add", "instance=", "x", "--by", "kim").code == 1


def test_maintenance_windows_are_entered_and_called_off(folder: Path) -> None:
    words = ("--match", 'instance="db-1"', "--approval", "2027-031", "--by", "kim")
    late = call(folder, "maintenance", "add", "upgrade", "--start=-1h", "--for", "2h", *words)
    assert "does not exclude" in late.err
    start = str(int(time.time()) + 3600)
    ahead = ("--start", start, "--for", "2h", "--announced", "now", *words)
    assert call(folder, "maintenance", "add", "disks", *ahead).err == ""
    rows = call_json(folder, "maintenance", "list")
    assert [(row["name"], row["state"], row["announced_ahead"]) for row in rows] == [
        ("upgrade", "on", False),
        ("disks", "ahead", True),
    ]
    assert call(folder, "maintenance", "cancel", "2", "--by", "lee").code == 0
    assert call_json(folder, "maintenance", "list")[1]["cancelled_by"] == "lee"
    assert "cancelled" in call(folder, "maintenance", "list").out
    assert call(folder, "maintenance", "add", "x", "--start", "now", "--by", "k").code == 2


def test_windows_of_the_configuration_are_listed(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(
        "alerts: {maintenance: [{name: backup, schedule: '0 2 * * *', duration: 1h}]}", "utf-8"
    )
    result = call(folder, "maintenance", "list", "--config", str(file))
    assert result.code == 0, result.err
    assert result.out.count("backup") in {29, 30, 31}


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "typo"
    assert "There is no data folder" in call(missing, "incident", "list").err
    assert not missing.exists()


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"JIPYO_USER": "kim", "USER": "root"}, "kim"),
        ({"SUDO_USER": "lee", "LOGNAME": "root"}, "lee"),
        ({"JIPYO_USER": "", "USER": "park"}, "park"),
        ({}, ""),
    ],
)
def test_who_enters_something(environ: dict[str, str], name: str) -> None:
    assert find_person(environ) == name


def test_without_the_variables_the_account_has_the_name() -> None:
    assert find_account(0) == "root"
    assert find_account(2**31 - 5) == ""


@pytest.mark.parametrize("text", ["", "x", "=x", "x="])
def test_what_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_labels([text])


def test_the_report_of_an_incident_is_issued_again_as_people_fill_it_in(
    folder: Path, data: Path
) -> None:
    shutil.copytree(data, folder, dirs_exist_ok=True)
    open_one = call(folder, "incident", "report", "2", "--issue")
    assert (open_one.code, open_one.err.splitlines()[0]) == (
        1,
        "JIPYO-INC-2 cannot be issued: the incident is not over.",
    )
    issue = ("incident", "report", "1", "--issue", "--format", "markdown", "--format", "html")
    first = call(folder, *issue)
    assert first.code == 0, first.err
    assert first.out.strip().endswith("JIPYO-INC-1.issue-1")
    assert call(folder, "verify", "JIPYO-INC-1").code == 0
    sign = ("report", "sign", "JIPYO-INC-1", "approved", "--by", "lee")
    assert call(folder, *sign).code == 0

    words = ("--cause", "hardware", "--attribution", "third_party", "--by", "lee")
    assert call(folder, "incident", "cause", "1", "a worn cable", *words).code == 0
    stale = call(folder, "verify", "JIPYO-INC-1")
    assert stale.code == 1
    assert "a worn cable" in stale.out
    second = call(folder, *issue)
    assert second.out.splitlines()[0].endswith("JIPYO-INC-1.issue-2")
    assert "a worn cable" in second.out
    assert call(folder, "verify", "JIPYO-INC-1").code == 0
    (listed,) = call_json(folder, "report", "list")
    assert [one["kind"] for one in listed["issues"]] == ["incident-1", "incident-1"]
    assert [(one["issue"], one["step"]) for one in listed["sign_off"]] == [
        (1, None),
        (1, "approved"),
        (2, None),
    ]
    same = call(folder, *issue)
    assert "issue-2" in same.out
    assert "nothing has changed since issue 2" in same.err
