"""What to do for a metric without data: its lines of configuration are read back."""

from __future__ import annotations

import pytest

from analysis.shaped import METRIC
from jipyo.analysis.remedies import describe_remedy
from jipyo.catalogue import Catalogue, Metric, MetricGroup, load
from jipyo.config.load import parse
from jipyo.i18n import LANGS, Lang, texts

CATALOGUE = load()
MISSING = pytest.mark.parametrize(
    "metric",
    [
        one
        for one in CATALOGUE.metrics
        if one.topic != "system.collection" and {each.exporter for each in one.queries} != {"jipyo"}
    ],
    ids=lambda one: one.id,
)
"""All that is not written by jipyo itself at every reading."""


@MISSING
@pytest.mark.parametrize("lang", LANGS)
def test_a_missing_metric_has_lines_that_configure_it(metric: Metric, lang: Lang) -> None:
    text = describe_remedy(metric, CATALOGUE, texts(lang))
    asked = [CATALOGUE.find_exporter(name) for name in {one.exporter for one in metric.queries}]
    known = [one for one in asked if one is not None]
    if "collect:" not in text:
        assert {one.id for one in known} == {"jipyo_gpu"}, "needs the driver and no lines"
        return
    written = parse(text[text.index("collect:") :], "jipyo.yaml").collect
    assert {job.name for job in written.scrape} == {one.job for one in known if one.url}
    direct = {(one.native.section.value, one.native.entry) for one in known if one.native}
    assert len(written.databases) == sum(section == "databases" for section, _ in direct)
    assert len(written.probes) == sum(section == "probes" for section, _ in direct)
    if metric.group is MetricGroup.DATABASE:
        assert written.databases, "jipyo asks databases itself"


def test_what_we_collect_ourselves_is_said_first() -> None:
    metric = CATALOGUE.get("system.gpu.utilization")
    assert metric is not None
    first = describe_remedy(metric, CATALOGUE, texts("ko")).splitlines()[0]
    assert first == (
        "NVIDIA 드라이버(libnvidia-ml.so.1)가 있으면 jipyo가 직접 수집합니다."
        " 다른 호스트는 해당 호스트의 dcgm-exporter를 수집 대상으로 등록합니다."
    )


def test_a_metrics_own_remedy_comes_before_its_exporters() -> None:
    metric = CATALOGUE.get("ai.model.accuracy")
    assert metric is not None
    assert describe_remedy(metric, CATALOGUE, texts("en")).splitlines() == [
        "Export from the evaluation job the gauge jipyo_model_accuracy_ratio{model, dataset}"
        " (0 to 1), or the counters jipyo_predictions_labelled_total and"
        " jipyo_predictions_correct_total.",
        "Add those of the following that exist here to jipyo.yaml, and adjust their addresses.",
        "collect:",
        "  scrape:",
        "    # jipyo_*: There is no standard name; export metrics that begin with jipyo_"
        " from the application or the evaluation job, and scrape it.",
        '    - {job: eval, url: "http://127.0.0.1:8000/metrics"}',
    ]


def test_a_metric_of_exporters_nobody_knows_says_what_is_missing() -> None:
    assert describe_remedy(METRIC, Catalogue(()), texts("ko")) == (
        "이 지표의 표현식에 해당하는 시계열을 내보내는 수집 대상이 있어야 합니다."
    )


def test_what_only_we_collect_needs_no_lines() -> None:
    metric = CATALOGUE.get("system.collection.failed")
    assert metric is not None
    assert describe_remedy(metric, CATALOGUE, texts("en")) == (
        "jipyo records it itself at every scrape."
    )
