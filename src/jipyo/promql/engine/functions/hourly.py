"""Functions over windows of whole hours, answered from hourly statistics.

Only where the answer is the same as from the samples: windows that begin and end on the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import HourStatistic
from jipyo.promql.engine.functions import over_time
from jipyo.promql.engine.samples import Samples
from jipyo.promql.engine.windows import Kernel, Prepared, Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jipyo.model.labels import Labels
    from jipyo.model.sample import HourBlock, Times, Values

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class _Statistic:
    """Which statistic of an hour a function needs, and the kernel that combines hours."""

    figure: HourStatistic | None
    """None: the number of samples."""
    kernel: Kernel

    def get_values(self, block: HourBlock) -> Values:
        """The statistic of each hour, shape (series, hours)."""
        return block.count.astype(float) if self.figure is None else block.figures[self.figure]


_STATISTICS: Mapping[str, _Statistic] = MappingProxyType(
    {
        "avg_over_time": _Statistic(HourStatistic.SUM, over_time.sum_over_time),
        "count_over_time": _Statistic(None, over_time.sum_over_time),
        "max_over_time": _Statistic(HourStatistic.MAX, over_time.max_over_time),
        "min_over_time": _Statistic(HourStatistic.MIN, over_time.min_over_time),
        "sum_over_time": _Statistic(HourStatistic.SUM, over_time.sum_over_time),
    }
)


def is_answerable(name: str, end_ms: Times, range_ms: int) -> bool:
    """Whether hours give the exact answer of a function over these windows."""
    on_the_hour = range_ms % HOUR_MS == 0 and bool((end_ms % HOUR_MS == 0).all())
    return on_the_hour and name in _STATISTICS


def find_needed_figures(name: str) -> frozenset[HourStatistic]:
    """The statistics that a function needs, besides the counts."""
    figure = _STATISTICS[name].figure
    return frozenset() if figure is None else frozenset([figure])


@dataclass(frozen=True, slots=True)
class _Hours:
    """Series with statistics of the same hours; values and counts (series, hours)."""

    series: tuple[Labels, ...]
    end_ms: Times
    values: Values
    counts: Values


def prepare_hours(
    name: str, blocks: Iterable[HourBlock], windows: Callable[[Times], Windows]
) -> list[tuple[Samples, Prepared]] | None:
    """What to compute for each group of series, or None where only samples give the answer.

    That is the case for an average whose sums overflow.
    """
    prepared = []
    for hours in _group_by_hours(name, blocks):
        if name == "avg_over_time" and not np.isfinite(hours.values).all():
            return None
        # One sample at the end of each hour; the counts lie behind the values.
        both = np.concatenate((hours.values, hours.counts), axis=1)
        nameless = np.zeros(len(hours.series), np.bool_)
        samples = Samples(hours.series, hours.end_ms, both, nameless)
        prepared.append((samples, _prepare_kernel(name, hours, windows(hours.end_ms))))
    return prepared


def _group_by_hours(name: str, blocks: Iterable[HourBlock]) -> Iterator[_Hours]:
    statistic = _STATISTICS[name]
    blocks_by_hours: dict[bytes, list[HourBlock]] = {}
    for block in blocks:
        blocks_by_hours.setdefault(block.hour_ms.tobytes(), []).append(block)
    for same in blocks_by_hours.values():
        yield _Hours(
            tuple(series for block in same for series in block.series),
            same[0].hour_ms + HOUR_MS,
            np.concatenate([statistic.get_values(block) for block in same]),
            np.concatenate([block.count.astype(float) for block in same]),
        )


def _prepare_kernel(name: str, hours: _Hours, windows: Windows) -> Prepared:
    inner = _STATISTICS[name].kernel(hours.end_ms, windows, ())
    count = over_time.sum_over_time(hours.end_ms, windows, ())
    hour_count = len(hours.end_ms)

    def apply(both: Values) -> Values:
        result = inner.apply(both[:, :hour_count])
        if name == "avg_over_time":
            return result / count.apply(both[:, hour_count:])
        return result

    return Prepared(inner.ok, apply)
