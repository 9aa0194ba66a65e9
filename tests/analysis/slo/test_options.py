"""What a site writes becomes objectives: of a metric, of its own counters, of minutes."""

from __future__ import annotations

import pytest

from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    RatioIndicator,
    ServiceLevelObjective,
    SloBasis,
    TimeIndicator,
)
from jipyo.analysis.slo.options import build_objectives
from jipyo.catalogue import load
from jipyo.config.load import parse
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

CATALOGUE = load()


def build(*entries: str) -> dict[str, ServiceLevelObjective]:
    text = "".join(f"  - {{{entry}}}\n" for entry in entries)
    slo = parse(f"slo:\n  objectives:\n{text}", "jipyo.yaml").slo
    return {one.id: one for one in build_objectives(slo, CATALOGUE)}


def test_a_share_of_the_catalogue_counts_its_requests_with_the_labels_of_the_metric() -> None:
    found = build("name: good, metric: ai.goodput.response, target: 99")["good"]
    assert found.target_labels == ("model", "server")
    assert found.name == CATALOGUE.get("ai.goodput.response").name  # type: ignore[union-attr]
    assert {type(one) for one in found.indicators} == {RatioIndicator}


def test_a_latency_of_the_catalogue_takes_another_limit() -> None:
    found = build("name: fast, metric: app.response_time, within: 500ms, target: 90")["fast"]
    limits = {one.within_s for one in found.indicators if isinstance(one, LatencyIndicator)}
    assert limits == {0.5}


def test_any_metric_can_make_minutes_good() -> None:
    found = build("name: full, metric: system.disk.utilization, at_most: 90, target: 99")["full"]
    assert found.basis is SloBasis.TIME
    assert {type(one) for one in found.indicators} == {TimeIndicator}


def test_counters_of_ones_own_are_counted_by_labels() -> None:
    found = build("name: own, total: x_total, good: 'x_total{ok=\"1\"}', by: [job], target: 99.95%")
    (indicator,) = found["own"].indicators
    assert indicator == RatioIndicator(
        "sum by (job) (increase(x_total[$w] anchored))",
        good='sum by (job) (increase(x_total{ok="1"}[$w] anchored))',
    )
    assert float(found["own"].target) == 0.9995


def test_an_objective_of_the_site_takes_the_place_of_one_of_the_specification() -> None:
    names = list(build("name: app-error-rate, metric: app.error_rate, target: 99.5"))
    assert names == ["app-response-time", "ai-inference-time", "app-error-rate"]
    assert build_objectives(None, CATALOGUE) == ()


def test_all_mistakes_about_metrics_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        build(
            "name: a, metric: app.nothing, target: 99",
            "name: b, metric: app.response_time, target: 99",
            "name: c, metric: app.error_rate, within: 1s, target: 99",
            "name: d, metric: system.cpu.load, target: 99",
        )
    assert texts("en").error(caught.value).splitlines() == [
        "jipyo.yaml:3: slo.objectives[0]: There is no metric app.nothing in the catalogue. "
        "`jipyo catalogue list` shows them.",
        "jipyo.yaml:4: slo.objectives[1]: app.response_time is a latency. Say how long a good "
        "request may take, such as within: 2s.",
        "jipyo.yaml:5: slo.objectives[2]: app.error_rate is no latency of requests, so `within` "
        "has no meaning for it.",
        "jipyo.yaml:6: slo.objectives[3]: system.cpu.load does not count requests. Count its "
        "minutes instead: at_most or at_least.",
    ]
