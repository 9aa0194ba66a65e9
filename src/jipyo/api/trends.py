"""`TrendAnalyzer`: trends and what they lead to (section 3.2 of the specification)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.changepoints import Changepoint, detect_changepoints
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.outlook import (
    OutlookOptions,
    build_outlook,
    list_forecastable,
    read_histories,
)
from jipyo.analysis.outlook_wording import describe_backtest, sort_by_urgency
from jipyo.analysis.regular_series import make_regular
from jipyo.analysis.trend import TrendDirection, detect_trend
from jipyo.api.client import PrometheusClient
from jipyo.api.json_object import JsonObject
from jipyo.api.names import resolve_names
from jipyo.api.opening import Closing, run_in_thread
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.duration import parse_duration
from jipyo.model.errors import ApiError, QueryError, UnknownNameError
from jipyo.source.hourly import HOUR_MS
from jipyo.source.inventory import take_inventory
from jipyo.web.api.outlook import build_outlooks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.outlook import Outlook, SeriesHistory
    from jipyo.analysis.trend import Trend
    from jipyo.api.opening import SourceLike
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Metric

_MOST_HOURS = 400 * 24


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HourlySeries(JsonObject):
    """The hourly values of one series."""

    metric: Metric
    history: SeriesHistory

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`; times in Unix seconds, null where there is no value."""
        history = self.history
        return {
            "metric": self.metric.id,
            "unit": self.metric.unit,
            "labels": history.labels,
            "exporter": history.exporter,
            "expression": history.expression,
            "t": [t / 1000 for t in history.t_ms.tolist()],
            "values": history.values.tolist(),
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.metric.id} {self.history.labels}, {len(self.history.values)} hours"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SeriesTrend(JsonObject):
    """Where a series has been going, and when it changed."""

    data: HourlySeries
    trend: Trend | None
    """None where too little is known."""
    changepoints: tuple[Changepoint, ...]
    problem: NoResult | None
    """Why there is no trend."""

    def text(self, lang: Lang) -> str:
        """The trend in a sentence."""
        t, trend = texts(lang), self.trend
        if trend is None:
            assert self.problem is not None, "BUG: neither a trend nor why there is none"
            return t(self.problem.key, **self.problem.values)
        unit, falls = self.data.metric.unit.value, trend.direction is TrendDirection.FALLING
        ends = (-trend.slope, -trend.high, -trend.low)  # by how much it falls
        rates = ends if falls else (trend.slope, trend.low, trend.high)
        slope, low, high = (t.number(one, unit) for one in rates)
        key = f"api.trend.{trend.direction.value}"
        return t(key, slope=slope, low=low, high=high, days=trend.days)

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`; slopes in the metric's unit a day."""
        trend = self.trend
        return {
            "metric": self.data.metric.id,
            "unit": self.data.metric.unit,
            "labels": self.data.history.labels,
            "direction": trend and trend.direction.value,
            "per_day": trend and trend.slope,
            "low": trend and trend.low,
            "high": trend and trend.high,
            "p_value": trend and trend.p_value,
            "days": trend and trend.days,
            "changes": [
                {"t": one.t_ms / 1000, "before": one.before, "after": one.after}
                for one in self.changepoints
            ],
            "text": {lang: self.text(lang) for lang in LANGS},
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.data.metric.id} {self.data.history.labels}: {self.text('en')}"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SeriesPrediction(JsonObject):
    """What is expected of a series."""

    metric: Metric
    outlook: Outlook

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`; as `/api/jipyo/metric/{id}/outlook` has a series."""
        zone = ZoneInfo(self.outlook.history.zone)
        (series,) = build_outlooks(self.metric, [self.outlook], texts("en"), zone).series
        forecast = series.forecast
        return {
            "metric": self.metric.id,
            "unit": self.metric.unit,
            "labels": self.outlook.labels,
            "forecast": forecast
            and {
                name: list(getattr(forecast, name))
                for name in ("t", "median", "low_80", "high_80", "low_95", "high_95")
            },
            "crossings": [
                {
                    name: getattr(one, name)
                    for name in (
                        *("level", "threshold", "state", "probability", "horizon_days"),
                        *("t", "earliest", "latest", "text"),
                    )
                }
                for one in series.crossings
            ],
            "text": {lang: describe_backtest(self.outlook, texts(lang)) for lang in LANGS},
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.metric.id} {self.outlook.labels}"


class TimeSeriesDB(Closing):
    """Section 3.2 of the specification: the history of the metrics."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self._client = PrometheusClient(origin)

    async def get_metrics(
        self, timeframe: str, names: Sequence[str] = ()
    ) -> tuple[HourlySeries, ...]:
        """The hourly values over a time such as `30d`, of all metrics that can be forecast.

        With `names` (the specification's, or ids of the catalogue) only of those.

        Raises:
            ApiError: the time is none, or longer than 400 days.
            UnknownNameError: there is no metric of a name.
            SourceError: the source failed.
        """
        hours = parse_timeframe(timeframe)
        return await run_in_thread(lambda: self._read(hours, names))

    def _read(self, hours: int, names: Sequence[str]) -> tuple[HourlySeries, ...]:
        workspace = self._client.open_workspace()
        now_ms = workspace.now_ms()
        inventory = take_inventory(workspace.source, now_ms)
        found: list[HourlySeries] = []
        for metric in choose_metrics(workspace, names):
            try:
                histories = read_histories(
                    workspace.source, metric, now_ms, workspace.zone, inventory, hours=hours
                )
            except QueryError:
                continue  # the source does not know what the metric is computed with
            found += [HourlySeries(metric, history) for history in histories]
        return tuple(found)

    def close(self) -> None:
        """See `Closing`."""
        self._client.close()


def parse_timeframe(text: str) -> int:
    """A length of time such as `30d` or `24h`, in hours.

    Raises:
        ApiError: it is something else, or not between an hour and 400 days.
    """
    try:
        hours = parse_duration(text) // HOUR_MS
    except ValueError as error:
        raise ApiError("api.bad_timeframe", value=text) from error
    if not 1 <= hours <= _MOST_HOURS:
        raise ApiError("api.bad_timeframe", value=text)
    return hours


def choose_metrics(workspace: Workspace, names: Sequence[str]) -> list[Metric]:
    """The metrics of these names; without any all that can be forecast.

    Raises:
        UnknownNameError: there is no metric of a name.
    """
    if not names:
        return list_forecastable(workspace.catalogue)
    resolved = resolve_names(names, workspace.catalogue, frozenset())
    missing = [name for name, metric in resolved.items() if metric is None]
    if missing:
        raise UnknownNameError(missing[0], ())
    return [metric for metric in resolved.values() if metric is not None]


class StatisticalAnalyzer:
    """Section 3.2 of the specification: trends, and what they lead to. It waits for nothing."""

    def __init__(self, horizon: str = "7d") -> None:
        """Predict so far ahead.

        Raises:
            ApiError: the horizon is no length of time.
        """
        self._options = OutlookOptions(forecast_hours=parse_timeframe(horizon))

    def detect_trends(self, data: Sequence[HourlySeries]) -> tuple[SeriesTrend, ...]:
        """The trend of each series and when it changed, in their order."""
        return tuple(_detect(one) for one in data)

    def predict_future(self, trends: Sequence[SeriesTrend]) -> tuple[SeriesPrediction, ...]:
        """What is expected of each series, the most urgent first."""
        outlooks = {
            id(outlook): (outlook, trend.data.metric)
            for trend in trends
            for outlook in [build_outlook(trend.data.history, self._options)]
        }
        ordered = sort_by_urgency(outlook for outlook, _ in outlooks.values())
        return tuple(SeriesPrediction(outlooks[id(one)][1], one) for one in ordered)


def _detect(data: HourlySeries) -> SeriesTrend:
    history = data.history
    series = make_regular(history.t_ms, history.values, HOUR_MS, ZoneInfo(history.zone))
    trend, changes = detect_trend(series), detect_changepoints(series)
    return SeriesTrend(
        data,
        None if isinstance(trend, NoResult) else trend,
        () if isinstance(changes, NoResult) else changes,
        trend if isinstance(trend, NoResult) else None,
    )


class TrendAnalyzer(Closing):
    """Section 3.2 of the specification: trends and predictions."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self.db = TimeSeriesDB(origin)
        self.analyzer = StatisticalAnalyzer()

    async def analyze_trends(self, timeframe: str) -> dict[str, tuple[JsonObject, ...]]:
        """The trends over a time such as `30d`, and the predictions from them.

        Raises:
            ApiError: the time is none, or longer than 400 days.
            SourceError: the source failed.
        """
        data = await self.db.get_metrics(timeframe)
        trends = await run_in_thread(lambda: self.analyzer.detect_trends(data))
        predictions = await run_in_thread(lambda: self.analyzer.predict_future(trends))
        return {"trends": trends, "predictions": predictions}

    def close(self) -> None:
        """See `Closing`."""
        self.db.close()
