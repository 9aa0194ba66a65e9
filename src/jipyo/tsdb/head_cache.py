"""Columns of head rows that were read before: a dashboard asks for the same ones again and again.

A row holds all series of a target, so a few of them over an hour are megabytes of rows. What
was taken out of rows is kept with their times and checksums. No event is needed when a row
comes, goes or changes: a range whose rows are as many as those kept, and whose checksums have
the same sum, has the same rows.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.sample import Times, Values

Columns = npt.NDArray[np.int64]
Fingerprint = tuple[int, float]
"""How many rows there are, and the sum of their checksums."""


@dataclass(frozen=True, slots=True)
class HeadColumns:
    """Some columns of successive rows of a layout, all of them verified."""

    t_ms: Times
    """Of the rows, ascending; shape (rows,)."""
    crc_sums: npt.NDArray[np.int64]
    """The sums of the checksums of all rows before each one, and of all; shape (rows + 1,)."""
    columns: Columns
    """Which, ascending; shape (columns,)."""
    values: Values
    """Shape (columns, rows)."""

    @classmethod
    def of(cls, t_ms: Times, crcs: Sequence[int], columns: Columns, values: Values) -> HeadColumns:
        """Columns of rows with these times and checksums."""
        return cls(t_ms, np.cumsum([0, *crcs], dtype=np.int64), columns, values)

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        arrays = (self.t_ms, self.crc_sums, self.columns, self.values)
        return sum(array.nbytes for array in arrays)

    def covers(self, columns: Columns) -> bool:
        """Whether all of these columns are among them."""
        at = self.columns.searchsorted(columns)
        return bool(at[-1] < len(self.columns)) and bool((self.columns[at] == columns).all())

    def find_rows(self, start_ms: int, end_ms: int) -> slice:
        """The rows in a range, both ends included."""
        first, last = self.t_ms.searchsorted((start_ms, end_ms + 1)).tolist()
        return slice(first, last)

    def fingerprint(self, rows: slice) -> Fingerprint:
        """That of these rows."""
        return rows.stop - rows.start, int(self.crc_sums[rows.stop] - self.crc_sums[rows.start])

    def append(self, later: HeadColumns, oldest_ms: int) -> HeadColumns:
        """With the same columns of later rows, without rows before `oldest_ms`."""
        first = self.t_ms.searchsorted(oldest_ms)
        return HeadColumns(
            np.concatenate((self.t_ms[first:], later.t_ms)),
            np.concatenate((self.crc_sums[first:], self.crc_sums[-1] + later.crc_sums[1:])),
            self.columns,
            np.concatenate((self.values[:, first:], later.values), axis=1),
        )

    def select(self, columns: Columns, rows: slice) -> Values:
        """The values of some of the columns at some of the rows, shape (columns, rows)."""
        return self.values[self.columns.searchsorted(columns), rows]


class HeadCache:
    """The columns that were read last, by layout; safe to share between threads."""

    def __init__(self, max_bytes: int) -> None:
        """Start empty; 0 keeps nothing."""
        self.max_bytes = max_bytes
        self._kept: OrderedDict[int, HeadColumns] = OrderedDict()
        self._lock = Lock()
        self.bytes = 0

    def get(self, lid: int) -> HeadColumns | None:
        """What is kept of a layout."""
        with self._lock:
            found = self._kept.get(lid)
            if found is not None:
                self._kept.move_to_end(lid)
        return found

    def put(self, lid: int, columns: HeadColumns) -> None:
        """Keep these instead of what was kept; the least recently read are evicted."""
        with self._lock:
            known = self._kept.pop(lid, None)
            if known is not None:
                self.bytes -= known.size_bytes
            self._kept[lid] = columns
            self.bytes += columns.size_bytes
            while self.bytes > self.max_bytes and self._kept:
                self.bytes -= self._kept.popitem(last=False)[1].size_bytes
