"""Decoded chunks that were read recently: a dashboard reads the same day again and again.

A chunk never changes and its id is never used twice, so an entry is never out of date. The
times of slabs are kept with the values, under the negative of their id.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Numbers = npt.NDArray[Any]


class ChunkCache:
    """The latest chunks by id, at most so many bytes of them; safe to share between threads.

    Only what is read a second time is kept, as in 2Q (Johnson and Shasha, VLDB 1994), and of
    what was read once only as many ids as there is room for chunks: reading through a
    month evicts no other reader's day, and copies nothing.
    """

    def __init__(self, most_bytes: int) -> None:
        """Start empty; 0 keeps nothing."""
        self._most = most_bytes
        self._kept: OrderedDict[int, _Numbers] = OrderedDict()
        self._once: OrderedDict[int, int] = OrderedDict()
        self._once_bytes = 0
        self._lock = Lock()
        self.bytes = 0

    def get(self, ids: Sequence[int]) -> list[_Numbers | None]:
        """The chunks with these ids, read-only; None for those that are not kept."""
        if not self._kept:
            return [None] * len(ids)
        with self._lock:
            found = [self._kept.get(number) for number in ids]
            for number, values in zip(ids, found, strict=True):
                if values is not None:
                    self._kept.move_to_end(number)
        return found

    def put(self, chunks: Iterable[tuple[int, _Numbers]]) -> None:
        """Keep copies of those that were put before; the least recently read are evicted."""
        if not self._most:
            return
        with self._lock:
            for number, values in chunks:
                if number in self._once:
                    self._once_bytes -= self._once.pop(number)
                    self._keep(number, values)
                elif number not in self._kept:
                    self._once[number] = values.nbytes
                    self._once_bytes += values.nbytes
                    while self._once_bytes > self._most:
                        self._once_bytes -= self._once.popitem(last=False)[1]

    def _keep(self, number: int, values: _Numbers) -> None:
        kept = self._kept[number] = values.copy()
        kept.flags.writeable = False
        self.bytes += kept.nbytes
        while self.bytes > self._most:
            self.bytes -= self._kept.popitem(last=False)[1].nbytes
