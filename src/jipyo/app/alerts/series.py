"""`ALERTS` and `ALERTS_FOR_STATE`, as Prometheus writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.rule import MetricRule
from jipyo.app.insight.series import identify
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricMetadata, MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jipyo.alerts.alert import Alert
    from jipyo.alerts.rule import AlertRule

ALERTS, FOR_STATE = "ALERTS", "ALERTS_FOR_STATE"
METADATA = (
    MetricMetadata(ALERTS, MetricType.GAUGE, "1 for each alert that is pending or firing."),
    MetricMetadata(FOR_STATE, MetricType.GAUGE, "When the condition of an alert began."),
)


def build_alert_series(
    alerts: Iterable[Alert], rules: Mapping[str, AlertRule], own: Labels
) -> Iterator[tuple[Labels, float]]:
    """Both series of each alert; `own` are job and instance where it has none.

    An open alert is firing there, as Prometheus has no word for one that recovers.
    """
    for alert in alerts:
        rule = rules.get(alert.key.rule)
        if rule is None:
            continue
        labels = label_alert_series(alert, rule, own)
        word = "pending" if alert.state is AlertState.PENDING else "firing"
        yield labels.put({METRIC_NAME: ALERTS, "alertstate": word}), 1.0
        yield labels.put({METRIC_NAME: FOR_STATE}), alert.active_ms / 1000


def label_alert_series(alert: Alert, rule: AlertRule, own: Labels) -> Labels:
    """The labels that both series of an alert have, without their names."""
    if isinstance(rule, MetricRule):
        about = identify(rule.id, alert.key.labels, own)
        return about.put({"alertname": rule.name, "severity": alert.severity.state.value})
    return alert.key.labels.put({"alertname": rule.name})
