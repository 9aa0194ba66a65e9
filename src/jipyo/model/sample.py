"""Samples on their way in and out of a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.labels import Labels

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STALE_BITS = 0x7FF0000000000002
"""The NaN that marks the end of a series (prometheus/model/value/value.go)."""

STALE_NAN: float = float(np.array([STALE_BITS], np.uint64).view(np.float64)[0])
"""Only for writing: a scalar NaN may lose its bits, so test arrays with `is_stale`."""


def is_stale(values: Values) -> Mask:
    """Which values are stale markers, bit for bit; an ordinary NaN is a value."""
    stale: Mask = np.ascontiguousarray(values).view(np.uint64) == STALE_BITS
    return stale


@dataclass(frozen=True, slots=True)
class Scrape:
    """The values of many series at one moment.

    A collector passes the same `series` tuple as long as its series do not change:
    a store may recognise it by identity. Of a series that occurs twice the first value is
    stored; another one is rejected as a duplicate.
    """

    t_ms: int
    series: tuple[Labels, ...]
    values: Values
    """Shape (series,)."""


class Reject(Enum):
    """Why a store rejected a sample, in Prometheus' words."""

    OUT_OF_ORDER = "out of order sample"
    TOO_OLD = "too old sample"
    TOO_FAR_IN_FUTURE = "too far in the future"
    DUPLICATE = "duplicate sample for timestamp"
    SERIES_LIMIT = "series limit"
    INVALID_LABELS = "invalid labels"


@dataclass(frozen=True, slots=True)
class Appended:
    """The outcome of a batch: samples stored, and samples rejected by reason."""

    samples: int
    rejected: Mapping[Reject, int] = field(default_factory=dict)


class MetricType(Enum):
    """The types of the text exposition format and of OpenMetrics."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"
    STATESET = "stateset"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MetricMetadata:
    """Type, help and unit of a metric, from its source."""

    metric: str
    type: MetricType
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SeriesBlock:
    """Series that share their times: shape (series, samples), times ascending and distinct.

    A series that was not sampled at one of these times is in another block, so a
    block has no holes; stale markers are among the values.
    """

    series: tuple[Labels, ...]
    t_ms: Times
    values: Values


class HourStatistic(StrEnum):
    """A statistic of a series' samples within an hour, besides their count."""

    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    INCREASE = "increase"
    """The rise of a counter from the first to the last of them, resets counted as Prometheus
    does."""


EVERY_FIGURE = frozenset(HourStatistic)


@dataclass(frozen=True, slots=True)
class HourBlock:
    """Statistics of series that have samples in the same whole hours, shape (series, hours).

    Hour h holds the samples with `h < t <= h + 1 h`, so that hours add up to
    left-open ranges. Stale markers are left out.
    """

    series: tuple[Labels, ...]
    hour_ms: Times
    """Where each hour begins; shape (hours,)."""
    count: Times
    """How many samples an hour has; at least one."""
    figures: Mapping[HourStatistic, Values]
    """The requested ones."""
