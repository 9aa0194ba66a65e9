"""Loading whole blocks without the head: for imports, backfills and demonstration data.

Stored samples stay: the same sample again changes nothing, another value for the same moment
is rejected and counted. So a load may be repeated, wholly or in part.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import Reject
from jipyo.tsdb import slab
from jipyo.tsdb.format import SLAB_SERIES
from jipyo.tsdb.locator import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    import numpy.typing as npt

    from jipyo.model.sample import Times, Values
    from jipyo.tsdb.codec import Sids
    from jipyo.tsdb.format import BeginWrite
    from jipyo.tsdb.snapshot import OpenSnapshot


def load_rows(
    open_snapshot: OpenSnapshot,
    begin_write: BeginWrite,
    rows: tuple[Sids, Times, Values],
    executor: Executor | None = None,
) -> Counter[Reject]:
    """Write ascending ids, ascending times, values (series, samples); what was rejected."""
    sids, t_ms, values = rows
    rejected: Counter[Reject] = Counter()
    for day, span in slab.split_days(t_ms):
        for at in range(0, len(sids), SLAB_SERIES):
            part = slice(at, at + SLAB_SERIES)
            news = sids[part], t_ms[span], values[part, span]
            for merged in _merge_stored(open_snapshot, day, *news, rejected):
                encoded = slab.encode(*merged, executor)
                with begin_write() as db:
                    slab.write(db, encoded)
    return rejected


def _merge_stored(
    open_snapshot: OpenSnapshot,
    day: int,
    sids: Sids,
    t_ms: Times,
    values: Values,
    rejected: Counter[Reject],
) -> Iterator[tuple[Sids, Times, Values]]:
    """The new samples of a day merged with the stored ones."""
    fresh = np.ones(len(sids), np.bool_)
    with open_snapshot() as snapshot:
        stored = list(snapshot.read_blocks(sids, Bounds.day(day)))
    for block in stored:
        rows = np.searchsorted(sids, block.sids)
        fresh[rows] = False
        both = np.concatenate((block.values, values[rows]), axis=1)
        merged_t, merged, conflicts = merge(np.concatenate((block.t_ms, t_ms)), both)
        rejected[Reject.DUPLICATE] += conflicts
        yield slab.sort_by_id(block.sids, merged_t, merged)
    if fresh.any():
        yield sids[fresh], t_ms, values if fresh.all() else values[fresh]


def merge(t_ms: Times, values: Values) -> tuple[Times, Values, int]:
    """Samples in order of time; of two at one moment the first, and how many disagreed."""
    order = np.argsort(t_ms, kind="stable")
    t_ms = t_ms[order]
    again: npt.NDArray[np.bool_] = np.concatenate(([False], t_ms[1:] == t_ms[:-1]))
    if not again.any():
        return t_ms, values[:, order], 0
    bits = values.view(np.uint64)
    second = np.flatnonzero(again)
    conflicts = int((bits[:, order[second]] != bits[:, order[second - 1]]).sum())
    keep = ~again
    return t_ms[keep], values[:, order[keep]], conflicts
