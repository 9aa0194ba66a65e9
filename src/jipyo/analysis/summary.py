"""A catalogue metric over one window: every series with its figures, state and breaches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.proportion import estimate_proportion
from jipyo.analysis.series_stats import SeriesStats, summarise
from jipyo.analysis.thresholds import Severity, State, find_metric_breaches
from jipyo.catalogue import Across, Direction, Statistic, Summary
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, Figure, Fold
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.result import Vector
from jipyo.source.dialect import over_whole_window, to_dialect
from jipyo.source.metric_data import MetricData, rate_window, read_metric, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Metric, MetricQuery, Thresholds
    from jipyo.model.sample import Times, Values
    from jipyo.source import Source
    from jipyo.source.prune import Names

STEP_MS = 60_000
_TOTAL_UNITS = {"bytes_per_second": "bytes", "requests_per_second": "requests"}
_SECONDS_OF = {"per_minute": 60.0}
_NUMBERED = {"gpu": "GPU", "cpu": "cpu"}


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch (start, end] in steps; a step at t stands for (t - step, t]."""

    start_ms: int
    end_ms: int
    step_ms: int = STEP_MS

    @property
    def steps(self) -> int:
        """How many steps there are: what a series without gaps has."""
        return (self.end_ms - self.start_ms) // self.step_ms

    @property
    def t_ms(self) -> Times:
        """The steps, shape (steps,)."""
        return self.start_ms + self.step_ms * np.arange(1, self.steps + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series over the window. `figures` holds what the catalogue says a report tells."""

    labels: Labels
    target: str
    exporter: str
    statistic: Statistic
    values: Values
    """Shape (steps,), NaN where absent."""
    stats: SeriesStats
    coverage: float
    state: State
    breaches: tuple[Breach, ...]
    figures: Mapping[Summary, Figure]
    asked: Figure
    """The figure of nothing yet: what was asked, over what, with how many steps."""

    @property
    def warning_ms(self) -> int:
        """Time beyond the warning line but not the critical one."""
        return sum(breach.warning_ms for breach in self.breaches)

    @property
    def critical_ms(self) -> int:
        """Time beyond the critical line."""
        return sum(breach.critical_ms for breach in self.breaches)


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric over the window; no series: no data."""

    metric: Metric
    window: Window
    thresholds: Thresholds | None
    """What the series are judged by; None for a metric without, or with a mean of it only."""
    series: tuple[SeriesSummary, ...]
    """The gravest first."""
    together: SeriesSummary | None
    """All series added up, where the catalogue says that the metric is their sum."""
    expressions: tuple[tuple[str, str], ...]
    """Exporter and expression, as asked."""
    warnings: tuple[str, ...]

    @property
    def state(self) -> State:
        """The gravest state of any series; unknown without any."""
        return self.series[0].state if self.series else State.UNKNOWN

    @property
    def headline(self) -> SeriesSummary:
        """The series that speaks for the metric: the sum where there is one, else the gravest."""
        return self.together or self.series[0]

    @property
    def figure(self) -> Figure | None:
        """The figure that stands for the metric; None where its source cannot give any."""
        return primary(self.metric, self.headline)

    @property
    def coverage(self) -> float:
        """Share of the steps at which any series has a value."""
        if not self.series:
            return 0.0
        present = ~np.isnan(np.stack([series.values for series in self.series]))
        return float(present.any(axis=0).mean())


def read(
    source: Source, metric: Metric, window: Window, names: Names | None = None
) -> MetricSummary:
    """Ask for the metric and work out every figure that a report tells of it.

    `names` are those of all metrics that there are; without them everything is asked.

    Raises:
        SourceError: whoever answers failed.
    """
    try:
        measured = read_metric(
            source, metric, window.start_ms + window.step_ms, window.end_ms, window.step_ms, names
        )
    except QueryError as error:
        return MetricSummary(metric, window, None, (), None, (), (error.message,))
    thresholds = metric.thresholds if any(map(_is_full, measured.alternatives)) else None
    asker = _Asker(source, metric, window)
    series = tuple(sorted(asker.series(measured), key=_gravity(metric.direction)))
    return MetricSummary(
        metric=metric,
        window=window,
        thresholds=thresholds,
        series=series,
        together=asker.together(series, measured),
        expressions=measured.expressions,
        warnings=measured.warnings,
    )


def _is_full(query: MetricQuery) -> bool:
    return query.statistic is Statistic.FULL


def is_quantile(metric: Metric) -> bool:
    """Whether the metric is a percentile of requests wherever the source allows it."""
    return any("quantile" in query.promql for query in metric.queries)


def primary(metric: Metric, series: SeriesSummary) -> Figure | None:
    """Which of the series' figures stands for the metric."""
    wanted = (*((Summary.P95,) if is_quantile(metric) else ()), *metric.report.summaries)
    return next((series.figures[name] for name in wanted if name in series.figures), None)


def targets(series: Sequence[Labels]) -> list[str]:
    """What tells each series from the others, short: `cpu 3`, `/data`, `host1 GPU 0`.

    A label that all of them share is left out.
    """
    names = {name for labels in series for name in labels}
    told = [n for n in names if len({labels.get(n, "") for labels in series}) > 1]
    told.sort(key=lambda name: (name != "instance", name))
    return [
        " ".join(filter(None, (_told(n, labels.get(n, "")) for n in told))) for labels in series
    ]


def _told(name: str, value: str) -> str:
    return f"{_NUMBERED[name]} {value}" if name in _NUMBERED and value.isdigit() else value


@dataclass(frozen=True, slots=True)
class _Subject:
    """What one series' figures are worked out from."""

    labels: Labels
    target: str
    query: MetricQuery
    values: Values
    breaches: tuple[Breach, ...] | None
    """None for what is not judged: a mean, or a sum of series."""


@dataclass(frozen=True, slots=True)
class _Asker:
    """Turns arrays and questions over the whole window into the figures of one metric."""

    source: Source
    metric: Metric
    window: Window
    answers: dict[str, tuple[str, Mapping[Labels, float]]] = field(default_factory=dict)

    def series(self, measured: MetricData) -> list[SeriesSummary]:
        """Every series that has a value at all."""
        matrix = measured.matrix
        values = np.where(matrix.present, matrix.values, np.nan)
        names = targets(matrix.series)
        breaches = find_metric_breaches(measured, self.window.step_ms)
        return [
            self._day(_Subject(labels, names[i], measured.alternatives[i], values[i], breaches[i]))
            for i, labels in enumerate(matrix.series)
        ]

    def together(
        self, series: Sequence[SeriesSummary], measured: MetricData
    ) -> SeriesSummary | None:
        """The sum of all series, where one expression gave them and their sum is the metric."""
        one_expression = len({query.promql for query in measured.alternatives}) == 1
        if len(series) < 2 or not one_expression or Across.SUM not in self.metric.report.across:
            return None
        query = measured.alternatives[0]
        values = np.stack([one.values for one in series])
        added = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
        added_query = replace(query, promql=f"sum({query.promql})", rename={})
        return self._day(_Subject(EMPTY, "", added_query, added, None))

    def _day(self, subject: _Subject) -> SeriesSummary:
        window = self.window
        stats = summarise(window.t_ms, subject.values)
        told = ((name, self._figure(name, subject, stats)) for name in self.metric.report.summaries)
        return SeriesSummary(
            labels=subject.labels,
            target=subject.target,
            exporter=subject.query.exporter,
            statistic=subject.query.statistic,
            values=subject.values,
            stats=stats,
            coverage=stats.steps / window.steps,
            state=State.UNKNOWN if subject.breaches is None else _state_of(subject.breaches),
            breaches=subject.breaches or (),
            figures={name: figure for name, figure in told if figure is not None},
            asked=self._made(Fold.AVERAGE, None, subject, stats),
        )

    def _figure(self, name: Summary, subject: _Subject, stats: SeriesStats) -> Figure | None:
        """One figure; None where this series cannot honestly give it."""
        if name is Summary.RATIO_OF_SUMS and self.metric.counted:
            return self._of_cases(subject, stats)
        if name in _OVER_THE_WINDOW or self._is_of_requests(name, subject):
            return self._whole(name, subject, stats)
        if name is Summary.P95 and is_quantile(self.metric):
            return None
        if name is Summary.AVG and is_quantile(self.metric) and not _is_mean(subject):
            return None
        fold, value = _FOLDS[name](stats)
        made = self._made(fold, value, subject, stats)
        if self.metric.counted and subject.query.total_promql is None and name is Summary.LAST:
            return replace(made, proportion=UNKNOWN_PROPORTION)
        return made

    def _of_cases(self, subject: _Subject, stats: SeriesStats) -> Figure | None:
        """The share of all cases of the window, with their number; None where none is told.

        A mean of ratios that stand for different numbers of cases would be no such share.
        """
        query = subject.query
        if query.total_promql is None:
            return None
        share = self._whole(Summary.RATIO_OF_SUMS, subject, stats)
        if share is None or share.value is None:
            return None
        _, cases = self._answer(replace(query, promql=query.total_promql))
        n = cases.get(subject.labels, math.nan)
        return replace(share, proportion=estimate_proportion(share.value, n, self.metric.unit))

    def _is_of_requests(self, name: Summary, subject: _Subject) -> bool:
        """Whether the figure is one of all requests of the window, not one of its steps."""
        if name is Summary.P95:
            return "histogram_quantile(" in subject.query.promql
        return name is Summary.AVG and _is_mean(subject) and _sums_up(subject.query)

    def _whole(self, name: Summary, subject: _Subject, stats: SeriesStats) -> Figure | None:
        if not _sums_up(subject.query):
            return (
                self._made(Fold.AVERAGE, stats.average, subject, stats) if _is_ratio(name) else None
            )
        expr, answer = self._answer(subject.query)
        value = answer.get(subject.labels)
        if value is None or math.isnan(value):
            return None
        figure = self._made(_WHOLE_FOLDS[name], value, subject, stats)
        if name is Summary.TOTAL:
            seconds = (self.window.end_ms - self.window.start_ms) / 1000
            per = _SECONDS_OF.get(figure.unit, 1.0)
            unit = _TOTAL_UNITS.get(figure.unit, "count")
            figure = replace(figure, value=_counted(value * seconds / per), unit=unit)
        if name is Summary.SUM:
            figure = replace(figure, value=_counted(value))
        return replace(figure, expr=expr, step_ms=0)

    def _made(
        self, fold: Fold, value: float | None, subject: _Subject, stats: SeriesStats
    ) -> Figure:
        window = self.window
        return Figure(
            metric=self.metric.id,
            value=value,
            unit=self.metric.unit.value,
            fold=fold,
            expr=subject.query.expression(rate_window(self.metric, window.step_ms)),
            series=str(subject.labels),
            exporter=subject.query.exporter,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=window.step_ms,
            samples=stats.steps,
            coverage=stats.steps / window.steps,
        )

    def _answer(self, query: MetricQuery) -> tuple[str, Mapping[Labels, float]]:
        """The expression that was answered over the whole window, and each series' value."""
        if query.promql not in self.answers:
            self.answers[query.promql] = self._asked(query)
        return self.answers[query.promql]

    def _asked(self, query: MetricQuery) -> tuple[str, Mapping[Labels, float]]:
        window_ms = self.window.end_ms - self.window.start_ms
        try:
            expr = to_dialect(over_whole_window(query.promql, window_ms), self.source.dialect)
            value = self.source.instant(expr, self.window.end_ms).value
        except QueryError:
            return "", {}
        assert isinstance(value, Vector), f"BUG: {expr} gave {type(value).__name__}"
        labels = (renamed(labels, query.rename) for labels in value.series)
        return expr, dict(zip(labels, value.values.tolist(), strict=True))


def _sums_up(query: MetricQuery) -> bool:
    """Whether the rolling window may be stretched over the whole of it.

    It may where every use of it counts (rate, increase, changes): with less than a day of
    data a mean over time on one side of a division would no longer fit the other.
    """
    return "$w" in query.promql and "_over_time(" not in query.promql


def _is_mean(subject: _Subject) -> bool:
    return subject.query.statistic is Statistic.MEAN


def _is_ratio(name: Summary) -> bool:
    return name in (Summary.RATIO_OF_SUMS, Summary.AVG)


def _counted(value: float) -> float:
    """A count without the last bits that a rate lost: 12 and not 11.999999999999998."""
    return float(round(value)) if abs(value - round(value)) < 1e-6 * max(1.0, abs(value)) else value


def _state_of(breaches: Sequence[Breach]) -> State:
    """The gravest state that any breach came to; a pending one leaves the window ok."""
    gravest = max((breach.severity for breach in breaches), default=Severity.OK)
    return State.OK if gravest is Severity.PENDING else gravest.state


def _gravity(direction: Direction) -> Callable[[SeriesSummary], tuple[float, ...]]:
    """Sorts the gravest first: by state, by time beyond the thresholds, by its worst value."""

    def key(series: SeriesSummary) -> tuple[float, ...]:
        lower = direction is Direction.LOWER_IS_WORSE
        worst = -series.stats.minimum if lower else series.stats.maximum
        return (-series.state.severity, -series.critical_ms, -series.warning_ms, -worst)

    return key


_OVER_THE_WINDOW = frozenset({Summary.RATIO_OF_SUMS, Summary.SUM, Summary.TOTAL})
_WHOLE_FOLDS = {
    Summary.RATIO_OF_SUMS: Fold.RATIO,
    Summary.SUM: Fold.TOTAL,
    Summary.TOTAL: Fold.TOTAL,
    Summary.P95: Fold.BUCKETS,
    Summary.AVG: Fold.MEAN,
}
_FOLDS: Mapping[Summary, Callable[[SeriesStats], tuple[Fold, float]]] = {
    Summary.AVG: lambda day: (Fold.AVERAGE, day.average),
    Summary.P95: lambda day: (Fold.P95, day.p95),
    Summary.MAX: lambda day: (Fold.MAXIMUM, day.maximum),
    Summary.MIN: lambda day: (Fold.MINIMUM, day.minimum),
    Summary.LAST: lambda day: (Fold.LAST, day.last),
    Summary.CHANGE: lambda day: (Fold.CHANGE, day.last - day.first),
}
