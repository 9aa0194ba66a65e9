"""`/api/jipyo/metric/{id}/figures`: what each series came to over a period."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.series_groups import group_series, select_series
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.thresholds import is_reached, list_levels
from jipyo.model.arrays import find_runs
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.result import Matrix
from jipyo.source.history import format_selector
from jipyo.source.hourly import HOUR_MS, read_hourly
from jipyo.source.metric_data import read_metric
from jipyo.web.api.metrics import find_metric, read_range_request
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.i18n import Lang, Texts
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData
    from jipyo.web.api.metrics import RangeRequest
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_STEPS_MS = tuple(s * 1000 for s in (15, 30, 60, 120, 300, 600, 900, 1800))
_MOST_STEPS = 9000
_WEEK_MS = 7 * 86_400_000
_LEAST_ANOMALY_MS = 60_000
"""How far apart scores of anomalies are written."""


@dataclass(frozen=True, slots=True)
class ThresholdTime:
    """For how long a series was at a threshold or beyond it."""

    level: str
    threshold: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFigures:
    """What a series came to; null where it had no value."""

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
    """The mean over the same time a week earlier."""
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
    """How far apart the values are that figures are of; from an hour on they are its means."""
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
    lang: Lang,
) -> list[Route]:
    """The route; `inventory` is what the source has."""

    def build(request: WebRequest, t: Texts) -> MetricFigures:
        metric = find_metric(catalogue, request, t)
        wanted = read_range_request(request, now_ms(), t)
        return read_figures(source.bind(request.cancelled), metric, wanted, inventory())

    return [json_route(OPERATION, build, lang)]


def read_figures(
    source: Source, metric: Metric, wanted: RangeRequest, inventory: Inventory
) -> MetricFigures:
    """The figures of a period, and the means of the week before it.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    span_ms = wanted.end_ms - wanted.start_ms
    step_ms = next((one for one in _STEPS_MS if span_ms / one <= _MOST_STEPS), HOUR_MS)
    data = _read(source, metric, wanted, step_ms, inventory)
    before = replace(wanted, start_ms=wanted.start_ms - _WEEK_MS, end_ms=wanted.end_ms - _WEEK_MS)
    known = _read(source, metric, before, step_ms, inventory).matrix
    rows = zip(known.series, known.values, known.present, strict=True)
    earlier = {labels: _find_mean(values, present) for labels, values, present in rows}
    names = name_series_apart(data.matrix.series)
    return MetricFigures(
        id=metric.id,
        start=wanted.start_ms / 1000,
        end=wanted.end_ms / 1000,
        step=step_ms / 1000,
        series=tuple(
            _build_figures(data, row, names[row], step_ms, earlier.get(labels))
            for row, labels in enumerate(data.matrix.series)
        ),
        anomalies=tuple(_read_anomalies(source, metric, wanted, max(step_ms, _LEAST_ANOMALY_MS))),
    )


def _read(
    source: Source, metric: Metric, wanted: RangeRequest, step_ms: int, inventory: Inventory
) -> MetricData:
    start_ms, end_ms = wanted.start_ms, wanted.end_ms
    if step_ms == HOUR_MS:
        hours = (end_ms - start_ms) // HOUR_MS + 1
        data = read_hourly(source, metric, end_ms, hours, inventory)
    else:
        data = read_metric(source, metric, start_ms, end_ms, step_ms, inventory)
    return group_series(select_series(data, wanted.matchers), wanted.by)


def _find_mean(values: Values, present: Mask) -> float | None:
    known = values[present & np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _build_figures(
    data: MetricData, row: int, name: str, step_ms: int, week_before: float | None
) -> SeriesFigures:
    matrix, metric = data.matrix, data.metric
    values = matrix.values[row]
    known = matrix.present[row] & np.isfinite(values)
    some = values[known]
    top = int(np.argmax(some)) if some.size else 0
    return SeriesFigures(
        name=name,
        labels=dict(matrix.series[row].pairs),
        mean=float(some.mean()) if some.size else None,
        p95=float(np.quantile(some, 0.95)) if some.size else None,
        least=float(some.min()) if some.size else None,
        greatest=float(some[top]) if some.size else None,
        greatest_t=float(matrix.t_ms[known][top]) / 1000 if some.size else None,
        steps=int(some.size),
        coverage=float(known.mean()),
        week_before=week_before,
        beyond=tuple(
            ThresholdTime(
                level.severity.state.value,
                level.threshold,
                int(is_reached(some, level.threshold, metric.direction).sum()) * step_ms / 1000,
            )
            for level in (list_levels(metric.thresholds) if metric.thresholds else ())
        ),
    )


def _read_anomalies(
    source: Source, metric: Metric, wanted: RangeRequest, step_ms: int
) -> Iterator[AnomalySpan]:
    """The stretches in which the scores that jipyo writes itself were 1 or more."""
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
