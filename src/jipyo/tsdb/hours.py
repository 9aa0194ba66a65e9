"""Reading hourly statistics: packed ones from slabs, the rest from samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import HourBlock
from jipyo.tsdb import hourly
from jipyo.tsdb.locate import Bounds
from jipyo.tsdb.options import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.hourly import Hours
    from jipyo.tsdb.locate import Located
    from jipyo.tsdb.snapshot import Snapshot

_GROUP_CELLS = 500_000
"""Series that are read together have at most this many hours (28 MB)."""
_DAY_HOURS = 24


def read(snapshot: Snapshot, sids: Sids, start_ms: int, end_ms: int) -> Iterator[HourBlock]:
    """Hours wholly within (start, end] of these series, series by series."""
    first = -(-start_ms // HOUR_MS) * HOUR_MS
    last = end_ms // HOUR_MS * HOUR_MS
    if last <= first:
        return
    bounds = Bounds.of(first + 1, last)
    for located in snapshot.locator.find(sids, bounds):
        head_days = [snapshot.head_days(refs) for refs in located.heads]
        for group in located.by_slabs(head_days):
            most = max(1, _GROUP_CELLS // (_DAY_HOURS * (group.bids.shape[1] + 1)))
            for at in range(0, len(group.sids), most):
                rows = range(at, min(at + most, len(group.sids)))
                yield from _read_group(snapshot, group.rows(rows), bounds)


def _read_group(snapshot: Snapshot, group: Located, bounds: Bounds) -> Iterator[HourBlock]:
    """Series whose chunks stand in the same slabs."""
    from_samples = set(snapshot.head_days(group.heads[0]))
    pieces: list[Hours] = []
    for column, slab in enumerate(group.chain(0)):
        packed = None if slab.day in from_samples else snapshot.hours(slab)
        if packed is None:
            from_samples.add(slab.day)
        else:
            pieces.append(packed.part(_run(group.places[:, column]), _within(packed, bounds)))
    pieces += [_from_samples(snapshot, group.sids, bounds, day) for day in from_samples]
    whole = hourly.join(pieces)
    for row, series in enumerate(snapshot.labels(group.sids.tolist())):
        block = _block(series, whole, row)
        if len(block.hour_ms):
            yield block


def _run(places: Sids) -> Sids | slice:
    """Neighbouring rows as a slice, which costs no copy."""
    first, last = int(places[0]), int(places[-1])
    if last - first == len(places) - 1 and bool((np.diff(places) == 1).all()):
        return slice(first, last + 1)
    return places


def _within(hours: Hours, bounds: Bounds) -> slice:
    first, last = np.searchsorted(hours.hour_ms, (bounds.start_ms - 1, bounds.end_ms))
    return slice(int(first), int(last))


def _from_samples(snapshot: Snapshot, sids: Sids, bounds: Bounds, day: int) -> Hours:
    """Statistics of one day made from its samples: head rows, late ones, damaged packs."""
    whole_day = Bounds.day(day)
    within = Bounds.of(
        max(bounds.start_ms, whole_day.start_ms), min(bounds.end_ms, whole_day.end_ms)
    )
    hour_ms = day * DAY_MS + HOUR_MS * np.arange(_DAY_HOURS, dtype=np.int64)
    whole = hourly.nothing(hour_ms, len(sids))
    for block in snapshot.blocks(sids, within):
        first, last = np.searchsorted(block.t_ms, (within.start_ms, within.end_ms + 1))
        if first < last:
            part = hourly.summarise(block.t_ms[first:last], block.values[:, first:last])
            whole.put(part, np.searchsorted(sids, block.sids))
    return whole


def _block(series: Labels, hours: Hours, row: int) -> HourBlock:
    full = bool(hours.count[row].all())
    keep = slice(None) if full else hours.count[row] > 0
    return HourBlock(
        series,
        hours.hour_ms[keep],
        hours.count[row][keep],
        hours.min[row][keep],
        hours.max[row][keep],
        hours.sum[row][keep],
        hours.increase[row][keep],
        hours.first[row][keep],
        hours.last[row][keep],
    )
