"""The catalogue as rules of Prometheus, for a site that alerts in its own stack.

A rule file judges as `thresholds` does, as far as PromQL can:

- One recording rule a metric. Of its queries, for each target the first with data is recorded,
  as `source.metric_data` reads it: `a or on (instance) b` keeps all of `a`, and of `b` the series
  of targets that `a` does not have. NaN counts as no data.
- One alert a level. It is reached at the value itself and fires after the alert duration. A level
  with a recovery threshold goes on while it fires (`ALERTS`) and the value has not reached that.
- A missing minute takes over the value before it, as `GRACE_MS` has it, so no
  `keep_firing_for` is needed, which would prolong every alert.

What PromQL cannot do: the choice between queries is made anew at every evaluation and not once
a range, and a host that is collected under two names is two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from jipyo.analysis.thresholds import GRACE_MS, list_levels
from jipyo.catalogue import SERVER, Direction, Statistic
from jipyo.model.duration import format_duration
from jipyo.model.errors import QueryError
from jipyo.promql import parse
from jipyo.promql.syntax.ast import Aggregate, Call, Expr, MatrixSelector, walk
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.printer import format_number
from jipyo.source.dialect import translate_promql
from jipyo.source.metric_data import choose_rate_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.thresholds import SeverityLevel
    from jipyo.catalogue import Metric, MetricQuery
    from jipyo.i18n import Texts
    from jipyo.source.dialect import Dialect

INTERVAL_MS = 60_000
"""Between two evaluations: reports and the dashboard judge one-minute values."""
_MEAN = "statistic"
"""The label of a series that is only a mean, which no alert is about."""
_OWN_LABELS = ("alertname", "alertstate", "severity", "metric", "unit")
"""What ALERTS has beside the labels of the series."""
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_PLAIN_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_WIDTH = 1 << 20


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A query that has no form in the dialect."""

    metric_id: str
    exporter: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file, as text, and what is not in it."""

    text: str
    records: int
    alerts: int
    left_out: tuple[LeftOut, ...]


def write_rules(metrics: Sequence[Metric], dialect: Dialect, t: Texts) -> RuleFile:
    """The rule file of these metrics, a group for each topic; the same for the same catalogue.

    Args:
        metrics: with the site's thresholds.
        dialect: what the server that evaluates the rules understands.
        t: the language of summaries and descriptions.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    left_out: list[LeftOut] = []
    for metric in metrics:
        queries = [*_translate_queries(metric, dialect, left_out)]
        if queries:
            rules = groups.setdefault(metric.topic, [])
            rules.append(_build_record(metric, queries))
            rules.extend(_build_alerts(metric, t))
    rules = [rule for rules in groups.values() for rule in rules]
    records = sum("record" in rule for rule in rules)
    document = {
        "groups": [
            {"name": f"jipyo:{topic}", "interval": format_duration(INTERVAL_MS), "rules": rules}
            for topic, rules in groups.items()
        ]
    }
    text = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return RuleFile(text, records, len(rules) - records, tuple(left_out))


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        """A text: in a block where it has several lines."""
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


# --- recording


def name_record(metric: Metric) -> str:
    """The name of a metric's recording rule, as `level:metric:operation`.

    The level are its labels; the operation is what its first query does to samples, with the
    window where it has one: `instance:system_cpu_utilization_percent:rate5m`.
    """
    level = "_".join(metric.labels) or "global"
    name = f"{metric.id}_{metric.unit.value}"
    operation = _name_operation(parse(metric.queries[0].expression(_window(metric)), ALL), metric)
    return ":".join(_NO_NAME.sub("_", part) for part in (level, name, operation))


def _name_operation(tree: Expr, metric: Metric) -> str:
    operation = "last"
    for node in walk(tree):
        match node:
            case Call(function=function, args=(*_, MatrixSelector())):
                return function.name.removesuffix("_over_time") + _window(metric)
            case Aggregate(op=op) if operation == "last":
                operation = op.name
            case _:
                pass
    return operation


def _window(metric: Metric) -> str:
    return choose_rate_window(metric, INTERVAL_MS)


def _translate_queries(
    metric: Metric, dialect: Dialect, left_out: list[LeftOut]
) -> Iterator[tuple[MetricQuery, str]]:
    """The queries in the order in which they are tried, in the terms of the dialect."""
    for query in sorted(metric.queries, key=lambda query: query.fallback):
        try:
            yield query, translate_promql(query.expression(_window(metric)), dialect)
        except QueryError as error:
            left_out.append(LeftOut(metric.id, query.exporter, error.message))


def _build_record(metric: Metric, queries: Sequence[tuple[MetricQuery, str]]) -> dict[str, Any]:
    lines: list[str] = []
    # As `source.metric_data.find_target` tells targets apart.
    labels = [*metric.labels[:1], *([SERVER] if SERVER in metric.labels[1:] else [])]
    for query, promql in queries:
        if lines:
            target = () if query.fallback else labels
            lines.append(f"or on ({', '.join(target)})")
        # NaN is not above anything, so only numbers are left.
        lines.append(f"  {_relabel(metric, query, promql)} >= -Inf")
    lines[0] = lines[0].removeprefix("  ")
    return {"record": name_record(metric), "expr": "\n".join(lines)}


def _relabel(metric: Metric, query: MetricQuery, promql: str) -> str:
    """The expression with its labels under the catalogue's names."""
    expr = f"({promql})"
    for old, new in query.rename.items():
        expr = f'label_replace({expr}, "{new}", "$1", "{old}", "(.+)")'
    for old in query.rename:
        expr = f'label_replace({expr}, "{old}", "", "{old}", ".*")'
    if query.names_server_of(metric):
        # A sum over all series has no labels, and is of no server.
        expr = f'label_replace({expr}, "{SERVER}", "{query.exporter}", "{metric.labels[0]}", ".+")'
    if query.statistic is Statistic.MEAN:
        expr = f'label_replace({expr}, "{_MEAN}", "{query.statistic.value}", "", "")'
    return expr


# --- alerts


def name_alert(metric: Metric) -> str:
    """The name of a metric's alerts, which the label `severity` tells apart."""
    words = re.split(r"[^a-zA-Z0-9]+", metric.id)
    return "".join(f"{word[:1].upper()}{word[1:]}" for word in words)


def _build_alerts(metric: Metric, t: Texts) -> Iterator[dict[str, Any]]:
    judged = any(query.statistic is Statistic.FULL for query in metric.queries)
    if metric.thresholds is None or not judged:
        return
    for level in list_levels(metric.thresholds):
        severity = level.severity.state.value
        for_ms = metric.thresholds.for_ms
        yield {
            "alert": name_alert(metric),
            "expr": _write_condition(metric, level),
            **({"for": format_duration(for_ms)} if for_ms else {}),
            "labels": {"severity": severity, "metric": metric.id, "unit": metric.unit.value},
            "annotations": _annotate(metric, level, t),
        }


def _write_condition(metric: Metric, level: SeverityLevel) -> str:
    """The level is reached, or it fires and has not recovered."""
    means = [query for query in metric.queries if query.statistic is Statistic.MEAN]
    judged = f'{{{_MEAN}=""}}' if means else ""
    # A second more than the grace, whose first moment Prometheus 3 leaves out.
    value = f"last_over_time({name_record(metric)}{judged}[{GRACE_MS // 1000 + 1}s])"
    lower = metric.direction is Direction.LOWER_IS_WORSE
    reached = f"{value} {'<=' if lower else '>='} {format_number(level.threshold)}"
    if level.recovery is None:
        return reached
    severity = level.severity.state.value
    firing = (
        f'ALERTS{{alertname="{name_alert(metric)}", alertstate="firing", severity="{severity}"}}'
    )
    lasting = f"{value} {'<' if lower else '>'} {format_number(level.recovery)}"
    return f"{reached}\nor\n  {lasting}\n  and ignoring ({', '.join(_OWN_LABELS)})\n  {firing}"


def _annotate(metric: Metric, level: SeverityLevel, t: Texts) -> dict[str, str]:
    assert metric.thresholds is not None, "BUG: a level of a metric without thresholds"
    side = "below" if metric.direction is Direction.LOWER_IS_WORSE else "above"
    severity, unit = level.severity.state.value, metric.unit.value
    threshold = t.number(level.threshold, unit)
    parts = [metric.description(t.lang)]
    reached = t(f"rules.reached.{side}.{severity}", threshold=threshold)
    if for_ms := metric.thresholds.for_ms:
        parts.append(t("rules.reached.for", reached=reached, span=t.span(for_ms)))
    else:
        parts.append(reached)
    if level.recovery is not None:
        parts.append(t(f"catalogue.recover.{severity}", value=t.number(level.recovery, unit)))
    if metric.thresholds.note:
        parts.append(metric.thresholds.note(t.lang))
    values = {"name": metric.name(t.lang), "value": _show_value(metric, t), "threshold": threshold}
    summary = t(f"rules.summary.{severity}", **values)
    if subject := _show_labels(metric.labels):
        summary = f"{subject}: {summary}"
    return {
        "summary": summary,
        "description": " ".join(f"{_capitalise(part, t)}." for part in parts),
    }


def _capitalise(part: str, t: Texts) -> str:
    """A note or description as a sentence; in Korean, `df` and `iowait` keep their case."""
    words = part.rstrip(".")
    return f"{words[:1].upper()}{words[1:]}" if t.lang == "en" else words


def _show_labels(labels: Sequence[str]) -> str:
    """A template of Prometheus: the first label's value, the others with their names."""
    if not labels:
        return ""
    rest = ", ".join(f"{label} {_show_label(label)}" for label in labels[1:])
    return _show_label(labels[0]) + (f" ({rest})" if rest else "")


def _show_label(label: str) -> str:
    plain = _PLAIN_LABEL.fullmatch(label)
    return f"{{{{ $labels.{label} }}}}" if plain else f'{{{{ index $labels "{label}" }}}}'


def _show_value(metric: Metric, t: Texts) -> str:
    """A template of Prometheus: the value with its unit."""
    match metric.unit.value:
        case "bytes":
            return "{{ $value | humanize1024 }}B"
        case "bytes_per_second":
            return "{{ $value | humanize1024 }}B/s"
        case "seconds":
            return "{{ $value | humanizeDuration }}"
        case unit:
            return t.join('{{ $value | printf "%.4g" }}', t.unit(unit, 2))
