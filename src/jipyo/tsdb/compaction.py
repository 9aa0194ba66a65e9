"""Head rows -> slabs, in slices so short that a scrape never waits for one.

Reading and encoding do not block the writer; only the writes take its lock. Series by series
the chunks of a day are rewritten with what the head adds; the head rows are deleted last.
Until then a sample may be in both, with the same value: readers merge them, and an
interrupted compaction simply starts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.tsdb import slab
from jipyo.tsdb.format import SLAB_SERIES
from jipyo.tsdb.locator import Bounds, day_of
from jipyo.tsdb.options import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.format import BeginWrite
    from jipyo.tsdb.snapshot import OpenSnapshot, Snapshot

_ROWS_A_SLICE = 256


@dataclass(frozen=True, slots=True)
class _HeadDay:
    """Head rows of one day to be moved: layout ids, and the times of each."""

    day: int
    rows: dict[int, list[int]]
    sids: Sids


def compact(
    open_snapshot: OpenSnapshot,
    begin_write: BeginWrite,
    until_ms: int,
    done: Callable[[list[int]], None],
) -> Iterator[None]:
    """Move head rows up to `until_ms` into slabs; yields between slices.

    `done` is called within a write, with the layouts whose head rows are gone.
    """
    with open_snapshot() as snapshot:
        days = _find_head_days(snapshot, until_ms)
    for head in days:
        yield from _write_slabs(open_snapshot, begin_write, head, until_ms)
        yield from _drop_rows(begin_write, head)
    with begin_write() as db:
        done([lid for (lid,) in db.execute("SELECT lid FROM layout")])
    yield


def _find_head_days(snapshot: Snapshot, until_ms: int) -> list[_HeadDay]:
    rows: dict[int, dict[int, list[int]]] = {}
    for lid in snapshot.locator.list_layouts():
        for (t_ms,) in snapshot.db.execute(
            "SELECT t FROM head WHERE lid = ? AND t <= ? AND typeof(t) = 'integer' ORDER BY t",
            (lid, until_ms),
        ):
            rows.setdefault(day_of(t_ms), {}).setdefault(lid, []).append(t_ms)
    return [
        _HeadDay(
            day,
            by_lid,
            np.unique(np.concatenate([snapshot.locator.get_layout(lid) for lid in by_lid])),
        )
        for day, by_lid in sorted(rows.items())
    ]


def _write_slabs(
    open_snapshot: OpenSnapshot, begin_write: BeginWrite, head: _HeadDay, until_ms: int
) -> Iterator[None]:
    end_ms = (head.day + 1) * DAY_MS
    bounds = Bounds(head.day * DAY_MS + 1, end_ms, min(end_ms, until_ms))
    with open_snapshot() as snapshot:
        snapshot.locator.read_rows_once()
        groups = [
            group.sids
            for located in snapshot.locator.find(head.sids, bounds)
            for group in located.split_by_times()
            if group.heads.list_times(0)
        ]
    yield
    for sids in _split_slabs(groups):
        with open_snapshot() as snapshot:
            snapshot.locator.read_rows_once()
            encoded = [
                slab.encode(*slab.sort_by_id(block.sids, block.t_ms, block.values))
                for block in snapshot.read_blocks(sids, bounds)
            ]
        for one in encoded:
            with begin_write() as db:
                slab.write(db, one)
            yield


def _split_slabs(groups: list[Sids]) -> Iterator[Sids]:
    """Series that are written together: large groups by themselves, small ones as they come.

    Series of small groups often turn out to have the same times (see `snapshot`).
    """
    few = [sids for sids in groups if len(sids) < SLAB_SERIES // 4]
    many = [sids for sids in groups if len(sids) >= SLAB_SERIES // 4]
    pooled = [np.sort(np.concatenate(few))] if few else []
    for sids in many + pooled:
        for at in range(0, len(sids), SLAB_SERIES):
            yield sids[at : at + SLAB_SERIES]


def _drop_rows(begin_write: BeginWrite, head: _HeadDay) -> Iterator[None]:
    for lid, times in head.rows.items():
        for at in range(0, len(times), _ROWS_A_SLICE):
            part = times[at : at + _ROWS_A_SLICE]
            with begin_write() as db:
                marks = slab.make_placeholders(part)
                sql = f"DELETE FROM head WHERE lid = ? AND t IN ({marks})"  # noqa: S608 - marks
                db.execute(sql, (lid, *part))
            yield
