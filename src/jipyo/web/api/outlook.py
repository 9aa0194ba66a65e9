"""`/api/jipyo/metric/{id}/outlook`: what is expected of a metric, and when thresholds come."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.crossing.wording import describe_crossing
from jipyo.analysis.forecast import Forecast
from jipyo.analysis.outlook_wording import describe_backtest, sort_by_urgency
from jipyo.analysis.series_names import name_series_apart
from jipyo.web.api.metrics import find_metric
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Event
    from zoneinfo import ZoneInfo

    from jipyo.analysis.outlook import Outlook
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

SHOWN_HOURS = 7 * 24
"""How much of the history is shown before the forecast."""

Numbers = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class BacktestFigures:
    """How right the same method was on the past of this series."""

    origins: int
    """From so many moments it forecast."""
    steps: int
    mase: float
    """Mean absolute error, in mean absolute differences from day to day."""
    naive_mase: float
    """The same of repeating the last day."""
    coverage_80: float
    """The share of outcomes inside the 80% interval."""
    coverage_95: float
    leading: str
    """The heaviest of the methods that are combined."""


@dataclass(frozen=True, slots=True)
class ForecastValues:
    """The expected values, with the ends of their 80% and 95% intervals."""

    t: tuple[float, ...]
    median: Numbers
    low_80: Numbers
    high_80: Numbers
    low_95: Numbers
    high_95: Numbers
    backtest: BacktestFigures


@dataclass(frozen=True, slots=True)
class PastValues:
    """The hourly means before the forecast."""

    t: tuple[float, ...]
    values: Numbers


@dataclass(frozen=True, slots=True)
class ThresholdCrossing:
    """When a threshold is reached; the ends are those of the 80% interval."""

    level: Literal["warning", "critical"]
    threshold: float
    state: Literal["reached", "expected", "not_expected", "unknown"]
    probability: float | None
    """Of reaching it within `horizon_days`; null where too little is known."""
    horizon_days: float
    t: float | None
    earliest: float | None
    latest: float | None
    text: str
    """All of it, and why, in words."""


@dataclass(frozen=True, slots=True)
class SeriesOutlook:
    """What is expected of one series."""

    name: str
    labels: Mapping[str, str]
    exporter: str
    expression: str
    """The PromQL that the history was read with, an hour a step."""
    history_hours: int
    """From the first hour with a value to the last one."""
    past: PastValues
    forecast: ForecastValues | None
    """Null where there is none; the text says why."""
    text: str
    """How right the forecast was on the past, or why there is none."""
    crossings: tuple[ThresholdCrossing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricOutlook:
    """What is expected of a metric's series, the most urgent first."""

    id: str
    name: str
    unit: str
    unit_label: str
    forecastable: bool
    """False for events, states and outages, of which a forecast says nothing."""
    series: tuple[SeriesOutlook, ...]


OPERATION = Operation(
    "/metric/{id}/outlook", MetricOutlook, "What is expected of a metric.", ("id", "lang")
)


def routes(
    catalogue: Catalogue,
    find: Callable[[Metric, Event], Sequence[Outlook] | None],
    zone: ZoneInfo,
    lang: Lang,
) -> list[Route]:
    """The route; `find` gives the outlooks of a metric, None where it cannot have any."""

    def build(request: WebRequest, t: Texts) -> MetricOutlook:
        metric = find_metric(catalogue, request, t)
        return build_outlooks(metric, find(metric, request.cancelled), t, zone)

    return [json_route(OPERATION, build, lang)]


def build_outlooks(
    metric: Metric, outlooks: Sequence[Outlook] | None, t: Texts, zone: ZoneInfo
) -> MetricOutlook:
    """The document of a metric; `outlooks` is None where it cannot have any."""
    ordered = sort_by_urgency(outlooks or ())
    names = name_series_apart([one.labels for one in ordered])
    return MetricOutlook(
        id=metric.id,
        name=metric.name(t.lang),
        unit=metric.unit.value,
        unit_label=t.unit(metric.unit.value),
        forecastable=outlooks is not None,
        series=tuple(
            _build_series(outlook, name, metric.unit.value, t, zone)
            for outlook, name in zip(ordered, names, strict=True)
        ),
    )


def _build_series(
    outlook: Outlook, name: str, unit: str, t: Texts, zone: ZoneInfo
) -> SeriesOutlook:
    history, forecast = outlook.history, outlook.forecast
    return SeriesOutlook(
        name=name,
        labels=dict(outlook.labels.pairs),
        exporter=history.exporter,
        expression=history.expression,
        history_hours=len(history.values),
        past=PastValues(
            _list_seconds(history.t_ms[-SHOWN_HOURS:].tolist()),
            _list_numbers(history.values[-SHOWN_HOURS:].tolist()),
        ),
        forecast=_build_forecast(forecast, t) if isinstance(forecast, Forecast) else None,
        text=describe_backtest(outlook, t),
        crossings=tuple(_list_crossings(outlook, unit, t, zone)),
    )


def _build_forecast(forecast: Forecast, t: Texts) -> ForecastValues:
    low_95, low_80, median, high_80, high_95 = map(_list_numbers, forecast.quantiles.tolist())
    test = forecast.backtest
    figures = BacktestFigures(
        origins=test.origins,
        steps=test.steps,
        mase=test.mase,
        naive_mase=test.naive_mase,
        coverage_80=test.coverage_80,
        coverage_95=test.coverage_95,
        leading=t(test.leading.text_key),
    )
    times = _list_seconds(forecast.t_ms.tolist())
    return ForecastValues(times, median, low_80, high_80, low_95, high_95, figures)


def _list_crossings(
    outlook: Outlook, unit: str, t: Texts, zone: ZoneInfo
) -> Iterator[ThresholdCrossing]:
    forecast = outlook.crossing
    if forecast is None:
        return
    for (level, _), crossing in zip(outlook.history.thresholds, forecast.crossings, strict=True):
        known = math.isfinite(crossing.probability)
        yield ThresholdCrossing(
            level="critical" if level == "critical" else "warning",
            threshold=crossing.threshold,
            state=crossing.state.value,
            probability=crossing.probability if known else None,
            horizon_days=forecast.horizon_ms / 86_400_000,
            t=_to_seconds(crossing.t_ms),
            earliest=_to_seconds(crossing.earliest_ms),
            latest=_to_seconds(crossing.latest_ms),
            text=describe_crossing(crossing, forecast, unit, t, zone),
        )


def _to_seconds(t_ms: int | None) -> float | None:
    return None if t_ms is None else t_ms / 1000


def _list_seconds(t_ms: Iterable[int]) -> tuple[float, ...]:
    return tuple(one / 1000 for one in t_ms)


def _list_numbers(values: Iterable[float]) -> Numbers:
    """Numbers to five digits, which is more than a forecast knows; None for those JSON lacks."""
    return tuple(float(f"{one:.5g}") if math.isfinite(one) else None for one in values)
