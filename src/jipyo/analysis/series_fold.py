"""The series of a metric over a window that is read piece by piece, and what is kept of each.

A month by the minute is more than can be remembered of a thousand series. So each piece, some
whole local days, is folded into sums, extremes and the drawn steps. The result does not depend
on how the window was cut.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from jipyo.analysis.series_stats import SeriesStats, count_greatest, find_percentile
from jipyo.catalogue import Summary

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import Indices
    from jipyo.analysis.window import Window, WindowPiece
    from jipyo.catalogue import Metric
    from jipyo.model.sample import Mask, Times, Values

T = TypeVar("T", bound=np.generic)
HOUR_MS = 3_600_000
OF_MINUTES = frozenset(
    {Summary.AVG, Summary.P95, Summary.MAX, Summary.MIN, Summary.LAST, Summary.CHANGE}
)
"""The summaries that are made from the values of the steps."""
_LONGEST_HOURLY_DAYS = 100
"""Of longer windows no hours are kept."""
_MAXIMUM, _MINIMUM, _FIRST, _LAST = range(4)


def _list_day_figures(metric: Metric, *, with_p95: bool) -> frozenset[Summary]:
    """What is kept of each day besides the mean: the extremes, and what the catalogue asks for."""
    wanted = OF_MINUTES.intersection(metric.report.summaries) - {Summary.AVG}
    return (wanted if with_p95 else wanted - {Summary.P95}) | {Summary.MAX, Summary.MIN}


class SeriesFold:
    """What is kept of the series; the rows of all arrays are series, and grow with them."""

    def __init__(self, window: Window, metric: Metric, *, with_p95: bool) -> None:
        """Begin without any.

        Args:
            window: the whole window.
            metric: whose series they are: in which direction they are worse.
            with_p95: whether the percentile of the values is wanted.
        """
        days = window.day_count
        is_hourly = days <= _LONGEST_HOURLY_DAYS and window.step_ms <= HOUR_MS
        hours = -(-window.duration_ms // HOUR_MS) if is_hourly else 0
        greatest = count_greatest(window.steps) if with_p95 else 0
        self.window, self.with_p95 = window, with_p95
        self.worst = np.fmin if metric.direction.sign < 0 else np.fmax
        self.drawn_ms = window.drawn_t_ms
        self.hours_ms = window.list_ends(HOUR_MS)[:hours]
        self.series = 0
        self.count = np.zeros((0, days), np.int64)
        """Values of each day."""
        self.sums = np.zeros((0, days))
        self.days: dict[Summary, Values] = {
            summary: np.zeros((0, days)) for summary in _list_day_figures(metric, with_p95=with_p95)
        }
        """What the values of each day come to."""
        self.drawn = np.zeros((0, len(self.drawn_ms)))
        self.hour_sums = np.zeros((0, hours))
        self.hour_counts = np.zeros((0, hours), np.int64)
        self.extremes = np.zeros((0, 4))
        self.extremes_ms = np.zeros((0, 4), np.int64)
        self.greatest = np.zeros((0, greatest))

    def add_series(self, count: int) -> None:
        """Make room for more series."""
        self.series += count
        self.count = _extend(self.count, count, 0)
        self.sums = _extend(self.sums, count, 0.0)
        self.days = {name: _extend(days, count, math.nan) for name, days in self.days.items()}
        self.drawn = _extend(self.drawn, count, math.nan)
        self.hour_sums = _extend(self.hour_sums, count, 0.0)
        self.hour_counts = _extend(self.hour_counts, count, 0)
        self.extremes = _extend(self.extremes, count, math.nan)
        self.extremes_ms = _extend(self.extremes_ms, count, -1)
        self.greatest = _extend(self.greatest, count, -math.inf)

    def add(self, piece: WindowPiece, rows: Indices, values: Values) -> None:
        """Add the next piece: `values` of these rows, shape (rows, steps), NaN where absent.

        Every row has a value in it.
        """
        t_ms, present = piece.window.t_ms, ~np.isnan(values)
        filled = np.where(present, values, 0.0)
        self.count[rows, piece.days] = np.add.reduceat(present, piece.day_starts, axis=1, dtype=int)
        self.sums[rows, piece.days] = np.add.reduceat(filled, piece.day_starts, axis=1)
        self._add_drawn(t_ms, rows, values)
        self._add_hours(t_ms, rows, filled, present)
        self._add_days(piece, rows, values, present)
        self._add_extremes(t_ms, rows, values, present)
        if self.with_p95:
            self._add_greatest(rows, values)

    def _add_drawn(self, t_ms: Times, rows: Indices, values: Values) -> None:
        places, starts = _group(self.drawn_ms, t_ms)
        if len(starts) < len(t_ms):
            values = self.worst.reduceat(values, starts, axis=1)
        self.drawn[rows, places] = self.worst(self.drawn[rows, places], values)

    def _add_hours(self, t_ms: Times, rows: Indices, filled: Values, present: Mask) -> None:
        if not len(self.hours_ms):
            return
        places, starts = _group(self.hours_ms, t_ms)
        self.hour_sums[rows, places] += np.add.reduceat(filled, starts, axis=1)
        self.hour_counts[rows, places] += np.add.reduceat(present, starts, axis=1, dtype=int)

    def _add_days(self, piece: WindowPiece, rows: Indices, values: Values, present: Mask) -> None:
        starts = piece.day_starts
        for summary, days in self.days.items():
            match summary:
                case Summary.MAX:
                    days[rows, piece.days] = np.fmax.reduceat(values, starts, axis=1)
                case Summary.MIN:
                    days[rows, piece.days] = np.fmin.reduceat(values, starts, axis=1)
                case Summary.P95:
                    days[rows, piece.days] = _find_day_percentiles(values, starts)
                case _:
                    first, last = _find_ends(values, present, starts)
                    is_change = summary is Summary.CHANGE
                    days[rows, piece.days] = last - first if is_change else last

    def _add_extremes(self, t_ms: Times, rows: Indices, values: Values, present: Mask) -> None:
        every = np.arange(len(rows))
        first = present.argmax(axis=1)
        last = len(t_ms) - 1 - present[:, ::-1].argmax(axis=1)
        highest, lowest = np.nanargmax(values, axis=1), np.nanargmin(values, axis=1)
        old = self.extremes[rows]
        for kind, at, is_new in (
            (_MAXIMUM, highest, ~(old[:, _MAXIMUM] >= values[every, highest])),
            (_MINIMUM, lowest, ~(old[:, _MINIMUM] <= values[every, lowest])),
            (_FIRST, first, np.isnan(old[:, _FIRST])),
            (_LAST, last, np.ones(len(rows), bool)),
        ):
            self.extremes[rows[is_new], kind] = values[every, at][is_new]
            self.extremes_ms[rows[is_new], kind] = t_ms[at[is_new]]

    def _add_greatest(self, rows: Indices, values: Values) -> None:
        for row, own in zip(rows.tolist(), values, strict=True):
            known = self.greatest[row]
            greater = own[own > known.min()]
            if greater.size:
                joined = np.concatenate((known, greater))
                self.greatest[row] = np.partition(joined, greater.size)[greater.size :]

    def build_stats(self, row: int) -> SeriesStats:
        """The numbers of a series over the whole window."""
        steps = int(self.count[row].sum())
        maximum, minimum, first, last = self.extremes[row].tolist()
        maximum_ms, minimum_ms, _, last_ms = self.extremes_ms[row].tolist()
        return SeriesStats(
            steps=steps,
            average=math.fsum(self.sums[row].tolist()) / steps if steps else math.nan,
            p95=find_percentile(self.greatest[row], steps) if self.with_p95 else math.nan,
            maximum=maximum,
            minimum=minimum,
            first=first,
            last=last,
            maximum_ms=maximum_ms,
            minimum_ms=minimum_ms,
            last_ms=last_ms,
        )

    def average_days(self, row: int) -> Values:
        """The mean of each day, NaN where it has no value."""
        return _divide(self.sums[row], self.count[row])

    def average_hours(self, row: int) -> Values:
        """The mean of each hour, NaN where it has no value."""
        return _divide(self.hour_sums[row], self.hour_counts[row])


def _extend(array: npt.NDArray[T], count: int, value: float) -> npt.NDArray[T]:
    """An array with more rows of one value."""
    return np.concatenate((array, np.full((count, *array.shape[1:]), value, array.dtype)))


def _divide(sums: Values, counts: Times) -> Values:
    mean: Values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return mean


def _group(ends_ms: Times, t_ms: Times) -> tuple[slice, Indices]:
    """In which stretches steps lie, each given by its end, and the first step of each."""
    at = np.searchsorted(ends_ms, t_ms)
    starts = np.flatnonzero(np.concatenate(([True], at[1:] != at[:-1])))
    return slice(int(at[0]), int(at[-1]) + 1), starts


def _find_ends(values: Values, present: Mask, starts: Indices) -> tuple[Values, Values]:
    """The first and the last value of each day, NaN where it has none."""
    steps = np.arange(values.shape[1])
    last = np.maximum.reduceat(np.where(present, steps, -1), starts, axis=1)
    first = np.minimum.reduceat(np.where(present, steps, len(steps)), starts, axis=1)
    has_any = last >= 0
    ends = (np.where(has_any, at, 0) for at in (first, last))
    first_values, last_values = (
        np.where(has_any, np.take_along_axis(values, at, axis=1), np.nan) for at in ends
    )
    return first_values, last_values


def _find_day_percentiles(values: Values, starts: Indices) -> Values:
    """The percentile of each day; shape (series, days)."""
    days = np.split(values, starts[1:], axis=1)
    return np.array([[_find_percentile(day[row]) for day in days] for row in range(len(values))])


def _find_percentile(values: Values) -> float:
    real = values[~np.isnan(values)]
    return find_percentile(real, len(real))
