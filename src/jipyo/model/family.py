"""Metric families: what an exposition page consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricType


@dataclass(frozen=True, slots=True)
class FamilySample:
    """One line of a page. `labels` carries the whole metric name (`x_bucket`, `x_total`)."""

    labels: Labels
    value: float
    t_ms: int | None = None
    """Only where the page itself gives a time."""


@dataclass(frozen=True, slots=True)
class Family:
    """Samples that share type, help and unit."""

    name: str
    type: MetricType
    help: str
    samples: tuple[FamilySample, ...]
    unit: str = ""
