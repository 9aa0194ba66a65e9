"""Reading hourly statistics: packed ones from slabs, the rest from samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import group_by_presence
from jipyo.model.sample import HourBlock
from jipyo.tsdb import hour_stats as hourly
from jipyo.tsdb.locator import Bounds
from jipyo.tsdb.options import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from jipyo.model.labels import Labels
    from jipyo.model.sample import HourStatistic, Times
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.hour_stats import Hours
    from jipyo.tsdb.locator import Locations, Slab
    from jipyo.tsdb.snapshot import Snapshot

_GROUP_CELLS = 500_000
"""Series that are read together have at most this many hours (28 MB)."""
_DAY_HOURS = 24


def read_hours(
    snapshot: Snapshot, sids: Sids, span: tuple[int, int], figures: AbstractSet[HourStatistic]
) -> Iterator[HourBlock]:
    """The hours of these series that lie wholly in (start, end]."""
    first = -(-span[0] // HOUR_MS) * HOUR_MS
    last = span[1] // HOUR_MS * HOUR_MS
    if last <= first:
        return
    bounds = Bounds.of(first + 1, last)
    for located in snapshot.locator.find(sids, bounds):
        for group in located.split_by_slabs():
            most = max(1, _GROUP_CELLS // (_DAY_HOURS * (group.bids.shape[1] + 1)))
            for at in range(0, len(group.sids), most):
                part = group.select(slice(at, at + most))
                whole = _read_group(snapshot, part, bounds, figures)
                rows, labels = snapshot.find_labels(part.sids)
                yield from _group_by_hours(tuple(labels), whole.select(rows, slice(None)))


def _read_group(
    snapshot: Snapshot, group: Locations, bounds: Bounds, figures: AbstractSet[HourStatistic]
) -> Hours:
    """The hours of series whose chunks are in the same slabs."""
    live = _split_days(snapshot.find_head_hours(group.heads.list_times(0)))
    packed = {slab.day: at for at, slab in enumerate(group.list_slabs(0))}
    days = sorted(live.keys() | packed.keys())
    whole = hourly.allocate(_DAY_HOURS * len(days), len(group.sids), figures)
    runs = (np.diff(group.places, axis=0) == 1).all(axis=0).tolist()
    end = 0
    for day in days:
        part: Hours | None = None
        if day in packed:
            at = packed[day]
            places = group.places[:, at]
            rows = slice(int(places[0]), int(places[-1]) + 1) if runs[at] else places
            part = _read_packed(
                snapshot, group.slabs[int(group.bids[0, at])], rows, bounds, figures
            )
        parts: tuple[Hours, ...] = (part,) if part is not None else ()
        if part is None or day in live:
            span = Bounds.day(day) if part is None else live[day]
            within = Bounds.of(max(bounds.start_ms, span.start_ms), min(bounds.end_ms, span.end_ms))
            fresh = _compute_from_samples(snapshot, group.sids, within, figures)
            parts = (fresh,) if part is None else _splice(part, fresh)
        for one in parts:
            end = whole.fill(one, end)
    return whole.select(slice(None), slice(end))


def _split_days(live_ms: Times) -> dict[int, Bounds]:
    """From the first to the last of these hours, day by day."""
    day = live_ms // DAY_MS
    return {
        each: Bounds.of(int(live_ms[day == each][0]) + 1, int(live_ms[day == each][-1]) + HOUR_MS)
        for each in np.unique(day).tolist()
    }


def _read_packed(
    snapshot: Snapshot,
    slab: Slab,
    rows: Sids | slice,
    bounds: Bounds,
    figures: AbstractSet[HourStatistic],
) -> Hours | None:
    hours = snapshot.read_hours(slab, figures)
    if hours is None:
        return None
    first, last = np.searchsorted(hours.hour_ms, (bounds.start_ms - 1, bounds.end_ms)).tolist()
    return hours.select(rows, slice(first, last))


def _compute_from_samples(
    snapshot: Snapshot, sids: Sids, within: Bounds, figures: AbstractSet[HourStatistic]
) -> Hours:
    """Statistics computed from samples: of head rows, late samples and damaged packs."""
    hour_ms = np.arange(within.start_ms - 1, within.end_ms, HOUR_MS, dtype=np.int64)
    whole = hourly.make_empty(hour_ms, len(sids), figures)
    for block in snapshot.read_blocks(sids, within):
        part = hourly.summarise(block.t_ms, block.values)
        whole.put(part, np.searchsorted(sids, block.sids))
    return whole


def _splice(packed: Hours, fresh: Hours) -> tuple[Hours, Hours, Hours]:
    """A run of hours that was made anew, between the packed ones before and after it."""
    ends = fresh.hour_ms[0], fresh.hour_ms[-1] + 1
    first, last = np.searchsorted(packed.hour_ms, ends).tolist()
    every = slice(None)
    return packed.select(every, slice(first)), fresh, packed.select(every, slice(last, None))


def _group_by_hours(series: tuple[Labels, ...], hours: Hours) -> Iterator[HourBlock]:
    """Series with samples in the same hours as one block; those without any are left out."""
    present = hours.count > 0
    if present.all():
        if present.size:
            yield HourBlock(series, hours.hour_ms, hours.count, hours.figures)
        return
    for rows, columns in group_by_presence(present):
        cells = np.ix_(rows, columns)
        yield HourBlock(
            tuple(series[row] for row in rows.tolist()),
            hours.hour_ms[columns],
            hours.count[cells],
            {figure: column[cells] for figure, column in hours.figures.items()},
        )
