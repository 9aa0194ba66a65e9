"""The rules and their alerts as Prometheus' API lists them: in groups, a rule for each level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.alerts.rule import MetricRule, RecordingRule, split_rule_id
from jipyo.alerts.rule_files.alert_texts import fill_texts
from jipyo.alerts.rule_files.answers import bind_query
from jipyo.alerts.rule_groups import ActiveAlert, RuleGroupStatus, RuleStatus
from jipyo.analysis.thresholds import list_levels
from jipyo.catalogue import Direction
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError
from jipyo.model.labels import Labels
from jipyo.promql.syntax.printer import format_number
from jipyo.source.metric_data import choose_rate_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.alerts.alert import Alert
    from jipyo.alerts.evaluation import RuleMemory
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule import ExpressionRule, Rule
    from jipyo.analysis.thresholds import SeverityLevel
    from jipyo.i18n import Lang, Texts
    from jipyo.source.base import Source

    EvaluatedRule = tuple[Rule, RuleMemory, Exception | None]
    """A rule with what it has come to and why its last evaluation failed."""

CATALOGUE = "catalogue"
"""Stands for the file of the rules that the catalogue gives."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What rules are described by."""

    options: AlertsOptions
    t: Texts
    source: Source


def list_groups(
    evaluated: Iterable[EvaluatedRule], options: AlertsOptions, lang: Lang, source: Source
) -> tuple[RuleGroupStatus, ...]:
    """The groups of files, and of the catalogue one for each topic, in their order.

    The annotations of alerts are filled now; `source` answers what they ask.

    Raises:
        SourceError: the source failed.
    """
    groups: dict[tuple[str, str], list[EvaluatedRule]] = {}
    for one in evaluated:
        groups.setdefault(_find_group(one[0]), []).append(one)
    return tuple(
        _build_group(file, name, members, _Words(options, texts(lang), source))
        for (file, name), members in groups.items()
    )


def _find_group(rule: Rule) -> tuple[str, str]:
    if isinstance(rule, MetricRule):
        return CATALOGUE, rule.metric.topic
    file, group, _ = split_rule_id(rule.id)
    return file, group


def _build_group(
    file: str, name: str, members: Sequence[EvaluatedRule], words: _Words
) -> RuleGroupStatus:
    moments = [memory.evaluated_ms for _, memory, _ in members if memory.evaluated_ms is not None]
    return RuleGroupStatus(
        name=name,
        file=file,
        interval_ms=min(rule.interval_ms for rule, _, _ in members),
        rules=tuple(status for one in members for status in _build_rules(one, words)),
        evaluated_ms=max(moments, default=None),
    )


def _build_rules(evaluated: EvaluatedRule, words: _Words) -> Iterator[RuleStatus]:
    rule, memory, error = evaluated
    options, t = words.options, words.t
    reason = t.error(error) if isinstance(error, JipyoError) else str(error or "")
    alerts = [one.alert.alert for one in memory.series.values() if one.alert.alert is not None]
    if isinstance(rule, RecordingRule):
        yield RuleStatus(
            name=rule.record,
            query=rule.expression,
            labels=Labels.of(rule.labels),
            is_recording=True,
            error=reason,
            evaluated_ms=memory.evaluated_ms,
        )
    elif isinstance(rule, MetricRule):
        thresholds = rule.metric.thresholds
        assert thresholds is not None, f"BUG: {rule.id} has no thresholds"
        for level in list_levels(thresholds):
            severity = {"severity": level.severity.state.value}
            of_level = [alert for alert in alerts if alert.severity is level.severity]
            yield RuleStatus(
                name=rule.name,
                query=_write_query(rule, level),
                labels=Labels.of({**severity, "metric": rule.id}),
                annotations=_annotate(rule, level, options, t),
                for_ms=thresholds.for_ms,
                keep_firing_ms=rule.keep_firing_ms,
                alerts=tuple(_build_alert(rule.name, alert, severity) for alert in of_level),
                error=reason,
                evaluated_ms=memory.evaluated_ms,
            )
    else:
        yield RuleStatus(
            name=rule.name,
            query=rule.expression,
            labels=Labels.of(rule.labels),
            annotations=rule.annotations,
            for_ms=rule.for_ms,
            keep_firing_ms=rule.keep_firing_ms,
            alerts=tuple(_build_file_alert(rule, alert, memory, words.source) for alert in alerts),
            error=reason,
            evaluated_ms=memory.evaluated_ms,
        )


def _write_query(rule: MetricRule, level: SeverityLevel) -> str:
    """The first query of the metric, and the level with which its values are compared."""
    window = choose_rate_window(rule.metric, rule.interval_ms)
    sign = "<=" if rule.metric.direction is Direction.LOWER_IS_WORSE else ">="
    query = rule.metric.queries[0].expression(window)
    return f"({query}) {sign} {format_number(level.threshold)}"


def _annotate(
    rule: MetricRule, level: SeverityLevel, options: AlertsOptions, t: Texts
) -> tuple[tuple[str, str], ...]:
    threshold = t.number(level.threshold, rule.metric.unit.value)
    side = "below" if rule.metric.direction is Direction.LOWER_IS_WORSE else "above"
    reached = t(f"rules.reached.{side}.{level.severity.state.value}", threshold=threshold)
    summary = f"{rule.metric.name(t.lang)}: {reached}"
    runbook = options.rule(rule.id).runbook
    texts_ = (("summary", summary), ("description", rule.metric.description(t.lang)))
    return (*texts_, ("runbook_url", runbook)) if runbook else texts_


def _build_file_alert(
    rule: ExpressionRule, alert: Alert, memory: RuleMemory, source: Source
) -> ActiveAlert:
    shown = _build_alert(rule.name, alert, {})
    t_ms = alert.active_ms if memory.evaluated_ms is None else memory.evaluated_ms
    ask = bind_query(source, t_ms)
    filled = fill_texts(rule, rule.annotations, alert.key.labels, shown.value, t_ms, ask)
    return replace(shown, annotations=filled)


def _build_alert(name: str, alert: Alert, severity: dict[str, str]) -> ActiveAlert:
    return ActiveAlert(
        labels=alert.key.labels.put({"alertname": name, **severity}),
        state=alert.state,
        active_ms=alert.active_ms,
        keep_firing_ms=alert.ended_ms,
        value=float("nan") if alert.value is None else alert.value,
    )
