"""Outlooks and anomaly scores as series, which PromQL, alerts and other servers can read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.forecast import QUANTILES, Forecast
from jipyo.analysis.outlook import DAY_MS
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import STALE_NAN, MetricMetadata, MetricType, Scrape
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jipyo.analysis.crossing import Crossing, CrossingForecast
    from jipyo.analysis.outlook import Outlook

FORECAST = "jipyo_forecast"
PROBABILITY = "jipyo_crossing_probability"
ETA = "jipyo_crossing_eta_seconds"
ANOMALY = "jipyo_anomaly_score"
METADATA = (
    MetricMetadata(
        FORECAST, MetricType.GAUGE, "Value of a metric expected after a time, as quantiles."
    ),
    MetricMetadata(
        PROBABILITY, MetricType.GAUGE, "Probability that a metric reaches a threshold in time."
    ),
    MetricMetadata(
        ETA, MetricType.GAUGE, "Time until a metric reaches a threshold, as quantiles.", "seconds"
    ),
    MetricMetadata(
        ANOMALY, MetricType.GAUGE, "How unusual the newest value is; an alert is due from 1 on."
    ),
)
AHEAD_MS = {"1h": DAY_MS // 24, "1d": DAY_MS, "7d": 7 * DAY_MS}
"""How long after the newest value a stored forecast is for."""
_STORED_QUANTILES = (0.1, 0.5, 0.9)
_LAST_OF = "of_source"
"""The label `source` of what is computed: `source` itself is of the store that answers."""


def build_outlook_series(
    outlook: Outlook, now_ms: int, own: Labels
) -> Iterator[tuple[Labels, float]]:
    """The series of an outlook at `now_ms`; `own` are job and instance where it has none."""
    about = identify(outlook.history.metric_id, outlook.labels, own)
    if isinstance(outlook.forecast, Forecast):
        yield from _list_forecasts(about, outlook.forecast, int(outlook.history.t_ms[-1]))
    if outlook.crossing is not None:
        levels = (level for level, _ in outlook.history.thresholds)
        for level, crossing in zip(levels, outlook.crossing.crossings, strict=True):
            yield from _list_crossings(about, level, crossing, outlook.crossing, now_ms)


def identify(metric_id: str, labels: Labels, own: Labels) -> Labels:
    """The labels of what is computed of a series of a metric."""
    source = labels.get(SOURCE, "")
    about = labels.drop((SOURCE, METRIC_NAME)).put({"metric": metric_id, _LAST_OF: source})
    return about.put({name: value for name, value in own.items() if name not in about})


def _list_forecasts(
    about: Labels, forecast: Forecast, end_ms: int
) -> Iterator[tuple[Labels, float]]:
    for ahead, span_ms in AHEAD_MS.items():
        step = int(np.searchsorted(forecast.t_ms, end_ms + span_ms))
        if step == len(forecast.t_ms):
            continue
        for row, quantile in enumerate(QUANTILES):
            if quantile in _STORED_QUANTILES:
                extra = {METRIC_NAME: FORECAST, "ahead": ahead, "quantile": f"{quantile:g}"}
                yield about.put(extra), float(forecast.quantiles[row, step])


def _list_crossings(
    about: Labels, level: str, crossing: Crossing, forecast: CrossingForecast, now_ms: int
) -> Iterator[tuple[Labels, float]]:
    if crossing.state is CrossingState.UNKNOWN or not math.isfinite(crossing.probability):
        return
    days = f"{forecast.horizon_ms / DAY_MS:g}"
    extra = {METRIC_NAME: PROBABILITY, "level": level, "days": days}
    yield about.put(extra), crossing.probability
    dates = (crossing.earliest_ms, crossing.t_ms, crossing.latest_ms)
    for quantile, t_ms in zip(_STORED_QUANTILES, dates, strict=True):
        if t_ms is not None and crossing.state is CrossingState.EXPECTED:
            extra = {METRIC_NAME: ETA, "level": level, "quantile": f"{quantile:g}"}
            yield about.put(extra), max(t_ms - now_ms, 0) / 1000


@dataclass(slots=True)
class SeriesWriter:
    """Turns one state after another into scrapes; a series that is no longer there ends."""

    _before: tuple[Labels, ...] = ()

    def build(self, t_ms: int, samples: Mapping[Labels, float]) -> list[Scrape]:
        """The samples at a moment, and markers for the series that had one before."""
        series = self._before if self._before == tuple(samples) else tuple(samples)
        ended = tuple(labels for labels in self._before if labels not in samples)
        self._before = series
        scrapes = [Scrape(t_ms, series, np.fromiter(samples.values(), np.float64, len(series)))]
        if ended:
            scrapes.append(Scrape(t_ms, ended, np.full(len(ended), np.array([STALE_NAN])[0])))
        return [scrape for scrape in scrapes if scrape.series]


def merge_samples(parts: Iterable[Iterator[tuple[Labels, float]]]) -> dict[Labels, float]:
    """All samples by series."""
    return {labels: value for part in parts for labels, value in part}
