"""What the manual promises, what was reached, and whether that can be known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.analysis.summary import is_quantile
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Statistic, Summary
from jipyo.catalogue.metric import Compare
from jipyo.reports.document import (
    Badge,
    ColumnHead,
    Inline,
    Phrase,
    Quantity,
    Subject,
    Table,
    phrase,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.model.figure import Figure
    from jipyo.reports.gathered import ReportData, ReportMetric


class Result(Enum):
    """Whether a promise was kept."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


_BADGES = {
    Result.MET: State.OK,
    Result.MISSED: State.CRITICAL,
    Result.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """One objective: its metric, what was promised, what was reached, and why it is unknown."""

    subject: Subject
    target: Phrase
    actual: Figure | None
    margin: Quantity | None
    """How far inside; negative: how far beyond."""
    result: Result
    reason: Phrase | None
    entry: ReportMetric | None
    """None where the metric has no data."""


def outcomes(day: ReportData, metrics: Iterable[Metric]) -> tuple[ObjectiveResult, ...]:
    """What became of every objective of the catalogue."""
    by_id = {entry.metric.id: entry for entry in day.entries}
    wanted = [metric for metric in metrics if metric.objective is not None]
    return tuple(
        _outcome(by_id[metric.id]) if metric.id in by_id else _without_data(metric)
        for metric in wanted
    )


def _without_data(metric: Metric) -> ObjectiveResult:
    reason = phrase("reports.objective.no_data")
    subject = Subject(metric.name)
    return ObjectiveResult(subject, target_of(metric), None, None, Result.UNKNOWN, reason, None)


def _outcome(entry: ReportMetric) -> ObjectiveResult:
    metric, objective = entry.metric, entry.metric.objective
    assert objective is not None, f"BUG: {metric.id} has no objective"
    capacity = objective.compare is Compare.AT_LEAST
    series, actual = _deciding(entry, capacity)
    target = target_of(metric)
    subject = Subject(metric.name, series.target)
    if actual is None or actual.value is None or not math.isfinite(actual.value):
        mean_only = series.statistic is Statistic.MEAN
        reason = phrase(
            "reports.objective.mean_only" if mean_only else "reports.objective.no_figure"
        )
        return ObjectiveResult(subject, target, None, None, Result.UNKNOWN, reason, entry)
    gap = actual.value - objective.value if capacity else objective.value - actual.value
    margin = Quantity(gap, metric.unit.value)
    if objective.met(actual.value):
        return ObjectiveResult(subject, target, actual, margin, Result.MET, None, entry)
    if capacity:
        # Idle hours do not break a promise of capacity; they only leave it unproven.
        reason = phrase("reports.objective.not_asked")
        return ObjectiveResult(subject, target, actual, margin, Result.UNKNOWN, reason, entry)
    return ObjectiveResult(subject, target, actual, margin, Result.MISSED, None, entry)


def _deciding(entry: ReportMetric, capacity: bool) -> tuple[SeriesSummary, Figure | None]:
    """The series that decides: for capacity the sum's peak, else the worst figure of all."""
    if capacity:
        series = entry.now.headline
        return series, series.figures.get(Summary.MAX)
    told = [(one, _promised(entry.metric, one)) for one in entry.now.series]
    return max(told, key=lambda pair: _value(pair[1]))


def _promised(metric: Metric, series: SeriesSummary) -> Figure | None:
    """The figure that the promise is about and no other: neither a mean nor a maximum for it."""
    if series.statistic is Statistic.MEAN:
        return None
    return series.figures.get(Summary.P95 if is_quantile(metric) else metric.report.summaries[0])


def _value(figure: Figure | None) -> float:
    return -math.inf if figure is None or figure.value is None else figure.value


def target_of(metric: Metric) -> Phrase:
    """The promise in words: at most 2 s, at least 100 requests a second."""
    objective = metric.objective
    assert objective is not None, f"BUG: {metric.id} has no objective"
    at_least = objective.compare is Compare.AT_LEAST
    return phrase(
        "reports.objective.at_least" if at_least else "reports.objective.at_most",
        value=Quantity(objective.value, metric.unit.value),
    )


def table(found: Iterable[ObjectiveResult]) -> Table:
    """Target, actual, margin and result of every objective."""
    columns = ("metric", "goal", "actual", "margin", "result")
    numbers = {"goal", "actual", "margin"}
    return Table(
        id="objectives",
        caption=phrase("reports.objective.caption"),
        columns=tuple(ColumnHead(phrase(f"reports.column.{c}"), c in numbers) for c in columns),
        rows=tuple(_row(one) for one in found),
    )


def _row(one: ObjectiveResult) -> tuple[Inline, ...]:
    word = one.reason or phrase(f"reports.objective.{one.result.value}")
    return (one.subject, one.target, one.actual, one.margin, Badge(_BADGES[one.result], word))
