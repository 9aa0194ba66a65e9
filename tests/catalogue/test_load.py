from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jipyo.catalogue import (
    Across,
    Catalogue,
    Direction,
    MetricGroup,
    MetricQuery,
    Origin,
    Statistic,
    Summary,
    Unit,
    check_file,
    load,
)
from jipyo.catalogue.metric import Compare, Objective
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import CatalogueError
from jipyo.schema import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path

LEAST = """\
version: 1
metrics:
- id: shop.orders
  group: application
  name: {ko: 주문, en: Orders}
  description: {ko: 초당 주문, en: Orders a second}
  unit: per_second
  direction: lower_is_worse
  queries:
  - {exporter: shop, promql: 'sum(rate(orders_total[$w]))'}
"""
WHOLE = """\
version: 1
topics:
- {id: shop.orders, name: {ko: 주문, en: Orders}}
metrics:
- id: shop.orders
  group: application
  name: &orders {ko: 주문, en: Orders}
  description: *orders
  unit: per_second
  direction: lower_is_worse
  labels: [instance]
  required: true
  idle_without_data: true
  window: 1h30m
  thresholds:
    {warning: 10, critical: 5, for: 0m, recover: {critical: 7}, origin: default, note: *orders}
  objective: {compare: '>=', value: 20}
  report: {summaries: last, across: [sum, max]}
  remedy: {ko: 켜십시오, en: Turn it on}
  queries:
  - exporter: shop
    promql: 'sum by (host) (rate(orders_total[$w]))'
    statistic: mean
    fallback: true
    rename: {host: instance}
    note: *orders
exporters:
- id: shop
  name: Shop
  job: shop
  url: http://127.0.0.1/metrics
  setup: {ko: 읽습니다, en: Read it}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "shop.yaml"
    file.write_text(text, "utf-8")
    return file


def test_the_least_a_metric_needs_has_sensible_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, LEAST)
    (metric,) = check_file(file).metrics
    assert (metric.group, metric.unit) == (MetricGroup.APPLICATION, Unit.PER_SECOND)
    assert metric.direction is Direction.LOWER_IS_WORSE
    assert (metric.labels, metric.required, metric.idle_without_data, metric.window_ms) == (
        (),
        False,
        False,
        300_000,
    )
    assert (metric.thresholds, metric.objective, metric.remedy) == (None, None, None)
    assert metric.report.summaries == (Summary.AVG, Summary.P95, Summary.MAX)
    assert metric.report.across == (Across.MAX,)
    assert metric.queries == (MetricQuery(exporter="shop", promql="sum(rate(orders_total[$w]))"),)
    assert metric.queries[0].expression("5m") == "sum(rate(orders_total[5m]))"
    assert (metric.where, metric.topic) == (f"{file}:3", "shop.orders")


def test_every_key_is_read(tmp_path: Path) -> None:
    catalogue = check_file(written(tmp_path, WHOLE))
    (metric,), orders = catalogue.metrics, Bilingual("주문", "Orders")
    assert (orders("ko"), orders("en")) == ("주문", "Orders")
    limits, promised, query = metric.thresholds, metric.objective, metric.queries[0]
    assert limits is not None
    assert promised is not None
    assert (limits.warning, limits.critical, limits.for_ms) == (10, 5, 0)
    assert (limits.recover_warning, limits.recover_critical) == (None, 7)
    assert (limits.origin, limits.note) == (Origin.DEFAULT, orders)
    assert (promised.compare, promised.value, promised.origin) == (
        Compare.AT_LEAST,
        20,
        Origin.SITE,
    )
    assert metric.report.summaries == (Summary.LAST,)
    assert metric.report.across == (Across.SUM, Across.MAX)
    assert (metric.window_ms, metric.required, metric.idle_without_data) == (5_400_000, True, True)
    assert (query.statistic, query.fallback) == (Statistic.MEAN, True)
    assert (dict(query.rename), query.note) == ({"host": "instance"}, orders)
    assert catalogue.topic_name("shop.orders", "en") == "Orders"
    exporter = catalogue.find_exporter("shop")
    assert exporter is not None
    assert (exporter.name, exporter.builtin, exporter.job) == ("Shop", False, "shop")


@pytest.mark.parametrize(
    ("compare", "value", "met"),
    [("<=", 2, True), ("<=", 2.1, False), (">=", 2, True), (">=", 1.9, False)],
)
def test_an_objective_is_met_at_its_value_itself(compare: str, value: float, met: bool) -> None:
    objective = Objective(compare=Compare(compare), value=2, origin=Origin.SPECIFICATION, note=None)
    assert objective.is_met_by(value) is met


def test_a_site_adds_its_own_files(tmp_path: Path) -> None:
    catalogue = load(extra=[written(tmp_path, LEAST)])
    assert catalogue.get("shop.orders") is not None
    assert catalogue.get("system.cpu.utilization") is not None
    assert catalogue.get("shop.gone") is None


def test_a_site_cannot_describe_a_built_in_metric_again(tmp_path: Path) -> None:
    text = LEAST.replace("shop.orders", "system.cpu.load")
    with pytest.raises(CatalogueError) as caught:
        load(extra=[written(tmp_path, text)])
    assert "The metric system.cpu.load is already defined at builtin/system.yaml:" in texts(
        "en"
    ).error(caught.value)


def overridden(**keys: Any) -> Catalogue:
    return load({"system.cpu.utilization": keys})


def test_a_site_moves_a_threshold_and_the_rest_stays() -> None:
    metric = overridden(thresholds={"warning": 60}).get("system.cpu.utilization")
    assert metric is not None
    assert metric.thresholds is not None
    assert (metric.thresholds.warning, metric.thresholds.critical) == (60, 85)
    assert (metric.thresholds.for_ms, metric.thresholds.origin) == (300_000, Origin.SITE)
    assert metric.name.ko == "CPU 전체 사용률"


def test_a_site_may_say_whose_its_thresholds_are() -> None:
    metric = overridden(thresholds={"warning": 60, "origin": "specification"}).get(
        "system.cpu.utilization"
    )
    assert metric is not None
    assert metric.thresholds is not None
    assert metric.thresholds.origin is Origin.SPECIFICATION


def test_null_takes_a_key_out_and_a_metric_out() -> None:
    metric = overridden(thresholds=None, window="1m", labels=["instance"]).get(
        "system.cpu.utilization"
    )
    assert metric is not None
    assert (metric.thresholds, metric.window_ms) == (None, 60_000)
    assert load({"system.cpu.steal": None}).get("system.cpu.steal") is None
    assert overridden(remedy=None).get("system.cpu.utilization") is not None


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (
            {"system.cpu.utilisation": {}},
            "catalogue.metrics: There is no metric system.cpu.utilisation."
            " Did you mean system.cpu.utilization?",
        ),
        (
            {"zzz": {}},
            "catalogue.metrics: There is no metric zzz. `jipyo catalogue list` shows all metrics.",
        ),
        (
            {"system.cpu.load": {"thresholds": {"warning": 90}}},
            "catalogue.metrics: system.cpu.load.thresholds.warning: warning 90 is not below"
            " critical 85. For a metric where higher is worse, warning must be lower.",
        ),
        (
            {"system.cpu.load": {"id": "x.y"}},
            "catalogue.metrics: system.cpu.load.id: The id of a metric cannot be changed."
            " Remove this key.",
        ),
        (
            {"system.cpu.load": 3},
            "catalogue.metrics: system.cpu.load: 3 must be keys and values (name: value).",
        ),
        (
            {"system.cpu.load": {"labels": [1]}},
            "catalogue.metrics: system.cpu.load.labels[0]: 1 is not a label name. "
            "Use letters, digits and underscores, not starting with a digit.",
        ),
        (
            {"system.cpu.load": {"unti": {}, "labels": "x"}, "system.cpu.gone": None},
            "catalogue.metrics: There is no metric system.cpu.gone."
            " Did you mean system.cpu.load?\n"
            "catalogue.metrics: system.cpu.load.labels: x must be a list ([a, b]).\n"
            "catalogue.metrics: system.cpu.load: Unknown key unti. Did you mean unit?",
        ),
        ([1], "catalogue.metrics: […] must be keys and values (name: value)."),
    ],
)
def test_a_wrong_override_is_an_error(overrides: Any, text: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        load(overrides)
    assert texts("en").error(caught.value) == text
    assert texts("ko").error(caught.value)


def test_overrides_that_are_a_part_of_a_file_are_told_by_its_lines() -> None:
    tree = parse_yaml("a: 1\nmetrics:\n  system.cpu.load:\n    window: soon\n", "jipyo.yaml")
    assert tree.entries is not None
    with pytest.raises(CatalogueError) as caught:
        load(tree.entries["metrics"].node)
    assert texts("en").error(caught.value) == (
        "jipyo.yaml:4: metrics.system.cpu.load.window: soon is not a duration."
        " Write it like 30s, 5m or 1h30m."
    )


def test_a_direction_has_the_sign_of_what_is_worse() -> None:
    assert {direction.value: direction.sign for direction in Direction} == {
        "higher_is_worse": 1,
        "lower_is_worse": -1,
        "neutral": 0,
    }
