"""A series on a regular grid of local time: what forecasts, trends and crossings work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.model.arrays import find_runs

if TYPE_CHECKING:
    from jipyo.model.arrays import Flags, Indices
    from jipyo.model.sample import Times, Values

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS_A_WEEK = 7
MOST_POINTS = 100_000
"""Of a longer series only the newest points are used."""

_SHORT_GAP = 3
"""Points of a gap that is filled by a line, whatever the time of day."""
_LARGEST = 1e150
"""Values beyond count as absent: their squares are not finite."""
_UTC = ZoneInfo("UTC")
_WEEK_MS = DAYS_A_WEEK * DAY_MS


@dataclass(frozen=True, slots=True, eq=False)
class RegularSeries:
    """Values at equal steps of local time, without holes; the first and last were measured.

    Where clocks are set forward the hour that no clock shows is filled, and where they are set
    back the hour that comes twice is averaged: so a day always has as many points, and what
    happens at nine o'clock stays at nine. `utc_ms` and `future_ms` give the true times.
    """

    start_local_ms: int
    """The first point as the zone's clocks show it, in milliseconds since 1970-01-01 there."""
    step_ms: int
    values: Values
    """Shape (n,), finite."""
    measured: Flags
    """Shape (n,): false where a value is filled."""
    zone: ZoneInfo

    @property
    def filled_share(self) -> float:
        """The share of points that were not measured, 0 to 1."""
        return float(1 - self.measured.mean()) if self.measured.size else 0.0

    @property
    def day(self) -> int:
        """Points a day: 24 of hourly values; 0 where a day is no whole number of steps."""
        return DAY_MS // self.step_ms if DAY_MS % self.step_ms == 0 else 0

    @property
    def week(self) -> int:
        """Points a week; 0 where a week is no whole number of steps."""
        return _WEEK_MS // self.step_ms if _WEEK_MS % self.step_ms == 0 else 0

    @property
    def periods(self) -> tuple[int, ...]:
        """Points of the periods that fit twice into the series: day and week, or none."""
        whole = (period for period in (self.day, self.week) if period > 1)
        return tuple(period for period in whole if len(self.values) >= 2 * period + 2)

    @property
    def local_ms(self) -> Times:
        """Each point's local time, shape (n,), as `start_local_ms`."""
        return self.start_local_ms + self.step_ms * np.arange(len(self.values), dtype=np.int64)

    @property
    def utc_ms(self) -> Times:
        """Each point's time in milliseconds since the epoch, shape (n,)."""
        return to_utc(self.local_ms, self.zone)

    @property
    def weekdays(self) -> Indices:
        """Each point's local day of the week, 0 = Monday, shape (n,)."""
        return (self.local_ms // DAY_MS + 3) % DAYS_A_WEEK

    @property
    def hours(self) -> Indices:
        """Each point's local hour, 0 to 23, shape (n,)."""
        return self.local_ms // HOUR_MS % 24

    def last(self, points: int) -> RegularSeries:
        """Its newest points."""
        skip = max(len(self.values) - points, 0)
        return replace(
            self,
            start_local_ms=self.start_local_ms + skip * self.step_ms,
            values=self.values[skip:],
            measured=self.measured[skip:],
        )

    def future_ms(self, steps: int) -> tuple[Times, Indices]:
        """The next `steps` times and how many points of the grid each is after the last, from 0.

        Below a day the times are evenly spaced and the grid skips or repeats an hour where the
        clocks are set; from a day on they are local, and a day can have 23 or 25 hours.
        """
        ahead = np.arange(1, steps + 1, dtype=np.int64)
        end_ms = self.start_local_ms + (len(self.values) - 1) * self.step_ms
        if self.step_ms >= DAY_MS:
            return to_utc(end_ms + ahead * self.step_ms, self.zone), ahead - 1
        times = to_utc(np.array([end_ms]), self.zone)[0] + ahead * self.step_ms
        local = times + utc_offsets_ms(times, self.zone)
        return times, np.maximum((local - end_ms + self.step_ms // 2) // self.step_ms - 1, 0)


def make_regular(t_ms: Times, values: Values, step_ms: int, zone: ZoneInfo = _UTC) -> RegularSeries:
    """The series on its grid: points that share a step averaged, gaps filled.

    `t_ms` of shape (n,), ascending, and `values` of shape (n,); NaN, infinity and what exceeds
    1e150 count as absent. A gap of up to three points is filled by a line; a longer one by the
    median of the same time of the week or day, set between the ends of the gap. Without any
    value the result has no points.
    """
    assert step_ms > 0, f"BUG: a step of {step_ms} ms"
    real = np.abs(np.nan_to_num(values, nan=np.inf)) < _LARGEST
    if not real.any():
        empty = np.empty(0)
        return RegularSeries(0, step_ms, empty, empty.astype(np.bool_), zone)
    local = t_ms[real] + utc_offsets_ms(t_ms[real], zone)
    cells = (local - local[0] + step_ms // 2) // step_ms
    inside = cells > cells.max() - MOST_POINTS
    first = int(cells[inside].min())
    cells, points = cells[inside] - first, values[real][inside]
    count = np.bincount(cells)
    mean = np.bincount(cells, points) / np.maximum(count, 1)
    series = RegularSeries(int(local[0]) + first * step_ms, step_ms, mean, count > 0, zone)
    return replace(series, values=_fill(series))


def utc_offsets_ms(t_ms: Times, zone: ZoneInfo) -> Times:
    """What the zone's clocks are ahead of UTC at ascending times, shape as `t_ms`.

    The zone is asked once a fortnight and, between two unlike answers, for the moment of the
    change: two changes within a fortnight that cancel each other are not seen.
    """
    if not len(t_ms):
        return t_ms
    low, high = int(t_ms.min()), int(t_ms.max())
    probes = [*range(low, high, 2 * _WEEK_MS), high]
    offsets = [_utc_offset_ms(at_ms, zone) for at_ms in probes]
    changes, after = [low], [offsets[0]]
    for index in range(1, len(probes)):
        if offsets[index] != offsets[index - 1]:
            changes.append(_find_change(probes[index - 1], probes[index], zone))
            after.append(offsets[index])
    known = np.array(after, np.int64)
    return known[np.searchsorted(changes, t_ms, side="right") - 1]


def to_utc(local_ms: Times, zone: ZoneInfo) -> Times:
    """The UTC times at which the zone's clocks show these, shape as `local_ms`, ascending.

    A time that no clock shows becomes the one after the gap, of one that comes twice the first.
    """
    early, late = DAY_MS, -DAY_MS
    before = local_ms - utc_offsets_ms(local_ms - early, zone)
    after = local_ms - utc_offsets_ms(local_ms - late, zone)
    is_first = before + utc_offsets_ms(before, zone) == local_ms
    is_second = after + utc_offsets_ms(after, zone) == local_ms
    return np.where(is_first | ~is_second, before, after)


def _utc_offset_ms(at_ms: int, zone: ZoneInfo) -> int:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    offset = moment.utcoffset()
    assert offset is not None, "BUG: a time with a zone has an offset"
    return round(offset.total_seconds() * 1000)


def _find_change(low_ms: int, high_ms: int, zone: ZoneInfo) -> int:
    """The first millisecond at which the offset is no longer that of `low_ms`."""
    before = _utc_offset_ms(low_ms, zone)
    while high_ms - low_ms > 1:
        middle_ms = (low_ms + high_ms) // 2
        if _utc_offset_ms(middle_ms, zone) == before:
            low_ms = middle_ms
        else:
            high_ms = middle_ms
    return high_ms


def _fill(series: RegularSeries) -> Values:
    """Its values with every gap filled."""
    measured = series.measured
    if measured.all():
        return series.values
    where = np.flatnonzero(measured)
    level = np.interp(np.arange(len(measured)), where, series.values[where])
    filled = level.copy()
    usual: Values | None = None
    for start, end in find_runs(~measured):
        if end - start > _SHORT_GAP and series.periods:
            usual = _find_usual(series) if usual is None else usual
            ends = usual[[start - 1, end]]
            shape = usual[start:end] - np.interp(np.arange(start, end), [start - 1, end], ends)
            filled[start:end] += shape
    return np.clip(filled, series.values[where].min(), series.values[where].max())


def _find_usual(series: RegularSeries) -> Values:
    """The median of what was measured at the same time of the longest period, shape (n,)."""
    for period in reversed(series.periods):
        size = len(series.values)
        cycles = np.full(size + -size % period, np.nan)
        cycles[:size][series.measured] = series.values[series.measured]
        table = cycles.reshape(-1, period)
        if (~np.isnan(table)).any(axis=0).all():
            usual: Values = np.tile(np.nanmedian(table, axis=0), len(table))[:size]
            return usual
    return np.zeros(len(series.values))
