"""The limits of one query: samples in memory, time, and cancellation."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

_WHERE = "expression evaluation"


class QueryBudget:
    """Counts what a query uses, and raises once that is too much."""

    def __init__(
        self,
        max_samples: int,
        timeout_s: float,
        clock: Callable[[], float],
        cancel: threading.Event | None = None,
    ) -> None:
        """Start the clock; the query ends once `cancel` is set."""
        self._max_samples = max_samples
        self._timeout_s = timeout_s
        self._clock = clock
        self.cancel = cancel
        self._started = clock()
        self.in_memory = 0
        self.samples = 0
        self.series = 0
        self._heavy_samples: float = math.inf
        self._leave_quick_lane: Callable[[], None] | None = None
        self._check_room: Callable[[], None] | None = None

    @property
    def elapsed_s(self) -> float:
        """How long the query has been running."""
        return self._clock() - self._started

    def check(self, where: str = _WHERE) -> None:
        """Raise if the query was cancelled or has run out of time.

        Raises:
            QueryError: it was cancelled, or it took too long.
        """
        if self.cancel is not None and self.cancel.is_set():
            raise QueryError(QueryErrorKind.CANCELED, f"query was canceled in {where}")
        if self.elapsed_s > self._timeout_s:
            raise QueryError(QueryErrorKind.TIMEOUT, f"query timed out in {where}")

    def hold(self, samples: int) -> None:
        """Count samples that stay in memory.

        Raises:
            QueryError: they are too many.
        """
        self.in_memory += samples
        if self.in_memory > self._max_samples:
            raise QueryError.execution(
                "query processing would load too many samples into memory in query execution"
            )
        if self._check_room is not None:
            self._check_room()
        self._change_lane_if_heavy(self.in_memory)

    def hold_only(self, samples: int) -> None:
        """Count the samples of the answer alone: all others have been released."""
        self.in_memory = samples

    def require_room(self, samples: int) -> None:
        """Raise if so many more samples would be too many, before they are allocated."""
        self.hold(samples)
        self.in_memory -= samples

    @contextmanager
    def release_at_exit(self) -> Iterator[None]:
        """Release at the end what was reserved within the block."""
        before = self.in_memory
        yield
        self.in_memory = before

    def count_read(self, series: int, samples: int) -> None:
        """Count what was read from the store."""
        self.series += series
        self.samples += samples
        self._change_lane_if_heavy(self.samples)

    def call_when_heavy(self, samples: int, change_lane: Callable[[], None]) -> None:
        """Call `change_lane` once the query has read or holds more samples; it may wait."""
        self._heavy_samples, self._leave_quick_lane = samples, change_lane

    def call_to_grow(self, check_room: Callable[[], None]) -> None:
        """Call `check_room`, which may raise, whenever more samples are held."""
        self._check_room = check_room

    def _change_lane_if_heavy(self, samples: int) -> None:
        change_lane = self._leave_quick_lane
        if change_lane is not None and samples > self._heavy_samples:
            self._leave_quick_lane = None
            change_lane()
