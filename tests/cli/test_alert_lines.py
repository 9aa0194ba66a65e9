"""`jipyo alerts list`, and what `jipyo status` says of alerts, on a folder without a server."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.evaluation import RuleMemory, SeriesMemory
from jipyo.alerts.incident.edits import acknowledge
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.records import record_transitions
from jipyo.alerts.matchers import parse_matchers
from jipyo.alerts.options import SilenceOptions
from jipyo.alerts.saved import load_memories, save_memories
from jipyo.alerts.silence import Silence
from jipyo.alerts.state import AlertMemory
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import JudgeState, Severity
from jipyo.app.alerts.schema import STEPS
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Options, Store
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang

OUTAGE = "system.collection.failed"
KEY = AlertKey(OUTAGE, Labels.of({"job": "vllm", "instance": "gpu-1:8000"}))
WORDS = {
    "en": ("vllm gpu-1:8000 does not answer", "firing", "refused the connection", "Silence 1"),
    "ko": ("vllm gpu-1:8000 응답 없음", "발생 중", "연결이 거부됨", "알림 중지 1"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dead target that fires for ten minutes, and a silence."""
    now_ms = int(time.time() * 1000)
    alert = Alert(
        key=KEY,
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        value=1.0,
        threshold=1.0,
        active_ms=now_ms - 600_000,
        firing_ms=now_ms - 600_000,
        reason=FailureReason.CONNECTION_REFUSED,
    )
    series = {KEY.labels: SeriesMemory(JudgeState(), AlertMemory(alert))}
    store = AlertStore.open(tmp_path / "data", STEPS)
    with store.transaction() as db:
        save_memories(db, {OUTAGE: RuleMemory(now_ms, series)}, {})
        grouping = IncidentGrouping(outage_rules=frozenset({OUTAGE}))
        began = Transition(alert.active_ms, AlertState.INACTIVE, alert)
        record_transitions(db, [began], grouping)
    silence = Silence(
        matchers=parse_matchers('job="vllm"'),
        start_ms=now_ms - 1000,
        end_ms=now_ms + 3_600_000,
        who="kim",
        reason="swap",
        entered_ms=now_ms,
    )
    IncidentDesk(store, lambda: now_ms).add_silence(silence, SilenceOptions())
    store.close()
    return tmp_path / "data"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_alerts_are_listed_with_their_cause_incident_and_what_keeps_messages_back(
    folder: Path, lang: Lang
) -> None:
    result = jipyo("alerts", "list", "--data", str(folder), "--lang", lang, lang=lang)
    assert result.code == 0, result.err
    for word in (*WORDS[lang], "#1", 'job="vllm"'):
        assert word in result.out, result.out


def test_json_has_every_fact(folder: Path) -> None:
    (row,) = json.loads(jipyo("alerts", "list", "--json", "--data", str(folder)).out)
    assert (row["rule"], row["state"], row["severity"]) == (OUTAGE, "firing", "critical")
    assert (row["incident"], row["cause"]) == (1, "refused the connection")


def test_who_acknowledged_an_incident_is_named(folder: Path) -> None:
    before = jipyo("alerts", "list", "--data", str(folder)).out
    assert "not acknowledged" in before
    store = AlertStore.open(folder, STEPS)
    desk = IncidentDesk(store, lambda: int(time.time() * 1000))
    desk.edit(1, lambda incident, t_ms: acknowledge(incident, t_ms, "kim"))
    store.close()
    assert "acknowledged by kim" in jipyo("alerts", "list", "--data", str(folder)).out


def test_a_folder_without_alerts_has_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    result = jipyo("alerts", "list", "--data", str(tmp_path / "data"))
    assert (result.code, result.out.strip()) == (0, "No alerts.")


def test_status_has_the_state_of_the_server_that_runs(folder: Path) -> None:
    """The samples of this folder say nothing; its rules have judged what is beyond."""
    now_ms = int(time.time() * 1000)
    with Store.open(folder, Options(durable=False), now_ms=lambda: now_ms) as store:
        up = Labels.of({"__name__": "up", **KEY.labels})
        store.append([Scrape(now_ms, (up,), np.array([1.0]))])
    assert "OK" in jipyo("status", "--data", str(folder)).out.splitlines()[0]
    breach = JudgeState(Severity.CRITICAL, now_ms - 600_000, 1.0, now_ms)
    alerts = AlertStore.open(folder, STEPS)
    with alerts.transaction() as db:
        (series,) = load_memories(db)[OUTAGE].series.values()
        judged = {KEY.labels: replace(series, judged=breach)}
        save_memories(db, {OUTAGE: RuleMemory(now_ms, judged)}, {})
    alerts.close()
    assert jipyo("status", "--data", str(folder)).out.startswith("Critical")
