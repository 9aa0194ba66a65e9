"""The verdict of the overview in words, the open incident, and what needs attention."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState, Transition
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.incident import edits
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.records import record_transitions
from jipyo.alerts.matchers import parse_matchers
from jipyo.alerts.options import AlertsOptions, Dependency, Escalation
from jipyo.alerts.store import AlertStore
from jipyo.analysis.health import MetricHealth, Reason, build_absent, build_refused, combine
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import Pending, Severity, State
from jipyo.app.alerts.schema import STEPS
from jipyo.model.errors import SourceError
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.web.api import overview
from jipyo.web.api.alert_desk import AlertDesk
from support.web import NOW_MS, SERVER, config_state, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.collect.target import TargetStatus

MINUTE_MS = 60_000
CPU, ERRORS, TIME = "system.cpu.utilization", "app.error_rate", "app.response_time"
OUTAGE, LOST = "system.collection.failed", "system.gpu.lost"
TARGET = Labels.of({"job": "vllm", "instance": "gpu-1:8000"})
GROUPING = IncidentGrouping(
    outage_rules=frozenset({OUTAGE}),
    loss_rules=frozenset({LOST}),
    dependencies=(
        Dependency(matchers=parse_matchers('job="api"'), needs=parse_matchers('job="vllm"')),
    ),
)


def ago(minutes: int) -> int:
    return NOW_MS - minutes * MINUTE_MS


@dataclass(frozen=True)
class Made:
    """Health by hand, of metrics of the catalogue."""

    known: Catalogue

    def ok(self, metric: str, value: float = 1.0) -> MetricHealth:
        return MetricHealth(
            metric=self.known.get(metric),  # type: ignore[arg-type]
            state=State.OK,
            judged=True,
            reason=Reason.WITHIN,
            value=value,
            since_ms=ago(600),
        )

    def beyond(
        self, metric: str, state: State, value: float, minutes: int, labels: Labels | None = None
    ) -> MetricHealth:
        found = self.known.get(metric)
        assert found is not None
        assert found.thresholds is not None
        is_warning = state is State.WARNING
        threshold = found.thresholds.warning if is_warning else found.thresholds.critical
        return replace(
            self.ok(metric, value),
            state=state,
            reason=Reason.BREACH,
            threshold=threshold,
            since_ms=ago(minutes),
            worst=labels,
        )

    def pending(self, metric: str, value: float) -> MetricHealth:
        found = self.beyond(metric, State.CRITICAL, value, 2)
        assert found.threshold is not None
        waits = Pending(Severity.CRITICAL, found.threshold, 2 * MINUTE_MS, 5 * MINUTE_MS)
        return replace(found, state=State.PENDING, reason=Reason.PENDING, pending=waits)

    def stale(self, metric: str, minutes: int) -> MetricHealth:
        return replace(
            self.ok(metric),
            state=State.UNKNOWN,
            reason=Reason.STALE,
            value=None,
            since_ms=ago(minutes),
        )

    def dead(self, minutes: int) -> MetricHealth:
        outage = Outage("vllm", "gpu-1:8000", FailureReason.CONNECTION_REFUSED)
        found = self.beyond(OUTAGE, State.CRITICAL, 1.0, minutes, TARGET)
        return replace(found, outages=(outage,))


@pytest.fixture
def made(known: Catalogue) -> Made:
    return Made(known)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    with contextlib.closing(AlertStore.open(tmp_path, STEPS)) as opened:
        yield opened


def fire(store: AlertStore, rule: str, labels: Labels, minutes: int, **values: Any) -> None:
    alert = Alert(
        key=AlertKey(rule, labels),
        state=AlertState.FIRING,
        severity=values.get("severity", Severity.CRITICAL),
        value=values.get("value", 1.0),
        threshold=1.0,
        active_ms=ago(minutes),
        firing_ms=ago(minutes),
        reason=values.get("reason"),
    )
    with store.transaction() as db:
        record_transitions(db, [Transition(ago(minutes), AlertState.INACTIVE, alert)], GROUPING)


def show(
    known: Catalogue,
    *metrics: MetricHealth,
    store: AlertStore | None = None,
    missing: tuple[SourceError, ...] = (),
    targets: tuple[TargetStatus, ...] = (),
    options: AlertsOptions | None = None,
    lang: str = "en",
) -> Any:
    """The document over this health; other metrics have no data."""
    own = {one.metric.id: one for one in metrics}
    health = combine(NOW_MS, [own.get(one.id, build_absent(one)) for one in known.metrics], missing)
    desk = None
    if store is not None:
        desk = AlertDesk(
            incidents=IncidentDesk(store, lambda: NOW_MS),
            list_alerts=tuple,
            grouping=lambda: GROUPING,
            catalogue=known,
            options=options or AlertsOptions(),
            zone=ZoneInfo("Asia/Seoul"),
            now_ms=lambda: NOW_MS,
        )
    routes = overview.routes(
        SERVER, known, lambda: health, lambda: targets, lambda: None, config_state, desk=desk
    )
    with serving(*routes) as client:
        return client.get("/api/jipyo/overview", lang=lang).json


def read_titles(known: Catalogue, *metrics: MetricHealth, **how: Any) -> tuple[str, str]:
    found = show(known, *metrics, **how)["headline"]
    return found["title"], found["detail"]


# ------------------------------------------------------------------------------------- verdict


def test_before_any_data_nothing_is_ok(known: Catalogue) -> None:
    document = show(known)
    assert document["headline"]["is_empty"]
    assert document["headline"]["title"] == "Nothing has been collected yet"
    assert document["verdict"]["state"] == "unknown"
    assert document["attention"] == []


def test_all_well_says_so_with_the_last_incident(
    known: Catalogue, made: Made, store: AlertStore
) -> None:
    assert read_titles(known, made.ok(CPU), store=store) == (
        "All is well",
        "No metric is over its threshold.",
    )
    fire(store, OUTAGE, TARGET, 20)
    document = show(known, made.ok(CPU), store=store)
    assert document["headline"]["detail"].endswith(
        "Incident #1, still open: vllm gpu-1:8000 does not answer."
    )
    assert document["incident"]["text"] == "Not acknowledged for 20 min"
    over = Alert(
        key=AlertKey(OUTAGE, TARGET),
        state=AlertState.INACTIVE,
        severity=Severity.CRITICAL,
        value=0.0,
        threshold=1.0,
        active_ms=ago(20),
        firing_ms=ago(20),
        ended_ms=ago(17),
    )
    with store.transaction() as db:
        record_transitions(db, [Transition(ago(17), AlertState.FIRING, over)], GROUPING)
    document = show(known, made.ok(CPU), store=store, lang="ko")
    assert document["incident"] is None
    assert document["headline"]["title"] == "정상입니다"
    assert "마지막 장애는" in document["headline"]["detail"]
    assert "(3분)입니다." in document["headline"]["detail"]


def test_pending_is_well_and_named(known: Catalogue, made: Made) -> None:
    document = show(known, made.ok(CPU), made.pending(TIME, 2.4), lang="ko")
    assert document["verdict"]["state"] == "ok"
    assert document["headline"]["title"] == "정상입니다"
    assert "초과 관찰 중입니다" in document["headline"]["detail"]
    (row,) = document["attention"]
    assert (row["state"], row["value"], row["since"]) == ("pending", "2.4초", "2분 / 5분")
    assert row["next"] == "3분 더 지속되면 위험"
    assert row["pending_share"] == pytest.approx(0.4)


def test_a_warning_names_the_metric_its_series_and_that_objectives_are_kept(
    known: Catalogue, made: Made
) -> None:
    labels = Labels.of({"instance": "gpu-1"})
    warning = made.beyond(CPU, State.WARNING, 81.2, 42, labels)
    title, detail = read_titles(known, warning, made.ok(TIME), lang="ko")
    assert title == "CPU 전체 사용률(gpu-1)이 주의 임계치를 넘었습니다"
    assert "42분째, 현재 81.2%." in detail
    assert "서비스 목표는 지켜지고 있습니다." in detail
    own = made.beyond(CPU, State.WARNING, 81.2, 42, Labels.of({"instance": SERVER.instance}))
    assert read_titles(known, own)[0] == "CPU utilisation is above its warning threshold"


def test_of_several_the_first_is_named_and_the_rest_counted(known: Catalogue, made: Made) -> None:
    both = (
        made.beyond(CPU, State.CRITICAL, 99, 5),
        made.beyond("db.cache_hit_ratio", State.CRITICAL, 40, 5),
    )
    title, _ = read_titles(known, *both)
    assert title == "CPU utilisation and 1 other metric are beyond a critical threshold"


def test_a_dead_target_comes_before_all_else_with_what_users_notice(
    known: Catalogue, made: Made
) -> None:
    title, detail = read_titles(
        known, made.beyond(ERRORS, State.CRITICAL, 2.27, 7), made.dead(8), lang="ko"
    )
    assert title == "vllm gpu-1:8000이 응답하지 않습니다"
    assert "8분째, 연결이 거부됨." in detail
    assert "API 요청의 2.27%가 실패하고 있습니다." in detail


def test_what_no_longer_reports_is_never_well(known: Catalogue, made: Made) -> None:
    document = show(known, made.ok(TIME), made.stale(CPU, 12))
    assert document["headline"]["title"] == "CPU utilisation is no longer reported"
    assert document["headline"]["detail"].startswith("No data since")
    (row,) = document["attention"]
    assert (row["state"], row["value"]) == ("unknown", "no longer reported")
    assert row["since"].startswith("no data since")


def test_what_cannot_be_read_cannot_be_judged_and_says_why(known: Catalogue, made: Made) -> None:
    error = SourceError("source.failed", source="central", problem="timed out")
    found = show(known, made.ok(CPU), missing=(error,))
    assert found["headline"]["title"] == "The state cannot be judged"
    assert "central" in found["headline"]["detail"]
    refused = build_refused(made.ok(CPU).metric, "parse error")
    title, detail = read_titles(known, refused)
    assert title == "The state cannot be judged"
    assert "parse error" in detail


# ----------------------------------------------------------------------------------- attention


@pytest.fixture
def outage(store: AlertStore) -> AlertStore:
    """A dead model server, and errors of the API that needs it a minute later."""
    fire(store, OUTAGE, TARGET, 8, reason=FailureReason.CONNECTION_REFUSED)
    fire(store, ERRORS, Labels.of({"job": "api"}), 7, value=2.27)
    return store


def test_the_likely_origin_comes_first_then_what_came_with_it(
    known: Catalogue, made: Made, outage: AlertStore
) -> None:
    document = show(
        known,
        made.beyond(CPU, State.CRITICAL, 99, 60),
        made.beyond(ERRORS, State.CRITICAL, 2.27, 7, Labels.of({"job": "api"})),
        made.dead(8),
        store=outage,
    )
    first, second, third = document["attention"]
    assert (first["role"], first["name"], first["link"]) == ("origin", "Target vllm", "target")
    assert first["labels"] == {"job": "vllm", "instance": "gpu-1:8000"}
    assert "refused" in first["value"]
    assert first["next"]
    assert (second["role"], second["metric"], second["value"]) == ("with", ERRORS, "2.27%")
    assert second["beyond"] == "at or above critical 0.1%"
    assert (third["role"], third["metric"]) == ("other", CPU)
    incident = document["incident"]
    assert (incident["number"], incident["others"], incident["acknowledged"]) == (1, 0, False)


def test_the_verdict_is_about_the_incident_beside_it(
    known: Catalogue, made: Made, store: AlertStore
) -> None:
    fire(store, CPU, Labels.of({"instance": "gpu-1"}), 60)
    fire(store, OUTAGE, TARGET, 8)
    metrics = (made.beyond(CPU, State.CRITICAL, 99, 60), made.dead(8))
    document = show(known, *metrics, store=store)
    assert document["headline"]["title"] == "vllm gpu-1:8000 does not answer"
    assert document["attention"][0]["name"] == "Target vllm"
    assert (document["incident"]["number"], document["incident"]["others"]) == (2, 1)
    desk = IncidentDesk(store, lambda: NOW_MS)
    desk.edit(2, lambda one, t_ms: edits.acknowledge(one, t_ms, "kim"))
    document = show(known, *metrics, store=store)
    assert document["headline"]["title"].startswith("CPU utilisation")
    assert document["attention"][0]["metric"] == CPU
    assert document["incident"]["number"] == 1, "it waits for somebody"


def test_what_is_graver_than_the_incident_comes_before_it(
    known: Catalogue, made: Made, store: AlertStore
) -> None:
    fire(store, TIME, Labels.of({"job": "api"}), 60, severity=Severity.WARNING)
    warning, critical = (
        made.beyond(TIME, State.WARNING, 1.5, 60, Labels.of({"job": "api"})),
        made.beyond(CPU, State.CRITICAL, 99, 2),
    )
    document = show(known, warning, critical, store=store)
    assert document["headline"]["title"].startswith("CPU utilisation")
    assert [row["metric"] for row in document["attention"]] == [CPU, TIME]
    assert [row["role"] for row in document["attention"]] == ["other", "other"]


def test_nothing_is_an_origin_without_an_incident(known: Catalogue, made: Made) -> None:
    document = show(known, made.dead(8), made.beyond(CPU, State.WARNING, 75, 60))
    assert [row["role"] for row in document["attention"]] == ["other", "other"]
    assert document["incident"] is None


def test_who_does_not_acknowledge_reads_what_follows(
    known: Catalogue, made: Made, outage: AlertStore
) -> None:
    escalation = Escalation(after_ms=10 * MINUTE_MS, channels=("phone",))
    options = AlertsOptions(escalation=(escalation,))
    found = show(known, made.dead(8), store=outage, options=options, lang="ko")["incident"]
    assert found["text"] == "접수 대기 · 8분 경과 · 10분 경과 시 phone으로 알림"
    desk = IncidentDesk(outage, lambda: NOW_MS)
    desk.edit(1, lambda one, t_ms: edits.acknowledge(one, t_ms, "김운영", ""))
    found = show(known, made.dead(8), store=outage, options=options, lang="ko")["incident"]
    assert found["acknowledged"]
    assert found["text"].startswith("김운영이 ")


def test_words_of_others_stay_text(known: Catalogue, made: Made) -> None:
    evil = Labels.of({"instance": '<img src=x onerror="x()">\u202e'})
    document = show(known, made.beyond(CPU, State.CRITICAL, 99, 5, evil))
    written_out = '<img src=x onerror="x()">\\u202e'
    assert document["attention"][0]["subject"] == written_out
    assert written_out in document["headline"]["title"]
