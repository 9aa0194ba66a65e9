"""`PerformanceAnalyzer`: the health of each part (section 3.1 of the specification)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis import wording
from jipyo.analysis.health import Health, MetricHealth, Reason, assess, build_refused, combine
from jipyo.analysis.thresholds import State
from jipyo.api.json_object import JsonObject, to_plain
from jipyo.api.metrics import MetricsCollector
from jipyo.api.opening import Closing
from jipyo.api.threshold import ThresholdConfig
from jipyo.i18n import LANGS, Lang, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from jipyo.api.opening import SourceLike
    from jipyo.api.values import CurrentValue, CurrentValues, Recent
    from jipyo.model.errors import JipyoError

_ANALYSES: Mapping[str, str] = {
    "system": "system_health",
    "application": "api_performance",
    "ai": "ai_performance",
    "database": "database_performance",
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PartHealth(JsonObject):
    """The health of a part: of the metrics that were given."""

    health: Health
    zone: ZoneInfo | None
    """None where there is no metric."""

    @property
    def state(self) -> State:
        """As grave as the gravest metric that was judged; unknown where none was."""
        return self.health.state

    @property
    def metrics(self) -> tuple[MetricHealth, ...]:
        """The health of each metric."""
        return self.health.metrics

    @property
    def judged(self) -> tuple[MetricHealth, ...]:
        """The metrics that thresholds were applied to."""
        return self.health.judged

    @property
    def absent(self) -> tuple[MetricHealth, ...]:
        """The metrics that had no data in the last hour."""
        return self.health.absent

    @property
    def missing(self) -> tuple[JipyoError, ...]:
        """What could not be read; then the state is unknown at best."""
        return self.health.missing

    def in_state(self, state: State) -> tuple[MetricHealth, ...]:
        """The metrics in a state; those that never had data are in none."""
        return self.health.in_state(state)

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        metrics = [_describe_metric(metric) for metric in self.metrics]
        missing = [texts("en").error(error) for error in self.missing]
        return {
            "t_ms": self.health.t_ms,
            "state": self.state,
            "missing": missing,
            "metrics": metrics,
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.state.value}, {len(self.judged)} of {len(self.metrics)} metrics judged"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ActiveBreach(JsonObject):
    """A metric that is beyond a threshold now."""

    health: MetricHealth
    zone: ZoneInfo
    t_ms: int
    """When it was judged, Unix milliseconds."""

    @property
    def state(self) -> State:
        """Warning or critical."""
        return self.health.state

    def text(self, lang: Lang) -> str:
        """Which threshold is exceeded and since when, in a sentence."""
        reason = wording.describe_reason(self.health, texts(lang), self.zone, self.t_ms)
        return f"{self.health.metric.name(lang)}: {reason}"

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        sentences = {lang: self.text(lang) for lang in LANGS}
        return {"t_ms": self.t_ms, **_describe_metric(self.health), "text": sentences}

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.state.value} {self.text('en')}"


class PerformanceAnalyzer(Closing):
    """Section 3.1 of the specification: the health of each part, and what is beyond thresholds."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`.

        Raises:
            ConfigError: the configuration cannot be read.
        """
        self.metrics = MetricsCollector(origin)
        self.threshold = ThresholdConfig(origin)

    async def analyze_performance(
        self,
    ) -> tuple[dict[str, PartHealth], tuple[ActiveBreach, ...]]:
        """The health of each part, and what is beyond a threshold, most severe first.

        Raises:
            SourceError: the source failed.
        """
        metrics = await self.metrics.collect_metrics()
        analysis = await asyncio.to_thread(self._analyze, metrics)
        return analysis, self.check_thresholds(analysis)

    def _analyze(self, metrics: Mapping[str, CurrentValues]) -> dict[str, PartHealth]:
        analyze: Mapping[str, Callable[[Mapping[str, CurrentValue]], PartHealth]] = {
            "system": self.analyze_system_health,
            "application": self.analyze_api_performance,
            "ai": self.analyze_ai_performance,
            "database": self.analyze_database_performance,
        }
        return {_ANALYSES[group]: analyze[group](values) for group, values in metrics.items()}

    def analyze_system_health(self, metrics: Mapping[str, CurrentValue]) -> PartHealth:
        """The health of these metrics, by the thresholds of `threshold`.

        It waits for nothing: each value has the last hour of its metric. PromQL of one's own is
        left out, as it has no thresholds.
        """
        return self._judge(metrics)

    def analyze_api_performance(self, metrics: Mapping[str, CurrentValue]) -> PartHealth:
        """As `analyze_system_health`."""
        return self._judge(metrics)

    def analyze_ai_performance(self, metrics: Mapping[str, CurrentValue]) -> PartHealth:
        """As `analyze_system_health`."""
        return self._judge(metrics)

    def analyze_database_performance(self, metrics: Mapping[str, CurrentValue]) -> PartHealth:
        """As `analyze_system_health`."""
        return self._judge(metrics)

    def check_thresholds(self, analysis: Mapping[str, PartHealth]) -> tuple[ActiveBreach, ...]:
        """The metrics of all parts that are beyond a threshold, each once, most severe first."""
        breaches: dict[str, ActiveBreach] = {}
        for state in (State.CRITICAL, State.WARNING):
            for part in analysis.values():
                for one in part.in_state(state):
                    assert part.zone is not None, "BUG: a part with metrics has a zone"
                    breach = ActiveBreach(one, part.zone, part.health.t_ms)
                    breaches.setdefault(one.metric.id, breach)
        return tuple(breaches.values())

    def close(self) -> None:
        """See `Closing`."""
        self.metrics.close()

    def _judge(self, metrics: Mapping[str, CurrentValue]) -> PartHealth:
        known = [(value, value.recent) for value in metrics.values() if value.recent is not None]
        t_ms = max((value.t_ms for value in metrics.values()), default=0)
        missing = tuple(error for _, recent in known for error in recent.missing)
        judged = (self._judge_metric(recent, value.t_ms) for value, recent in known)
        health = combine(t_ms, judged, missing)
        return PartHealth(health, known[0][1].zone if known else None)

    def _judge_metric(self, recent: Recent, t_ms: int) -> MetricHealth:
        """The health that the value came with, where its thresholds are the same."""
        before = recent.health
        metric = self.threshold.apply(before.metric)
        if metric.thresholds == before.metric.thresholds:
            return before
        if recent.data is None:
            return build_refused(metric, before.problem)
        health = assess(replace(recent.data, metric=metric), t_ms)
        is_outage = health.reason is Reason.BREACH
        return replace(health, outages=before.outages) if is_outage else health


def _describe_metric(one: MetricHealth) -> dict[str, object]:
    """The plain form of a metric's health."""
    return {
        "metric": one.metric.id,
        "state": one.state.value,
        "reason": one.reason.value,
        "judged": one.judged,
        "value": to_plain(one.value),
        "threshold": one.threshold,
        "since_ms": one.since_ms,
        "worst": None if one.worst is None else to_plain(one.worst),
        "exporter": one.exporter,
    }
