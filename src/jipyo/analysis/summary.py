"""A catalogue metric over one window: every series with its figures, state and breaches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.breach_fold import BeyondDays
from jipyo.analysis.grid import choose_grid, coarsen
from jipyo.analysis.metric_fold import is_quantile, keep_all, read_before, read_folded
from jipyo.analysis.proportion import SCALES, estimate_proportion
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import SERVER, Across, Direction, MetricQuery, Statistic, Summary, Unit
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, Figure, Fold
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.result import Matrix, Vector
from jipyo.source.dialect import expand_to_whole_window
from jipyo.source.metric_data import (
    choose_rate_window,
    label_series,
    narrow_query,
)
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jipyo.analysis.metric_fold import MetricFold
    from jipyo.analysis.series_fold import SeriesFold
    from jipyo.analysis.series_stats import SeriesStats
    from jipyo.analysis.thresholds import Breach
    from jipyo.analysis.window import Window
    from jipyo.catalogue import Metric, Thresholds
    from jipyo.model.errors import JipyoError
    from jipyo.model.sample import Mask, Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

DRAWN = 6
"""Most series of a metric drawn one by one; a single one more is drawn, too."""
_TOTAL_UNITS = {"bytes_per_second": "bytes", "requests_per_second": "requests"}
_SECONDS_OF = {"per_minute": 60.0}


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One series on each local day of the window; every array has shape (days,).

    NaN where a day has no value, and where the source cannot give the figure.
    """

    figures: Mapping[Summary, Values]
    """What the catalogue asks for, of each day. Whole counts add up to that of the window."""
    figure: Values
    """The one that represents the series."""
    worst: Values
    mean: Values
    """Of the values by the minute."""
    coverage: Values
    beyond: BeyondDays
    """How long it was beyond its thresholds."""


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series over the window. `figures` holds the summaries that the catalogue asks for."""

    labels: Labels
    name: str
    """What tells it from the metric's other series; empty where there are none."""
    exporter: str
    statistic: Statistic
    values: Values | None
    """Shape (drawn steps,), NaN where absent; None for a series that is not drawn by itself.

    Of each drawn step the worst value in the direction of the metric, the greatest where
    neither is worse.
    """
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
    """The mean of each hour, shape (hours,), of what is drawn, and of all series of a metric that
    is shown as a heat map; None of the rest."""
    days: DayFigures | None = None
    """Day by day; None for a window that is not divided, and for a series that is not drawn."""

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
    """Lowest and highest of the series that are not drawn by themselves; shape (drawn steps,)."""
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
    source: Source,
    metric: Metric,
    window: Window,
    inventory: Inventory | None = None,
    narrow: Callable[[MetricData], MetricData] = keep_all,
) -> MetricSummary:
    """Read a metric over a window and compute every figure that the catalogue asks for.

    A query that is refused leaves the metric without series and with a warning.

    Args:
        source: answers the queries.
        metric: what to summarise.
        window: from when to when, in which days; the steps of many series that a server by URL
            has may be longer.
        inventory: what the source has; without it every query is sent.
        narrow: chooses among the series, or takes some of them together.

    Raises:
        SourceError: the source failed.
    """
    try:
        window = choose_grid(source, metric, window, inventory)
        (fold,) = read_folded(source, metric, [window], inventory, is_judged=True, narrow=narrow)
    except QueryError as error:
        return MetricSummary(metric, window, warnings=(error.message,))
    summarizer = _Summarizer(source, metric, window, with_days=bool(window.day_ends_ms))
    inputs = _list_inputs(fold, metric)
    series = [summarizer.summarise(one) for one in inputs]
    total_query = _add_up(metric, fold.queries) if len(series) > 1 else None
    total = _summarise_total(summarizer, fold, total_query)
    ordered, band = _keep_drawn(summarizer, series, inputs)
    return MetricSummary(
        metric=metric,
        window=window,
        thresholds=metric.thresholds if fold.is_any_full else None,
        series=ordered,
        total=total,
        total_query=total_query if total else None,
        band=band,
        coverage=fold.seen / window.steps if window.steps else 0.0,
        expressions=tuple(fold.expressions),
        warnings=tuple(fold.warnings),
        missing=tuple(dict.fromkeys((*fold.missing, *summarizer.missing))),
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a metric was before: over a window that it is compared with, and drawn over another."""

    summary: MetricSummary
    ghost: Mapping[Labels, Values]
    """Drawn values by labels, those of the total without any; shape (drawn steps,)."""


def summarise_earlier(
    source: Source,
    now: MetricSummary,
    window: Window,
    inventory: Inventory | None = None,
    ghost: Window | None = None,
) -> Earlier:
    """Over another window what a summary is compared with: its total, and its gravest series.

    Nothing else is read but what is drawn: of a metric with thousands of series a few. A query
    that is refused leaves the metric without series.

    Args:
        source: answers the queries.
        now: what is compared.
        window: the window that it is compared with.
        inventory: what the source has; without it every query is sent.
        ghost: the window that is drawn behind the one of now, if any.

    Raises:
        SourceError: the source failed.
    """
    distinct = [window] if ghost is None or ghost == window else [window, ghost]
    windows = [coarsen(one, now.window.step_ms) for one in distinct]
    try:
        earlier = _summarise_windows(source, now, windows, inventory, ghost)
    except QueryError as error:
        return Earlier(MetricSummary(now.metric, windows[0], warnings=(error.message,)), {})
    return earlier if ghost is not None else replace(earlier, ghost={})


def _summarise_windows(
    source: Source,
    now: MetricSummary,
    windows: Sequence[Window],
    inventory: Inventory | None,
    ghost: Window | None,
) -> Earlier:
    metric, summarizer = now.metric, _Summarizer(source, now.metric, windows[0], inventory)
    series: list[SeriesSummary] = []
    total: SeriesSummary | None = None
    folds: list[MetricFold] = []
    behind: dict[Labels, Values] = {}
    # A host that is collected twice would be added twice, so then all series are read.
    is_whole = now.total is not None and inventory is not None and bool(inventory.hosts)
    has_ghosts = ghost is not None and bool(ghost.day_ends_ms)
    only = None if is_whole else _list_compared(now, has_ghosts=has_ghosts)
    if only is None or only:
        folds = read_folded(source, metric, windows, inventory, only)
        inputs = _list_inputs(folds[0], metric)
        series = [replace(summarizer, only=only).summarise_drawn(one) for one in inputs]
        behind = _list_drawn(folds[-1])
        if is_whole and len(inputs) > 1:
            total = _summarise_total(summarizer, folds[0], _add_up(metric, folds[0].queries))
    if now.total_query is not None and not is_whole:
        summed = replace(metric, queries=(now.total_query,))
        folds = read_folded(source, summed, windows, None)
        total = _summarise_total(summarizer, folds[0], now.total_query)
    if now.total is not None and folds[-1].total is not None:
        behind[EMPTY] = folds[-1].total.drawn[0].copy()
    return Earlier(MetricSummary(metric, windows[0], series=tuple(series), total=total), behind)


def _list_drawn(fold: MetricFold) -> dict[Labels, Values]:
    return {one.labels: fold.series.drawn[one.row].copy() for one in fold.list_series()}


def _summarise_total(
    summarizer: _Summarizer, fold: MetricFold, query: MetricQuery | None
) -> SeriesSummary | None:
    """The sum of all series, where one expression can give it and there is anything to add."""
    if query is None or fold.total is None or not fold.rows:
        return None
    return summarizer.summarise_drawn(_describe_sum(query, fold.total, estimated=fold.estimated))


DRAWN_BEHIND = 4
"""Of metrics with more series, and without a total, only the gravest has a ghost."""


def _list_compared(now: MetricSummary, *, has_ghosts: bool) -> tuple[Labels, ...]:
    """The series of which more than the total is compared."""
    gravest = now.series[0]
    if now.total is not None:
        return (gravest.labels,) if gravest.breaches else ()
    if has_ghosts and len(now.series) <= DRAWN_BEHIND:
        return tuple(series.labels for series in now.series)
    return (gravest.labels,)


def _list_inputs(fold: MetricFold, metric: Metric) -> list[_SeriesInput]:
    """What the figures of each series are computed from."""
    found = fold.list_series()
    names = ("",) if len(found) == 1 else name_series_apart([one.labels for one in found])
    return [
        _SeriesInput(
            labels=one.labels,
            text=str(one.labels),
            name=name,
            query=one.query,
            by_day=one.by_day,
            fold=fold.series,
            row=one.row,
            stats=fold.series.build_stats(one.row),
            breaches=fold.list_breaches(one),
            beyond=fold.find_beyond(one),
            estimated=fold.estimated,
        )
        for one, name in zip(found, names, strict=True)
    ]


def _describe_sum(query: MetricQuery, fold: SeriesFold, *, estimated: bool) -> _SeriesInput:
    return _SeriesInput(
        labels=EMPTY,
        text=str(EMPTY),
        name="",
        query=query,
        by_day=((query, fold.count[0] > 0),),
        fold=fold,
        row=0,
        stats=fold.build_stats(0),
        breaches=None,
        beyond=None,
        is_total=True,
        estimated=estimated,
    )


def _keep_drawn(
    summarizer: _Summarizer, series: Sequence[SeriesSummary], inputs: Sequence[_SeriesInput]
) -> tuple[tuple[SeriesSummary, ...], tuple[Values, Values] | None]:
    """The series, the gravest first, and the range of those that are not drawn.

    The drawn values and the days of a series are by far the most that a report has to remember.
    """
    gravity = _rank_by_gravity(summarizer.metric.direction)
    pairs = sorted(zip(series, inputs, strict=True), key=lambda pair: gravity(pair[0]))
    lines = DRAWN if len(pairs) > DRAWN + 1 else len(pairs)
    kept = tuple(
        summarizer.add_drawn(one, of) if at < lines else summarizer.add_hours(one, of)
        for at, (one, of) in enumerate(pairs)
    )
    others = [of.fold.drawn[of.row] for _, of in pairs[lines:]]
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
    """The data with the steps before the window that decide what is firing at its start."""
    matrix = data.matrix
    before = read_before(source, data, thresholds, window, inventory)
    if not before:
        return 0, data
    lead = len(next(iter(before.values())))
    values = np.full((len(matrix.series), lead), np.nan)
    for row, own in before.items():
        values[row] = own
    first_ms = window.start_ms - (lead - 1) * window.step_ms
    joined = Matrix(
        matrix.series,
        np.arange(first_ms, int(matrix.t_ms[-1]) + 1, window.step_ms, dtype=np.int64),
        np.concatenate([values, matrix.values], axis=1),
        np.concatenate([~np.isnan(values), matrix.present], axis=1),
    )
    return lead, replace(data, matrix=joined)


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
    """That gave most of the values."""
    by_day: tuple[tuple[MetricQuery, Mask], ...]
    """Every query that gave some, and on which days."""
    fold: SeriesFold
    row: int
    """Of the fold."""
    stats: SeriesStats
    breaches: tuple[Breach, ...] | None
    """None for what is not judged: a mean, or a total."""
    beyond: BeyondDays | None
    """None likewise."""
    is_total: bool = False
    estimated: bool = False
    """Whether counts among the values are extrapolated."""

    @property
    def is_mean(self) -> bool:
        return self.query.statistic is Statistic.MEAN

    def count_part(self, unit: Unit) -> _SeriesInput | None:
        """The same of the cases that a share is; None where the queries do not count them."""
        query = self.query.count_part(SCALES[unit])
        if query is None:
            return None
        parts = ((one.count_part(SCALES[unit]), days) for one, days in self.by_day)
        return replace(
            self, query=query, by_day=tuple((one, days) for one, days in parts if one is not None)
        )


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
    with_days: bool = False
    answers: dict[str, _WholeWindow] = field(default_factory=dict)
    day_answers: dict[str, Mapping[Labels, Values]] = field(default_factory=dict)

    @property
    def missing(self) -> Iterator[JipyoError]:
        """Why parts of the answers over the whole window are missing."""
        return (error for answer in self.answers.values() for error in answer.missing)

    def summarise_drawn(self, series: _SeriesInput) -> SeriesSummary:
        """One series with its drawn values and its days."""
        return self.add_drawn(self.summarise(series), series)

    def add_drawn(self, summary: SeriesSummary, series: _SeriesInput) -> SeriesSummary:
        """What a series that is drawn has besides."""
        return replace(
            summary,
            hours=series.fold.average_hours(series.row),
            # A row of a large array would keep all of the array.
            values=series.fold.drawn[series.row].copy(),
            days=self._compute_days(summary, series) if self.with_days else None,
        )

    def add_hours(self, summary: SeriesSummary, series: _SeriesInput) -> SeriesSummary:
        """The hours of a series where the metric is shown as a heat map."""
        if Across.HEATMAP not in self.metric.report.across:
            return summary
        return replace(summary, hours=series.fold.average_hours(series.row))

    def summarise(self, series: _SeriesInput) -> SeriesSummary:
        """One series without what is drawn of it."""
        computed = {
            summary: self._compute_figure(summary, series)
            for summary in self.metric.report.summaries
        }
        figures = {summary: figure for summary, figure in computed.items() if figure is not None}
        stats = series.stats
        if self.metric.direction is Direction.LOWER_IS_WORSE:
            worst, worst_ms = (Fold.MINIMUM, stats.minimum), stats.minimum_ms
        else:
            worst, worst_ms = (Fold.MAXIMUM, stats.maximum), stats.maximum_ms
        shown = self._find_shown(figures)
        return SeriesSummary(
            labels=series.labels,
            name=series.name,
            exporter=series.query.exporter,
            statistic=series.query.statistic,
            values=None,
            stats=stats,
            coverage=stats.steps / self.window.steps,
            state=State.UNKNOWN if series.breaches is None else find_gravest_state(series.breaches),
            breaches=series.breaches or (),
            figures=figures,
            figure=None if shown is None else figures[shown],
            worst=self._build_figure(*worst, series),
            worst_ms=worst_ms,
        )

    def _find_shown(self, figures: Mapping[Summary, Figure]) -> Summary | None:
        """Which figure represents a series."""
        wanted = (*((Summary.P95,) if is_quantile(self.metric) else ()), *figures)
        return next((summary for summary in wanted if summary in figures), None)

    def _compute_days(self, summary: SeriesSummary, series: _SeriesInput) -> DayFigures:
        fold, row, days = series.fold, series.row, self.window.days
        steps = np.array([day.steps for day in days])
        figures = {
            kind: self._compute_day_figures(kind, figure, series)
            for kind, figure in summary.figures.items()
        }
        shown = self._find_shown(summary.figures)
        is_low = self.metric.direction is Direction.LOWER_IS_WORSE
        return DayFigures(
            figures=figures,
            figure=np.full(len(days), np.nan) if shown is None else figures[shown],
            worst=fold.days[Summary.MIN if is_low else Summary.MAX][row].copy(),
            mean=fold.average_days(row),
            coverage=fold.count[row] / steps,
            beyond=series.beyond or BeyondDays.make(len(days)),
        )

    def _compute_day_figures(self, kind: Summary, figure: Figure, series: _SeriesInput) -> Values:
        """A figure of the window for each of its days."""
        if figure.step_ms:
            if kind in (Summary.AVG, Summary.RATIO_OF_SUMS):
                return series.fold.average_days(series.row)
            values: Values = series.fold.days[kind][series.row].copy()
            return values
        if kind is Summary.PART:
            counted = series.count_part(self.metric.unit)
            assert counted is not None, "BUG: a part without a count of cases"
            series = counted
        if kind in _COUNTS:
            return self._count_days(kind, series, figure.value, is_estimated=figure.estimated)
        return self._find_days(series)

    def _find_days(self, series: _SeriesInput) -> Values:
        """What the queries give over each whole day, each for the days that it answered."""
        values = np.full(self.window.day_count, np.nan)
        for query, days in series.by_day:
            answer = self._query_days(query)
            if series.is_total:  # each source gives the sum of its own
                own = _add_present(list(answer.values()), len(values))
            else:
                own = answer.get(series.labels, values)
            values[days] = own[days]
        return values

    def _count_days(
        self, kind: Summary, series: _SeriesInput, whole: float | None, *, is_estimated: bool
    ) -> Values:
        """Counts of each day, which add up to that of the window where the source is exact.

        A day begins with its first sample where nothing was collected for long before it. What
        a counter gained in such a gap is in the window, and so it counts to the day after it.
        """
        counts = self._to_counts(
            kind, self._find_days(series), self.window.days, is_estimated=is_estimated
        )
        known = float(np.nansum(counts))
        if whole is None or is_estimated or math.isclose(known, whole, rel_tol=1e-9):
            return counts
        days = [replace(day, start_ms=self.window.start_ms) for day in self.window.days]
        reached = self._to_counts(kind, self._find_reached(series, days), days, is_estimated=False)
        # A counter that has not begun yet has reached nothing.
        gained = np.diff(np.nan_to_num(reached), prepend=0.0)
        counts[...] = np.where((gained == 0) & (series.fold.count[series.row] == 0), np.nan, gained)
        return counts

    def _find_reached(self, series: _SeriesInput, windows: Sequence[Window]) -> Values:
        reached = np.full(len(windows), np.nan)
        for at, window in enumerate(windows):
            expr = expand_to_whole_window(series.query.promql, window.duration_ms)
            answer = self._query_at(series.query, expr, window.end_ms).values
            if series.is_total:
                reached[at] = math.fsum(answer.values()) if answer else math.nan
            else:
                reached[at] = answer.get(series.labels, math.nan)
        return reached

    def _to_counts(
        self, kind: Summary, values: Values, windows: Sequence[Window], *, is_estimated: bool
    ) -> Values:
        """Whole numbers from rates over windows (for totals) or from increases.

        What is extrapolated is no more exact than to one, and read as a count all the same.
        """
        if kind is Summary.TOTAL:
            values = values * [self._count_units(window) for window in windows]
        if is_estimated and (kind is not Summary.SUM or self.metric.unit is Unit.COUNT):
            return np.round(values)
        return np.array([_round_count(value) for value in values.tolist()])

    def _count_units(self, window: Window) -> float:
        """How many of the unit of time that a rate is of a window has."""
        return window.duration_ms / 1000 / _SECONDS_OF.get(self.metric.unit.value, 1.0)

    def _compute_figure(self, summary: Summary, series: _SeriesInput) -> Figure | None:
        """One figure; None where this series cannot honestly give it."""
        if summary is Summary.RATIO_OF_SUMS and self.metric.has_total:
            return self._compute_proportion(series)
        if summary is Summary.PART:
            counted = series.count_part(self.metric.unit)
            return None if counted is None else self._compute_over_whole_window(summary, counted)
        is_mean_of_requests = series.is_mean and _is_stretchable(series.query)
        if (
            summary in _OVER_WHOLE_WINDOW
            or (summary is Summary.P95 and "histogram_quantile(" in series.query.promql)
            or (summary is Summary.AVG and is_mean_of_requests)
        ):
            return self._compute_over_whole_window(summary, series)
        if is_quantile(self.metric) and (
            summary is Summary.P95 or (summary is Summary.AVG and not series.is_mean)
        ):
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
        if summary in _COUNTS:
            (count,) = self._to_counts(
                summary, np.array([value]), [self.window], is_estimated=answer.estimated
            ).tolist()
            unit = figure.unit
            if summary is not Summary.SUM:
                unit = _TOTAL_UNITS.get(unit, Unit.COUNT.value)
            figure = replace(figure, value=count, unit=unit)
            if self.window.day_ends_ms and (answer.estimated or len(series.by_day) > 1):
                days = self._count_days(summary, series, None, is_estimated=answer.estimated)
                figure = replace(figure, value=float(np.nansum(days)))
        estimated = answer.estimated and figure.fold is Fold.TOTAL
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
            self.answers[query.promql] = self._query_at(query, expr, self.window.end_ms)
        return self.answers[query.promql]

    def _query_at(self, query: MetricQuery, expr: str, t_ms: int) -> _WholeWindow:
        try:
            result = self._ask(query).instant(self._narrow(query, expr), t_ms)
        except QueryError:
            return _WholeWindow(expr)
        answer = result.value
        assert isinstance(answer, Vector), f"BUG: {expr} gave {type(answer).__name__}"
        labels = (label_series(labels, self.metric, query) for labels in answer.series)
        values = dict(zip(labels, answer.values.tolist(), strict=True))
        return _WholeWindow(expr, values, result.estimated, result.missing)

    def _query_days(self, query: MetricQuery) -> Mapping[Labels, Values]:
        """The query over each whole day, sent once for all series; each of shape (days,)."""
        if query.promql not in self.day_answers:
            self.day_answers[query.promql] = self._read_days(query)
        return self.day_answers[query.promql]

    def _read_days(self, query: MetricQuery) -> dict[Labels, Values]:
        days = self.window.days
        values: dict[Labels, Values] = {}
        for length_ms, found in groupby(enumerate(days), lambda day: day[1].duration_ms):
            places, alike = zip(*found, strict=True)
            expr = self._narrow(query, expand_to_whole_window(query.promql, length_ms))
            start_ms, end_ms = alike[0].end_ms, alike[-1].end_ms
            try:
                matrix = self._ask(query).range(expr, start_ms, end_ms, length_ms).value
            except QueryError:
                continue
            assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
            for labels, own, present in zip(
                matrix.series, matrix.values, matrix.present, strict=True
            ):
                name = label_series(labels, self.metric, query)
                row = values.setdefault(name, np.full(len(days), np.nan))
                row[places[0] : places[-1] + 1] = np.where(present, own, np.nan)
        return values

    def _ask(self, query: MetricQuery) -> Source:
        return ask_for(self.source, self.metric.id, query.exporter)

    def _narrow(self, query: MetricQuery, expr: str) -> str:
        return narrow_query(expr, query, self.only, self.inventory) if self.only else expr


def _add_present(rows: Sequence[Values], size: int) -> Values:
    """The sum of what is there, NaN where nothing is."""
    if not rows:
        return np.full(size, np.nan)
    stacked = np.stack(rows)
    added: Values = np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
    return added


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
    if not math.isfinite(value):
        return value
    return float(round(value)) if abs(value - round(value)) < 1e-6 * max(1.0, abs(value)) else value


def find_gravest_state(breaches: Sequence[Breach]) -> State:
    """The gravest state that any breach came to; a pending one leaves the window ok."""
    gravest = max((breach.severity for breach in breaches), default=Severity.OK)
    return State.OK if gravest is Severity.PENDING else gravest.state


_COUNTS = frozenset({Summary.SUM, Summary.TOTAL, Summary.PART})
_OVER_WHOLE_WINDOW = _COUNTS | {Summary.RATIO_OF_SUMS}
_WHOLE_WINDOW_FOLDS = {
    Summary.RATIO_OF_SUMS: Fold.RATIO,
    Summary.SUM: Fold.TOTAL,
    Summary.TOTAL: Fold.TOTAL,
    Summary.PART: Fold.TOTAL,
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
