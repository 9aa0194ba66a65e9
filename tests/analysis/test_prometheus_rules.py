"""The catalogue as rules: what they record and when they fire, beside our own judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from catalogue.pages import filled
from jipyo.analysis.prometheus_rules import name_record, write_rules
from jipyo.catalogue import Direction, Metric, Statistic, Thresholds, load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.labels import Labels
from jipyo.model.result import Vector
from jipyo.promql import Engine, parse
from jipyo.source import Embedded
from jipyo.source.dialect import EVERYTHING, METRICSQL, PROMETHEUS_2, PROMETHEUS_3
from jipyo.source.metric_data import read_metric
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW_MS = 1_795_186_800_000
METRICS = load().metrics
EN = texts("en")


def rules_of(*metrics: Metric, lang: Lang = "en") -> list[dict[str, Any]]:
    text = write_rules(metrics, EVERYTHING, texts(lang)).text
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def metric_of(metric_id: str, thresholds: Thresholds | None = None) -> Metric:
    [metric] = [one for one in METRICS if one.id == metric_id]
    return metric if thresholds is None else replace(metric, thresholds=thresholds)


def fill(metric: Metric, first: int) -> MemoryStore:
    """Series for the queries from the `first` on: of a target that all share, and one each."""
    store = MemoryStore()
    for number, query in reversed([*enumerate(metric.queries)][first:]):
        made = filled(query.expression("5m"), NOW_MS)
        for target in (f"t{number}", "x"):
            for block in made.select([], 0, NOW_MS):
                for labels, row in zip(block.series, block.values, strict=True):
                    named = {k: target if v == "x" else v for k, v in labels.pairs}
                    store.put(Labels.of(named), block.t_ms.tolist(), row.tolist())
    return store


@pytest.mark.parametrize("metric", METRICS, ids=[metric.id for metric in METRICS])
def test_a_recording_rule_gives_what_the_metric_is_read_as(metric: Metric) -> None:
    [record] = [rule for rule in rules_of(metric) if "record" in rule]
    for first in range(len(metric.queries)):
        source = Embedded(fill(metric, first), Engine())
        data = read_metric(source, metric, NOW_MS, NOW_MS, 60_000)
        answer = source.instant(record["expr"], NOW_MS).value
        assert isinstance(answer, Vector)
        recorded = {
            labels.drop(["statistic", "__name__"]): value
            for labels, value in zip(answer.series, answer.values.tolist(), strict=True)
        }
        read = dict(zip(data.matrix.series, data.matrix.values[:, 0].tolist(), strict=True))
        assert recorded == read
        means = {labels for labels in answer.series if labels.get("statistic", "") == "mean"}
        assert len(means) == sum(one.statistic is Statistic.MEAN for one in data.queries)


def test_an_alternative_fills_in_where_the_first_has_no_number() -> None:
    metric = metric_of("system.cpu.utilization")
    store = MemoryStore()
    times = range(NOW_MS - 600_000, NOW_MS + 1, 60_000)
    for name, mode in (("node_cpu_seconds_total", "idle"), ("windows_cpu_time_total", "idle")):
        for at, value in ((0, 0.0), (30, 30.0)):
            labels = {"__name__": name, "mode": mode, "instance": "h", "cpu": str(at)}
            steps = np.arange(len(times)) * (value if name.startswith("windows") else 0.0)
            store.put(Labels.of(labels), times, steps)
    [record, *_] = rules_of(metric)
    answer = Embedded(store, Engine()).instant(record["expr"], NOW_MS).value
    assert isinstance(answer, Vector)
    assert answer.values.tolist() == [75.0]  # node's is 0/0


LEVELS = Thresholds(
    warning=70, critical=85, for_ms=300_000, recover_warning=60, recover_critical=80
)


def test_a_level_with_a_recovery_threshold_is_held_while_it_fires() -> None:
    _, _, critical = rules_of(metric_of("system.cpu.utilization", LEVELS))
    record = "instance:system_cpu_utilization_percent:rate5m"
    assert critical["expr"].splitlines() == [
        f"last_over_time({record}[61s]) >= 85",
        "or",
        f"  last_over_time({record}[61s]) > 80",
        "  and ignoring (alertname, alertstate, severity, metric, unit)",
        '  ALERTS{alertname="SystemCpuUtilization", alertstate="firing", severity="critical"}',
    ]
    assert critical["for"] == "5m"
    assert critical["labels"] == {
        "severity": "critical",
        "metric": "system.cpu.utilization",
        "unit": "percent",
    }


def test_where_lower_is_worse_the_comparisons_are_turned() -> None:
    levels = Thresholds(warning=95, recover_warning=97, for_ms=0)
    metric = replace(
        metric_of("system.cpu.utilization", levels), direction=Direction.LOWER_IS_WORSE
    )
    _, warning = rules_of(metric)
    assert "]) <= 95" in warning["expr"]
    assert "]) < 97" in warning["expr"]
    assert "for" not in warning


def test_a_mean_is_recorded_and_never_alerted() -> None:
    rules = rules_of(metric_of("app.response_time"))
    assert '"statistic", "mean"' in rules[0]["expr"]
    assert all('{statistic=""}' in rule["expr"] for rule in rules[1:])
    only_means = metric_of("app.response_time")
    queries = tuple(replace(query, statistic=Statistic.MEAN) for query in only_means.queries)
    assert len(rules_of(replace(only_means, queries=queries))) == 1


def test_a_site_may_drop_and_change_thresholds() -> None:
    changed = load({"system.cpu.utilization": {"thresholds": {"warning": 55}}}).metrics
    [metric] = [one for one in changed if one.id == "system.cpu.utilization"]
    assert rules_of(metric)[1]["expr"].endswith(">= 55")
    assert len(rules_of(replace(metric, thresholds=None))) == 1


@pytest.mark.parametrize(
    ("lang", "summary", "description"),
    [
        (
            "en",
            "{{ $labels.instance }} (gpu {{ $labels.gpu }}): GPU temperature "
            '{{ $value | printf "%.4g" }} °C (critical threshold 85 °C)',
            "At or above the critical threshold of 85 °C for 5 min",
        ),
        (
            "ko",
            "{{ $labels.instance }} (gpu {{ $labels.gpu }}): GPU 온도 "
            '{{ $value | printf "%.4g" }}°C (위험 임계치 85°C)',
            "위험 임계치 85°C 이상 5분 지속.",
        ),
    ],
)
def test_annotations_name_target_value_and_threshold(
    lang: Lang, summary: str, description: str
) -> None:
    levels = Thresholds(critical=85, for_ms=300_000)
    _, critical = rules_of(metric_of("system.gpu.temperature", levels), lang=lang)
    assert critical["annotations"]["summary"] == summary
    assert description in critical["annotations"]["description"]


def test_a_description_begins_as_the_catalogue_has_it_in_korean() -> None:
    metric = metric_of("system.disk.utilization")
    _, warning, _ = rules_of(metric, lang="ko")
    assert warning["annotations"]["description"].startswith("df 기준 사용률: ")


@pytest.mark.parametrize("dialect", [PROMETHEUS_2, METRICSQL, PROMETHEUS_3, EVERYTHING])
@pytest.mark.parametrize("lang", LANGS)
def test_the_whole_catalogue_is_written_the_same_every_time(lang: Lang, dialect: Any) -> None:
    rules = write_rules(METRICS, dialect, texts(lang))
    assert rules == write_rules(load().metrics, dialect, texts(lang))
    fraction = [("app.response_time.within_objective", "otel_semconv")]
    left_out = [(one.metric_id, one.exporter) for one in rules.left_out]
    assert left_out == (fraction if dialect == PROMETHEUS_2 else [])
    assert rules.records == len(METRICS)
    assert "$w" not in rules.text
    groups = yaml.safe_load(rules.text)["groups"]
    assert len({group["name"] for group in groups}) == len(groups)


def test_a_query_that_a_server_cannot_answer_is_left_out_and_named() -> None:
    metric = metric_of("system.cpu.load")
    query = replace(metric.queries[0], exporter="otel", promql='sum by ("http.host") (x)')
    rules = write_rules([replace(metric, queries=(query, *metric.queries))], PROMETHEUS_2, EN)
    assert [(one.metric_id, one.exporter) for one in rules.left_out] == [(metric.id, "otel")]
    assert "http.host" not in rules.text
    assert rules.records == 1
    assert not write_rules([replace(metric, queries=(query,))], PROMETHEUS_2, EN).records


def test_records_have_names_of_their_own() -> None:
    names: Sequence[str] = [name_record(metric) for metric in METRICS]
    assert len(set(names)) == len(names)
    for name in names:
        parse(name)
        assert name.count(":") == 2
