"""What the specification promises of a metric, what was reached, and whether that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.analysis.metric_fold import is_quantile
from jipyo.catalogue import Statistic, Summary
from jipyo.catalogue.metric import Compare

if TYPE_CHECKING:
    from jipyo.analysis.summary import MetricSummary, SeriesSummary
    from jipyo.catalogue import Metric
    from jipyo.model.figure import Figure


class Result(Enum):
    """Whether an objective was met."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


class UnknownReason(Enum):
    """Why it is not known whether an objective was met."""

    NO_DATA = "no_data"
    MEAN_ONLY = "mean_only"
    """The source gives only a mean, and the objective is about a percentile."""
    NO_FIGURE = "no_figure"
    LOW_DEMAND = "low_demand"
    """Demand stayed below the promised capacity, which leaves it unproven."""
    INCOMPLETE = "incomplete"
    """What could not be read may be worse, or the demand that was not seen."""


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """One objective over a window."""

    metric: Metric
    summary: MetricSummary | None
    """None where the metric has no series."""
    series: SeriesSummary | None
    """The series that decides: for a capacity the total, else the worst of all."""
    actual: Figure | None
    margin: float | None
    """How far within the objective; negative: how far beyond."""
    result: Result
    reason: UnknownReason | None = None


def evaluate_objective(metric: Metric, summary: MetricSummary | None) -> ObjectiveResult:
    """Whether a metric's objective was met over the window of its summary."""
    objective = metric.objective
    assert objective is not None, f"BUG: {metric.id} has no objective"
    if summary is None or not summary.series:
        is_missing = summary is not None and summary.missing
        reason = UnknownReason.INCOMPLETE if is_missing else UnknownReason.NO_DATA
        return ObjectiveResult(metric, None, None, None, None, Result.UNKNOWN, reason)
    is_capacity = objective.compare is Compare.AT_LEAST
    series, actual = _find_deciding_figure(metric, summary, is_capacity)
    if actual is None or actual.value is None or not math.isfinite(actual.value):
        mean_only = series.statistic is Statistic.MEAN
        reason = UnknownReason.MEAN_ONLY if mean_only else UnknownReason.NO_FIGURE
        return ObjectiveResult(metric, summary, series, None, None, Result.UNKNOWN, reason)
    margin = actual.value - objective.value if is_capacity else objective.value - actual.value
    is_met = objective.is_met_by(actual.value)
    if summary.missing and is_met is not is_capacity:  # more series only add to a capacity
        reason = UnknownReason.INCOMPLETE
        return ObjectiveResult(metric, summary, series, actual, margin, Result.UNKNOWN, reason)
    if is_met:
        return ObjectiveResult(metric, summary, series, actual, margin, Result.MET)
    if is_capacity:
        # Idle hours do not break a promise of capacity; they only leave it unproven.
        reason = UnknownReason.LOW_DEMAND
        return ObjectiveResult(metric, summary, series, actual, margin, Result.UNKNOWN, reason)
    return ObjectiveResult(metric, summary, series, actual, margin, Result.MISSED)


def _find_deciding_figure(
    metric: Metric, summary: MetricSummary, is_capacity: bool
) -> tuple[SeriesSummary, Figure | None]:
    """For a capacity the peak of the headline, else the worst figure of all series."""
    if is_capacity:
        return summary.headline, summary.headline.figures.get(Summary.MAX)
    # Neither a mean nor a maximum may stand in for a percentile.
    promised = Summary.P95 if is_quantile(metric) else metric.report.summaries[0]
    candidates = [
        (series, None if series.statistic is Statistic.MEAN else series.figures.get(promised))
        for series in summary.series
    ]
    values = [figure.value if figure else None for _, figure in candidates]
    ranked = [-math.inf if value is None or math.isnan(value) else value for value in values]
    return candidates[ranked.index(max(ranked))]
