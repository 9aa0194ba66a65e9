"""Rates and rises of counters and gauges over windows (promql/functions.go).

`rate`, `increase` and `delta` stretch what the samples show to the window's edges;
`anchored` and `smoothed` windows take the edges' values from the samples around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.promql.engine.functions.over_time import count_between
from jipyo.promql.engine.summation import finish_sum, sum_windows
from jipyo.promql.engine.windows import Kernel, Prepared, Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.sample import Mask, Times, Values


def rate(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
    """Per-second rise of a counter."""
    return _prepare_stretched(t_ms, windows, counter=True, per_second=True)


def increase(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
    """Rise of a counter over the window."""
    return _prepare_stretched(t_ms, windows, counter=True, per_second=False)


def delta(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
    """Difference of a gauge over the window."""
    return _prepare_stretched(t_ms, windows, counter=False, per_second=False)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """How far each window is extrapolated beyond its samples, in seconds; shapes (windows,)."""

    sampled: Values
    to_start: Values
    to_end: Values

    @classmethod
    def of(cls, t_ms: Times, windows: Windows) -> _Stretch:
        first, last = t_ms[windows.lo], t_ms[windows.hi - 1]
        sampled = (last - first) / 1000
        between = sampled / (windows.count - 1)
        to_start = (first - windows.start_ms) / 1000
        to_end = (windows.end_ms - last) / 1000
        near = between * 1.1
        return cls(
            sampled,
            np.where(to_start >= near, between / 2, to_start),
            np.where(to_end >= near, between / 2, to_end),
        )

    def compute_factor(self, to_start: Values) -> Values:
        return (self.sampled + to_start + self.to_end) / self.sampled


def _prepare_stretched(
    t_ms: Times, windows: Windows, *, counter: bool, per_second: bool
) -> Prepared:
    ok = windows.count >= 2
    windows = windows.keep(ok)
    stretch = _Stretch.of(t_ms, windows)
    seconds = (windows.end_ms - windows.start_ms) / 1000 if per_second else 1.0
    factor = stretch.compute_factor(stretch.to_start) / seconds

    def apply(values: Values) -> Values:
        first = values.take(windows.lo, axis=1)
        rise = values.take(windows.hi - 1, axis=1) - first
        if not counter:
            return rise * factor
        _add_resets(values, windows.lo, windows.hi, rise)
        result = rise * factor
        _start_at_zero(result, first, rise, stretch, seconds)
        return result

    return Prepared(ok, apply)


def _start_at_zero(
    result: Values, first: Values, rise: Values, stretch: _Stretch, seconds: Values | float
) -> None:
    """A counter cannot have been negative: do not extrapolate back beyond its zero."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        # Few values are so small; only those are computed exactly.
        small = first < rise * (stretch.to_start / stretch.sampled).max()
        if not small.any():
            return
        row, at = np.nonzero(small & (first >= 0))
        sampled = stretch.sampled[at]
        to_zero = sampled * (first[row, at] / rise[row, at])
        near = to_zero < stretch.to_start[at]
        row, at, sampled, to_zero = row[near], at[near], sampled[near], to_zero[near]
        factor = (sampled + to_zero + stretch.to_end[at]) / sampled
        by = seconds[at] if isinstance(seconds, np.ndarray) else seconds
        result[row, at] = rise[row, at] * (factor / by)


_FEW_RESETS = 64


def _add_resets(values: Values, lo: Times, hi: Times, rise: Values) -> None:
    """Add what the counter had reached before each reset within `lo:hi`, both ascending."""
    fell = values[:, 1:] < values[:, :-1]
    if not fell.any():
        return
    for row in np.flatnonzero(fell.any(axis=1)):
        before = np.flatnonzero(fell[row])
        if len(before) <= _FEW_RESETS:
            # The windows that hold both samples of a reset are adjacent.
            first = np.searchsorted(hi, before + 2, "left")
            last = np.searchsorted(lo, before, "right")
            for a, b, reached in zip(first, last, values[row, before], strict=True):
                rise[row, a:b] += reached
        else:
            reached = _keep_flagged(values[row], fell[row])
            rise[row] += _add_up_windows(reached, lo, np.maximum(lo, hi - 1))


def _keep_flagged(values: Values, flags: Mask) -> Values:
    """The flagged values, zero elsewhere and at the end; shape (samples,)."""
    kept = np.zeros(len(values))
    if np.isfinite(values.sum()):
        # Several times as fast as selecting, but 0 * Inf is NaN.
        np.multiply(values[:-1], flags, out=kept[:-1])
    else:
        np.copyto(kept[:-1], values[:-1], where=flags)
    return kept


_OVERLAP = 8
"""Windows that overlap more often than this are added up from running sums."""


def _add_up_windows(values: Values, lo: Times, hi: Times) -> Values:
    """The sums of `values[lo:hi]`, hi < len(values); without compensation, as in Prometheus."""
    if int((hi - lo).sum()) > _OVERLAP * len(values):
        overlapping: Values = finish_sum(*sum_windows(values[None, :], lo, hi))[0]
        return overlapping
    ends = np.stack((lo, hi), axis=1).ravel()
    sums: Values = np.add.reduceat(values, ends)[::2]
    return np.where(hi > lo, sums, 0.0)


def irate(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
    """Per-second rise between the last two samples; after a reset, from zero."""
    ok = windows.count >= 2
    last = windows.keep(ok).hi - 1
    seconds = (t_ms[last] - t_ms[last - 1]) / 1000

    def apply(values: Values) -> Values:
        now, before = values.take(last, axis=1), values.take(last - 1, axis=1)
        return np.where(now < before, now, now - before) / seconds

    return Prepared(ok, apply)


def idelta(_: Times, windows: Windows, __: tuple[Values, ...] = ()) -> Prepared:
    """Difference of the last two samples."""
    ok = windows.count >= 2
    last = windows.keep(ok).hi - 1
    return Prepared(ok, lambda values: values.take(last, axis=1) - values.take(last - 1, axis=1))


@dataclass(frozen=True, slots=True)
class Edges:
    """Which samples the edges of extended windows are read from (extendedRate).

    `windows` hold the samples they may look at, `first` and `last` those next to the edges.
    `smoothed` edges lie on the line between their neighbours, others on the sample before.
    """

    windows: Windows
    first: Times
    last: Times
    smoothed: bool


def find_edges(t_ms: Times, windows: Windows, *, smoothed: bool) -> tuple[Mask, Edges]:
    """Which windows have both edges, and the samples that those are read from."""
    last = windows.hi - 1
    if smoothed:
        last = np.minimum(last, np.searchsorted(t_ms, windows.end_ms, "left"))
    inside = np.searchsorted(t_ms, windows.start_ms, "right")
    first = np.maximum(windows.lo, np.minimum(inside, windows.hi - 1) - 1)
    some = windows.count > 0
    first, last = np.where(some, first, 0), np.where(some, last, 0)
    some &= t_ms[last] > windows.start_ms
    if smoothed:
        some &= t_ms[first] <= windows.end_ms
    return some, Edges(windows.keep(some), first[some], last[some], smoothed)


def make_extended_rate(*, smoothed: bool, counter: bool, per_second: bool) -> Kernel:
    """`rate`, `increase` and `delta` of an anchored or a smoothed window."""

    def kernel(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
        ok, at = find_edges(t_ms, windows, smoothed=smoothed)
        seconds = (at.windows.end_ms - at.windows.start_ms) / 1000 if per_second else 1.0

        def apply(values: Values) -> Values:
            left = read_left_edge(t_ms, values, at, counter=counter)
            right = read_right_edge(t_ms, values, at, counter=counter)
            rise = right - left
            if counter:
                rise += _add_up_resets(t_ms, values, at, left, right)
            return rise / seconds

        return Prepared(ok, apply)

    return kernel


def read_left_edge(t_ms: Times, values: Values, at: Edges, *, counter: bool) -> Values:
    """The value at the window's start (promql/functions.go, pickOrInterpolateLeft)."""
    if not at.smoothed:
        return values.take(at.first, axis=1)
    between = t_ms[at.first] < at.windows.start_ms
    after = np.where(between, at.first + 1, at.first)
    return _interpolate(t_ms, values, (at.first, after), at.windows.start_ms, counter=counter)


def read_right_edge(t_ms: Times, values: Values, at: Edges, *, counter: bool) -> Values:
    """The value at the window's end (promql/functions.go, pickOrInterpolateRight)."""
    if not at.smoothed:
        return values.take(at.last, axis=1)
    between = (t_ms[at.last] > at.windows.end_ms) & (at.last > at.windows.lo)
    before = np.where(between, at.last - 1, at.last)
    return _interpolate(t_ms, values, (before, at.last), at.windows.end_ms, counter=counter)


def _interpolate(
    t_ms: Times, values: Values, ends: tuple[Times, Times], when_ms: Times, *, counter: bool
) -> Values:
    first, second = ends
    from_, to = values.take(first, axis=1), values.take(second, axis=1)
    start = np.where(to < from_, 0.0, from_) if counter else from_
    apart = t_ms[second] - t_ms[first]
    with np.errstate(invalid="ignore"):
        on_line = start + (to - start) * (when_ms - t_ms[first]) / np.where(apart == 0, 1, apart)
    return np.where(apart == 0, from_, on_line)


def _add_up_resets(t_ms: Times, values: Values, at: Edges, left: Values, right: Values) -> Values:
    """What the counter had reached before each reset from the left edge to the right one."""
    first = np.where(t_ms[at.first] <= at.windows.start_ms, at.first + 1, at.first)
    last = np.where(t_ms[at.last] >= at.windows.end_ms, at.last - 1, at.last)
    some = last >= first
    inner = np.zeros_like(left)
    _add_resets(values, first, np.maximum(last + 1, first), inner)
    after_left = np.where(some, values.take(np.where(some, first, 0), axis=1), right)
    before_right = np.where(some, values.take(np.where(some, last, 0), axis=1), left)
    jump = np.where(after_left < left, left, 0.0)
    back = np.where(some & (right < before_right), before_right, 0.0)
    return inner + jump + back


def make_anchored_count(flag: Callable[[Values], Mask]) -> Kernel:
    """How many neighbours are flagged, from the newest sample at or before the start on."""

    def kernel(t_ms: Times, windows: Windows, _: tuple[Values, ...] = ()) -> Prepared:
        inside = np.searchsorted(t_ms, windows.start_ms, "right")
        ok = windows.hi > np.maximum(inside, windows.lo)
        from_anchor = Windows(
            windows.start_ms, windows.end_ms, np.maximum(inside - 1, windows.lo), windows.hi
        ).keep(ok)
        return Prepared(ok, lambda values: count_between(values, from_anchor, flag))

    return kernel


def extract_extended_points(
    t_ms: Times, values: Values, windows: Windows, *, smoothed: bool
) -> tuple[Times, Values]:
    """One series in one extended window: both edges and what lies between them."""
    ok, at = find_edges(t_ms, windows, smoothed=smoothed)
    if not ok[0]:
        return t_ms[:0], values[:0]
    row = values[None, :]
    start_ms, end_ms = at.windows.start_ms, at.windows.end_ms
    first = int(np.searchsorted(t_ms, start_ms, "right")[0])
    last = int(np.searchsorted(t_ms, end_ms, "left")[0])
    left = read_left_edge(t_ms, row, at, counter=False)[0]
    right = read_right_edge(t_ms, row, at, counter=False)[0]
    return (
        np.concatenate((start_ms, t_ms[first:last], end_ms)),
        np.concatenate((left, values[first:last], right)),
    )
