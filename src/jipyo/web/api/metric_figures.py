"""`/api/jipyo/metric/{id}/figures`: what each series came to over a period, as reports have it."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.comparison import COMPARABLE
from jipyo.analysis.grid import STEPS_MS, coarsen, fit_values
from jipyo.analysis.metric_fold import begin_fold, is_quantile
from jipyo.analysis.series_groups import group_series, select_series
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.summary import summarise_metric
from jipyo.analysis.thresholds import Severity, list_levels
from jipyo.analysis.window import DAY_MS, STEP_MS, Window, cut_piece
from jipyo.catalogue import Statistic, Summary
from jipyo.model.arrays import find_runs
from jipyo.model.calendar import range_between
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.result import Matrix
from jipyo.reports.data import find_earlier_window, find_window
from jipyo.reports.wording import format_change
from jipyo.source.history import format_selector
from jipyo.source.hourly import HOUR_MS, read_hourly
from jipyo.source.metric_data import read_series
from jipyo.web.api.metrics import find_metric, read_period
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.series_stats import SeriesStats
    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.i18n import Lang, Texts
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData
    from jipyo.web.api.metrics import PeriodRequest
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_MOST_VALUES = 3_000_000
"""Of a metric over a period; of more series the steps are longer."""
_LONGEST_MS = 31 * DAY_MS
"""Longer periods are read by the hour, as their charts are."""
_SHORTEST_MS = 600_000
"""Shorter ones have too few minutes."""
_SHORT_STEP_MS = 15_000
_WEEK_DAYS = 7
_MOST_STEPS = 9000
"""Of scores of anomalies, which are written every minute."""


@dataclass(frozen=True, slots=True)
class ThresholdTime:
    """For how long a series was at a threshold or beyond it."""

    level: str
    threshold: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFigures:
    """What a series came to; null where it had no value.

    A percentile of requests has no mean, and its `p95` is that of all requests of the period.
    """

    name: str
    labels: Mapping[str, str]
    mean: float | None
    p95: float | None
    least: float | None
    greatest: float | None
    greatest_t: float | None
    """When the greatest value was first there."""
    steps: int
    """How many values these figures are of."""
    coverage: float
    """The share of steps that had a value."""
    week_before: float | None
    """The mean over the same time a week earlier, where at least half of it is known."""
    change_text: str
    """By how much the mean differs from that; empty where it is not known."""
    beyond: tuple[ThresholdTime, ...]


@dataclass(frozen=True, slots=True)
class AnomalySpan:
    """A stretch in which values of a series were unusual for their time."""

    start: float
    end: float
    labels: Mapping[str, str]
    score: float
    """The highest of them; an alert is due from 1 on."""


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """What a metric came to over a period."""

    id: str
    start: float
    end: float
    step: float
    """How far apart the values are that figures are of; of an hour they are its means.

    A minute, as in reports; less below 10 minutes, more where there are very many series.
    """
    series: tuple[SeriesFigures, ...]
    anomalies: tuple[AnomalySpan, ...]


OPERATION = Operation(
    "/metric/{id}/figures",
    MetricFigures,
    "What a metric came to over a period.",
    ("id", "start", "end", "by", "match", "lang"),
)


def routes(
    source: Source,
    catalogue: Catalogue,
    inventory: Callable[[], Inventory],
    now_ms: Callable[[], int],
    zone: ZoneInfo,
    lang: Lang,
) -> list[Route]:
    """The route; `inventory` is what the source has, `zone` where days begin."""

    def build(request: WebRequest, t: Texts) -> MetricFigures:
        metric = find_metric(catalogue, request, t)
        wanted = read_period(request, now_ms(), t)
        bound = source.bind(request.cancelled)
        return _PeriodReader(bound, metric, wanted, inventory(), zone, now_ms()).read(t)

    return [json_route(OPERATION, build, lang)]


@dataclass(frozen=True, slots=True)
class _SeriesPeriod:
    """A series over a window."""

    labels: Labels
    stats: SeriesStats
    coverage: float
    mean: float | None
    p95: float | None
    breaches: tuple[Breach, ...] | None
    """None for what is not judged."""


@dataclass(frozen=True, slots=True)
class _PeriodReader:
    """Reads a metric over a period and the week before: by the function that reports use."""

    source: Source
    metric: Metric
    wanted: PeriodRequest
    inventory: Inventory
    zone: ZoneInfo
    now_ms: int

    def read(self, t: Texts) -> MetricFigures:
        """The figures of the period.

        Raises:
            QueryError: an expression was rejected.
            SourceError: the source failed.
        """
        wanted, metric = self.wanted, self._choose_summaries()
        window, before = self._find_windows()
        found = self._read_series(metric, window)
        earlier = {one.labels: one for one in self._read_series(metric, before)}
        names = name_series_apart([one.labels for one in found])
        return MetricFigures(
            id=metric.id,
            start=wanted.start_ms / 1000,
            end=wanted.end_ms / 1000,
            step=window.step_ms / 1000,
            series=tuple(
                _build_figures(metric, one, name, earlier.get(one.labels), t)
                for one, name in zip(found, names, strict=True)
            ),
            anomalies=tuple(_read_anomalies(self.source, metric, wanted)),
        )

    def _choose_summaries(self) -> Metric:
        """The metric with the figures of the table: of a share the one over all cases."""
        summaries = self.metric.report.summaries
        mean = Summary.RATIO_OF_SUMS if Summary.RATIO_OF_SUMS in summaries else Summary.AVG
        report = replace(self.metric.report, summaries=(mean, Summary.P95), across=())
        return replace(self.metric, report=report)

    def _find_windows(self) -> tuple[Window, Window]:
        """The window of the period as far as it is over, and that of a week earlier."""
        start_ms = self.wanted.start_ms
        end_ms = max(min(self.wanted.end_ms, self.now_ms), start_ms)
        if end_ms - start_ms > _LONGEST_MS:
            last_ms = end_ms // HOUR_MS * HOUR_MS
            window = Window(start_ms // HOUR_MS * HOUR_MS, last_ms, HOUR_MS, HOUR_MS)
        elif end_ms - start_ms < _SHORTEST_MS:
            steps = (end_ms - start_ms) // _SHORT_STEP_MS
            end_ms = start_ms + steps * _SHORT_STEP_MS
            window = Window(start_ms, end_ms, _SHORT_STEP_MS, _SHORT_STEP_MS)
        else:
            start_ms -= start_ms % STEP_MS  # days begin with a step
            period = range_between(start_ms, end_ms, self.zone)
            window = self._coarsen(find_window(period, end_ms))
            before = find_earlier_window(period, window, period.earlier(_WEEK_DAYS))
            return window, coarsen(before, window.step_ms)
        week_ms = _WEEK_DAYS * DAY_MS
        before = replace(window, start_ms=window.start_ms - week_ms, end_ms=window.end_ms - week_ms)
        return window, before

    def _coarsen(self, window: Window) -> Window:
        """The window in minutes, or in longer steps where so many series would not fit."""
        t_ms = np.array([window.end_ms])
        newest = read_series(self.source, self.metric, t_ms, window.step_ms, self.inventory)
        return fit_values(window, len(self._narrow(newest).matrix.series), _MOST_VALUES)

    def _narrow(self, data: MetricData) -> MetricData:
        return group_series(select_series(data, self.wanted.matchers), self.wanted.by)

    def _read_series(self, metric: Metric, window: Window) -> Sequence[_SeriesPeriod]:
        if not window.steps:
            return ()
        if window.step_ms == HOUR_MS and window.duration_ms > _LONGEST_MS:
            return self._read_hours(metric, window)
        read = summarise_metric(self.source, metric, window, self.inventory, self._narrow)
        mean = metric.report.summaries[0]
        return [
            _SeriesPeriod(
                labels=one.labels,
                stats=one.stats,
                coverage=one.coverage,
                mean=figure.value if (figure := one.figures.get(mean)) else None,
                p95=figure.value if (figure := one.figures.get(Summary.P95)) else None,
                breaches=one.breaches if one.statistic is Statistic.FULL else None,
            )
            for one in read.series
        ]

    def _read_hours(self, metric: Metric, window: Window) -> Sequence[_SeriesPeriod]:
        """The same of hourly means: nobody waits for a year of minutes."""
        data = read_hourly(self.source, metric, window.end_ms, window.steps, self.inventory)
        fold = begin_fold(metric, window, is_judged=True, is_total=False)
        fold.add(cut_piece(window, 0, window.steps), self._narrow(data), {})
        found = [(one, fold.series.build_stats(one.row)) for one in fold.list_series()]
        return [
            _SeriesPeriod(
                labels=one.labels,
                stats=stats,
                coverage=stats.steps / window.steps,
                mean=None if is_quantile(metric) else stats.average,
                p95=stats.p95,
                breaches=fold.list_breaches(one),
            )
            for one, stats in found
        ]


def _build_figures(
    metric: Metric, one: _SeriesPeriod, name: str, before: _SeriesPeriod | None, t: Texts
) -> SeriesFigures:
    stats = one.stats
    is_known = before is not None and before.coverage >= COMPARABLE
    week_before = _keep_finite(before.mean) if before is not None and is_known else None
    return SeriesFigures(
        name=name,
        labels=dict(one.labels.pairs),
        mean=_keep_finite(one.mean),
        p95=_keep_finite(one.p95),
        least=_keep_finite(stats.minimum),
        greatest=_keep_finite(stats.maximum),
        greatest_t=stats.maximum_ms / 1000,
        steps=stats.steps,
        coverage=one.coverage,
        week_before=week_before,
        change_text=format_change(_keep_finite(one.mean), week_before, metric.unit.value, t),
        beyond=_list_beyond(metric, one.breaches),
    )


def _keep_finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _list_beyond(metric: Metric, breaches: Sequence[Breach] | None) -> tuple[ThresholdTime, ...]:
    if metric.thresholds is None or breaches is None:
        return ()
    critical_ms = sum(one.critical_ms for one in breaches)
    warning_ms = critical_ms + sum(one.warning_ms for one in breaches)
    return tuple(
        ThresholdTime(
            level.severity.state.value,
            level.threshold,
            (critical_ms if level.severity is Severity.CRITICAL else warning_ms) / 1000,
        )
        for level in list_levels(metric.thresholds)
    )


def _read_anomalies(source: Source, metric: Metric, wanted: PeriodRequest) -> Iterator[AnomalySpan]:
    """The stretches in which the scores that jipyo writes itself were 1 or more."""
    span_ms = wanted.end_ms - wanted.start_ms
    step_ms = next((one for one in STEPS_MS if span_ms / one <= _MOST_STEPS), STEPS_MS[-1])
    selector = format_selector(
        (
            Matcher(METRIC_NAME, MatchOp.EQ, "jipyo_anomaly_score"),
            Matcher("metric", MatchOp.EQ, metric.id),
        )
    )
    expression = f"max_over_time({selector}[{step_ms // 1000}s]) >= 1"
    result = source.range(expression, wanted.start_ms, wanted.end_ms, step_ms)
    matrix = result.value
    assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
    for labels, values, present in zip(matrix.series, matrix.values, matrix.present, strict=True):
        for first, end in find_runs(present):
            yield _build_span(
                labels,
                int(matrix.t_ms[first]) - step_ms,
                int(matrix.t_ms[end - 1]),
                values[first:end],
            )


def _build_span(labels: Labels, start_ms: int, end_ms: int, scores: Values) -> AnomalySpan:
    score = float(scores.max())
    about = dict(labels.drop(("metric", "of_source")).pairs)
    return AnomalySpan(
        start_ms / 1000, end_ms / 1000, about, score if math.isfinite(score) else 1.0
    )
