"""`MetricsCollector`: the current value of every metric (section 2.1 of the specification)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis import wording
from jipyo.analysis.proportion import estimate_proportion
from jipyo.catalogue import MetricGroup
from jipyo.i18n import Lang, texts
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_metric

if TYPE_CHECKING:
    from jipyo.app import Workspace
    from jipyo.catalogue import Metric
    from jipyo.model.figure import ProportionEstimate
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory

GroupName = Literal["system", "application", "ai", "database"]

SPECIFICATION_NAMES: Mapping[MetricGroup, Mapping[str, str]] = {
    MetricGroup.SYSTEM: {
        "cpu_usage": "system.cpu.utilization",
        "memory_usage": "system.memory.utilization",
        "disk_usage": "system.disk.utilization",
        "gpu_usage": "system.gpu.utilization",
    },
    MetricGroup.APPLICATION: {
        "api_response_time": "app.response_time",
        "error_rate": "app.error_rate",
        "request_count": "app.throughput",
    },
    MetricGroup.AI: {
        "inference_time": "ai.inference.time",
        "model_accuracy": "ai.model.accuracy",
        "gpu_utilization": "system.gpu.utilization",
    },
    MetricGroup.DATABASE: {},
}
"""The names that section 2.1 uses, by group, and the ids of the metrics they stand for."""


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """One series' value at a moment."""

    labels: Labels
    value: float
    exporter: str
    proportion: ProportionEstimate | None = None
    """Of how many cases it is a share; None where it is no share of counted cases."""


@dataclass(frozen=True, slots=True)
class CurrentValue:
    """A metric at a moment; without data it has no series and `has_data` is False."""

    metric: Metric
    t_ms: int
    series: tuple[SeriesValue, ...]
    expressions: tuple[tuple[str, str], ...] = ()
    """Exporter and PromQL of each query that returned a series."""

    @property
    def has_data(self) -> bool:
        """Whether there is any value."""
        return bool(self.series)

    @property
    def values(self) -> tuple[float, ...]:
        """The values alone, in the order of `series`."""
        return tuple(series.value for series in self.series)

    def text(self, lang: Lang) -> str:
        """The values with their unit, for people; a share with its n and its interval."""
        t, unit = texts(lang), self.metric.unit.value
        values = [
            wording.describe_value(item.value, item.proportion, unit, t) for item in self.series
        ]
        return ", ".join(values) or t.number(None)


@dataclass(frozen=True, slots=True)
class CurrentValues(Mapping[str, CurrentValue]):
    """The values of a group by metric id; the specification's names work as keys too."""

    by_id: Mapping[str, CurrentValue]
    by_name: Mapping[str, CurrentValue]

    def __getitem__(self, name: str) -> CurrentValue:
        return self.by_name[name] if name in self.by_name else self.by_id[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)


class MetricsCollector:
    """Section 2.1 of the specification: the current value of every metric."""

    def __init__(self, workspace: Workspace) -> None:
        """Work on this workspace."""
        self._workspace = workspace

    async def collect_metrics(self) -> dict[GroupName, CurrentValues]:
        """The current values by group: `(await …)["system"]["cpu_usage"].values`.

        Raises:
            QueryError: an expression was refused.
            SourceError: the source failed.
        """
        return await asyncio.to_thread(self._collect)

    def _collect(self) -> dict[GroupName, CurrentValues]:
        workspace, t_ms = self._workspace, self._workspace.now_ms()
        inventory = take_inventory(workspace.source, t_ms)
        by_id = {
            metric.id: _read_current(workspace.source, metric, t_ms, inventory)
            for metric in workspace.catalogue.metrics
        }
        return {
            group.value: CurrentValues(
                by_id={id_: value for id_, value in by_id.items() if value.metric.group is group},
                by_name={name: by_id[id_] for name, id_ in names.items() if id_ in by_id},
            )
            for group, names in SPECIFICATION_NAMES.items()
        }


def _read_current(source: Source, metric: Metric, t_ms: int, inventory: Inventory) -> CurrentValue:
    data = read_metric(source, metric, t_ms, t_ms, 1, inventory)
    values = data.matrix.values[:, -1].tolist()
    proportions: list[ProportionEstimate | None] = [None] * len(values)
    if data.n is not None:
        cases = data.n[:, -1].tolist()
        proportions = [
            estimate_proportion(value, n, metric.unit)
            for value, n in zip(values, cases, strict=True)
        ]
    series = map(SeriesValue, data.matrix.series, values, data.exporters, proportions)
    return CurrentValue(metric, t_ms, tuple(series), data.expressions)
