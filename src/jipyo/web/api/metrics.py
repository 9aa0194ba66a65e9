"""`/api/jipyo/metric/{id}`: one metric over time, with its breaches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from jipyo.alerts.matchers import parse_matchers
from jipyo.analysis.columns import thin_to_columns
from jipyo.analysis.proportion import estimate_proportion
from jipyo.analysis.series_groups import group_series, keep_worst_series, select_series
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.thresholds import Severity, count_lead_steps, find_metric_breaches
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.result import Matrix
from jipyo.source.hourly import HOUR_MS, read_hour_extremes, read_hourly
from jipyo.source.metric_data import read_metric, read_series
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.http import params

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Catalogue, Metric, Thresholds
    from jipyo.i18n import Lang, Texts
    from jipyo.model.matcher import Matcher
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

MAX_POINTS = 11_000
_SOME_STEPS = 500
_MOST_CELLS = 3_000_000
"""Values of a metric that are read at once for a chart: 27 MB."""

ValueKind = Literal["step", "hour_extremes", "hour_means"]
DirectionName = Literal["higher_is_worse", "lower_is_worse", "neutral"]


@dataclass(frozen=True, slots=True)
class MetricThresholds:
    """From where a value is a warning or critical, and for how long it must stay there."""

    warning: float | None
    critical: float | None
    for_s: float
    origin: Literal["specification", "default", "site"]


@dataclass(frozen=True, slots=True)
class ProportionSeries:
    """The cases behind a share at each of the metric's times, with its 95% interval."""

    n: tuple[int | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SeriesBreach:
    """A stretch beyond a threshold, from the first step there to the last one before recovery.

    One that began before the range may start before it, by up to the alert duration.
    """

    start: float
    end: float
    severity: Literal["pending", "warning", "critical"]
    """The gravest that it came to; pending where it was shorter than the alert duration."""
    open: bool
    """Whether it lasts at the end of the range."""
    peak: float | None
    """Null where it is infinite."""
    peak_t: float


@dataclass(frozen=True, slots=True)
class SeriesData:
    """One series; `values` are at the metric's times."""

    name: str
    labels: Mapping[str, str]
    exporter: str
    values: tuple[float | None, ...]
    breaches: tuple[SeriesBreach, ...]
    proportion: ProportionSeries | None
    """Null for what is not a share of counted cases."""


@dataclass(frozen=True, slots=True)
class EvaluatedQuery:
    """The PromQL that was evaluated for an exporter."""

    exporter: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRange:
    """A metric over time, all series at common times."""

    id: str
    name: str
    unit: str
    unit_label: str
    direction: DirectionName
    t: tuple[float, ...]
    series: tuple[SeriesData, ...]
    thresholds: MetricThresholds | None
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    """Why there may be more series or values than these."""
    estimated: bool
    """Whether counts are extrapolated, because the source has no anchored windows."""
    coverage: float | None
    """The share of times at which there are values; null where there is no series."""
    expressions: tuple[EvaluatedQuery, ...]
    """Every query that gave a series; an exporter can have several."""
    column: float | None
    """The seconds of a column, of which the series have the least and the greatest value, at its
    beginning and its middle; null where every step is there."""
    series_total: int
    """How many series there are; more than `series` has where a limit left the best of them out."""
    value_kind: ValueKind
    """What a value is: of its step; the least or greatest of an hour; the mean of an hour."""


OPERATION = Operation(
    "/metric/{id}",
    MetricRange,
    "One metric over time.",
    ("id", "start", "end", "step", "column", "by", "match", "limit", "lang"),
)


@dataclass(frozen=True, slots=True)
class PeriodRequest:
    """From when to when which series of a metric are wanted; times in milliseconds."""

    start_ms: int
    end_ms: int
    by: tuple[str, ...]
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class RangeRequest(PeriodRequest):
    """What is wanted of a metric over time."""

    step_ms: int
    column_ms: int | None
    limit: int | None


def routes(
    source: Source,
    catalogue: Catalogue,
    inventory: Callable[[], Inventory],
    now_ms: Callable[[], int],
    lang: Lang,
) -> list[Route]:
    """The route; `inventory` is what the source has."""

    def build(request: WebRequest, t: Texts) -> MetricRange:
        metric = find_metric(catalogue, request, t)
        wanted = _read_range_request(request, now_ms(), t)
        bound = source.bind(request.cancelled)
        return read_range(bound, metric, wanted, inventory(), t)

    return [json_route(OPERATION, build, lang)]


def find_metric(catalogue: Catalogue, request: WebRequest, t: Texts) -> Metric:
    """The metric that a path names.

    Raises:
        QueryError: the catalogue has none of that id.
    """
    metric = catalogue.get(request.path_params["id"])
    if metric is None:
        text = t("web.no_such_metric", id=request.path_params["id"])
        raise QueryError(QueryErrorKind.NOT_FOUND, text)
    return metric


def read_range(
    source: Source, metric: Metric, wanted: RangeRequest, inventory: Inventory, t: Texts
) -> MetricRange:
    """A metric's chart: read, judged series by series, then taken together and thinned.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    data, lead, kind = _read_data(source, metric, wanted, inventory)
    data = group_series(select_series(data, wanted.matchers), wanted.by)
    limited = data if wanted.limit is None else keep_worst_series(data, wanted.limit)
    step_ms = int(data.matrix.t_ms[1] - data.matrix.t_ms[0]) if len(data.matrix.t_ms) > 1 else 1
    shown = build_range(limited, lead, step_ms, t, wanted.column_ms, kind)
    return replace(shown, series_total=max(len(shown.series), len(data.matrix.series)))


def _read_data(
    source: Source, metric: Metric, wanted: RangeRequest, inventory: Inventory
) -> tuple[MetricData, int, ValueKind]:
    """The values, how many steps before the start there are to judge by, and what they are.

    Months are read from the statistics of their hours: nobody waits for two million samples.
    """
    if wanted.column_ms is not None and wanted.step_ms >= HOUR_MS:
        hours = (wanted.end_ms - wanted.start_ms) // HOUR_MS + 1
        extremes = read_hour_extremes(source, metric, wanted.end_ms, hours, inventory)
        if extremes is not None:
            return extremes, 0, "hour_extremes"
        return read_hourly(source, metric, wanted.end_ms, hours, inventory), 0, "hour_means"
    step_ms = _choose_step(source, metric, wanted, inventory)
    steps = (wanted.end_ms - wanted.start_ms) // step_ms
    lead = min(count_lead_steps(metric.thresholds, step_ms), max(0, MAX_POINTS - steps))
    first_ms = wanted.start_ms - lead * step_ms
    return read_metric(source, metric, first_ms, wanted.end_ms, step_ms, inventory), lead, "step"


def _choose_step(source: Source, metric: Metric, wanted: RangeRequest, inventory: Inventory) -> int:
    """The step that is wanted, or a column where so many series would not fit into memory."""
    step_ms, column_ms = wanted.step_ms, wanted.column_ms
    steps = (wanted.end_ms - wanted.start_ms) // step_ms
    if column_ms is None or column_ms <= step_ms or steps < _SOME_STEPS:
        return step_ms
    newest = read_series(source, metric, np.array([wanted.end_ms]), step_ms, inventory)
    return column_ms if len(newest.matrix.series) * steps > _MOST_CELLS else step_ms


def read_period(request: WebRequest, now_ms: int, t: Texts) -> PeriodRequest:
    """The parameters of a period; by default the last hour.

    Raises:
        QueryError: one of them makes no sense.
    """
    end_ms = params.read_time(request, "end", now_ms)
    start_ms = params.read_time(request, "start", end_ms - HOUR_MS)
    if end_ms < start_ms:
        raise QueryError.bad_data(t("web.bad_range", most=MAX_POINTS))
    return PeriodRequest(
        start_ms=start_ms,
        end_ms=end_ms,
        by=tuple(filter(None, (request.first("by") or "").split(","))),
        matchers=parse_matchers(request.first("match") or ""),
    )


def _read_range_request(request: WebRequest, now_ms: int, t: Texts) -> RangeRequest:
    """The period and its steps, by default minutes."""
    period = read_period(request, now_ms, t)
    limit = request.first("limit") or ""
    asked_ms, column_ms = _read_seconds(request, "step"), _read_seconds(request, "column")
    step_ms = 60_000 if asked_ms is None else asked_ms
    is_long = column_ms is not None and step_ms >= HOUR_MS
    steps = (period.end_ms - period.start_ms) // (HOUR_MS if is_long else max(step_ms, 1))
    shortest_ms = step_ms if column_ms is None else min(step_ms, column_ms)
    if shortest_ms < 1 or steps > MAX_POINTS:
        raise QueryError.bad_data(t("web.bad_range", most=MAX_POINTS))
    return RangeRequest(
        start_ms=period.start_ms,
        end_ms=period.end_ms,
        by=period.by,
        matchers=period.matchers,
        step_ms=step_ms,
        column_ms=column_ms,
        limit=int(limit) if limit.isdecimal() and len(limit) < 7 else None,
    )


def _read_seconds(request: WebRequest, name: str) -> int | None:
    text = request.first(name)
    return params.parse_duration_ns(text) // 10**6 if text else None


def build_thresholds(thresholds: Thresholds | None) -> MetricThresholds | None:
    """A metric's thresholds."""
    if thresholds is None:
        return None
    return MetricThresholds(
        thresholds.warning,
        thresholds.critical,
        thresholds.for_ms / 1000,
        thresholds.origin.value,
    )


def build_range(
    data: MetricData,
    lead: int,
    step_ms: int,
    t: Texts,
    column_ms: int | None = None,
    kind: ValueKind = "step",
) -> MetricRange:
    """One chart. The first `lead` steps are only judged, not shown."""
    metric, shown = data.metric, _cut_lead(data, lead)
    matrix = shown.matrix
    breaches = find_metric_breaches(data, step_ms)
    rows = np.flatnonzero(matrix.present.any(axis=1)).tolist()
    coverage = float(matrix.present[rows].mean()) if rows else None
    names = name_series_apart([matrix.series[row] for row in rows])
    first_ms = int(matrix.t_ms[0])
    if column_ms is not None:
        shown = thin_to_columns(shown, column_ms)
    is_thinned = shown.matrix is not matrix
    return MetricRange(
        id=metric.id,
        name=metric.name(t.lang),
        unit=metric.unit.value,
        unit_label=t.unit(metric.unit.value),
        direction=metric.direction.value,
        t=tuple((shown.matrix.t_ms / 1000).tolist()),
        series=tuple(
            SeriesData(
                name=name,
                labels=dict(matrix.series[row].pairs),
                exporter=shown.exporters[row],
                values=_build_values(shown.matrix, row),
                breaches=tuple(
                    build_breach(breach)
                    for breach in breaches[row] or ()
                    if breach.end_ms >= first_ms
                ),
                proportion=_build_proportions(shown, row),
            )
            for name, row in zip(names, rows, strict=True)
        ),
        thresholds=build_thresholds(metric.thresholds),
        warnings=data.warnings,
        missing=tuple(t.error(error) for error in data.missing),
        estimated=data.estimated,
        coverage=coverage,
        expressions=tuple(itertools.starmap(EvaluatedQuery, data.expressions)),
        column=column_ms / 1000 if column_ms is not None and is_thinned else None,
        series_total=len(rows),
        value_kind=kind,
    )


def _cut_lead(data: MetricData, lead: int) -> MetricData:
    matrix = data.matrix
    shown = Matrix(
        matrix.series, matrix.t_ms[lead:], matrix.values[:, lead:], matrix.present[:, lead:]
    )
    return replace(data, matrix=shown, n=None if data.n is None else data.n[:, lead:])


def build_breach(breach: Breach) -> SeriesBreach:
    """A breach in the API's units."""
    is_critical = breach.severity is Severity.CRITICAL
    return SeriesBreach(
        start=breach.start_ms / 1000,
        end=breach.end_ms / 1000,
        severity="pending" if breach.is_pending else "critical" if is_critical else "warning",
        open=breach.open,
        peak=breach.peak if math.isfinite(breach.peak) else None,
        peak_t=breach.peak_ms / 1000,
    )


def _build_values(matrix: Matrix, row: int) -> tuple[float | None, ...]:
    """The values of a series; None where there is none, or none that JSON can hold."""
    finite = matrix.present[row] & np.isfinite(matrix.values[row])
    values = zip(matrix.values[row].tolist(), finite.tolist(), strict=True)
    return tuple(value if is_finite else None for value, is_finite in values)


def _build_proportions(data: MetricData, row: int) -> ProportionSeries | None:
    if data.n is None:
        return None
    matrix = data.matrix
    values = np.where(matrix.present[row], matrix.values[row], np.nan)
    estimates = [
        estimate_proportion(value, n, data.metric.unit)
        for value, n in zip(values.tolist(), data.n[row].tolist(), strict=True)
    ]
    return ProportionSeries(
        n=tuple(estimate.n for estimate in estimates),
        low=tuple(estimate.low for estimate in estimates),
        high=tuple(estimate.high for estimate in estimates),
    )
