"""A catalogue metric over one window: every series with its figures, state and breaches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.proportion import estimate_proportion
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.series_stats import SeriesStats, average_hours, compute_stats
from jipyo.analysis.thresholds import (
    Severity,
    State,
    count_lead_steps,
    find_metric_breaches,
    may_be_firing,
)
from jipyo.catalogue import SERVER, Across, Direction, MetricQuery, Statistic, Summary, Unit
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, Figure, Fold
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.result import Matrix, Vector
from jipyo.source.dialect import expand_to_whole_window
from jipyo.source.metric_data import (
    MetricData,
    choose_rate_window,
    label_series,
    narrow_query,
    read_series,
)
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Metric, Thresholds
    from jipyo.model.errors import JipyoError
    from jipyo.model.sample import Times, Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory

STEP_MS = 60_000
DRAWN = 6
"""Most series of a metric drawn one by one; a single one more is drawn, too."""
_TOTAL_UNITS = {"bytes_per_second": "bytes", "requests_per_second": "requests"}
_SECONDS_OF = {"per_minute": 60.0}


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch (start, end] in steps; a step at t covers (t - step, t]."""

    start_ms: int
    end_ms: int
    step_ms: int = STEP_MS

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def steps(self) -> int:
        """How many steps there are: what a series without gaps has."""
        return self.duration_ms // self.step_ms

    @property
    def t_ms(self) -> Times:
        """The steps, shape (steps,)."""
        return self.start_ms + self.step_ms * np.arange(1, self.steps + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series over the window. `figures` holds the summaries that the catalogue asks for."""

    labels: Labels
    name: str
    """What tells it from the metric's other series; empty where there are none."""
    exporter: str
    statistic: Statistic
    values: Values | None
    """Shape (steps,), NaN where absent; None for a series that is not drawn by itself."""
    stats: SeriesStats
    coverage: float
    state: State
    """The gravest that any breach came to; unknown for what is not judged."""
    breaches: tuple[Breach, ...]
    figures: Mapping[Summary, Figure]
    figure: Figure | None
    """The one that represents the series; None where its source cannot give it."""
    worst: Figure
    """Its minimum where low is worse, else its maximum."""
    worst_ms: int
    hours: Values | None = None
    """The mean of each hour, shape (hours,), for a metric that is shown as a heat map."""

    @property
    def warning_ms(self) -> int:
        """Time at the warning threshold or beyond, but not at the critical one."""
        return sum(breach.warning_ms for breach in self.breaches)

    @property
    def critical_ms(self) -> int:
        """Time at the critical threshold or beyond."""
        return sum(breach.critical_ms for breach in self.breaches)

    @property
    def firing_breaches(self) -> tuple[Breach, ...]:
        """The breaches that lasted for the alert duration."""
        return tuple(breach for breach in self.breaches if not breach.is_pending)

    def peak_of(self, breach: Breach) -> Figure:
        """The worst value of a breach, as a figure over the breach alone."""
        return replace(
            self.worst,
            value=breach.peak,
            start_ms=breach.start_ms,
            end_ms=breach.end_ms,
            samples=breach.duration_ms // self.worst.step_ms,
            coverage=1.0,
        )


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric over the window; no series: no data."""

    metric: Metric
    window: Window
    thresholds: Thresholds | None = None
    """What the series are judged by; None for a metric without, or with a mean of it only."""
    series: tuple[SeriesSummary, ...] = ()
    """The gravest first."""
    total: SeriesSummary | None = None
    """All series added up, where the catalogue says that the metric is their sum."""
    total_query: MetricQuery | None = None
    """What gives the total."""
    band: tuple[Values, Values] | None = None
    """Lowest and highest of the series that are not drawn by themselves; shape (steps,)."""
    coverage: float = 0.0
    """Share of the steps at which any series has a value."""
    expressions: tuple[tuple[str, str], ...] = ()
    """Exporter and expression of each query that was sent."""
    warnings: tuple[str, ...] = ()
    missing: tuple[JipyoError, ...] = ()
    """Why there may be more series or values than these, one error each."""

    @property
    def drawn(self) -> tuple[SeriesSummary, ...]:
        """The series that have their values, the gravest first."""
        return tuple(series for series in self.series if series.values is not None)

    @property
    def state(self) -> State:
        """The gravest state of any series; unknown without any, or where more may be beyond."""
        gravest = self.series[0].state if self.series else State.UNKNOWN
        return State.UNKNOWN if self.missing and gravest is State.OK else gravest

    @property
    def headline(self) -> SeriesSummary:
        """The series that represents the metric: the total where there is one, else the gravest."""
        return self.total or self.series[0]

    @property
    def figure(self) -> Figure | None:
        """The figure that represents the metric; None where its source cannot give any."""
        return self.headline.figure


def summarise_metric(
    source: Source, metric: Metric, window: Window, inventory: Inventory | None = None
) -> MetricSummary:
    """Read a metric over a window and compute every figure that the catalogue asks for.

    A query that is refused leaves the metric without series and with a warning.

    Args:
        source: answers the queries.
        metric: what to summarise.
        window: from when to when, in which steps.
        inventory: what the source has; without it every query is sent.

    Raises:
        SourceError: the source failed.
    """
    try:
        data = read_series(source, metric, window.t_ms, window.step_ms, inventory)
    except QueryError as error:
        return MetricSummary(metric, window, warnings=(error.message,))
    any_full = any(query.statistic is Statistic.FULL for query in data.queries)
    thresholds = metric.thresholds if any_full else None
    breaches: tuple[tuple[Breach, ...] | None, ...] = (None,) * len(data.queries)
    if thresholds is not None:
        lead, judged = read_lead(source, data, thresholds, window, inventory)
        breaches = find_metric_breaches(judged, window.step_ms, lead)
    summarizer = _Summarizer(source, metric, window)
    series = summarizer.summarise_series(data, breaches)
    total_query = _add_up(metric, data.queries)
    total = summarizer.summarise_total(series, total_query)
    seen = data.matrix.present.any(axis=0)
    ordered, band = keep_drawn(sorted(series, key=_rank_by_gravity(metric.direction)))
    return MetricSummary(
        metric=metric,
        window=window,
        thresholds=thresholds,
        series=ordered,
        total=total,
        total_query=total_query if total else None,
        band=band,
        coverage=float(seen.mean()) if seen.size else 0.0,
        expressions=data.expressions,
        warnings=data.warnings,
        missing=tuple(dict.fromkeys((*data.missing, *summarizer.missing))),
    )


def summarise_earlier(
    source: Source, now: MetricSummary, window: Window, inventory: Inventory | None = None
) -> MetricSummary:
    """Over another window what a summary is compared with: its total, and its gravest series.

    Nothing else is read: of a metric with thousands of series one or two. A query that is
    refused leaves the metric without series.

    Raises:
        SourceError: the source failed.
    """
    metric, only = now.metric, (now.series[0].labels,)
    if now.total is None:
        return _summarise_some(source, metric, window, inventory, only)
    if inventory is not None and inventory.hosts:
        # A host that is collected twice would be added twice, so all series are read.
        return _summarise_some(source, metric, window, inventory, None)
    assert now.total_query is not None, f"BUG: a total of {metric.id} without a query"
    total = _Summarizer(source, metric, window).read_total(now.total_query)
    if now.thresholds is None:
        return MetricSummary(metric, window, total=total)
    return replace(_summarise_some(source, metric, window, inventory, only), total=total)


def _summarise_some(
    source: Source,
    metric: Metric,
    window: Window,
    inventory: Inventory | None,
    only: tuple[Labels, ...] | None,
) -> MetricSummary:
    """Some series of a metric, or all of them and their total, without judging any."""
    try:
        data = read_series(source, metric, window.t_ms, window.step_ms, inventory, only)
    except QueryError as error:
        return MetricSummary(metric, window, warnings=(error.message,))
    summarizer = _Summarizer(source, metric, window, inventory, only)
    series = summarizer.summarise_series(data, (None,) * len(data.queries))
    total = None
    if only is None:
        total = summarizer.summarise_total(series, _add_up(metric, data.queries))
    return MetricSummary(metric, window, series=tuple(series), total=total)


def keep_drawn(
    series: Sequence[SeriesSummary],
) -> tuple[tuple[SeriesSummary, ...], tuple[Values, Values] | None]:
    """The series without the values of those that are not drawn, and the range of these.

    The values of a metric are by far the most that a report has to remember.
    """
    lines = DRAWN if len(series) > DRAWN + 1 else len(series)
    others = [one.values for one in series[lines:] if one.values is not None]
    kept = tuple(
        # A row of a large array would keep all of the array.
        replace(one, values=one.values.copy() if at < lines and one.values is not None else None)
        for at, one in enumerate(series)
    )
    if not others:
        return kept, None
    # fmin and fmax skip NaN, and without a warning where all are NaN.
    return kept, (np.fmin.reduce(others), np.fmax.reduce(others))


def read_lead(
    source: Source,
    data: MetricData,
    thresholds: Thresholds,
    window: Window,
    inventory: Inventory | None,
) -> tuple[int, MetricData]:
    """The data with the steps before the window that decide what is firing at its start.

    They are read apart, so that they do not decide which query a series is from, and only of
    series that may be firing then.
    """
    matrix, end_ms, step_ms = data.matrix, window.start_ms, window.step_ms
    lead = count_lead_steps(thresholds, step_ms)
    open_rows = np.flatnonzero(may_be_firing(data)).tolist() if lead else []
    if not open_rows:
        return 0, data
    t_ms = end_ms + step_ms * np.arange(1 - lead, 1, dtype=np.int64)
    only = [matrix.series[row] for row in open_rows]
    try:
        before = read_series(source, data.metric, t_ms, step_ms, inventory, only).matrix
    except QueryError:
        return 0, data
    rows = {labels: row for row, labels in enumerate(before.series)}
    values = np.full((len(matrix.series), lead), np.nan)
    for at, labels in enumerate(matrix.series):
        if labels in rows:
            row = rows[labels]
            values[at] = np.where(before.present[row], before.values[row], np.nan)
    joined = Matrix(
        matrix.series,
        np.concatenate([before.t_ms, matrix.t_ms]),
        np.concatenate([values, matrix.values], axis=1),
        np.concatenate([~np.isnan(values), matrix.present], axis=1),
    )
    return lead, replace(data, matrix=joined)


def is_quantile(metric: Metric) -> bool:
    """Whether the metric is a percentile of requests wherever the source allows it."""
    return any("quantile" in query.promql for query in metric.queries)


def _rank_by_gravity(direction: Direction) -> Callable[[SeriesSummary], tuple[float, ...]]:
    """Sorts the gravest first: by state, by time beyond the thresholds, by the worst value."""
    sign = -1 if direction is Direction.LOWER_IS_WORSE else 1

    def key(series: SeriesSummary) -> tuple[float, ...]:
        assert series.worst.value is not None, "BUG: a series without any value"
        return (
            -series.state.severity,
            -series.critical_ms,
            -series.warning_ms,
            -sign * series.worst.value,
        )

    return key


@dataclass(frozen=True, slots=True)
class _SeriesInput:
    """What one series' figures are computed from."""

    labels: Labels
    text: str
    """The labels as text, which all figures share."""
    name: str
    query: MetricQuery
    values: Values
    stats: SeriesStats
    breaches: tuple[Breach, ...] | None
    """None for what is not judged: a mean, or a total."""
    is_total: bool = False
    estimated: bool = False
    """Whether counts among the values are extrapolated."""

    @property
    def is_mean(self) -> bool:
        return self.query.statistic is Statistic.MEAN


@dataclass(frozen=True, slots=True)
class _WholeWindow:
    """What a query gave over the whole window; no values where it was refused."""

    expr: str
    values: Mapping[Labels, float] = field(default_factory=dict)
    estimated: bool = False
    missing: tuple[JipyoError, ...] = ()


@dataclass(frozen=True, slots=True)
class _Summarizer:
    """Computes the figures of one metric, from arrays and from queries over the whole window."""

    source: Source
    metric: Metric
    window: Window
    inventory: Inventory | None = None
    only: tuple[Labels, ...] | None = None
    """The only series whose figures are wanted; None for all."""
    answers: dict[str, _WholeWindow] = field(default_factory=dict)

    @property
    def missing(self) -> Iterator[JipyoError]:
        """Why parts of the answers over the whole window are missing."""
        return (error for answer in self.answers.values() for error in answer.missing)

    def summarise_series(
        self, data: MetricData, breaches: Sequence[tuple[Breach, ...] | None]
    ) -> list[SeriesSummary]:
        """Every series that has a value at all."""
        matrix, t_ms = data.matrix, self.window.t_ms
        values = np.where(matrix.present, matrix.values, np.nan)
        alone = len(matrix.series) == 1
        names = ("",) if alone else name_series_apart(matrix.series)
        return [
            self._summarise(
                _SeriesInput(
                    labels=labels,
                    text=str(labels),
                    name=names[row],
                    query=data.queries[row],
                    values=values[row],
                    stats=compute_stats(t_ms, values[row]),
                    breaches=breaches[row],
                    estimated=data.estimated,
                )
            )
            for row, labels in enumerate(matrix.series)
        ]

    def summarise_total(
        self, series: Sequence[SeriesSummary], query: MetricQuery | None
    ) -> SeriesSummary | None:
        """The sum of all series, where one expression can give it and it is the metric."""
        if len(series) < 2 or query is None:
            return None
        values = [one.values for one in series if one.values is not None]
        estimated = any(one.worst.estimated for one in series)
        return self._summarise_sum(query, np.stack(values), estimated=estimated)

    def read_total(self, query: MetricQuery) -> SeriesSummary | None:
        """The sum of all series, added up by the source; None where there is nothing to add."""
        window = self.window
        expression = query.expression(choose_rate_window(self.metric, window.step_ms))
        first_ms = window.start_ms + window.step_ms
        try:
            asking = ask_for(self.source, self.metric.id, query.exporter)
            result = asking.range(expression, first_ms, window.end_ms, window.step_ms)
        except QueryError:
            return None
        matrix = result.value
        assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
        # Each of several sources gives the sum of its own series.
        values = np.where(matrix.present, matrix.values, np.nan)
        if np.isnan(values).all():
            return None
        return self._summarise_sum(query, values, estimated=result.estimated)

    def _summarise_sum(
        self, query: MetricQuery, values: Values, *, estimated: bool
    ) -> SeriesSummary:
        added = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
        return self._summarise(
            _SeriesInput(
                labels=EMPTY,
                text=str(EMPTY),
                name="",
                query=query,
                values=added,
                stats=compute_stats(self.window.t_ms, added),
                breaches=None,
                is_total=True,
                estimated=estimated,
            )
        )

    def _summarise(self, series: _SeriesInput) -> SeriesSummary:
        computed = {
            summary: self._compute_figure(summary, series)
            for summary in self.metric.report.summaries
        }
        figures = {summary: figure for summary, figure in computed.items() if figure is not None}
        wanted = (*((Summary.P95,) if is_quantile(self.metric) else ()), *figures)
        stats = series.stats
        if self.metric.direction is Direction.LOWER_IS_WORSE:
            worst, worst_ms = (Fold.MINIMUM, stats.minimum), stats.minimum_ms
        else:
            worst, worst_ms = (Fold.MAXIMUM, stats.maximum), stats.maximum_ms
        return SeriesSummary(
            labels=series.labels,
            name=series.name,
            exporter=series.query.exporter,
            statistic=series.query.statistic,
            values=series.values,
            stats=stats,
            coverage=stats.steps / self.window.steps,
            state=State.UNKNOWN if series.breaches is None else find_gravest_state(series.breaches),
            breaches=series.breaches or (),
            figures=figures,
            figure=next((figures[summary] for summary in wanted if summary in figures), None),
            worst=self._build_figure(*worst, series),
            worst_ms=worst_ms,
            hours=average_hours(series.values, self.window.step_ms)
            if Across.HEATMAP in self.metric.report.across
            else None,
        )

    def _compute_figure(self, summary: Summary, series: _SeriesInput) -> Figure | None:
        """One figure; None where this series cannot honestly give it."""
        if summary is Summary.RATIO_OF_SUMS and self.metric.has_total:
            return self._compute_proportion(series)
        is_mean_of_requests = series.is_mean and _is_stretchable(series.query)
        if (
            summary in _OVER_WHOLE_WINDOW
            or (summary is Summary.P95 and "histogram_quantile(" in series.query.promql)
            or (summary is Summary.AVG and is_mean_of_requests)
        ):
            return self._compute_over_whole_window(summary, series)
        if summary is Summary.P95 and is_quantile(self.metric):
            return None
        if summary is Summary.AVG and is_quantile(self.metric) and not series.is_mean:
            return None
        figure = self._build_figure(*_FOLDS[summary](series.stats), series)
        if self.metric.has_total and series.query.total_promql is None and summary is Summary.LAST:
            return replace(figure, proportion=UNKNOWN_PROPORTION)
        return figure

    def _compute_proportion(self, series: _SeriesInput) -> Figure | None:
        """The share of all cases of the window, with their number; None where none are counted.

        A mean of ratios that stand for different numbers of cases would be no such share.
        """
        query = series.query
        if query.total_promql is None:
            return None
        share = self._compute_over_whole_window(Summary.RATIO_OF_SUMS, series)
        if share is None or share.value is None:
            return None
        cases = self._query_whole_window(replace(query, promql=query.total_promql))
        n = cases.values.get(series.labels, math.nan)
        return replace(share, proportion=estimate_proportion(share.value, n, self.metric.unit))

    def _compute_over_whole_window(self, summary: Summary, series: _SeriesInput) -> Figure | None:
        if not _is_stretchable(series.query):
            if summary in (Summary.RATIO_OF_SUMS, Summary.AVG):
                return self._build_figure(Fold.AVERAGE, series.stats.average, series)
            return None
        answer = self._query_whole_window(series.query)
        value = answer.values.get(series.labels)
        if series.is_total and answer.values:
            value = math.fsum(answer.values.values())  # each source gives the sum of its own
        if value is None or math.isnan(value):
            return None
        figure = self._build_figure(_WHOLE_WINDOW_FOLDS[summary], value, series)
        if summary is Summary.TOTAL:
            seconds = self.window.duration_ms / 1000 / _SECONDS_OF.get(figure.unit, 1.0)
            unit = _TOTAL_UNITS.get(figure.unit, "count")
            figure = replace(figure, value=_round_count(value * seconds), unit=unit)
        if summary is Summary.SUM:
            figure = replace(figure, value=_round_count(value))
        is_count = figure.fold is Fold.TOTAL
        estimated = answer.estimated and is_count
        return replace(figure, expr=answer.expr, step_ms=0, estimated=estimated)

    def _build_figure(self, fold: Fold, value: float, series: _SeriesInput) -> Figure:
        window = self.window
        return Figure(
            metric=self.metric.id,
            value=value,
            unit=self.metric.unit.value,
            fold=fold,
            expr=series.query.expression(choose_rate_window(self.metric, window.step_ms)),
            series=series.text,
            exporter=series.query.exporter,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=window.step_ms,
            samples=series.stats.steps,
            coverage=series.stats.steps / window.steps,
            estimated=series.estimated and self.metric.unit is Unit.COUNT,
        )

    def _query_whole_window(self, query: MetricQuery) -> _WholeWindow:
        """The query over the whole window, sent once for all series."""
        if query.promql not in self.answers:
            expr = expand_to_whole_window(query.promql, self.window.duration_ms)
            self.answers[query.promql] = self._query_at_end(query, expr)
        return self.answers[query.promql]

    def _query_at_end(self, query: MetricQuery, expr: str) -> _WholeWindow:
        text = expr
        if self.only:
            text = narrow_query(expr, query, self.only, self.inventory)
        try:
            asking = ask_for(self.source, self.metric.id, query.exporter)
            result = asking.instant(text, self.window.end_ms)
        except QueryError:
            return _WholeWindow(expr)
        answer = result.value
        assert isinstance(answer, Vector), f"BUG: {expr} gave {type(answer).__name__}"
        labels = (label_series(labels, self.metric, query) for labels in answer.series)
        values = dict(zip(labels, answer.values.tolist(), strict=True))
        return _WholeWindow(expr, values, result.estimated, result.missing)


def _add_up(metric: Metric, queries: Sequence[MetricQuery]) -> MetricQuery | None:
    """One query for the sum of the series that these gave; None where that is no figure.

    Only model servers are added up across exporters: what others measure may overlap.
    """
    distinct = tuple({query.promql: query for query in queries}.values())
    if not distinct or Across.SUM not in metric.report.across:
        return None
    first = distinct[0]
    if len(distinct) == 1:
        added = first.promql
    elif all(query.names_server_of(metric) for query in distinct):
        added = " or ".join(
            f'label_replace({query.promql}, "{SERVER}", "{query.exporter}", "", "")'
            for query in distinct
        )
    else:
        return None
    exporters = ", ".join(dict.fromkeys(query.exporter for query in distinct))
    return MetricQuery(exporter=exporters, promql=f"sum({added})", statistic=first.statistic)


def _is_stretchable(query: MetricQuery) -> bool:
    """Whether the rolling window may be stretched over the whole one.

    It may where every use of it counts (rate, increase, changes): where there is less data
    than window, a mean over time on one side of a division would no longer fit the other.
    """
    return "$w" in query.promql and "_over_time(" not in query.promql


def _round_count(value: float) -> float:
    """A count without the last bits that a rate lost: 12 and not 11.999999999999998."""
    return float(round(value)) if abs(value - round(value)) < 1e-6 * max(1.0, abs(value)) else value


def find_gravest_state(breaches: Sequence[Breach]) -> State:
    """The gravest state that any breach came to; a pending one leaves the window ok."""
    gravest = max((breach.severity for breach in breaches), default=Severity.OK)
    return State.OK if gravest is Severity.PENDING else gravest.state


_OVER_WHOLE_WINDOW = frozenset({Summary.RATIO_OF_SUMS, Summary.SUM, Summary.TOTAL})
_WHOLE_WINDOW_FOLDS = {
    Summary.RATIO_OF_SUMS: Fold.RATIO,
    Summary.SUM: Fold.TOTAL,
    Summary.TOTAL: Fold.TOTAL,
    Summary.P95: Fold.BUCKETS,
    Summary.AVG: Fold.MEAN,
}
_FOLDS: Mapping[Summary, Callable[[SeriesStats], tuple[Fold, float]]] = {
    Summary.AVG: lambda stats: (Fold.AVERAGE, stats.average),
    Summary.P95: lambda stats: (Fold.P95, stats.p95),
    Summary.MAX: lambda stats: (Fold.MAXIMUM, stats.maximum),
    Summary.MIN: lambda stats: (Fold.MINIMUM, stats.minimum),
    Summary.LAST: lambda stats: (Fold.LAST, stats.last),
    Summary.CHANGE: lambda stats: (Fold.CHANGE, stats.last - stats.first),
}
