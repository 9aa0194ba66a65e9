"""What a source that fails or is stale does to the verdict: never a false ok."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.health import Reason, assess_catalogue
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import describe_reason, describe_state, describe_verdict, name_state
from jipyo.catalogue import load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.remote import Remote
from support.memory import MemoryStore
from support.sources import FAILURE, FailingServer, SteadyClock

if TYPE_CHECKING:
    from jipyo.analysis.health import Health, MetricHealth

SEOUL = ZoneInfo("Asia/Seoul")
NOW_MS, STEP_MS, MINUTE_MS, HOUR_MS = 1_795_186_800_000, 15_000, 60_000, 3_600_000
CATALOGUE = load()
CPU, FILE_SYSTEMS = "system.cpu.utilization", "system.disk.utilization"


def host(name: str, *, used: float = 0.1, end_ms: int = NOW_MS) -> MemoryStore:
    """An hour of a host whose file system is this full."""
    store = MemoryStore()
    times = list(range(end_ms - HOUR_MS, end_ms + 1, STEP_MS))
    target = {"instance": name, "job": "node"}
    disk = {"mountpoint": "/", "device": "/dev/sda1", "fstype": "ext4"}
    for metric, more, value in (
        ("up", {}, 1.0),
        ("node_filesystem_size_bytes", disk, 1e12),
        ("node_filesystem_avail_bytes", disk, 1e12 * (1 - used)),
        ("node_filesystem_free_bytes", disk, 1e12 * (1 - used)),
    ):
        store.put(Labels.of({"__name__": metric, **target, **more}), times, [value] * len(times))
    return store


def model_server(*, end_ms: int = NOW_MS) -> MemoryStore:
    """An hour of a metric that only the remote server has."""
    store = MemoryStore()
    times = list(range(end_ms - HOUR_MS, end_ms + 1, STEP_MS))
    for metric in ("up", "jipyo_model_accuracy_ratio"):
        labels = {"__name__": metric, "instance": "ai-1:8000", "job": "model", "model": "m"}
        store.put(Labels.of(labels), times, [0.99 if metric != "up" else 1.0] * len(times))
    return store


def combine(local: MemoryStore, prod: MemoryStore) -> tuple[CombinedSource, FailingServer]:
    server = FailingServer(Embedded(prod, Engine()))
    remote = Remote("prod", server, SteadyClock(NOW_MS))
    return CombinedSource(Embedded(local, Engine()), (remote,)), server


def find(health: Health, metric_id: str) -> MetricHealth:
    return next(one for one in health.metrics if one.metric.id == metric_id)


def test_all_that_answers_and_is_within_is_ok() -> None:
    source, _ = combine(host("a"), model_server())
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    assert (health.state, health.missing) == (State.OK, ())
    assert find(health, "ai.model.accuracy").state is State.OK


@pytest.mark.parametrize("lang", LANGS)
def test_a_source_that_fails_makes_its_metrics_unknown_and_leads_the_verdict(lang: str) -> None:
    source, prod = combine(host("a"), model_server())
    assess_catalogue(source, CATALOGUE, NOW_MS)
    prod.error = FAILURE
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    assert health.state is State.UNKNOWN
    accuracy = find(health, "ai.model.accuracy")
    assert (accuracy.state, accuracy.reason, accuracy.judged) == (
        *(State.UNKNOWN, Reason.INCOMPLETE, True),
    )
    assert accuracy.since_ms == NOW_MS
    assert find(health, FILE_SYSTEMS).state is State.OK  # prod never had any
    t = texts("ko" if lang == "ko" else "en")
    assert "prod" in describe_verdict(health, t).partition(".")[0]
    assert "http://prod:9090" in describe_verdict(health, t)
    state = describe_state(health, t)
    assert state.startswith(name_state(State.UNKNOWN, t))
    assert "prod" in state
    assert "http" not in state
    reason = describe_reason(accuracy, t, SEOUL, NOW_MS)
    assert "prod" in reason
    assert "http" not in reason  # every metric of the source has the same


def test_a_source_that_was_never_read_may_have_anything() -> None:
    source, prod = combine(host("a"), model_server())
    prod.error = FAILURE
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    assert health.state is State.UNKNOWN
    reasons = {one.reason for one in health.metrics}
    assert reasons == {Reason.INCOMPLETE}
    assert find(health, FILE_SYSTEMS).value == pytest.approx(10)


def test_a_breach_stays_a_breach() -> None:
    source, prod = combine(host("a", used=0.99), host("b"))
    assess_catalogue(source, CATALOGUE, NOW_MS)
    prod.error = FAILURE
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    full = find(health, FILE_SYSTEMS)
    assert (health.state, full.reason) == (State.CRITICAL, Reason.BREACH)
    assert full.missing
    for lang in LANGS:
        verdict = describe_verdict(health, texts(lang))
        assert verdict.index("prod") < verdict.index(full.metric.name(lang))
        reason = describe_reason(full, texts(lang), SEOUL, NOW_MS)
        assert "prod" in reason
        assert "http" not in reason


@pytest.mark.parametrize("lang", LANGS)
def test_targets_that_do_not_answer_are_named_beside_the_source(lang: Lang) -> None:
    source, prod = combine(host("a", used=0.99), host("b"))
    assess_catalogue(source, CATALOGUE, NOW_MS)
    prod.error = FAILURE
    full = find(assess_catalogue(source, CATALOGUE, NOW_MS), FILE_SYSTEMS)
    down = replace(full, outages=(Outage("node", "db-1", None),))
    reason = describe_reason(down, texts(lang), SEOUL, NOW_MS)
    assert 0 <= reason.find("db-1") < reason.find("prod")


@pytest.mark.parametrize("age_ms", [10 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 30 * HOUR_MS])
def test_a_source_that_is_stale_is_no_ok(age_ms: int) -> None:
    source, _ = combine(host("a"), host("b", end_ms=NOW_MS - age_ms))
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    assert health.state.severity >= State.UNKNOWN.severity
    assert find(health, FILE_SYSTEMS).state is State.UNKNOWN
    (error,) = health.missing
    assert error.values["source"] == "prod"


def test_a_source_that_lost_all_its_data_is_no_ok() -> None:
    source, _ = combine(host("a"), MemoryStore())
    health = assess_catalogue(source, CATALOGUE, NOW_MS)
    assert health.state is State.UNKNOWN
    assert [error.key for error in health.missing] == ["source.empty"]
