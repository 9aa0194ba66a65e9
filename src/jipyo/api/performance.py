"""`PerformanceAnalyzer`: the health of each part (section 3.1 of the specification)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis import wording
from jipyo.analysis.health import Health, MetricHealth, assess_catalogue, combine
from jipyo.analysis.thresholds import State
from jipyo.catalogue import MetricGroup
from jipyo.i18n import Lang, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from jipyo.app import Workspace

AnalysisName = Literal["system_health", "api_performance", "ai_performance", "database_performance"]

_ANALYSES: Mapping[MetricGroup, AnalysisName] = {
    MetricGroup.SYSTEM: "system_health",
    MetricGroup.APPLICATION: "api_performance",
    MetricGroup.AI: "ai_performance",
    MetricGroup.DATABASE: "database_performance",
}


@dataclass(frozen=True, slots=True)
class ActiveBreach:
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


class PerformanceAnalyzer:
    """Section 3.1 of the specification: the health of each part, and what is beyond thresholds."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def analyze_performance(
        self,
    ) -> tuple[dict[AnalysisName, Health], tuple[ActiveBreach, ...]]:
        """The health of each part, and what is beyond a threshold, most severe first.

        Raises:
            SourceError: the source failed.
        """
        return await asyncio.to_thread(self._analyze)

    def _analyze(self) -> tuple[dict[AnalysisName, Health], tuple[ActiveBreach, ...]]:
        workspace = self._workspace
        health = assess_catalogue(workspace.source, workspace.catalogue, workspace.now_ms())
        parts = {
            name: combine(
                health.t_ms, (part for part in health.metrics if part.metric.group is group)
            )
            for group, name in _ANALYSES.items()
        }
        breaches = [*health.in_state(State.CRITICAL), *health.in_state(State.WARNING)]
        zone, t_ms = workspace.zone, health.t_ms
        return parts, tuple(ActiveBreach(metric, zone, t_ms) for metric in breaches)
