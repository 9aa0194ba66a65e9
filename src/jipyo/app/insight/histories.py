"""The hourly values of all series that have an outlook, of which each run reads only new hours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.outlook import HISTORY_HOURS, list_forecastable, split_histories
from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix
from jipyo.source.hourly import HOUR_MS, read_hourly
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from jipyo.analysis.outlook import SeriesHistory
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

AGAIN_HOURS = 3
"""Hours that are read again: samples may have come late."""


@dataclass(slots=True)
class Histories:
    """Reads from one source by one catalogue, and remembers what it has read."""

    source: Source
    catalogue: Catalogue
    zone: ZoneInfo
    most_series: int
    hours: int = HISTORY_HOURS
    rejected: int = 0
    """Metrics whose query the source rejected in the last run."""
    left_out: int = 0
    """Series beyond `most_series` in the last run."""
    _known: dict[str, MetricData] = field(default_factory=dict)

    def read(self, end_ms: int) -> Iterator[tuple[SeriesHistory, ...]]:
        """The histories of one metric after the other, up to the last whole hour.

        Raises:
            SourceError: the source failed.
        """
        inventory = take_inventory(self.source, end_ms)
        self.rejected = self.left_out = 0
        left = self.most_series
        for metric in list_forecastable(self.catalogue):
            try:
                data = self._read_metric(metric, end_ms, inventory)
            except QueryError:
                self.rejected += 1
                continue
            found = tuple(split_histories(data, self.zone))
            self.left_out += max(len(found) - left, 0)
            if found[:left]:
                yield found[:left]
            left = max(left - len(found), 0)

    def _read_metric(self, metric: Metric, end_ms: int, inventory: Inventory) -> MetricData:
        """All hours; only the newest are asked for where the series are still the same."""
        known = self._known.get(metric.id)
        data = None if known is None else self._extend(metric, known, end_ms, inventory)
        data = data or read_hourly(self.source, metric, end_ms, self.hours, inventory)
        if data.matrix.series and not data.missing:
            self._known[metric.id] = data
        else:
            self._known.pop(metric.id, None)
        return data

    def _extend(
        self, metric: Metric, known: MetricData, end_ms: int, inventory: Inventory
    ) -> MetricData | None:
        """The known hours with those since; None where all must be read."""
        since = (end_ms // HOUR_MS * HOUR_MS - int(known.matrix.t_ms[-1])) // HOUR_MS
        if not 0 <= since < self.hours - AGAIN_HOURS:
            return None
        fresh = read_hourly(self.source, metric, end_ms, since + AGAIN_HOURS, inventory)
        rows = {labels: row for row, labels in enumerate(known.matrix.series)}
        if fresh.missing or not set(fresh.matrix.series) <= rows.keys():
            return None
        return replace(known, matrix=_append(known.matrix, fresh.matrix, since, rows))


def _append(known: Matrix, fresh: Matrix, since: int, rows: dict[Labels, int]) -> Matrix:
    """The known hours moved back by `since`, the newest of them replaced by fresh ones."""
    hours = len(fresh.t_ms)
    t_ms = known.t_ms + since * HOUR_MS
    values = np.roll(known.values, -since, axis=1)
    present = np.roll(known.present, -since, axis=1)
    values[:, -hours:], present[:, -hours:] = np.nan, False
    at = [rows[labels] for labels in fresh.series]
    values[at, -hours:], present[at, -hours:] = fresh.values, fresh.present
    return Matrix(known.series, t_ms, values, present)
