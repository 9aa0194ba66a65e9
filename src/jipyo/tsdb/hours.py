"""Reading hourly statistics: packed ones from slabs, the rest from samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import HourBlock
from jipyo.tsdb import hourly
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from jipyo.tsdb.snapshot import Bounds, Refs, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.hourly import Hours

_GROUP_CELLS = 500_000
"""Series that are read together have at most this many hours (28 MB)."""
_DAY_HOURS = 24


def read(snapshot: Snapshot, sids: Sids, start_ms: int, end_ms: int) -> Iterator[HourBlock]:
    """Hours wholly within (start, end] of these series, series by series."""
    first = -(-start_ms // HOUR_MS) * HOUR_MS
    last = end_ms // HOUR_MS * HOUR_MS
    if last <= first:
        return
    bounds = Bounds(first + 1, last, last)
    groups: dict[tuple[object, ...], list[Refs]] = {}
    for refs in snapshot.refs(sids, bounds):
        days = frozenset(day for ref in refs.heads for day in snapshot.head_days(ref))
        key = (days, *(ref.slab.bid for ref in refs.chunks))
        groups.setdefault(key, []).append(refs)
    for group in groups.values():
        most = max(1, _GROUP_CELLS // (_DAY_HOURS * (len(group[0].chunks) + 1)))
        for at in range(0, len(group), most):
            yield from _read_group(snapshot, group[at : at + most], bounds)


def _read_group(snapshot: Snapshot, group: Sequence[Refs], bounds: Bounds) -> Iterator[HourBlock]:
    """Series whose chunks stand in the same slabs."""
    from_samples = {day for ref in group[0].heads for day in snapshot.head_days(ref)}
    pieces: list[Hours] = []
    for number, ref in enumerate(group[0].chunks):
        if ref.slab.day in from_samples:
            continue
        packed = snapshot.hours(ref.slab)
        if packed is None:
            from_samples.add(ref.slab.day)
        else:
            rows = np.array([refs.chunks[number].place for refs in group])
            pieces.append(packed.part(rows, _within(packed, bounds)))
    pieces += [_from_samples(snapshot, group, bounds, day) for day in sorted(from_samples)]
    whole = hourly.join(pieces)
    labels = snapshot.labels([refs.sid for refs in group])
    for row, series in enumerate(labels):
        block = _block(series, whole, row)
        if len(block.hour_ms):
            yield block


def _within(hours: Hours, bounds: Bounds) -> slice:
    first, last = np.searchsorted(hours.hour_ms, (bounds.start_ms - 1, bounds.end_ms))
    return slice(int(first), int(last))


def _from_samples(snapshot: Snapshot, group: Sequence[Refs], bounds: Bounds, day: int) -> Hours:
    """Statistics of one day made from its samples: head rows, late ones, damaged packs."""
    start_ms = max(bounds.start_ms, day * DAY_MS + 1)
    end_ms = min(bounds.end_ms, (day + 1) * DAY_MS)
    row_of = {refs.sid: row for row, refs in enumerate(group)}
    hour_ms = day * DAY_MS + HOUR_MS * np.arange(_DAY_HOURS, dtype=np.int64)
    whole = hourly.nothing(hour_ms, len(group))
    sids = np.array(sorted(row_of), np.int64)
    for block in snapshot.cut_blocks(sids, Bounds(start_ms, end_ms, end_ms)):
        rows = np.array([row_of[sid] for sid in block.sids.tolist()])
        whole.put(hourly.summarise(block.t_ms, block.values), rows)
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
