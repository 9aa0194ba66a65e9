"""The series that are watched for anomalies, step by step, and what was unusual over a range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.anomaly import AnomalyDetector
from jipyo.analysis.outlook import list_forecastable
from jipyo.analysis.series_names import name_series
from jipyo.model.errors import QueryError
from jipyo.source.metric_data import find_target, read_series

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from zoneinfo import ZoneInfo

    from jipyo.analysis.anomaly import Scores
    from jipyo.catalogue import Catalogue
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory


@dataclass(frozen=True, slots=True)
class WatchedSeries:
    """A series of a metric."""

    metric_id: str
    labels: Labels
    target: str
    """What it is measured on: series of one target deviate together."""

    @property
    def key(self) -> str:
        """What identifies it among all."""
        return f"{self.metric_id}{self.labels}"


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """The values of all series at some steps, shape (series, steps), NaN where there is none."""

    series: tuple[WatchedSeries, ...]
    values: Values
    missing: tuple[JipyoError, ...] = ()


def read_watched(
    source: Source,
    catalogue: Catalogue,
    t_ms: Times,
    step_ms: int,
    inventory: Inventory,
    only: Collection[str] = (),
) -> Watched:
    """Read the metrics that have an outlook; a metric whose query is rejected is left out.

    Args:
        source: answers the queries.
        catalogue: names the metrics.
        t_ms: the steps.
        step_ms: how far they are apart.
        inventory: of the source.
        only: ids of metrics; all without any.

    Raises:
        SourceError: the source failed.
    """
    series: list[WatchedSeries] = []
    values: list[Values] = [np.empty((0, len(t_ms)))]
    missing: dict[JipyoError, None] = {}
    for metric in list_forecastable(catalogue):
        if only and metric.id not in only:
            continue
        try:
            data = read_series(source, metric, t_ms, step_ms, inventory)
        except QueryError:
            continue
        matrix = data.matrix
        missing.update(dict.fromkeys(data.missing))
        values.append(np.where(matrix.present, matrix.values, np.nan))
        for labels in matrix.series:
            target = " · ".join(filter(None, find_target(metric, labels)))
            series.append(WatchedSeries(metric.id, labels, target or name_series(labels)))
    return Watched(tuple(series), np.concatenate(values), tuple(missing))


def score_steps(watched: Watched, t_ms: Times, step_ms: int, zone: ZoneInfo) -> Iterator[Scores]:
    """The scores at each step, by a detector that begins with the first of them."""
    keys, targets = zip(*((one.key, one.target) for one in watched.series), strict=True)
    detector = AnomalyDetector(keys, targets, step_ms, zone)
    for at, moment_ms in enumerate(t_ms.tolist()):
        yield detector.step(moment_ms, watched.values[:, at])
