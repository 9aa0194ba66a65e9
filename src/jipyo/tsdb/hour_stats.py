"""Hourly statistics of a slab: computed once, packed by column, read without any chunk.

Hour h holds `h < t <= h + 1 h`. Stale markers are left out; other NaNs are values and
weigh in as PromQL's `*_over_time` weighs them (min and max pass over them).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from jipyo.model.sample import EVERY_FIGURE, HourStatistic, Times, Values, is_stale
from jipyo.tsdb import codec
from jipyo.tsdb.codec import Codec
from jipyo.tsdb.options import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

Rows = npt.NDArray[np.int64]

COLUMNS = 7
_SHAPE = struct.Struct("<HHI")
_COUNT, _FIRST, _LAST, _MIN, _MAX, _SUM, _INCREASE = range(COLUMNS)
_NEEDED: Mapping[HourStatistic, tuple[int, ...]] = MappingProxyType(
    {
        HourStatistic.FIRST: (_FIRST,),
        HourStatistic.LAST: (_LAST,),
        HourStatistic.MIN: (_FIRST, _MIN),
        HourStatistic.MAX: (_LAST, _MAX),
        HourStatistic.SUM: (_SUM,),
        HourStatistic.INCREASE: (_FIRST, _LAST, _INCREASE),
    }
)


@dataclass(frozen=True, slots=True)
class Hours:
    """Statistics of series by hour: `hour_ms` (hours,), the rest (series, hours).

    Where `count` is 0 the figures mean nothing.
    """

    hour_ms: Times
    count: Times
    figures: Mapping[HourStatistic, Values]

    def select(self, rows: Rows | slice, hours: slice) -> Hours:
        """Some of the series, and a run of hours."""
        figures = {figure: column[rows, hours] for figure, column in self.figures.items()}
        return Hours(self.hour_ms[hours], self.count[rows, hours], figures)

    def fill(self, part: Hours, at: int) -> int:
        """Write all of another's hours from one place on; the place behind them."""
        end = at + len(part.hour_ms)
        self.hour_ms[at:end] = part.hour_ms
        self.count[:, at:end] = part.count
        for figure, column in self.figures.items():
            column[:, at:end] = part.figures[figure]
        return end

    def put(self, part: Hours, rows: Rows) -> None:
        """Write another's figures into these rows; its hours are among ours."""
        target = np.ix_(rows, np.searchsorted(self.hour_ms, part.hour_ms))
        self.count[target] = part.count
        for figure, column in self.figures.items():
            column[target] = part.figures[figure]


def allocate(hours: int, series: int, figures: AbstractSet[HourStatistic]) -> Hours:
    """Uninitialised space for so many hours."""
    shape = (series, hours)
    return Hours(
        np.empty(hours, np.int64),
        np.empty(shape, np.int64),
        {figure: np.empty(shape) for figure in figures},
    )


def make_empty(
    hour_ms: Times, series: int, figures: AbstractSet[HourStatistic] = EVERY_FIGURE
) -> Hours:
    """Statistics without a sample in any of these hours."""
    shape = (series, len(hour_ms))
    return Hours(
        hour_ms, np.zeros(shape, np.int64), {figure: np.zeros(shape) for figure in figures}
    )


def hour_of(t_ms: Times) -> Times:
    """The hour each time belongs to, left-open."""
    return (t_ms - 1) // HOUR_MS * HOUR_MS


def summarise(t_ms: Times, values: Values) -> Hours:
    """Statistics of values (series, samples), samples >= 1, over their shared times."""
    stale_rows = np.flatnonzero(is_stale(values).any(axis=1))
    if len(stale_rows) == 0:
        return _summarise_sound(t_ms, values)
    whole = make_empty(np.unique(hour_of(t_ms)), len(values))
    sound = np.setdiff1d(np.arange(len(values)), stale_rows)
    if len(sound):
        whole.put(_summarise_sound(t_ms, values[sound]), sound)
    for row in stale_rows:
        keep = ~is_stale(values[row])
        if keep.any():
            whole.put(_summarise_sound(t_ms[keep], values[row : row + 1, keep]), np.array([row]))
    return whole


def _summarise_sound(t_ms: Times, values: Values) -> Hours:
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
            {
                HourStatistic.FIRST: first,
                HourStatistic.LAST: last,
                HourStatistic.MIN: (np.fmin if nan else np.minimum).reduceat(
                    values, starts, axis=1
                ),
                HourStatistic.MAX: (np.fmax if nan else np.maximum).reduceat(
                    values, starts, axis=1
                ),
                HourStatistic.SUM: total,
                HourStatistic.INCREASE: increase,
            },
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
    """Bytes of every column; the first holds the shape and the hours.

    A counter's minimum is its first value, its maximum the last and its increase the
    difference of both, so those columns are kept as the bits in which they differ.
    """
    axis = codec.encode(hours.hour_ms)
    first, last, low, high, total, increase = (
        hours.figures[figure]
        for figure in (
            *(HourStatistic.FIRST, HourStatistic.LAST, HourStatistic.MIN, HourStatistic.MAX),
            *(HourStatistic.SUM, HourStatistic.INCREASE),
        )
    )
    return [
        _SHAPE.pack(*hours.count.shape, len(axis)) + axis + codec.encode(hours.count.ravel()),
        codec.encode(first.ravel()),
        codec.encode(last.ravel()),
        codec.encode((_view_bits(low) ^ _view_bits(first)).ravel()),
        codec.encode((_view_bits(high) ^ _view_bits(last)).ravel()),
        codec.encode(total.ravel()),
        codec.encode((_view_bits(increase) ^ _view_bits(_subtract(first, last))).ravel()),
    ]


def list_columns(figures: Iterable[HourStatistic]) -> frozenset[int]:
    """The columns that hold these figures, and the one with the counts."""
    return frozenset([_COUNT, *(column for figure in figures for column in _NEEDED[figure])])


def unpack(
    columns: Mapping[int, bytes], figures: AbstractSet[HourStatistic] = EVERY_FIGURE
) -> Hours:
    """What `pack` packed, from the columns of `list_columns`, whose CRCs have been checked.

    Raises:
        Damaged: the bytes do not match the shape, or a column is missing.
    """
    if not columns.keys() >= list_columns(figures):
        raise codec.Damaged
    series, width, length = _SHAPE.unpack_from(columns[_COUNT])
    shape, body = (series, width), columns[_COUNT][_SHAPE.size :]
    hour_ms, count = np.empty(width, np.int64), np.empty(shape, np.int64)
    codec.decode_into(body[:length], Codec.PCODEC, hour_ms)
    codec.decode_into(body[length:], Codec.PCODEC, count.reshape(-1))
    real = {
        column: _decode(columns[column], shape, np.float64)
        for column in (_FIRST, _LAST, _SUM)
        if column in columns
    }
    return Hours(hour_ms, count, {figure: _restore(figure, columns, real) for figure in figures})


def _restore(
    figure: HourStatistic, columns: Mapping[int, bytes], real: Mapping[int, Values]
) -> Values:
    *_, last = _NEEDED[figure]
    if last in real:
        return real[last]
    if figure is HourStatistic.INCREASE:
        return _decode_difference(columns[last], _subtract(real[_FIRST], real[_LAST]))
    return _decode_difference(columns[last], real[_NEEDED[figure][0]])


def _decode(b: bytes, shape: tuple[int, int], kind: type[Any]) -> npt.NDArray[Any]:
    out = np.empty(shape, kind)
    codec.decode_into(b, Codec.PCODEC, out.reshape(-1))
    return out


def _decode_difference(b: bytes, other: Values) -> Values:
    """Numbers stored as the bits in which they differ from others."""
    bits = _decode(b, other.shape, np.uint64)
    bits ^= _view_bits(other)
    return bits.view(np.float64)


def _subtract(first: Values, last: Values) -> Values:
    with np.errstate(invalid="ignore", over="ignore"):
        return last - first


def _view_bits(values: Values) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(values).view(np.uint64)
