from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.shaped import METRIC
from jipyo import config
from jipyo.analysis.coverage import Finding, Provider, examine, remedy
from jipyo.catalogue import Catalogue, Metric, MetricGroup, MetricQuery, load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW_MS = 1_795_186_800_000
CATALOGUE = load()
MISSING = pytest.mark.parametrize(
    "metric",
    [one for one in CATALOGUE.metrics if one.id != "system.collection.failed"],
    ids=lambda one: one.id,
)
"""All that is not written by jipyo itself at every reading."""


def findings(*series: dict[str, str], queries: Sequence[MetricQuery]) -> Finding:
    store = MemoryStore()
    for labels in series:
        store.put(Labels.of(labels), [NOW_MS - 60_000, NOW_MS], [1.0, 2.0])
    catalogue = Catalogue((replace(METRIC, queries=tuple(queries)),))
    (finding,) = examine(Embedded(store, Engine()), catalogue, NOW_MS)
    return finding


A = MetricQuery(exporter="first", promql="a")
B = MetricQuery(exporter="second", promql="b")


def test_a_metric_is_found_with_those_who_give_it() -> None:
    finding = findings(
        {"__name__": "a", "instance": "x", "cpu": "0"},
        {"__name__": "a", "instance": "x", "cpu": "1"},
        {"__name__": "b", "instance": "y"},
        queries=(A, B),
    )
    assert finding.given == (Provider("first", 2, "a"), Provider("second", 1, "b"))
    assert (finding.found, finding.series, finding.problem) == (True, 3, "")


def test_a_metric_without_data_is_missing() -> None:
    finding = findings(queries=(A, B))
    assert (finding.found, finding.series) == (False, 0)


def test_a_refused_question_is_said_and_the_others_go_on() -> None:
    finding = findings(queries=(MetricQuery(exporter="first", promql="sum("),))
    assert not finding.found
    assert "parse error" in finding.problem


def test_data_older_than_the_time_looked_at_does_not_count() -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "cpu"}), [NOW_MS - 3_600_000 * 2], [1.0])
    source = Embedded(store, Engine())
    (finding,) = examine(source, Catalogue((METRIC,)), NOW_MS)
    assert not finding.found
    (finding,) = examine(source, Catalogue((METRIC,)), NOW_MS, look_back_ms=3_600_000 * 3)
    assert finding.found


@MISSING
@pytest.mark.parametrize("lang", LANGS)
def test_a_missing_metric_has_lines_that_configure_it(metric: Metric, lang: Lang) -> None:
    said = remedy(metric, CATALOGUE, texts(lang))
    asked = [CATALOGUE.exporter(name) for name in {one.exporter for one in metric.queries}]
    known = [one for one in asked if one is not None]
    if "collect:" not in said:
        assert {one.id for one in known} == {"jipyo_gpu"}, "needs the driver and no lines"
        return
    written = config.parse(said[said.index("collect:") :], "jipyo.yaml").collect
    assert {job.name for job in written.scrape} == {one.job for one in known if one.url}
    direct = [one.native.section.value for one in known if one.native]
    assert len(written.databases) == direct.count("databases")
    assert len(written.probes) == direct.count("probes")
    if metric.group is MetricGroup.DATABASE:
        assert written.databases, "jipyo asks databases itself"


def test_what_we_collect_ourselves_is_said_first() -> None:
    metric = CATALOGUE.get("system.gpu.utilization")
    assert metric is not None
    first = remedy(metric, CATALOGUE, texts("ko")).splitlines()[0]
    assert first == (
        "NVIDIA 드라이버(libnvidia-ml.so.1)가 있으면 jipyo가 스스로 수집합니다."
        " 다른 호스트는 그곳의 dcgm-exporter를 읽습니다."
    )


def test_a_metrics_own_remedy_comes_before_its_exporters() -> None:
    metric = CATALOGUE.get("ai.model.accuracy")
    assert metric is not None
    assert remedy(metric, CATALOGUE, texts("en")).splitlines() == [
        "The evaluation job must export a gauge jipyo_model_accuracy_ratio{model, dataset}"
        " (0 to 1), or the counters jipyo_predictions_labelled_total and"
        " jipyo_predictions_correct_total.",
        "Add those of the following that exist here to jipyo.yaml, and adjust their addresses.",
        "collect:",
        "  scrape:",
        "    # jipyo_*: There is no standard name, so have the application or the evaluation"
        " job export metrics that begin with jipyo_, and read it.",
        '    - {job: eval, url: "http://127.0.0.1:8000/metrics"}',
    ]


def test_a_metric_of_exporters_nobody_knows_says_what_is_missing() -> None:
    assert remedy(METRIC, Catalogue(()), texts("ko")) == (
        "이 지표의 표현식에 해당하는 시계열을 내보내는 수집 대상이 있어야 합니다."
    )


def test_what_only_we_collect_needs_no_lines() -> None:
    metric = CATALOGUE.get("system.collection.failed")
    assert metric is not None
    assert remedy(metric, CATALOGUE, texts("en")) == (
        "jipyo writes it itself whenever it reads a target."
    )
