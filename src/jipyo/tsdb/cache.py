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
    """The latest chunks by id, at most so many bytes of them; safe to share between threads."""

    def __init__(self, most_bytes: int) -> None:
        """Start empty; 0 keeps nothing."""
        self._most = most_bytes
        self._kept: OrderedDict[int, _Numbers] = OrderedDict()
        self._lock = Lock()
        self.bytes = 0

    def takes(self, values: int) -> bool:
        """Whether a question that needs so many values may leave them here.

        One that needs more than two thirds of the room would only drive out what others ask
        for.
        """
        return values * 12 <= self._most

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
        """Keep copies of these, and let go of what was not asked for the longest."""
        with self._lock:
            for number, values in chunks:
                if number not in self._kept:
                    self._kept[number] = kept = values.copy()
                    kept.flags.writeable = False
                    self.bytes += kept.nbytes
            while self.bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self.bytes -= oldest.nbytes
