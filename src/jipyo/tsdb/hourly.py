"""Hourly statistics of a slab: computed once, packed by column, read without any chunk.

Hour h holds `h < t <= h + 1 h`. Stale markers are left out; other NaNs are values and
weigh in as PromQL's `*_over_time` weighs them (min and max pass over them).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.sample import Times, Values, is_stale
from jipyo.tsdb import codec
from jipyo.tsdb.codec import Codec
from jipyo.tsdb.options import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = npt.NDArray[np.int64]

COLUMNS = 7
_SHAPE = struct.Struct("<HHI")
_KINDS = (np.int64, np.float64, np.float64, np.uint64, np.uint64, np.float64, np.uint64)


@dataclass(frozen=True, slots=True)
class Hours:
    """Statistics of series by hour: `hour_ms` (hours,), the rest (series, hours).

    Where `count` is 0 the other figures mean nothing.
    """

    hour_ms: Times
    count: Times
    first: Values
    last: Values
    min: Values
    max: Values
    sum: Values
    increase: Values

    def part(self, rows: Rows | slice, hours: slice) -> Hours:
        """Some of the series, and a run of hours."""
        return Hours(
            self.hour_ms[hours],
            self.count[rows, hours],
            *(column[rows, hours] for column in self.figures()),
        )

    def put(self, part: Hours, rows: Rows) -> None:
        """Write another's figures into these rows; its hours are among ours."""
        target = np.ix_(rows, np.searchsorted(self.hour_ms, part.hour_ms))
        self.count[target] = part.count
        for mine, theirs in zip(self.figures(), part.figures(), strict=True):
            mine[target] = theirs

    def figures(self) -> tuple[Values, ...]:
        """The columns of real numbers, in the order of the fields."""
        return (self.first, self.last, self.min, self.max, self.sum, self.increase)


def nothing(hour_ms: Times, series: int) -> Hours:
    """No sample in any of these hours."""
    shape = (series, len(hour_ms))
    return Hours(hour_ms, np.zeros(shape, np.int64), *(np.zeros(shape) for _ in range(6)))


def join(parts: Sequence[Hours]) -> Hours:
    """Hours of the same series, one after the other; no hour stands in two parts."""
    parts = sorted((part for part in parts if len(part.hour_ms)), key=_first_hour)
    if not parts:
        return nothing(np.empty(0, np.int64), 0)
    columns = zip(*(part.figures() for part in parts), strict=True)
    return Hours(
        np.concatenate([part.hour_ms for part in parts]),
        np.concatenate([part.count for part in parts], axis=1),
        *(np.concatenate(column, axis=1) for column in columns),
    )


def _first_hour(hours: Hours) -> int:
    return int(hours.hour_ms[0])


def hour_of(t_ms: Times) -> Times:
    """The hour each time belongs to, left-open."""
    return (t_ms - 1) // HOUR_MS * HOUR_MS


def summarise(t_ms: Times, values: Values) -> Hours:
    """Statistics of values (series, samples), samples >= 1, over their shared times."""
    stale_rows = np.flatnonzero(is_stale(values).any(axis=1))
    if len(stale_rows) == 0:
        return _plain(t_ms, values)
    whole = nothing(np.unique(hour_of(t_ms)), len(values))
    sound = np.setdiff1d(np.arange(len(values)), stale_rows)
    if len(sound):
        whole.put(_plain(t_ms, values[sound]), sound)
    for row in stale_rows:
        keep = ~is_stale(values[row])
        if keep.any():
            whole.put(_plain(t_ms[keep], values[row : row + 1, keep]), np.array([row]))
    return whole


def _plain(t_ms: Times, values: Values) -> Hours:
    hour = hour_of(t_ms)
    starts = np.flatnonzero(np.concatenate(([True], hour[1:] != hour[:-1])))
    ends = np.append(starts[1:], len(t_ms)) - 1
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.add.reduceat(values, starts, axis=1)
        nan = bool(np.isnan(total).any())
        first, last = values[:, starts], values[:, ends]
        increase = last - first
        _add_resets(values, starts, increase)
        count = np.broadcast_to(ends - starts + 1, first.shape).astype(np.int64)
        return Hours(
            hour[starts],
            count,
            first,
            last,
            (np.fmin if nan else np.minimum).reduceat(values, starts, axis=1),
            (np.fmax if nan else np.maximum).reduceat(values, starts, axis=1),
            total,
            increase,
        )


def _add_resets(values: Values, starts: Times, increase: Values) -> None:
    """A value below its predecessor counts from zero: add what it had before."""
    fell = values[:, 1:] < values[:, :-1]
    fell[:, starts[1:] - 1] = False
    rows = np.flatnonzero(fell.any(axis=1))
    if len(rows):
        lost = np.zeros((len(rows), values.shape[1]))
        np.copyto(lost[:, 1:], values[rows, :-1], where=fell[rows])
        increase[rows] += np.add.reduceat(lost, starts, axis=1)


def pack(hours: Hours) -> list[bytes]:
    """Bytes of every column; the first one tells the shape and the hours.

    A counter's minimum is its first value, its maximum the last and its increase the
    difference of both, so those columns are kept as the bits in which they differ.
    """
    axis = codec.encode(hours.hour_ms)
    return [
        _SHAPE.pack(*hours.count.shape, len(axis)) + axis + codec.encode(hours.count.ravel()),
        codec.encode(hours.first.ravel()),
        codec.encode(hours.last.ravel()),
        codec.encode((_bits(hours.min) ^ _bits(hours.first)).ravel()),
        codec.encode((_bits(hours.max) ^ _bits(hours.last)).ravel()),
        codec.encode(hours.sum.ravel()),
        codec.encode((_bits(hours.increase) ^ _bits(_rise(hours.first, hours.last))).ravel()),
    ]


def unpack(columns: Sequence[bytes]) -> Hours:
    """What `pack` packed; the CRCs must have been checked.

    Raises:
        Damaged: the bytes do not hold what the shape says.
    """
    if len(columns) != COLUMNS:
        raise codec.Damaged
    series, width, length = _SHAPE.unpack_from(columns[0])
    axis = columns[0][_SHAPE.size :]
    hour_ms = np.empty(width, np.int64)
    count, first, last, low, high, total, rest = (np.empty(series * width, kind) for kind in _KINDS)
    codec.decode_into(axis[:length], Codec.PCODEC, hour_ms)
    found = (axis[length:], *columns[1:])
    for b, out in zip(found, (count, first, last, low, high, total, rest), strict=True):
        codec.decode_into(b, Codec.PCODEC, out)
    low ^= _bits(first)
    high ^= _bits(last)
    rest ^= _bits(_rise(first, last))
    shape = (series, width)
    figures = (first, last, _real(low), _real(high), total, _real(rest))
    return Hours(hour_ms, count.reshape(shape), *(one.reshape(shape) for one in figures))


def _rise(first: Values, last: Values) -> Values:
    with np.errstate(invalid="ignore", over="ignore"):
        return last - first


def _real(bits: npt.NDArray[np.uint64]) -> Values:
    return bits.view(np.float64)


def _bits(values: Values) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(values).view(np.uint64)
