"""`/api/jipyo/metric/{id}/trial`: how often another threshold would have fired in 30 days."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import find_keep_firing_ms
from jipyo.alerts.threshold_trial import TriedThreshold, run_trial
from jipyo.analysis.series_names import name_series_apart
from jipyo.model.errors import QueryError
from jipyo.web.api.metrics import SeriesBreach, build_breach, find_metric
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.http import params

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.alerts.threshold_trial import ThresholdTrial
    from jipyo.alerts.tuning import FiringCount
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.i18n import Lang, Texts
    from jipyo.source import Source
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_KEPT_MS = 600_000
_MOST_KEPT = 64
_MOST_BREACHES = 200
_DEFAULT_FOR_MS = 300_000


@dataclass(frozen=True, slots=True)
class FiringTotals:
    """What a threshold would have come to."""

    threshold: float
    for_s: float
    fired: int
    """How many alerts would have begun to fire."""
    firing_s: float
    series: int
    """Of how many series they were."""


@dataclass(frozen=True, slots=True)
class NamedBreach:
    """A breach with the name of its series."""

    name: str
    breach: SeriesBreach


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTrial:
    """The last 30 days of a metric by the thresholds in force, and by another one."""

    id: str
    start: float
    end: float
    step: float
    """How far apart the moments are that were judged."""
    seen_s: float
    """For how long there are values."""
    current: FiringTotals | None
    tried: FiringTotals | None
    text: str
    """Both in words; empty where nothing was tried."""
    breaches: tuple[NamedBreach, ...]
    """By the thresholds in force, the newest first; at most 200."""


OPERATION = Operation(
    "/metric/{id}/trial",
    MetricTrial,
    "How often another threshold would have fired in the last 30 days.",
    ("id", "threshold", "for", "lang"),
)


class TrialShelf:
    """Runs trials one after the other and keeps what came of them for some minutes."""

    def __init__(
        self, source: Source, options: AlertsOptions | None, now_ms: Callable[[], int]
    ) -> None:
        """Nothing is read yet; `options` of a server without alerts are the default ones."""
        self._source, self._now_ms = source, now_ms
        self._options = options or AlertsOptions()
        self._lock = threading.Lock()
        self._known: dict[tuple[str, TriedThreshold | None], ThresholdTrial] = {}

    def run(
        self, metric: Metric, tried: TriedThreshold | None, cancelled: threading.Event
    ) -> ThresholdTrial:
        """The trial of a threshold; see `run_trial`."""
        with self._lock:
            now_ms = self._now_ms()
            known = self._known.get((metric.id, tried))
            if known is not None and 0 <= now_ms - known.end_ms < _KEPT_MS:
                return known
            options = self._options
            keep_ms = 0 if metric.thresholds is None else find_keep_firing_ms(metric, options)
            source = self._source.bind(cancelled)
            trial = run_trial(source, metric, now_ms, options.interval_ms, keep_ms, tried)
            self._known[metric.id, tried] = trial
            for oldest in list(self._known)[:-_MOST_KEPT]:
                del self._known[oldest]
            return trial


def routes(catalogue: Catalogue, shelf: TrialShelf, lang: Lang) -> list[Route]:
    """The route."""

    def build(request: WebRequest, t: Texts) -> MetricTrial:
        metric = find_metric(catalogue, request, t)
        tried = _read_tried(request, metric, t)
        return build_trial(metric, shelf.run(metric, tried, request.cancelled), t)

    return [json_route(OPERATION, build, lang)]


def _read_tried(request: WebRequest, metric: Metric, t: Texts) -> TriedThreshold | None:
    text, span = request.first("threshold"), request.first("for")
    if not text:
        return None
    for_ms = metric.thresholds.for_ms if metric.thresholds else _DEFAULT_FOR_MS
    if span:
        for_ms = params.parse_duration_ns(span) // 10**6
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf") or for_ms < 0:
        raise QueryError.bad_data(t("web.bad_threshold", text=text[:80]))
    return TriedThreshold(value, for_ms)


def build_trial(metric: Metric, trial: ThresholdTrial, t: Texts) -> MetricTrial:
    """The document of a trial."""
    breaches = trial.breaches[:_MOST_BREACHES]
    series = list(dict.fromkeys(labels for labels, _ in breaches))
    names = dict(zip(series, name_series_apart(series), strict=True))
    return MetricTrial(
        id=metric.id,
        start=trial.start_ms / 1000,
        end=trial.end_ms / 1000,
        step=trial.step_ms / 1000,
        seen_s=trial.seen_ms / 1000,
        current=_build_totals(trial.current),
        tried=_build_totals(trial.tried),
        text=_describe(trial, t),
        breaches=tuple(NamedBreach(names[labels], build_breach(one)) for labels, one in breaches),
    )


def _build_totals(count: FiringCount | None) -> FiringTotals | None:
    if count is None:
        return None
    return FiringTotals(
        count.threshold, count.for_ms / 1000, count.fired, count.firing_ms / 1000, count.series
    )


def _describe(trial: ThresholdTrial, t: Texts) -> str:
    """`would have fired 3 times, 42 min in the last 30 days; now 1`."""
    tried, current = trial.tried, trial.current
    if tried is None:
        return ""
    if not trial.seen_ms:
        return t("web.trial.no_data")
    values = {
        "fired": tried.fired,
        "firing": t.span(tried.firing_ms),
        "span": t.span(trial.seen_ms),
    }
    kind = "never" if not tried.fired else "fired"
    text = t(f"web.trial.{kind}", **values)
    if current is None:
        return text
    return f"{text} {t('web.trial.current', fired=current.fired)}"
