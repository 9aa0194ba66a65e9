"""Rules from the catalogue and from what a site sets."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from jipyo.alerts.options import AlertsOptions, RuleOptions
from jipyo.alerts.rule import (
    build_rule_id,
    find_keep_firing_ms,
    is_judged,
    list_metric_rules,
    split_rule_id,
)
from jipyo.analysis.prometheus_rules import name_alert
from jipyo.catalogue import Catalogue, Statistic, load

KNOWN = load()
CPU, LOSS, OUTAGE = "system.cpu.utilization", "system.gpu.lost", "system.collection.failed"
OPTIONS = AlertsOptions(interval_ms=15_000, keep_firing_ms=240_000)


def test_each_metric_with_thresholds_has_one_rule() -> None:
    rules = list(list_metric_rules(KNOWN, OPTIONS))
    judged = [metric for metric in KNOWN.metrics if metric.thresholds is not None]
    assert {rule.id for rule in rules} == {metric.id for metric in judged if is_judged(metric)}
    assert len({rule.name for rule in rules}) == len(rules) > 50
    assert all(rule.name == name_alert(rule.metric) for rule in rules)


@pytest.mark.parametrize(
    ("rule", "asks_servers", "interval_ms"),
    [
        (CPU, False, 15_000),
        (LOSS, False, 3000),
        (OUTAGE, False, 1500),
        (OUTAGE, True, 3000),
        (LOSS, True, 15_000),  # a day of samples each time is too much to ask
    ],
)
def test_outages_and_losses_are_looked_for_more_often(
    rule: str, asks_servers: bool, interval_ms: int
) -> None:
    rules = list_metric_rules(KNOWN, OPTIONS, asks_servers=asks_servers)
    assert [one.interval_ms for one in rules if one.id == rule] == [interval_ms]


@pytest.mark.parametrize(
    ("interval_ms", "loss_ms", "outage_ms"),
    [
        (1000, 1000, 1000),
        (5000, 1000, 1000),
        (7000, 1400, 1400),
        (15_000, 3000, 1500),
        (60_000, 12_000, 6000),
    ],
)
def test_the_hour_that_is_looked_back_fits_a_query(
    interval_ms: int, loss_ms: int, outage_ms: int
) -> None:
    options = AlertsOptions(interval_ms=interval_ms)
    intervals = {rule.interval_ms for rule in list_metric_rules(KNOWN, options)}
    assert intervals == {interval_ms, loss_ms, outage_ms}
    assert math.gcd(*intervals) == outage_ms, "moments that no rule has would be looked at"
    assert 3_600_000 / outage_ms < 11_000


def test_a_site_switches_a_rule_off() -> None:
    options = replace(OPTIONS, rules=((CPU, RuleOptions(enabled=False)),))
    assert CPU not in {rule.id for rule in list_metric_rules(KNOWN, options)}


@pytest.mark.parametrize(
    ("metric_id", "of_catalogue", "of_site", "keep_ms"),
    [
        (CPU, None, None, 240_000),  # by its kind
        (LOSS, None, None, 0),
        (OUTAGE, None, None, 0),
        (CPU, 60_000, None, 60_000),
        (OUTAGE, 60_000, None, 60_000),
        (CPU, 60_000, 0, 0),  # the site's word is the last
    ],
)
def test_how_long_an_alert_is_kept_firing(
    metric_id: str, of_catalogue: int | None, of_site: int | None, keep_ms: int
) -> None:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    assert metric.thresholds is not None
    thresholds = replace(metric.thresholds, keep_firing_ms=of_catalogue)
    options = replace(OPTIONS, rules=((metric_id, RuleOptions(keep_firing_ms=of_site)),))
    assert find_keep_firing_ms(replace(metric, thresholds=thresholds), options) == keep_ms


def test_a_metric_of_means_alone_has_no_rule() -> None:
    metric = KNOWN.get(CPU)
    assert metric is not None
    means = tuple(replace(query, statistic=Statistic.MEAN) for query in metric.queries)
    catalogue = Catalogue((replace(metric, queries=means),))
    assert list(list_metric_rules(catalogue, OPTIONS)) == []


@pytest.mark.parametrize("name", ["Down", "I/O wait", "a/b/c", "CPU > 90%", "%2F", "", "/"])
def test_the_id_of_a_rule_gives_its_names_back(name: str) -> None:
    rule_id = build_rule_id("rules.yaml", f"group {name}", name)
    assert rule_id.count("/") == 2
    assert split_rule_id(rule_id) == ("rules.yaml", f"group {name}", name)


def test_an_id_of_another_kind_is_a_name() -> None:
    assert split_rule_id("system.cpu.utilization") == ("", "", "system.cpu.utilization")
