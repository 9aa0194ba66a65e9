"""Objectives: which figure decides, by how much, and when nobody can know."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.plain_stats import compute_stats
from analysis.shaped import METRIC, MINUTE_MS, T0_MS
from jipyo.analysis.objectives import Result, UnknownReason, evaluate_objective
from jipyo.analysis.summary import MetricSummary, SeriesSummary
from jipyo.analysis.thresholds import State
from jipyo.analysis.window import Window
from jipyo.catalogue import Metric, MetricQuery, Origin, ReportShape, Statistic, Summary
from jipyo.catalogue.metric import Compare, Objective
from jipyo.model.errors import SourceError
from jipyo.model.figure import Figure, Fold
from jipyo.model.labels import Labels

MISSING = (SourceError("source.empty", source="prod"),)
WINDOW = Window(T0_MS, T0_MS + 2 * MINUTE_MS)


def promise(compare: Compare, value: float, **changes: Any) -> Metric:
    objective = Objective(compare=compare, value=value, origin=Origin.SPECIFICATION, note=None)
    return replace(METRIC, objective=objective, **changes)


AT_MOST_2 = promise(Compare.AT_MOST, 2.0)
AT_LEAST_100 = promise(Compare.AT_LEAST, 100.0)
P95_AT_MOST_2 = promise(
    Compare.AT_MOST,
    2.0,
    queries=(MetricQuery(exporter="e", promql="histogram_quantile(0.95, x)"),),
    report=ReportShape(summaries=(Summary.MAX, Summary.P95), across=METRIC.report.across),
)


def figure(value: float | None) -> Figure:
    return Figure(
        metric="m", value=value, unit="seconds", fold=Fold.MAXIMUM, expr="m", series="{}",
        exporter="e", start_ms=0, end_ms=1, step_ms=1, samples=1, coverage=1.0,
    )  # fmt: skip


def series(
    name: str = "a",
    *,
    statistic: Statistic = Statistic.FULL,
    **values: float | None,
) -> SeriesSummary:
    """One series with figures by the names of their summaries: `max=3`."""
    figures = {Summary(key): figure(value) for key, value in values.items()}
    zeros = np.zeros(WINDOW.steps)
    return SeriesSummary(
        labels=Labels.of({"instance": name}), name=name, exporter="e", statistic=statistic,
        values=zeros, stats=compute_stats(WINDOW.t_ms, zeros), coverage=1.0, state=State.OK,
        breaches=(), figures=figures, figure=None, worst=figure(0.0), worst_ms=T0_MS,
    )  # fmt: skip


def summary(metric: Metric, *some: SeriesSummary, **changes: Any) -> MetricSummary:
    return MetricSummary(metric, WINDOW, series=some, **changes)


@pytest.mark.parametrize(
    ("metric", "value", "result", "margin"),
    [
        (AT_MOST_2, 1.5, Result.MET, 0.5),
        (AT_MOST_2, 2.0, Result.MET, 0.0),  # the promise is kept at the value itself
        (AT_MOST_2, 2.5, Result.MISSED, -0.5),
        (AT_LEAST_100, 120.0, Result.MET, 20.0),
        (AT_LEAST_100, 100.0, Result.MET, 0.0),
        (AT_LEAST_100, 80.0, Result.UNKNOWN, -20.0),
    ],
)
def test_an_objective_is_met_missed_or_unproven(
    metric: Metric, value: float, result: Result, margin: float
) -> None:
    evaluated = evaluate_objective(metric, summary(metric, series(max=value)))
    assert (evaluated.result, evaluated.margin) == (result, margin)
    assert evaluated.actual is not None
    assert evaluated.actual.value == value
    wanted = UnknownReason.LOW_DEMAND if result is Result.UNKNOWN else None
    assert evaluated.reason is wanted


def test_the_worst_series_decides_and_of_equals_the_first() -> None:
    some = (series("a", max=1.0), series("b", max=3.0), series("c", max=3.0))
    evaluated = evaluate_objective(AT_MOST_2, summary(AT_MOST_2, *some))
    assert evaluated.series is some[1]
    assert evaluated.result is Result.MISSED


def test_for_a_capacity_the_total_decides() -> None:
    some = (series("a", max=60.0), series("b", max=70.0))
    total = series("", max=110.0)
    evaluated = evaluate_objective(AT_LEAST_100, summary(AT_LEAST_100, *some, total=total))
    assert (evaluated.series, evaluated.result) == (total, Result.MET)


def test_a_maximum_does_not_stand_in_for_a_percentile() -> None:
    evaluated = evaluate_objective(P95_AT_MOST_2, summary(P95_AT_MOST_2, series(max=9.0, p95=1.0)))
    assert evaluated.result is Result.MET
    without = evaluate_objective(P95_AT_MOST_2, summary(P95_AT_MOST_2, series(max=1.0)))
    assert (without.result, without.reason) == (Result.UNKNOWN, UnknownReason.NO_FIGURE)


def test_a_mean_proves_nothing_about_a_percentile() -> None:
    mean = series(statistic=Statistic.MEAN, p95=1.0)
    evaluated = evaluate_objective(P95_AT_MOST_2, summary(P95_AT_MOST_2, mean))
    assert (evaluated.result, evaluated.reason) == (Result.UNKNOWN, UnknownReason.MEAN_ONLY)
    assert (evaluated.actual, evaluated.margin) == (None, None)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_no_figure(value: float | None) -> None:
    evaluated = evaluate_objective(AT_MOST_2, summary(AT_MOST_2, series(max=value)))
    assert (evaluated.result, evaluated.reason) == (Result.UNKNOWN, UnknownReason.NO_FIGURE)


def test_a_series_without_a_figure_is_passed_over_for_one_with() -> None:
    some = (series("a", max=None), series("b", max=math.nan), series("c", max=0.5))
    evaluated = evaluate_objective(AT_MOST_2, summary(AT_MOST_2, *some))
    assert (evaluated.series, evaluated.result) == (some[2], Result.MET)


@pytest.mark.parametrize("nothing", [None, summary(AT_MOST_2)])
def test_without_data_nobody_knows(nothing: MetricSummary | None) -> None:
    evaluated = evaluate_objective(AT_MOST_2, nothing)
    assert (evaluated.result, evaluated.reason) == (Result.UNKNOWN, UnknownReason.NO_DATA)
    assert (evaluated.series, evaluated.actual) == (None, None)


@pytest.mark.parametrize(
    ("metric", "value", "result", "reason"),
    [
        (AT_MOST_2, 1.5, Result.UNKNOWN, UnknownReason.INCOMPLETE),  # another may be worse
        (AT_MOST_2, 2.5, Result.MISSED, None),
        (AT_LEAST_100, 120.0, Result.MET, None),  # others would only add to it
        (AT_LEAST_100, 80.0, Result.UNKNOWN, UnknownReason.INCOMPLETE),
    ],
)
def test_what_could_not_be_read_leaves_open_what_it_can_change(
    metric: Metric, value: float, result: Result, reason: UnknownReason | None
) -> None:
    evaluated = evaluate_objective(metric, summary(metric, series(max=value), missing=MISSING))
    assert (evaluated.result, evaluated.reason) == (result, reason)


def test_without_series_what_could_not_be_read_may_have_some() -> None:
    evaluated = evaluate_objective(AT_MOST_2, summary(AT_MOST_2, missing=MISSING))
    assert (evaluated.result, evaluated.reason) == (Result.UNKNOWN, UnknownReason.INCOMPLETE)
