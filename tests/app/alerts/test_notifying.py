"""What the server queues about incidents, and what `jipyo doctor` and the test command say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from alerts.incident.alert_stories import GROUPING, MINUTE_MS, at, key, transitions
from jipyo.alerts.incident.incident import EntryKind, IncidentEntry
from jipyo.alerts.incident.records import insert_entries, read_incident, record_transitions
from jipyo.alerts.notify.message import MessageKind, Notification
from jipyo.alerts.notify.outbox import mark_delivered, mark_failed, mark_rejected, take_batch
from jipyo.alerts.rule import ExpressionRule
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.notifying import Notifying, read_curve
from jipyo.app.alerts.schema import STEPS
from jipyo.catalogue import load as load_catalogue
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.clock import WaitingClock
from support.memory import MemoryStore
from support.message_receiver import webhook_server
from support.notifications import notification
from support.product import jipyo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.alerts.alert import AlertKey

HOT = key("system.gpu.temperature", instance="gpu-1:9400", gpu="2")
SLOW = key("ai.inference.time", instance="gpu-1:9400")
OWN = key("rules.yml/api/ApiSlow", instance="web-1", severity="critical")
CATALOGUE = load_catalogue()
SOURCE = Embedded(MemoryStore(), Engine())
CHANNELS = """
alerts:
  external_url: https://jipyo.example.com
  rules: {system.gpu.temperature: {runbook: "https://wiki.example.com/gpu"}}
  channels:
    - {name: ops, kind: webhook, url: "http://127.0.0.1:9/t0ken"}
    - {name: am, kind: alertmanager, url: "http://127.0.0.1:9"}
    - {name: boss, kind: webhook, url: "http://127.0.0.1:9/boss"}
  routes:
    - {channels: [ops, am]}
"""
RULE = ExpressionRule(
    id=OWN.rule,
    name="ApiSlow",
    expression="api:p99 > 2",
    annotations=(
        ("summary", "{{ $labels.instance }} takes {{ $value | humanize }} s"),
        ("runbook_url", "https://wiki.example.com/{{ $labels.instance }}"),
        ("description", '{{ query "up" }}'),
    ),
)


class Site:
    """A server's planner over a store, by evaluation minutes."""

    def __init__(self, folder: Path, text: str = CHANNELS) -> None:
        file = folder / "jipyo.yaml"
        file.write_text(f"data: {folder / 'data'}\ntimezone: Asia/Seoul\n{text}", "utf-8")
        self.config = load(CliOverrides(file=file), {}, "en")
        self.store = AlertStore.open(folder / "data", STEPS)
        self.notifying = Notifying(
            self.store,
            WaitingClock(at(0)),
            rules=lambda: [RULE],
            grouping=lambda: GROUPING,
            is_evaluating=lambda: True,
        )
        self.notifying.apply(self.config, SOURCE, CATALOGUE, None)

    def run(self, stories: Mapping[AlertKey, str], first: int = 0) -> None:
        """Each letter an evaluation, in one transaction with the incidents."""
        changes = transitions(stories)
        for minute in range(first, max(map(len, stories.values()))):
            with self.store.transaction() as db:
                now = [one for one in changes if one.t_ms == at(minute)]
                record_transitions(db, now, GROUPING)
                self.notifying.follow(db, at(minute), now)

    def queued(self, channel: str) -> list[Notification]:
        """All that waits, which is delivered."""
        with self.store.transaction() as db:
            batch = take_batch(db, channel, at(1000), 100)
            if batch is None:
                return []
            mark_delivered(db, channel, batch, at(1000), 0)
        return list(batch.notifications)


def kinds(found: list[Notification]) -> list[str]:
    return [each.kind.value for each in found]


def test_an_incident_is_one_message_when_it_begins_and_one_when_it_is_over(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({HOT: ".pwwwwwrr."})
    opened, over = site.queued("ops")
    assert kinds([opened, over]) == ["opened", "resolved"]
    assert opened.target == "gpu-1"
    assert opened.incident == over.incident == 1
    assert opened.alerts[0].name("en") == "GPU temperature"
    assert opened.alerts[0].runbook == "https://wiki.example.com/gpu"
    assert opened.first_look is not None
    assert "nvidia-smi" in opened.first_look("ko")
    assert (over.first_look, over.ended_ms) == (None, at(7) - MINUTE_MS)
    assert kinds(site.queued("am")) == ["opened", "changed", "resolved"], "it begins to recover"
    assert site.queued("boss") == [], "no route leads there"


def test_what_becomes_critical_is_said_once_more(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({HOT: ".wwccwwcc."})
    assert kinds(site.queued("ops")) == ["opened", "changed", "resolved"]


def test_an_alert_that_joins_is_news_for_alertmanager_only(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({HOT: ".cccccccc.", SLOW: "...www...."})
    assert kinds(site.queued("ops")) == ["opened", "resolved"]
    found = site.queued("am")
    assert kinds(found) == ["opened", "changed", "changed", "resolved"]
    assert [len(each.alerts) for each in found] == [1, 2, 2, 2]
    assert [each.alerts[-1].ended_ms for each in found[1:3]] == [None, at(6) - MINUTE_MS]


def test_an_evaluation_that_is_repeated_after_a_crash_queues_nothing_twice(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({HOT: ".cc"})
    with site.store.transaction() as db:
        site.notifying.follow(db, at(2), [])
        site.notifying.follow(db, at(3), [])
    assert kinds(site.queued("ops")) == ["opened"]


def test_nobody_gets_to_know_that_it_is_over_who_did_not_know_of_it(tmp_path: Path) -> None:
    escalation = "  escalation: [{after: 3m, channels: [boss]}]\n"
    site = Site(tmp_path, CHANNELS + escalation)
    site.run({HOT: ".ccccccc."})
    assert kinds(site.queued("boss")) == ["escalated", "resolved"]
    assert kinds(site.queued("ops")) == ["opened", "resolved"]
    site.run({HOT: ".ccccccc..............................cc."}, first=9)
    assert kinds(site.queued("boss")) == []
    assert kinds(site.queued("ops")) == ["opened", "resolved"], "another incident, and a short one"


def test_who_acknowledged_is_in_the_last_message(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({HOT: ".cc"})
    with site.store.transaction() as db:
        incident = read_incident(db, 1)
        assert incident is not None
        entry = IncidentEntry(incident=1, t_ms=at(2), kind=EntryKind.ACKNOWLEDGED, who="김민수")
        insert_entries(db, {1: incident}, [entry])
    site.run({HOT: ".cc."}, first=3)
    assert [each.acknowledged_by for each in site.queued("ops")] == ["", "김민수"]


def test_annotations_of_a_rule_file_are_filled(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.run({OWN: ".cc"})
    alert = site.queued("ops")[0].alerts[0]
    assert alert.name("ko") == "ApiSlow"
    assert alert.summary is not None
    assert alert.summary("ko") == "web-1 takes 1 s", "one that asks a query is left out"
    assert alert.runbook == "https://wiki.example.com/web-1"


def test_quiet_hours_hold_a_warning_back_and_not_what_is_critical(tmp_path: Path) -> None:
    quiet = '  quiet_hours: [{from: "00:00", to: "24:00", severities: [warning]}]\n'
    site = Site(tmp_path, CHANNELS + quiet)
    site.run({HOT: ".ww"})
    with site.store.transaction() as db:
        assert take_batch(db, "ops", at(2), 10) is None
    site.run({HOT: ".wwc"}, first=3)
    with site.store.transaction() as db:
        batch = take_batch(db, "ops", at(3), 10)
    assert batch is not None
    assert kinds(list(batch.notifications)) == ["opened", "changed"], "in this order, at once"


def test_without_samples_a_message_has_no_chart() -> None:
    assert read_curve(SOURCE, CATALOGUE, notification()) is None
    assert read_curve(SOURCE, CATALOGUE, notification(kind=MessageKind.TEST, alerts=())) is None


# --- in the terminal


def run_doctor(site: Site, lang: Any = "en") -> tuple[str, Any]:
    options = ["--config", str(site.config.file)]
    shown = jipyo("doctor", *options, "--lang", lang).out
    return shown, json.loads(jipyo("doctor", *options, "--json").out)["notifications"]


def test_the_doctor_says_how_delivery_goes(tmp_path: Path) -> None:
    site = Site(tmp_path)
    Store.open(site.config.data, now_ms=lambda: at(0)).close()
    site.run({HOT: ".cc"})
    assert run_doctor(site)[1]["channels"][0] == {
        "name": "ops",
        "waiting": 1,
        "rejected": 0,
        "failing": False,
        "delivered": None,
    }
    with site.store.transaction() as db:
        mark_failed(db, "ops", at(3), "https://ops answered 401\nCheck the token.")
    shown, document = run_doctor(site)
    assert "✗ Nothing has ever been delivered through ops; waiting: 1 notification." in shown
    assert "  https://ops answered 401" in shown
    assert "  Check the token." in shown
    assert len(document["problems"]) == 1
    assert (
        "ops 채널로 아직 한 번도 발송하지 못했습니다. 대기 중인 알림: 1건."
        in run_doctor(site, "ko")[0]
    )
    site.queued("ops")
    assert "✓ ops: last delivery" in run_doctor(site)[0]
    site.run({HOT: ".cc."}, first=3)
    with site.store.transaction() as db:
        batch = take_batch(db, "ops", at(1000), 10)
        assert batch is not None
        mark_rejected(db, batch, at(1000))
    assert "The receiver of ops did not take 1 notification." in run_doctor(site)[0]
    site.store.close()


@pytest.mark.parametrize(
    ("lang", "delivered", "failed"),
    [
        (
            "en",
            "✓ good: delivered in ",
            "✗ bad: The environment variable JIPYO_NOT_SET is not set.",
        ),
        ("ko", "✓ good: 도착을 확인했습니다(", "✗ bad: 환경 변수 JIPYO_NOT_SET의 값이 없습니다."),
    ],
)
def test_channels_are_tried_and_each_says_how_it_went(
    tmp_path: Path, lang: Any, delivered: str, failed: str
) -> None:
    with webhook_server() as server:
        file = tmp_path / "jipyo.yaml"
        file.write_text(
            "alerts:\n  channels:\n"
            f'    - {{name: good, kind: webhook, url: "{server.url}"}}\n'
            '    - {name: bad, kind: mail, url: "env:JIPYO_NOT_SET"}\n',
            "utf-8",
        )
        options = ["--config", str(file), "--lang", lang]
        result = jipyo("alerts", "test", *options)
        assert (result.code, jipyo("alerts", "test", "good", *options).code) == (1, 0)
        assert [body["kind"] for body in server.bodies] == ["test", "test"]
    assert delivered in result.out
    assert failed in result.out
    near = jipyo("alerts", "test", "goood", *options)
    assert near.code == 2
    assert "good" in near.err


def test_without_channels_there_is_nothing_to_try(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text("", "utf-8")
    result = jipyo("alerts", "test", "--config", str(file))
    assert (result.code, result.err.splitlines()[0]) == (2, "No channel is configured.")
