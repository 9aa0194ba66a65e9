"""Which metrics of the catalogue have data here, and from which exporters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_metric

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

LOOK_BACK_MS = 3_600_000
STEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class Provider:
    """An exporter that a metric has data from: how many series, and the PromQL that found them."""

    exporter: str
    series: int
    expression: str


@dataclass(frozen=True, slots=True)
class MetricCoverage:
    """One metric and who provides it."""

    metric: Metric
    providers: tuple[Provider, ...]
    problem: str = ""
    """The source's message where the query was refused."""

    @property
    def has_data(self) -> bool:
        """Whether anybody provides it."""
        return bool(self.providers)

    @property
    def series(self) -> int:
        """How many series it has from all providers."""
        return sum(provider.series for provider in self.providers)


def examine_catalogue(
    source: Source, catalogue: Catalogue, t_ms: int, *, look_back_ms: int = LOOK_BACK_MS
) -> tuple[MetricCoverage, ...]:
    """What each metric of the catalogue had in the time before `t_ms`.

    Raises:
        SourceError: the source failed.
    """
    inventory, start_ms = take_inventory(source, t_ms), t_ms - look_back_ms
    return tuple(
        _examine_metric(source, metric, start_ms, t_ms, inventory) for metric in catalogue.metrics
    )


def _examine_metric(
    source: Source, metric: Metric, start_ms: int, end_ms: int, inventory: Inventory
) -> MetricCoverage:
    try:
        return find_providers(read_metric(source, metric, start_ms, end_ms, STEP_MS, inventory))
    except QueryError as error:
        return MetricCoverage(metric, (), error.message)


def find_providers(data: MetricData) -> MetricCoverage:
    """Who provides the series of a metric."""
    providers = (
        Provider(exporter, len(tuple(series)), expression)
        for (exporter, expression), (_, series) in zip(
            data.expressions, groupby(data.queries), strict=True
        )
    )
    return MetricCoverage(data.metric, tuple(providers))
