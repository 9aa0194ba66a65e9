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
from jipyo.promql.engine.summation import finish_sum, sum_windows
from jipyo.promql.engine.windows import Kernel, Prepared, Windows
from jipyo.promql.syntax.ast import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jipyo.model.labels import Labels
    from jipyo.model.sample import HourBlock, Times, Values
    from jipyo.promql.engine.windows import WindowShape

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


_INCREASES = frozenset({"increase", "rate"})
_OF_INCREASES = (HourStatistic.FIRST, HourStatistic.LAST, HourStatistic.INCREASE)


def is_answerable(name: str, shape: WindowShape) -> bool:
    """Whether hours give the exact answer of a function over these windows.

    An anchored window looks for the sample at its start within the lookback: hours know which
    one that is where the lookback is of whole hours, too.
    """
    if shape.range_ms % HOUR_MS or (shape.end_ms % HOUR_MS != 0).any():
        return False
    if shape.extension is None:
        return name in _STATISTICS
    is_anchored = shape.extension is Extension.ANCHORED
    return is_anchored and name in _INCREASES and shape.lookback_ms % HOUR_MS == 0


def find_needed_figures(name: str) -> frozenset[HourStatistic]:
    """The statistics that a function needs, besides the counts."""
    if name in _INCREASES:
        return frozenset(_OF_INCREASES)
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

    That is the case for an average whose sums overflow, and for counters that are not finite.
    """
    if name in _INCREASES:
        return _prepare_increases(name, blocks, windows)
    prepared = []
    statistic = _STATISTICS[name]
    for hours in _group_by_hours(blocks, statistic.get_values):
        if name == "avg_over_time" and not np.isfinite(hours.values).all():
            return None
        # One sample at the end of each hour; the counts lie behind the values.
        both = np.concatenate((hours.values, hours.counts), axis=1)
        nameless = np.zeros(len(hours.series), np.bool_)
        samples = Samples(hours.series, hours.end_ms, both, nameless)
        prepared.append((samples, _prepare_kernel(name, hours, windows(hours.end_ms))))
    return prepared


def _prepare_increases(
    name: str, blocks: Iterable[HourBlock], windows: Callable[[Times], Windows]
) -> list[tuple[Samples, Prepared]] | None:
    """The increase of counters: what they rose within hours, and from hour to hour."""
    prepared = []
    for hours in _group_by_hours(blocks, _join_increases):
        if not np.isfinite(hours.values).all():
            return None
        nameless = np.zeros(len(hours.series), np.bool_)
        samples = Samples(hours.series, hours.end_ms, hours.values, nameless)
        prepared.append((samples, _prepare_increase(name, hours.end_ms, windows(hours.end_ms))))
    return prepared


def _join_increases(block: HourBlock) -> Values:
    """Beside each other: the increase within each hour, and up to it from the one before."""
    first, last, within = (block.figures[figure] for figure in _OF_INCREASES)
    before = np.concatenate((first[:, :1], last[:, :-1]), axis=1)
    between = np.where(first < before, first, first - before)  # a reset in between
    return np.concatenate((within, between), axis=1)


def _prepare_increase(name: str, end_ms: Times, windows: Windows) -> Prepared:
    """The kernel over both halves; a window without an anchor begins at its first sample."""
    inside = np.searchsorted(end_ms, windows.start_ms, "right")
    ok = windows.hi > inside
    at, inside = windows.keep(ok), inside[ok]
    later = np.where(at.lo < inside, inside, inside + 1)
    seconds = (at.end_ms - at.start_ms) / 1000 if name == "rate" else 1.0
    hour_count = len(end_ms)

    def apply(both: Values) -> Values:
        within = sum_windows(both[:, :hour_count], inside, at.hi)
        between = sum_windows(both[:, hour_count:], later, np.maximum(later, at.hi))
        return (finish_sum(*within) + finish_sum(*between)) / seconds

    return Prepared(ok, apply)


def _group_by_hours(
    blocks: Iterable[HourBlock], get_values: Callable[[HourBlock], Values]
) -> Iterator[_Hours]:
    blocks_by_hours: dict[bytes, list[HourBlock]] = {}
    for block in blocks:
        blocks_by_hours.setdefault(block.hour_ms.tobytes(), []).append(block)
    for same in blocks_by_hours.values():
        yield _Hours(
            tuple(series for block in same for series in block.series),
            same[0].hour_ms + HOUR_MS,
            np.concatenate([get_values(block) for block in same]),
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
