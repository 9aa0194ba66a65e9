"""The outlook of a metric's series: its forecast, and when its thresholds are reached.

Reading (`read_histories`) is apart from computing (`build_outlook`), whose argument and value can
be sent to another process and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.crossing import CrossingOptions, predict_crossings
from jipyo.analysis.forecast import ValueBounds, forecast
from jipyo.analysis.regular_series import make_regular
from jipyo.catalogue.metric import Direction, Unit
from jipyo.source.hourly import HOUR_MS, read_hourly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.analysis.crossing import CrossingForecast
    from jipyo.analysis.forecast import Forecast
    from jipyo.analysis.no_result import NoResult
    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

HISTORY_HOURS = 42 * 24
"""Six weeks: enough for a rhythm of the week, little enough to follow a service that changes."""
DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS
DAY_MS = DAY_HOURS * HOUR_MS
DAILY_HISTORY_HOURS = 400 * DAY_HOURS
HOURLY_UP_TO = 14 * DAY_HOURS
"""Hours that are forecast hour by hour; further ahead it is day by day, from a year of days."""
_NOT_CONTINUOUS = frozenset({Unit.COUNT, Unit.DAYS})
"""Events, states and countdowns: a forecast of them says nothing."""
_FULL = 100.0
_UNBOUNDED = ValueBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookOptions:
    """How far ahead an outlook looks."""

    forecast_hours: int = WEEK_HOURS
    crossing_days: int = 30

    @property
    def is_daily(self) -> bool:
        """Whether the forecast has a value a day instead of one an hour."""
        return self.forecast_hours > HOURLY_UP_TO

    @property
    def history_hours(self) -> int:
        """How many hours of history it is made from."""
        return DAILY_HISTORY_HOURS if self.is_daily else HISTORY_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHistory:
    """The hourly values of one series, and what is to be known of its metric."""

    metric_id: str
    labels: Labels
    exporter: str
    expression: str
    t_ms: Times
    """Ascending, shape (hours,)."""
    values: Values
    """Shape (hours,), NaN where there is none."""
    direction: Direction
    thresholds: tuple[tuple[str, float], ...] = ()
    """`warning` and `critical`, those that the metric has."""
    bounds: ValueBounds = _UNBOUNDED
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is expected of a series."""

    history: SeriesHistory
    forecast: Forecast | NoResult
    crossing: CrossingForecast | None
    """None for a metric without thresholds; its crossings are in the order of them."""

    @property
    def labels(self) -> Labels:
        """The labels of the series."""
        return self.history.labels


def is_forecastable(metric: Metric) -> bool:
    """Whether a forecast of the metric is worth making: a quantity that is judged or required."""
    if metric.outage or metric.loss:
        return False
    is_judged = metric.thresholds is not None and metric.unit not in _NOT_CONTINUOUS
    return is_judged or (metric.required and metric.unit is not Unit.DAYS)


def list_forecastable(catalogue: Catalogue) -> list[Metric]:
    """The metrics with an outlook, those that the specification requires first."""
    metrics = [metric for metric in catalogue.metrics if is_forecastable(metric)]
    return sorted(metrics, key=lambda metric: not metric.required)


def read_histories(
    source: Source,
    metric: Metric,
    end_ms: int,
    zone: ZoneInfo,
    inventory: Inventory | None = None,
    *,
    hours: int = HISTORY_HOURS,
) -> tuple[SeriesHistory, ...]:
    """The hourly values of the metric's series over so many hours.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    data = read_hourly(source, metric, end_ms, hours, inventory)
    return tuple(split_histories(data, zone))


def split_histories(data: MetricData, zone: ZoneInfo) -> Iterator[SeriesHistory]:
    """Each series of hourly data apart, from its first value on."""
    expressions = dict(data.expressions)
    for row, labels in enumerate(data.matrix.series):
        present = data.matrix.present[row]
        if not present.any():
            continue
        first = int(np.argmax(present))
        values = np.where(present, data.matrix.values[row], np.nan)[first:]
        exporter = data.exporters[row]
        yield SeriesHistory(
            metric_id=data.metric.id,
            labels=labels,
            exporter=exporter,
            expression=expressions.get(exporter, ""),
            t_ms=data.matrix.t_ms[first:],
            values=values,
            direction=data.metric.direction,
            thresholds=tuple(_list_thresholds(data.metric)),
            bounds=find_bounds(data.metric, values),
            zone=zone.key,
        )


def _list_thresholds(metric: Metric) -> Iterator[tuple[str, float]]:
    if metric.thresholds is None:
        return
    for level in ("warning", "critical"):
        value = getattr(metric.thresholds, level)
        if value is not None:
            yield level, value


def find_bounds(metric: Metric, values: Values) -> ValueBounds:
    """Between which values the metric can be; a percentage that was seen above 100 has no top."""
    low = -np.inf if metric.unit is Unit.CELSIUS else 0.0
    highest = np.nanmax(values, initial=-np.inf)
    is_share = metric.unit is Unit.PERCENT and highest <= _FULL
    return ValueBounds(low, _FULL if is_share else np.inf)


def build_outlook(history: SeriesHistory, options: OutlookOptions = OutlookOptions()) -> Outlook:
    """The forecast of a series and its crossings; the same history gives the same outlook."""
    zone = ZoneInfo(history.zone)
    recent = history.t_ms > history.t_ms[-1] - HISTORY_HOURS * HOUR_MS
    hourly = make_regular(history.t_ms[recent], history.values[recent], HOUR_MS, zone)
    series, steps = hourly, options.forecast_hours
    if options.is_daily:
        series = make_regular(history.t_ms, history.values, DAY_MS, zone)
        steps = options.forecast_hours // DAY_HOURS
    return Outlook(
        history=history,
        forecast=forecast(series, steps, history.bounds),
        crossing=_find_crossings(hourly, history, options),
    )


def _find_crossings(
    series: RegularSeries, history: SeriesHistory, options: OutlookOptions
) -> CrossingForecast | None:
    if not history.thresholds:
        return None
    return predict_crossings(
        series,
        [value for _, value in history.thresholds],
        history.direction,
        CrossingOptions(
            horizon_ms=options.crossing_days * DAY_MS,
            lowest=history.bounds.low,
            highest=history.bounds.high,
        ),
    )
