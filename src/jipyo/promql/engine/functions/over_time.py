"""Kernels of `*_over_time`, `changes`, `resets`, `deriv` and other functions of one window.

Each kernel takes the shared times, the windows and the scalar arguments of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from jipyo.model.sample import Mask, Times, Values
from jipyo.promql.engine.summation import average_literally, finish_sum, sum_windows
from jipyo.promql.engine.windows import Prepared, Windows

_GATHER = 1 << 20
"""The most samples that are copied at once where a kernel needs whole windows side by side."""

_Args = tuple[Values, ...]


def _drop_empty_windows(windows: Windows) -> tuple[Mask, Windows]:
    ok = windows.count > 0
    return ok, windows.keep(ok)


def count_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """How many samples."""
    ok, inside = _drop_empty_windows(windows)
    count = inside.count.astype(np.float64)
    return Prepared(ok, lambda values: np.broadcast_to(count, (len(values), len(count))))


def present_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """1 where there is a sample."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: np.ones((len(values), len(inside.lo))))


def first_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The oldest sample."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: values.take(inside.lo, axis=1))


def last_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The newest sample."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: values.take(inside.hi - 1, axis=1))


def ts_of_first_over_time(t_ms: Times, windows: Windows, __: _Args) -> Prepared:
    """When the oldest sample was, in seconds."""
    ok, inside = _drop_empty_windows(windows)
    seconds = t_ms[inside.lo] / 1000
    return Prepared(ok, lambda values: np.broadcast_to(seconds, (len(values), len(seconds))))


def ts_of_last_over_time(t_ms: Times, windows: Windows, __: _Args) -> Prepared:
    """When the newest sample was, in seconds."""
    ok, inside = _drop_empty_windows(windows)
    seconds = t_ms[inside.hi - 1] / 1000
    return Prepared(ok, lambda values: np.broadcast_to(seconds, (len(values), len(seconds))))


def sum_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The compensated sum."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: finish_sum(*sum_windows(values, inside.lo, inside.hi)))


def avg_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """Sum by count; a running mean only where the sum would overflow."""
    ok, inside = _drop_empty_windows(windows)
    count = inside.count

    def apply(values: Values) -> Values:
        total, lost = sum_windows(values, inside.lo, inside.hi)
        mean = total / count + lost / count
        for row in np.flatnonzero(~np.isfinite(total).all(axis=1)):
            at = np.flatnonzero(~np.isfinite(total[row]))
            mean[row, at] = average_literally(values[row], inside.lo[at], inside.hi[at])
        return mean

    return Prepared(ok, apply)


def max_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The greatest value; NaN only where all are."""
    return _prepare_extreme(windows, np.fmax)


def min_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The smallest value; NaN only where all are."""
    return _prepare_extreme(windows, np.fmin)


def _prepare_extreme(windows: Windows, pick: np.ufunc) -> Prepared:
    ok, inside = _drop_empty_windows(windows)

    def reduce_disjoint(values: Values) -> Values:
        ends = np.stack((inside.lo, inside.hi), axis=1).ravel()
        # What lies between two windows is reduced, too, and left out.
        reduced: Values = pick.reduceat(values, ends[ends < values.shape[1]], axis=1)[:, ::2]
        return reduced

    if (inside.lo[1:] >= inside.hi[:-1]).all():
        return Prepared(ok, reduce_disjoint)
    return Prepared(ok, lambda values: _reduce_overlapping(values, inside, pick))


def _reduce_overlapping(values: Values, windows: Windows, pick: np.ufunc) -> Values:
    """Two overlapping spans of a power of two cover any window."""
    out = np.empty((len(values), len(windows.lo)))
    power = np.frexp(windows.count)[1] - 1
    for level in range(int(power.max(initial=-1)) + 1):
        if level:
            half = 1 << (level - 1)
            values = pick(values[:, :-half], values[:, half:])
        at = np.flatnonzero(power == level)
        if len(at):
            lo, hi = windows.lo[at], windows.hi[at] - (1 << level)
            out[:, at] = pick(values.take(lo, axis=1), values.take(hi, axis=1))
    return out


def changes(_: Times, windows: Windows, __: _Args) -> Prepared:
    """How often neighbours find_changes."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: count_between(values, inside, find_changes))


def resets(_: Times, windows: Windows, __: _Args) -> Prepared:
    """How often a sample is smaller than the one before."""
    ok, inside = _drop_empty_windows(windows)
    return Prepared(ok, lambda values: count_between(values, inside, find_drops))


def find_changes(values: Values) -> Mask:
    """Where a sample differs from the one before; NaN does not find_changes from NaN."""
    before, after = values[:, :-1], values[:, 1:]
    different: Mask = (before != after) & ~(np.isnan(before) & np.isnan(after))
    return different


def find_drops(values: Values) -> Mask:
    """Where a sample is smaller than the one before."""
    smaller: Mask = values[:, 1:] < values[:, :-1]
    return smaller


def count_between(values: Values, windows: Windows, flag: Callable[[Values], Mask]) -> Values:
    """How many neighbours within each window are flagged."""
    running = np.zeros(values.shape)
    np.cumsum(flag(values), axis=1, out=running[:, 1:])
    return running.take(windows.hi - 1, axis=1) - running.take(windows.lo, axis=1)


def quantile_over_time(_: Times, windows: Windows, args: _Args) -> Prepared:
    """The quantile, linear between neighbours."""
    ok, inside = _drop_empty_windows(windows)
    q = args[0][ok]

    def apply(values: Values) -> Values:
        out = np.empty((len(values), len(inside.lo)))
        for at, index, length in _gather_windows(inside):
            side = np.arange(index.shape[1]) < length[:, None]
            for row, series in enumerate(values):
                out[row, at] = select_quantiles(
                    np.where(side, series[index], np.inf), length, q[at]
                )
        return out

    def apply_one_by_one(values: Values) -> Values:
        out = np.empty((len(values), len(inside.lo)))
        for at, (lo, hi) in enumerate(zip(inside.lo.tolist(), inside.hi.tolist(), strict=True)):
            length, rank = np.full(len(values), hi - lo), np.full(len(values), q[at])
            out[:, at] = select_quantiles(values[:, lo:hi], length, rank)
        return out

    wide = inside.count.min(initial=_WIDE) >= _WIDE
    return Prepared(ok, apply_one_by_one if wide else apply)


_WIDE = 512
"""Windows of so many samples are sorted one by one, without copying them side by side."""


def select_quantiles(values: Values, count: Times, q: Values) -> Values:
    """The quantile `q` of each row's first `count` values (the rest is +Inf); NaN sorts first.

    `values` (rows, samples); `count` and `q` (rows,).
    """
    nans: Times | int = 0
    # The minimum of numbers with a NaN among them is NaN, and is computed fast.
    if np.isnan(values.min(initial=np.inf)):
        nan = np.isnan(values)
        nans = nan.sum(axis=1)
        values = np.where(nan, -np.inf, values)
    rank = np.where((q >= 0) & (q <= 1), q, 0.0) * (count - 1)
    below = np.floor(rank).astype(np.int64)
    low, high = _select_neighbours(values, below, np.minimum(below + 1, count - 1))
    weight = rank - below
    with np.errstate(invalid="ignore"):
        result = np.where(weight == 0, low, low * (1 - weight) + high * weight)
    result = np.where(below < nans, np.nan, result)
    return apply_quantile_limits(q, result)


def _select_neighbours(values: Values, below: Times, above: Times) -> tuple[Values, Values]:
    """The values of these two ranks in each row; the ranks are equal or adjacent."""
    if not len(below) or (below != below[0]).any():
        ordered = np.partition(values, np.union1d(below, above), axis=1)
        low = np.take_along_axis(ordered, below[:, None], axis=1)[:, 0]
        return low, np.take_along_axis(ordered, above[:, None], axis=1)[:, 0]
    # Partitioning by one rank takes a third of the time; the next is the minimum of the rest.
    at = int(below[0])
    ordered = np.partition(values, at, axis=1)
    low, rest = ordered[:, at], ordered[:, at + 1 :]
    return low, np.where(above > at, rest.min(axis=1, initial=np.inf), low)


def apply_quantile_limits(q: Values, result: Values) -> Values:
    """The results with those of `q` below 0 or above 1 infinite, and of NaN NaN."""
    result = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, result))
    return np.where(np.isnan(q), np.nan, result)


def _gather_windows(windows: Windows) -> Iterator[tuple[slice, Times, Times]]:
    """Some windows at a time: which, the indices of their samples side by side, and how many.

    Beyond a window's end the index repeats its last sample.
    """
    longest = int(windows.count.max(initial=1))
    many = max(1, _GATHER // longest)
    for first in range(0, len(windows.lo), many):
        at = slice(first, first + many)
        length = windows.count[at]
        widest = int(length.max())
        nth = np.minimum(np.arange(widest), length[:, None] - 1)
        yield at, windows.lo[at, None] + nth, length


def mad_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The median distance from the median; NaN where any sample is."""
    ok, inside = _drop_empty_windows(windows)

    def apply(values: Values) -> Values:
        out = np.empty((len(values), len(inside.lo)))
        for at, index, length in _gather_windows(inside):
            half = np.full(len(length), 0.5)
            beyond = np.arange(index.shape[1]) >= length[:, None]
            for row, series in enumerate(values):
                window = np.where(beyond, np.inf, series[index])
                median = select_quantiles(window, length, half)
                with np.errstate(invalid="ignore"):
                    distance = np.where(beyond, np.inf, np.abs(window - median[:, None]))
                nan = np.isnan(window).any(axis=1)
                out[row, at] = np.where(nan, np.nan, select_quantiles(distance, length, half))
        return out

    return Prepared(ok, apply)


def stdvar_over_time(_: Times, windows: Windows, __: _Args) -> Prepared:
    """The population variance."""
    ok, inside = _drop_empty_windows(windows)

    def apply(values: Values) -> Values:
        out = np.empty((len(values), len(inside.lo)))
        for at, index, length in _gather_windows(inside):
            beyond = np.arange(index.shape[1]) >= length[:, None]
            for row, series in enumerate(values):
                window = series[index]
                with np.errstate(invalid="ignore", over="ignore"):
                    shifted = np.where(beyond, 0.0, window - window[:, :1])
                    mean = shifted.sum(axis=1) / length
                    apart = np.where(beyond, 0.0, shifted - mean[:, None])
                    out[row, at] = (apart * apart).sum(axis=1) / length
        return out

    return Prepared(ok, apply)


def stddev_over_time(t_ms: Times, windows: Windows, args: _Args) -> Prepared:
    """The population standard deviation."""
    variance = stdvar_over_time(t_ms, windows, args)
    return Prepared(variance.ok, lambda values: np.sqrt(variance.apply(values)))


def deriv(t_ms: Times, windows: Windows, _: _Args) -> Prepared:
    """The slope of the line of least squares, per second."""
    return _fit_lines(t_ms, windows, lambda slope, _level, _mean_s: slope)


def predict_linear(t_ms: Times, windows: Windows, args: _Args) -> Prepared:
    """The value of that line so many seconds later."""
    ok = windows.count >= 2
    # The window ends at the evaluation time less the offset; promql/functions.go predicts
    # from the evaluation time itself, which is the second argument.
    ahead, now_ms = args[0][ok], args[1][ok]

    def extrapolate(slope: Values, level: Values, mean_ms: Values) -> Values:
        with np.errstate(invalid="ignore"):
            return slope * ahead + (level + slope * (now_ms - mean_ms) / 1000)

    return _fit_lines(t_ms, windows, extrapolate)


_FromLine = Callable[[Values, Values, Values], Values]


def _fit_lines(t_ms: Times, windows: Windows, take: _FromLine) -> Prepared:
    """Least squares through each window: slope, mean value, and mean time in milliseconds."""
    ok = windows.count >= 2
    inside = windows.keep(ok)
    samples = int(inside.count.sum())
    if samples > _OVERLAP * len(t_ms) and inside.count.min() >= _LONG:
        return Prepared(ok, lambda values: take(*_fit_overlapping(t_ms, inside, values)))

    def apply(values: Values) -> Values:
        slope = np.empty((len(values), len(inside.lo)))
        level = np.empty_like(slope)
        mean_ms = np.empty(len(inside.lo))
        for at, index, length in _gather_windows(inside):
            within = np.arange(index.shape[1]) < length[:, None]
            since = np.where(within, t_ms[index] - t_ms[index[:, :1]], 0)
            middle = since.sum(axis=1) / length
            mean_ms[at] = t_ms[index[:, 0]] + middle
            x = np.where(within, since - middle[:, None], 0.0) / 1000
            weight = x / (x * x).sum(axis=1)[:, None]
            for row, series in enumerate(values):
                y = np.where(within, series[index], series[index[:, :1]])
                slope[row, at], level[row, at] = _fit_line(y, weight, within, length)
        return take(slope, level, mean_ms)

    return Prepared(ok, apply)


_OVERLAP = 8
"""Windows that overlap more often are fitted from running sums,"""
_LONG = 64
"""if they have so many samples that the running sums are as exact as they need to be."""


def _fit_overlapping(
    t_ms: Times, windows: Windows, values: Values
) -> tuple[Values, Values, Values]:
    """The same for long windows that overlap, from sums that run through all of them.

    The sums begin anew, near zero, for windows that end within half a window of each other.
    """
    slope, level = np.empty((2, len(values), len(windows.lo)))
    mean_ms = np.empty(len(windows.lo))
    first = 0
    while first < len(windows.lo):
        reach = windows.hi[first] + windows.count[first] // 2
        last = max(int(np.searchsorted(windows.hi, reach, "right")), first + 1)
        part = slice(first, last)
        begin, end = int(windows.lo[part].min()), int(windows.hi[last - 1])
        lo, hi = windows.lo[part] - begin, windows.hi[part] - begin
        y, middle_ms = values[:, begin:end], t_ms[(begin + end) // 2]
        x = (t_ms[begin:end] - middle_ms) / 1000
        slope[:, part], level[:, part], mean_s = _fit_from_sums(x, y, lo, hi)
        mean_ms[part] = middle_ms + 1000 * mean_s
        first = last
    return slope, level, mean_ms


def _fit_from_sums(x: Values, y: Values, lo: Times, hi: Times) -> tuple[Values, Values, Values]:
    """Slope, mean of `y` (series, samples) and mean of `x` (samples,) in each window."""
    finite = np.isfinite(y)
    middle = np.where(finite, y, 0.0)[:, y.shape[1] // 2, None]
    rise = np.where(finite, y, middle) - middle

    def add_up(values: Values) -> Values:
        running = np.zeros((len(values), values.shape[1] + 1))
        np.cumsum(values, axis=1, out=running[:, 1:])
        return running.take(hi, axis=1) - running.take(lo, axis=1)

    count = hi - lo
    mean = add_up(x[None])[0] / count
    spread = add_up((x * x)[None])[0] - count * mean * mean
    total = add_up(rise)
    slope = (add_up(x * rise) - mean * total) / spread
    level = middle + total / count
    changed = np.concatenate((np.zeros((len(y), 1)), y[:, 1:] != y[:, :-1]), axis=1)
    flat = add_up(changed) - changed.take(lo, axis=1) == 0
    slope, level = np.where(flat, 0.0, slope), np.where(flat, y.take(lo, axis=1), level)
    known = add_up(~finite) == 0
    return np.where(known, slope, np.nan), np.where(known, level, np.nan), mean


def _fit_line(y: Values, weight: Values, within: Mask, length: Times) -> tuple[Values, Values]:
    first = y[:, :1]
    flat = (y == first).all(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        rise = y - first
        slope = (weight * rise).sum(axis=1)
        level = first[:, 0] + np.where(within, rise, 0.0).sum(axis=1) / length
    slope = np.where(flat, 0.0, slope)
    level = np.where(flat, first[:, 0], level)
    finite = np.isfinite(y).all(axis=1)
    return np.where(finite, slope, np.nan), np.where(finite, level, np.nan)


def double_exponential_smoothing(_: Times, windows: Windows, args: _Args) -> Prepared:
    """Holt's smoothing with a trend."""
    ok = windows.count >= 2
    inside = windows.keep(ok)
    smooth, trend = args[0][ok], args[1][ok]

    def apply(values: Values) -> Values:
        level = values.take(inside.lo, axis=1)
        before = np.zeros_like(level)
        slope = values.take(inside.lo + 1, axis=1) - level
        for nth in range(1, int(inside.count.max(initial=0))):
            more = inside.count > nth
            sample = values.take(np.where(more, inside.lo + nth, inside.lo), axis=1)
            if nth > 1:
                slope = np.where(more, trend * (level - before) + (1 - trend) * slope, slope)
            now = smooth * sample + (1 - smooth) * (level + slope)
            before, level = np.where(more, level, before), np.where(more, now, level)
        return level

    return Prepared(ok, apply)


def ts_of_max_over_time(t_ms: Times, windows: Windows, _: _Args) -> Prepared:
    """When the greatest value was last seen, in seconds."""
    return _find_time_of(t_ms, windows, lambda values: -values)


def ts_of_min_over_time(t_ms: Times, windows: Windows, _: _Args) -> Prepared:
    """When the smallest value was last seen, in seconds."""
    return _find_time_of(t_ms, windows, lambda values: values)


def _find_time_of(t_ms: Times, windows: Windows, turn: Callable[[Values], Values]) -> Prepared:
    ok, inside = _drop_empty_windows(windows)

    def apply(values: Values) -> Values:
        out = np.empty((len(values), len(inside.lo)))
        values = turn(values)
        for at, index, length in _gather_windows(inside):
            beyond = np.arange(index.shape[1]) >= length[:, None]
            for row, series in enumerate(values):
                out[row, at] = t_ms[_find_last_smallest(series[index], beyond, index)] / 1000
        return out

    return Prepared(ok, apply)


def _find_last_smallest(window: Values, beyond: Mask, index: Times) -> Times:
    """The index of the last smallest value; while only NaN was seen, any value replaces it."""
    smallest = np.fmin.reduce(np.where(beyond, np.nan, window), axis=1)
    all_nan = np.isnan(smallest)
    hit = np.where(all_nan[:, None], True, window == smallest[:, None]) & ~beyond
    place = hit.shape[1] - 1 - hit[:, ::-1].argmax(axis=1)
    return np.take_along_axis(index, place[:, None], axis=1)[:, 0]


def integral(t_ms: Times, windows: Windows, args: _Args) -> Prepared:
    """The area under the samples in value seconds; NaN counts as zero.

    The argument picks the rule: 0 left points, 1 right points, 2 trapezoids.
    """
    ok, inside = _drop_empty_windows(windows)
    rule = args[0][ok] if args else np.full(int(ok.sum()), 2.0)
    seconds = np.diff(t_ms) / 1000

    def apply(values: Values) -> Values:
        values = np.where(np.isnan(values), 0.0, values)
        left, right = values[:, :-1] * seconds, values[:, 1:] * seconds
        out = np.zeros((len(values), len(inside.lo)))
        for nth, parts in enumerate(((left,), (right,), (left / 2, right / 2))):
            at = np.flatnonzero(rule == nth)
            if len(at):
                # Parts of a pair side by side, so that both count in the same sum.
                areas = np.stack(parts, axis=2).reshape(len(values), -1)
                lo, hi = len(parts) * inside.lo[at], len(parts) * (inside.hi[at] - 1)
                out[:, at] = finish_sum(*sum_windows(areas, lo, hi))
        return out

    return Prepared(ok, apply)
