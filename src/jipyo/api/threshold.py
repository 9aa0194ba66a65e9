"""`ThresholdConfig`: the thresholds that metrics are judged by (section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jipyo.api.names import SPECIFICATION_NAMES, find_id
from jipyo.app.offline import read_catalogue
from jipyo.app.workspace import Workspace
from jipyo.catalogue import Origin, Thresholds
from jipyo.model.errors import ApiError, UnknownNameError

if TYPE_CHECKING:
    from jipyo.api.opening import SourceLike
    from jipyo.catalogue import Metric


class ThresholdConfig(Mapping[str, Thresholds]):
    """Section 3.1 of the specification: the thresholds by the id of their metric.

    The specification's names work as keys too. Metrics without thresholds are not in it.
    """

    def __init__(self, origin: SourceLike = None) -> None:
        """Those of the configured catalogue; of a workspace those of its own catalogue.

        Raises:
            ConfigError: the configuration cannot be read.
        """
        catalogue = origin.catalogue if isinstance(origin, Workspace) else read_catalogue()
        self._metrics: dict[str, Metric] = {metric.id: metric for metric in catalogue.metrics}

    def __getitem__(self, name: str) -> Thresholds:
        metric = self._metrics.get(find_id(name))
        if metric is None or metric.thresholds is None:
            raise KeyError(name)
        return metric.thresholds

    def __iter__(self) -> Iterator[str]:
        return (id_ for id_, metric in self._metrics.items() if metric.thresholds is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<ThresholdConfig of {len(self)} metrics>"

    def apply(self, metric: Metric) -> Metric:
        """The metric with these thresholds; one that is not of this catalogue as it is."""
        return self._metrics.get(metric.id, metric)

    def change(
        self,
        name: str,
        *,
        warning: float | None,
        critical: float | None,
        for_s: float | None = None,
    ) -> None:
        """Judge a metric by these thresholds from now on; None for a level that it has not.

        Recovery thresholds are dropped. Without `for_s`, in seconds, the alert duration stays.

        Raises:
            UnknownNameError: there is no such metric.
            ApiError: the metric cannot be judged, or critical is reached before warning.
        """
        metric = self._metrics.get(find_id(name))
        if metric is None:
            known = [*self._metrics, *(n for group in SPECIFICATION_NAMES.values() for n in group)]
            raise UnknownNameError(name, get_close_matches(name, known))
        sign = metric.direction.sign
        if sign == 0:
            raise ApiError("catalogue.neutral", where=name)
        if warning is not None and critical is not None and sign * (critical - warning) <= 0:
            key = f"catalogue.order_{'high' if sign > 0 else 'low'}"
            raise ApiError(key, where=name, warning=warning, critical=critical)
        thresholds = None
        if warning is not None or critical is not None:
            for_ms = (metric.thresholds or Thresholds()).for_ms
            if for_s is not None:
                for_ms = round(for_s * 1000)
            thresholds = Thresholds(
                warning=warning, critical=critical, for_ms=for_ms, origin=Origin.SITE
            )
        self._metrics[metric.id] = replace(metric, thresholds=thresholds)
