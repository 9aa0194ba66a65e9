"""Rules: what is evaluated at the moments of a grid, and when it becomes an alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.prometheus_rules import name_alert
from jipyo.analysis.thresholds import Severity
from jipyo.catalogue import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.options import AlertsOptions
    from jipyo.catalogue import Catalogue, Metric

INTERVAL_MS = 15_000
SWIFT_PARTS = 5
"""Outages and losses are looked for so many times an interval: two failed readings take as long
as they take, and what comes on top should be little."""
SWIFT_INTERVAL_MS = 1000
"""No more often than this, though: the hour that is looked back has to fit a query's points."""
OUTAGE_PARTS = 2
"""Outages are looked for so many times as often as losses, where both fit."""

Pairs = tuple[tuple[str, str], ...]
"""Names and values in the order of the file."""


def build_rule_id(file: str, group: str, name: str) -> str:
    """The id of a rule of a file; a `/` of a name is written `%2F`, and `%` `%25`."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in (file, group, name))


def split_rule_id(rule_id: str) -> tuple[str, str, str]:
    """File, group and name of a rule of a file; of another id only a name."""
    if rule_id.count("/") < 2:
        return "", "", rule_id
    parts = rule_id.rsplit("/", 2)
    file, group, name = (part.replace("%2F", "/").replace("%25", "%") for part in parts)
    return file, group, name


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRule:
    """The thresholds of a catalogue metric, evaluated through its queries."""

    metric: Metric
    interval_ms: int = INTERVAL_MS
    keep_firing_ms: int = 0
    """How long it is kept firing once its condition has ended."""

    @property
    def id(self) -> str:
        """The id of the metric."""
        return self.metric.id

    @property
    def name(self) -> str:
        """The name of its alerts, as the label `alertname` has it."""
        return name_alert(self.metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionRule:
    """An alerting rule of a rule file: each series of the answer is an alert, as in Prometheus.

    A series that is no longer in the answer has ended; only an answer that failed or is
    incomplete leaves the alerts as they are.
    """

    id: str
    """`FILE/GROUP/ALERT`."""
    name: str
    expression: str
    interval_ms: int = INTERVAL_MS
    for_ms: int = 0
    keep_firing_ms: int = 0
    labels: Pairs = ()
    """May have templates."""
    annotations: Pairs = ()
    """May have templates."""
    offset_ms: int = 0
    """How long before the moment the expression is evaluated, for samples that come late."""
    limit: int = 0
    """How many alerts it may give; 0 for any number."""
    external_url: str = ""
    """Where jipyo is seen from outside, for templates."""

    @property
    def severity(self) -> Severity:
        """By the label `severity`: what a person is woken for is critical, all else a warning."""
        severity = dict(self.labels).get("severity", "").lower()
        return Severity.CRITICAL if severity in {"critical", "page"} else Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """A recording rule of a rule file: its answer is stored as series of another name."""

    id: str
    record: str
    expression: str
    interval_ms: int = INTERVAL_MS
    labels: Pairs = ()
    offset_ms: int = 0
    """How long before the moment the expression is evaluated."""
    limit: int = 0
    """How many series it may give; 0 for any number."""


AlertRule = MetricRule | ExpressionRule
Rule = AlertRule | RecordingRule


def list_metric_rules(
    catalogue: Catalogue, options: AlertsOptions, *, asks_servers: bool = False
) -> Iterator[MetricRule]:
    """A rule for each metric that has thresholds and a query that they apply to.

    Where other servers are asked, losses are looked for once an interval, as they need a day each,
    and outages as often as losses are elsewhere.
    """
    for metric in catalogue.metrics:
        if is_judged(metric) and options.rule(metric.id).enabled:
            yield MetricRule(
                metric=metric,
                interval_ms=_find_interval(metric, options.interval_ms, asks_servers=asks_servers),
                keep_firing_ms=find_keep_firing_ms(metric, options),
            )


def _find_interval(metric: Metric, interval_ms: int, *, asks_servers: bool) -> int:
    """How often a metric is judged; each kind at moments that divide those of the slower ones."""
    if not (metric.outage or (metric.loss and not asks_servers)):
        return interval_ms
    swift_ms = max(interval_ms // SWIFT_PARTS, SWIFT_INTERVAL_MS)
    outage_ms = swift_ms // OUTAGE_PARTS
    is_short = metric.outage and not asks_servers and outage_ms >= SWIFT_INTERVAL_MS
    return outage_ms if is_short else swift_ms


def is_judged(metric: Metric) -> bool:
    """Whether thresholds apply to it: a mean alone says nothing about a percentile."""
    return metric.thresholds is not None and any(
        query.statistic is Statistic.FULL for query in metric.queries
    )


def find_keep_firing_ms(metric: Metric, options: AlertsOptions) -> int:
    """How long the alerts of a metric are kept firing after their condition has ended.

    By the site's rule, by the catalogue, or by its kind: an outage or a loss ends with the first
    good reading.
    """
    assert metric.thresholds is not None, f"BUG: {metric.id} has no thresholds"
    of_kind = 0 if metric.outage or metric.loss else options.keep_firing_ms
    choices = (options.rule(metric.id).keep_firing_ms, metric.thresholds.keep_firing_ms, of_kind)
    return next(choice for choice in choices if choice is not None)
