"""What the server links to an incident: the logs and anomalies of its window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.incident.evidence import LONGEST_MS, add_evidence, find_window
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.incident import EvidenceKind, IncidentEvidence
from jipyo.alerts.incident.records import read_incident, record_transitions
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import Severity
from jipyo.app.alerts.evidence import EvidenceCollector
from jipyo.app.alerts.schema import STEPS
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore
from support.product import jipyo
from support.sources import SteadyClock

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.alerts.incident.incident import Incident
    from jipyo.config.load import Config

NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000
KEY = AlertKey("system.gpu.memory", Labels.of({"instance": "gpu-1"}))


def at(minute: float) -> int:
    return NOW_MS + int(minute * MINUTE_MS)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A site whose log has requests for two hours, and something new in the last minutes."""
    folder = tmp_path_factory.mktemp("evidence")
    lines = [(at(-minute), f"INFO request {minute} done") for minute in range(120, 0, -1)]
    lines += [(at(-5) + n, f"ERROR CUDA out of memory on gpu {n}") for n in range(12)]
    (folder / "chat.log").write_text(
        "".join(
            f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M:%S},000 {text}\n"
            for t_ms, text in lines
        )
    )
    (folder / "jipyo.yaml").write_text("timezone: UTC\n")
    options = ("--config", str(folder / "jipyo.yaml"), "--data", str(folder / "data"))
    done = jipyo("logs", "import", str(folder / "chat.log"), "--service", "chat", *options)
    assert done.code == 0, done.err
    overrides = CliOverrides(file=folder / "jipyo.yaml", data=folder / "data")
    return load(overrides, {"HOME": str(folder)}, "en")


def change(minute: float, state: AlertState) -> Transition:
    alert = Alert(
        key=KEY,
        state=state,
        severity=Severity.CRITICAL,
        value=99.0,
        threshold=95.0,
        active_ms=at(-6),
    )
    return Transition(at(minute), AlertState.PENDING, alert)


def record(store: AlertStore, minute: float, state: AlertState) -> Incident:
    with store.transaction() as db:
        record_transitions(db, [change(minute, state)], IncidentGrouping())
        incident = read_incident(db, 1)
    assert incident is not None
    return incident


def read(store: AlertStore) -> Incident:
    with store.reading() as db:
        incident = read_incident(db, 1)
    assert incident is not None
    return incident


def test_logs_and_anomalies_of_its_window_are_linked_to_an_incident(
    config: Config, tmp_path: Path
) -> None:
    samples = MemoryStore()
    for host, score in (("gpu-1:9400", 2.0), ("gpu-2:9400", 2.0), ("gpu-1:80", 0.5)):
        labels = {"__name__": "jipyo_anomaly_score", "metric": "system.load", "instance": host}
        samples.put(Labels.of(labels), [at(-7 + n / 2) for n in range(12)], [score] * 12)
    store = AlertStore.open(tmp_path, STEPS)
    clock = SteadyClock(at(-4))
    collector = EvidenceCollector(store, clock)
    collector.apply(config, Embedded(samples, Engine()))
    record(store, -5, AlertState.FIRING)
    collector.look()
    assert read(store).evidence == ()  # it has not lasted yet
    clock.wall_ms = at(-2)
    collector.look()
    collector.look()
    evidence = read(store).evidence
    assert [(one.kind, one.count) for one in evidence] == [
        (EvidenceKind.ANOMALY, None),
        (EvidenceKind.LOG_TEMPLATE, 12),
    ]
    assert evidence[0].text == "system.load · gpu-1:9400"
    assert "CUDA out of memory on gpu <*>" in evidence[1].text
    before = len(read(store).entries)
    record(store, -1, AlertState.INACTIVE)
    clock.wall_ms = at(0)
    collector.look()
    assert len(read(store).entries) == before + 1  # at its end nothing else is to be seen
    store.close()


def test_the_window_of_a_long_incident_is_its_beginning(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path, STEPS)
    incident = record(store, -5, AlertState.FIRING)
    began_ms = incident.began_ms
    assert find_window(incident, at(-3)) == (began_ms - 2 * MINUTE_MS, at(-3))
    start_ms, end_ms = find_window(incident, at(1000))
    assert end_ms - start_ms == LONGEST_MS
    store.close()


def test_only_what_is_new_is_added(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path, STEPS)
    incident = record(store, -5, AlertState.FIRING)
    seen = IncidentEvidence(
        kind=EvidenceKind.LOG_TEMPLATE, t_ms=at(-5), ref="t1", text="x", count=3
    )
    entry = add_evidence(incident, at(-4), [seen])
    assert entry is not None
    incident = replace(incident, entries=(*incident.entries, entry))
    assert add_evidence(incident, at(-3), [seen]) is None
    more = add_evidence(incident, at(-3), [replace(seen, count=9)])
    assert more is not None
    incident = replace(incident, entries=(*incident.entries, more))
    assert [one.count for one in incident.evidence] == [9]
    store.close()
