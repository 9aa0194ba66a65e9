"""Summaries of a day made from a few stretches of values, without a store or a source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.plain_stats import average_hours, compute_stats
from analysis.shaped import levels, metric
from jipyo.analysis.comparison import compare
from jipyo.analysis.summary import DRAWN, MetricSummary, SeriesSummary
from jipyo.analysis.thresholds import Breach, State, find_breaches, judge_history
from jipyo.analysis.window import Window
from jipyo.catalogue import Across, Catalogue, Direction, Metric, Summary
from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import Figure, Fold
from jipyo.model.labels import Labels
from jipyo.reports.data import ReportData, ReportMetric
from jipyo.reports.inputs import ReportInputs
from jipyo.reports.sections import findings
from reports.documents import MINUTE, PERIOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.analysis.completeness import TargetCompleteness
    from jipyo.analysis.objectives import ObjectiveResult
    from jipyo.analysis.outage_history import PastOutage
    from jipyo.model.sample import Values
    from jipyo.reports.document import Finding

WINDOW = Window(PERIOD.start_ms, PERIOD.end_ms)
_FOLDS = {
    Summary.AVG: (Fold.AVERAGE, "average"),
    Summary.P95: (Fold.P95, "p95"),
    Summary.MAX: (Fold.MAXIMUM, "maximum"),
    Summary.MIN: (Fold.MINIMUM, "minimum"),
    Summary.LAST: (Fold.LAST, "last"),
}


def build_metric(
    name: str = "CPU", metric_id: str = "system.cpu.utilization", **changes: object
) -> Metric:
    """A metric with thresholds of 70 and 85 %, alerting after 5 minutes."""
    defaults = {
        "id": metric_id,
        "name": Bilingual(f"{name} 지표", name),
        "thresholds": levels(minutes=5),
        "report": replace(metric().report, summaries=(Summary.AVG, Summary.P95, Summary.MAX)),
    }
    return metric(**{**defaults, **changes})


def shape_day(*stretches: tuple[int, float], rest: float = 10.0) -> Values:
    """A value a minute: each stretch lasts so many minutes, `rest` fills the day."""
    values = np.full(WINDOW.steps, rest)
    at = 0
    for minutes, value in stretches:
        values[at : at + minutes] = value
        at += minutes
    return values


def _summarise_series(of: Metric, name: str, values: Values) -> SeriesSummary:
    stats = compute_stats(WINDOW.t_ms, values)
    present = ~np.isnan(values)[None]
    breaches: tuple[Breach, ...] = ()
    if of.thresholds is not None:
        history = judge_history(WINDOW.t_ms, values[None], present, of.thresholds, of.direction)
        breaches = find_breaches(history, 0, MINUTE)

    def figure(fold: Fold, value: float) -> Figure:
        return Figure(
            metric=of.id, value=value, unit=of.unit.value, fold=fold, expr="cpu", series="{}",
            exporter="node_exporter", start_ms=WINDOW.start_ms, end_ms=WINDOW.end_ms,
            step_ms=MINUTE, samples=stats.steps, coverage=stats.steps / WINDOW.steps,
        )  # fmt: skip

    figures = {
        summary: figure(_FOLDS[summary][0], getattr(stats, _FOLDS[summary][1]))
        for summary in of.report.summaries
        if summary in _FOLDS
    }
    is_low = of.direction is Direction.LOWER_IS_WORSE
    firing = [breach.severity.state for breach in breaches if not breach.is_pending]
    state = max(firing, key=lambda one: one.severity, default=State.OK)
    return SeriesSummary(
        labels=Labels.of({"instance": name}),
        name=name,
        exporter="node_exporter",
        statistic=of.queries[0].statistic,
        values=values,
        stats=stats,
        coverage=stats.steps / WINDOW.steps,
        state=state if of.thresholds is not None else State.UNKNOWN,
        breaches=breaches,
        figures=figures,
        figure=next(iter(figures.values()), None),
        worst=figure(
            Fold.MINIMUM if is_low else Fold.MAXIMUM, stats.minimum if is_low else stats.maximum
        ),
        worst_ms=stats.minimum_ms if is_low else stats.maximum_ms,
        hours=average_hours(values, MINUTE) if Across.HEATMAP in of.report.across else None,
    )


def summarise(of: Metric, series: Mapping[str, Values]) -> MetricSummary:
    """A metric's day; the series in the order that they are given in, the gravest first."""
    whole = [_summarise_series(of, name, values) for name, values in series.items()]
    lines = DRAWN if len(whole) > DRAWN + 1 else len(whole)
    others = [one.values for one in whole[lines:] if one.values is not None]
    summaries = (*whole[:lines], *(replace(one, values=None) for one in whole[lines:]))
    seen = np.array([~np.isnan(values) for values in series.values()])
    return MetricSummary(
        of,
        WINDOW,
        thresholds=of.thresholds,
        series=summaries,
        band=(np.fmin.reduce(others), np.fmax.reduce(others)) if others else None,
        coverage=float(seen.any(axis=0).mean()) if len(seen) else 0.0,
        expressions=(("node_exporter", "cpu"),),
    )


def build_entry(
    of: Metric | None = None,
    series: Mapping[str, Values] | None = None,
    week: Mapping[str, Values] | None = None,
) -> ReportMetric:
    """A metric with data, and its day a week before where one is given."""
    of = of or build_metric()
    now = summarise(of, series if series is not None else {"": shape_day()})
    earlier = compare(now, summarise(of, week)) if week is not None else None
    drawn = () if earlier is None else earlier.earlier.series
    ghost = {one.labels: one.values for one in drawn if one.values is not None}
    return ReportMetric(now, earlier, ghost=ghost)


def build_data(
    *entries: ReportMetric,
    missing: Sequence[Metric] = (),
    targets: Sequence[TargetCompleteness] = (),
    outages: Sequence[PastOutage] = (),
    share: float = 1.0,
) -> ReportData:
    return ReportData(
        period=PERIOD,
        window=WINDOW,
        entries=entries,
        missing=tuple(MetricSummary(of, WINDOW) for of in missing),
        targets=tuple(targets),
        outages=tuple(outages),
        share=share,
    )


def build_inputs(
    data: ReportData, objectives: Sequence[ObjectiveResult] = (), **more: Any
) -> ReportInputs:
    """What a report is built from; `more` are further inputs."""
    return ReportInputs(
        data=data,
        catalogue=more.pop("catalogue", Catalogue(())),
        made_ms=WINDOW.end_ms,
        objectives=tuple(objectives),
        **more,
    )


def select_findings(
    data: ReportData, objectives: Sequence[ObjectiveResult] = ()
) -> tuple[Finding, ...]:
    """The findings on metrics and objectives alone."""
    return findings.select_findings(build_inputs(data, objectives))
