"""Sums that do not lose small numbers beside large ones, whole arrays at a time.

Prometheus adds with Neumaier's variant of Kahan's summation (util/kahansum). The same
accuracy comes here from error-free additions: Ogita, Rump, Oishi: Accurate sum and dot
product, SIAM J. Sci. Comput. 26 (2005). Where that could fail, the literal loop is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.sample import Mask, Times, Values

_HALF_ULP = 2.0**-53
_DOUBTFUL = 2.0**30
"""Sums smaller than this multiple of their possible error are added again, one by one."""


def two_sum(a: Values, b: Values) -> tuple[Values, Values]:
    """The rounded sum and what the rounding took away (Knuth); NaN error beside infinities."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def neumaier(total: Values, lost: Values, value: Values) -> tuple[Values, Values]:
    """One step of the running sum `total + lost`, exactly as util/kahansum does it."""
    new = total + value
    large = np.abs(total) >= np.abs(value)
    gain = np.where(large, (total - new) + value, (value - new) + total)
    return new, np.where(np.isinf(new), 0.0, lost + gain)


def finish_sum(total: Values, lost: Values) -> Values:
    """The final sum; an infinite sum stays what it is."""
    return np.where(np.isfinite(total), total + lost, total)


_CHUNK = 1 << 14
"""The numbers added up at once, to stay in the processor's cache."""


def sum_rows(values: Values) -> tuple[Values, Values]:
    """The sums over the next to last axis, shape (…, rows, steps) -> 2 x (…, steps)."""
    steps = values.shape[-1]
    width = max(64, _CHUNK * steps // max(values.size, 1))
    if steps <= width:
        return _sum_pairs(values)
    parts = [_sum_pairs(values[..., at : at + width]) for at in range(0, steps, width)]
    total, lost = zip(*parts, strict=True)
    return np.concatenate(total, axis=-1), np.concatenate(lost, axis=-1)


def _sum_pairs(values: Values) -> tuple[Values, Values]:
    """The rows are added in pairs, and the pairs in pairs, so that few numpy calls suffice."""
    lost = np.zeros(values.shape[:-2] + values.shape[-1:])
    while (rows := values.shape[-2]) > 1:
        half = rows // 2
        paired, gone = two_sum(values[..., :half, :], values[..., half : 2 * half, :])
        lost += gone.sum(axis=-2)
        odd = values[..., 2 * half :, :]
        values = np.concatenate((paired, odd), axis=-2) if odd.shape[-2] else paired
    return values[..., 0, :], lost


def sum_windows(values: Values, lo: Times, hi: Times) -> tuple[Values, Values]:
    """The sums of `values[:, lo:hi]`, shape (series, windows), as rounded total and lost rest."""
    finite = np.isfinite(values)
    if finite.all():
        return _sum_finite_windows(values, lo, hi)
    total, lost = _sum_finite_windows(np.where(finite, values, 0.0), lo, hi)
    return _restore_infinities(values, finite, lo, hi, total), lost


def _restore_infinities(
    values: Values, finite: Mask, lo: Times, hi: Times, total: Values
) -> Values:
    up = _count_flags(values == np.inf, lo, hi)
    down = _count_flags(values == -np.inf, lo, hi)
    total = np.where(up > 0, np.inf, np.where(down > 0, -np.inf, total))
    nan = _count_flags(~finite & np.isnan(values), lo, hi)
    return np.where((nan > 0) | ((up > 0) & (down > 0)), np.nan, total)


def _count_flags(flags: Mask, lo: Times, hi: Times) -> Times:
    running = np.zeros((len(flags), flags.shape[1] + 1), np.int64)
    np.cumsum(flags, axis=1, out=running[:, 1:])
    return running.take(hi, axis=1) - running.take(lo, axis=1)


def _sum_finite_windows(values: Values, lo: Times, hi: Times) -> tuple[Values, Values]:
    with np.errstate(over="ignore", invalid="ignore"):
        head, tail = _compute_prefix_sums(values)
        total, gone = two_sum(head.take(hi, axis=1), -head.take(lo, axis=1))
        lost = gone + (tail.take(hi, axis=1) - tail.take(lo, axis=1))
        slack = values.shape[1] * _HALF_ULP * np.abs(tail).max(axis=1, initial=0.0)
        sure = (np.abs(total + lost) >= _DOUBTFUL * slack[:, None]) | (lo == hi)
    for row in np.flatnonzero(~sure.all(axis=1)):
        at = np.flatnonzero(~sure[row])
        total[row, at], lost[row, at] = sum_literally(values[row], lo[at], hi[at])
    return total, lost


def _compute_prefix_sums(values: Values) -> tuple[Values, Values]:
    """Running sums, rounded, and the running sum of what the rounding took away."""
    head = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=head[:, 1:])
    before, after = head[:, :-1], head[:, 1:]
    part = after - before
    gone = (before - (after - part)) + (values - part)
    tail = np.zeros_like(head)
    np.cumsum(gone, axis=1, out=tail[:, 1:])
    return head, tail


def sum_literally(values: Values, lo: Times, hi: Times) -> tuple[Values, Values]:
    """One series' windows added sample by sample, all windows side by side."""
    total = np.zeros(len(lo))
    lost = np.zeros(len(lo))
    for nth, at in _list_rounds(lo, hi):
        total[at], lost[at] = neumaier(total[at], lost[at], values[lo[at] + nth])
    return total, lost


def average_literally(values: Values, lo: Times, hi: Times) -> Values:
    """Means that do not overflow: sums as long as possible, running means from there on."""
    with np.errstate(over="ignore", invalid="ignore"):
        total, lost = values[lo].copy(), np.zeros(len(lo))
        running = np.zeros(len(lo), np.bool_)
        for nth, at in _list_rounds(lo + 1, hi):
            total[at], lost[at], running[at] = update_mean(
                total[at], lost[at], running[at], values[lo[at] + 1 + nth], np.float64(nth + 2)
            )
        count = np.where(running, 1.0, hi - lo)
        return total / count + lost / count


def update_mean(
    total: Values, lost: Values, running: Mask, value: Values, count: Values | np.float64
) -> tuple[Values, Values, Mask]:
    """Add the `count`-th value; where `running`, `total + lost` is already a mean."""
    new, gone = neumaier(total, lost, value)
    overflowed = ~running & np.isinf(new)
    mean = np.where(overflowed, total / (count - 1), total)
    rest = np.where(overflowed, lost / (count - 1), lost)
    share = (count - 1) / count
    by_mean, by_lost = neumaier(share * mean, share * rest, value / count)
    now = running | overflowed
    return np.where(now, by_mean, new), np.where(now, by_lost, gone), now


def _list_rounds(lo: Times, hi: Times) -> list[tuple[int, Times]]:
    """For each n: which windows have an n-th sample."""
    length = hi - lo
    longest = int(length.max(initial=0))
    return [(nth, np.flatnonzero(length > nth)) for nth in range(longest)]
