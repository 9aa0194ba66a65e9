"""The grouping that rules and a site's settings give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.rule import MetricRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule import Rule

_LOAD_TOPICS = ("ai.", "app.")
"""Metrics of what a service does for its users begin so."""


def build_grouping(
    rules: Iterable[Rule], options: AlertsOptions, hosts: Mapping[str, str] | None = None
) -> IncidentGrouping:
    """How alerts of these rules are put together; `hosts` are other names of hosts."""
    rules = list(rules)
    metrics = [rule.metric for rule in rules if isinstance(rule, MetricRule)]
    return IncidentGrouping(
        join_ms=options.join_ms,
        interval_ms=options.interval_ms,
        intervals={rule.id: rule.interval_ms for rule in rules},
        outage_rules=frozenset(one.id for one in metrics if one.outage),
        loss_rules=frozenset(one.id for one in metrics if one.loss),
        load_rules=frozenset(
            one.id
            for one in metrics
            if one.id.startswith(_LOAD_TOPICS) and not one.outage and not one.loss
        ),
        dependencies=options.dependencies,
        hosts={} if hosts is None else hosts,
    )
