from __future__ import annotations

from dataclasses import replace

import pytest

from jipyo.catalogue import Metric, Origin, describe, load
from jipyo.catalogue.keys import FILE
from jipyo.catalogue.metric import Compare, Objective
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.schema import describe_keys

CATALOGUE = load()
KO, EN = texts("ko"), texts("en")


def metric(metric_id: str) -> Metric:
    found = CATALOGUE.get(metric_id)
    assert found is not None
    return found


def facts(one: Metric, lang: Lang) -> dict[str, str]:
    return {fact.label: fact.text for fact in describe.describe_metric(one, CATALOGUE, texts(lang))}


def test_a_metric_is_listed_in_a_line() -> None:
    row = next(
        row for row in describe.list_metrics(CATALOGUE, KO) if row.id == "system.memory.process"
    )
    assert (row.name, row.unit, row.thresholds) == ("프로세스별 메모리", "B", "")
    assert row.exporters == ("process_exporter", "generic")
    assert row.required


@pytest.mark.parametrize(
    ("metric_id", "ko", "en"),
    [
        ("system.cpu.load", "주의 70% · 위험 85%", "warning 70% · critical 85%"),
        ("system.gpu.xid", "위험 1", "critical 1"),
        ("app.throughput", "목표 100건/초 이상", "objective at least 100 req/s"),
        ("system.gpu.power", "", ""),
    ],
)
def test_limits_are_told_in_a_few_words(metric_id: str, ko: str, en: str) -> None:
    assert describe.summarize_thresholds(metric(metric_id), KO) == ko
    assert describe.summarize_thresholds(metric(metric_id), EN) == en


def test_all_that_is_known_of_a_metric_is_described() -> None:
    described = facts(metric("app.error_rate"), "en")
    assert described["thresholds"] == (
        "warning 0.05% · critical 0.1%, for 5 min (specification);"
        " critical is the 0.1% objective of the specification"
    )
    assert described["objective"] == "objective at most 0.1% (specification)"
    assert described["unit"] == "percent (%)"
    assert described["report"] == "ratio_of_sums, part, max / ratio_of_sums"
    assert described["defined at"].startswith("builtin/application.yaml:")
    assert described["haproxy"].startswith("100 * sum by (proxy)")
    assert "what to do" not in described
    assert facts(metric("app.sessions.active"), "ko")["조치"].startswith("표준 이름이")
    assert facts(metric("app.sessions.active"), "ko")["단위"] == "count"


def test_what_to_know_of_an_alternative_stands_beside_it() -> None:
    described = facts(metric("ai.inference.time"), "ko")
    assert described["torchserve"].endswith("  # 평균만 제공, 임계치 미적용; 평균")
    assert facts(metric("ai.gpu_memory"), "en")["dcgm_exporter"].endswith(
        "  # only if nothing else has data; if no server exports its KV cache: device memory"
    )


def test_recovery_and_a_threshold_without_a_duration_are_described() -> None:
    limits = metric("system.gpu.xid").thresholds
    assert limits is not None
    own = replace(limits, warning=0.5, recover_warning=0.2, recover_critical=0.7)
    site = replace(own, origin=Origin.SITE, note=Bilingual("확인", "check"))
    described = facts(replace(metric("system.gpu.xid"), thresholds=site), "ko")
    assert described["임계치"] == (
        "주의 0.5 · 위험 1; 주의는 0.2에서 복구; 위험은 0.7에서 복구 (사용자 설정); 확인"
    )


def test_an_objective_has_its_note() -> None:
    objective = Objective(
        compare=Compare.AT_MOST, value=2, origin=Origin.SITE, note=Bilingual("확인", "check")
    )
    described = facts(replace(metric("app.response_time"), objective=objective), "en")
    assert described["objective"] == "objective at most 2 s (site); check"


def test_a_file_without_mistakes_is_counted() -> None:
    assert describe.count_contents("shop.yaml", CATALOGUE, KO) == (
        f"shop.yaml: 지표 {len(CATALOGUE.metrics)}개,"
        f" 표현식 {sum(len(one.queries) for one in CATALOGUE.metrics)}개, 오류 없음."
    )


@pytest.mark.parametrize("lang", LANGS)
def test_every_key_has_its_meaning(lang: Lang) -> None:
    rows = describe_keys(FILE, "catalogue", texts(lang))
    keys = {row.path: row for row in rows}
    assert len(keys) == len(rows) > 40
    assert keys["metrics.window"].default == "5m"
    assert keys["metrics.report.summaries"].default == "[avg, p95, max]"
    assert keys["metrics.thresholds.origin"].default == "site"
    assert keys["metrics.required"].default == "false"
    assert keys["metrics.id"].required
    assert all(row.meaning for row in rows)
