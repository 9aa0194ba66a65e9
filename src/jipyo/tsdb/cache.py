"""Decoded chunks that were asked for lately: a dashboard asks for the same day again and again.

A chunk never changes and its id is never used twice, so nothing in here can be wrong. The
times of slabs lie beside the values, under the negative of their id.
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

    Only what is asked for a second time is kept, as in 2Q (Johnson and Shasha, VLDB 1994), and
    of what was asked for once we remember as many ids as there is room for chunks: who reads
    a month through drives nobody's day out, and pays for no copies.
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
        """What is kept under these ids, read-only; None for what is not here."""
        if not self._kept:
            return [None] * len(ids)
        with self._lock:
            found = [self._kept.get(number) for number in ids]
            for number, values in zip(ids, found, strict=True):
                if values is not None:
                    self._kept.move_to_end(number)
        return found

    def put(self, chunks: Iterable[tuple[int, _Numbers]]) -> None:
        """Keep copies of those that were put before, and let go of the longest unasked."""
        if not self._most:
            return
        with self._lock:
            for number, values in chunks:
                if number in self._once:
                    self._once_bytes -= self._once.pop(number)
                    self._keep(number, values)
                elif number not in self._kept:
                    self._remember(number, values.nbytes)

    def _remember(self, number: int, size: int) -> None:
        self._once[number] = size
        self._once_bytes += size
        while self._once_bytes > self._most:
            self._once_bytes -= self._once.popitem(last=False)[1]

    def _keep(self, number: int, values: _Numbers) -> None:
        kept = self._kept[number] = values.copy()
        kept.flags.writeable = False
        self.bytes += kept.nbytes
        while self.bytes > self._most:
            self.bytes -= self._kept.popitem(last=False)[1].nbytes
