"""The labels and annotations of the alerts of rule files, filled as Prometheus fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.answers import bind_query
from jipyo.alerts.rule_files.template import AlertData, Surroundings, expand_template
from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from jipyo.alerts.rule import ExpressionRule, Pairs
    from jipyo.alerts.rule_files.template import AskQuery
    from jipyo.source.base import Source


def label_alert(
    rule: ExpressionRule, labels: Labels, value: float, source: Source, t_ms: int
) -> Labels:
    """The labels of the alert of a series, which the rule's own are set over.

    All but `alertname`, which is the rule's name whatever the series has.

    Raises:
        SourceError: a template asks the source, which failed.
    """
    own = fill_texts(rule, rule.labels, labels, value, t_ms, bind_query(source, t_ms))
    return labels.drop((METRIC_NAME,)).put(dict(own)).drop(("alertname",))


def fill_texts(
    rule: ExpressionRule, texts: Pairs, labels: Labels, value: float, t_ms: int, ask: AskQuery
) -> Pairs:
    """Labels or annotations of a rule, with their templates filled for one alert.

    Args:
        rule: whose texts they are.
        texts: its labels or its annotations.
        labels: of the series, or of its alert.
        value: of the series.
        t_ms: the moment of the evaluation.
        ask: the function `query`; what it raises beside a TemplateError goes through.
    """
    data = AlertData(dict(labels), {}, rule.external_url, value)
    around = Surroundings(t_ms, ask, rule.external_url)
    return tuple((name, expand_template(text, rule.name, data, around)) for name, text in texts)
