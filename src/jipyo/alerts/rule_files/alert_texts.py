"""The labels and annotations of the alerts of rule files, filled as Prometheus fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.answers import bind_query
from jipyo.alerts.rule_files.template import AlertData, Surroundings, expand_template
from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.rule import ExpressionRule, Pairs
    from jipyo.source.base import Source


def label_alert(
    rule: ExpressionRule, labels: Labels, value: float, source: Source, t_ms: int
) -> Labels:
    """The labels of the alert of a series, which the rule's own are set over.

    All but `alertname`, which is the rule's name whatever the series has.

    Raises:
        SourceError: a template asks the source, which failed.
    """
    own = _fill(rule, rule.labels, labels, value, source, t_ms)
    return labels.drop((METRIC_NAME,)).put(dict(own)).drop(("alertname",))


def annotate_alert(
    rule: ExpressionRule, labels: Labels, value: float, source: Source, t_ms: int
) -> Pairs:
    """The annotations of an alert; `labels` are those of the series or of the alert.

    Raises:
        SourceError: a template asks the source, which failed.
    """
    return tuple(_fill(rule, rule.annotations, labels, value, source, t_ms))


def _fill(
    rule: ExpressionRule, texts: Pairs, labels: Labels, value: float, source: Source, t_ms: int
) -> Iterator[tuple[str, str]]:
    data = AlertData(dict(labels), {}, rule.external_url, value)
    around = Surroundings(t_ms, bind_query(source, t_ms), rule.external_url)
    for name, text in texts:
        yield name, expand_template(text, rule.name, data, around)
