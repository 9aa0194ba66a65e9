"""The catalogue in words, for the terminal and the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.catalogue.metric import (
    Catalogue,
    Metric,
    MetricQuery,
    Objective,
    Statistic,
    Thresholds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.i18n import Texts


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric in a list."""

    id: str
    name: str
    unit: str
    thresholds: str
    exporters: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the description of a metric."""

    label: str
    text: str


def list_metrics(catalogue: Catalogue, t: Texts) -> tuple[MetricRow, ...]:
    """Every metric in a line, for `jipyo catalogue list`."""
    return tuple(
        MetricRow(
            id=metric.id,
            name=metric.name(t.lang),
            unit=t.unit(metric.unit.value),
            thresholds=summarize_thresholds(metric, t),
            exporters=tuple(dict.fromkeys(query.exporter for query in metric.queries)),
            required=metric.required,
        )
        for metric in catalogue.metrics
    )


def summarize_thresholds(metric: Metric, t: Texts) -> str:
    """The thresholds, else the objective, in a few words; empty where there is neither."""
    unit = metric.unit.value
    if metric.thresholds is not None:
        return _format_levels(metric.thresholds, unit, t)
    return _format_objective(metric.objective, unit, t) if metric.objective else ""


def _format_levels(thresholds: Thresholds, unit: str, t: Texts) -> str:
    levels = {"warning": thresholds.warning, "critical": thresholds.critical}
    return " · ".join(
        t(f"catalogue.level.{name}", value=t.number(value, unit))
        for name, value in levels.items()
        if value is not None
    )


def _format_objective(objective: Objective, unit: str, t: Texts) -> str:
    key = f"catalogue.objective.{objective.compare.name.lower()}"
    return t(key, value=t.number(objective.value, unit))


def describe_metric(metric: Metric, catalogue: Catalogue, t: Texts) -> tuple[Fact, ...]:
    """All that the catalogue says of one metric, for `jipyo catalogue show`."""
    return (
        *(
            Fact(t(f"catalogue.fact.{name}"), text)
            for name, text in _list_facts(metric, catalogue, t)
            if text
        ),
        *(_describe_query(query, t) for query in metric.queries),
    )


def _list_facts(metric: Metric, catalogue: Catalogue, t: Texts) -> Iterator[tuple[str, str]]:
    unit = metric.unit.value
    yield "name", metric.name(t.lang)
    yield "description", metric.description(t.lang)
    yield "topic", catalogue.topic_name(metric.topic, t.lang)
    yield "unit", f"{unit} ({t.unit(unit)})" if t.unit(unit) else unit
    yield "direction", t(f"catalogue.direction.{metric.direction.value}")
    yield "labels", ", ".join(metric.labels)
    yield "required", t("catalogue.yes") if metric.required else ""
    yield "idle_without_data", t("catalogue.yes") if metric.idle_without_data else ""
    yield "outage", t("catalogue.yes") if metric.outage else ""
    yield "loss", t("catalogue.yes") if metric.loss else ""
    yield "window", t.span(metric.window_ms)
    if metric.thresholds is not None:
        yield "thresholds", _format_thresholds(metric.thresholds, unit, t)
    if metric.objective is not None:
        objective = _format_objective(metric.objective, unit, t)
        yield "objective", _add_origin(objective, metric.objective, t)
    summaries = ", ".join(summary.value for summary in metric.report.summaries)
    yield "report", f"{summaries} / {', '.join(across.value for across in metric.report.across)}"
    yield "remedy", metric.remedy(t.lang) if metric.remedy else ""
    yield "where", metric.where


def _format_thresholds(thresholds: Thresholds, unit: str, t: Texts) -> str:
    levels = _format_levels(thresholds, unit, t)
    if thresholds.for_ms:
        levels = t("catalogue.for", levels=levels, span=t.span(thresholds.for_ms))
    recovery = [
        t(f"catalogue.recover.{level}", value=t.number(value, unit))
        for level, value in (
            ("warning", thresholds.recover_warning),
            ("critical", thresholds.recover_critical),
        )
        if value is not None
    ]
    return _add_origin("; ".join([levels, *recovery]), thresholds, t)


def _add_origin(text: str, part: Thresholds | Objective, t: Texts) -> str:
    origin = t(f"catalogue.origin.{part.origin.value}")
    note = f"; {part.note(t.lang)}" if part.note else ""
    return f"{text} ({origin}){note}"


def _describe_query(query: MetricQuery, t: Texts) -> Fact:
    asides = [
        t("catalogue.mean") if query.statistic is Statistic.MEAN else "",
        t("catalogue.fallback") if query.fallback else "",
        t("catalogue.total", promql=query.total_promql) if query.total_promql else "",
        query.note(t.lang) if query.note else "",
    ]
    aside = "; ".join(filter(None, asides))
    return Fact(query.exporter, f"{query.promql}  # {aside}" if aside else query.promql)


def count_contents(file: str, catalogue: Catalogue, t: Texts) -> str:
    """What a file without mistakes holds, for `jipyo catalogue check`."""
    return t(
        "catalogue.checked",
        file=file,
        metrics=len(catalogue.metrics),
        expressions=sum(len(metric.queries) for metric in catalogue.metrics),
    )
