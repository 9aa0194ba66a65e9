"""The limits of one query: samples in memory, time, and cancellation."""

from __future__ import annotations

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
        self._cancel = cancel
        self._started = clock()
        self._in_memory = 0
        self.samples = 0
        self.series = 0

    @property
    def elapsed_s(self) -> float:
        """How long the query has been running."""
        return self._clock() - self._started

    def check(self, where: str = _WHERE) -> None:
        """Raise if the query was cancelled or has run out of time.

        Raises:
            QueryError: it was cancelled, or it took too long.
        """
        if self._cancel is not None and self._cancel.is_set():
            raise QueryError(QueryErrorKind.CANCELED, f"query was canceled in {where}")
        if self.elapsed_s > self._timeout_s:
            raise QueryError(QueryErrorKind.TIMEOUT, f"query timed out in {where}")

    def hold(self, samples: int) -> None:
        """Count samples that stay in memory.

        Raises:
            QueryError: they are too many.
        """
        self._in_memory += samples
        if self._in_memory > self._max_samples:
            raise QueryError.execution(
                "query processing would load too many samples into memory in query execution"
            )

    def require_room(self, samples: int) -> None:
        """Raise if so many more samples would be too many, before they are allocated."""
        self.hold(samples)
        self._in_memory -= samples

    @contextmanager
    def release_at_exit(self) -> Iterator[None]:
        """Release at the end what was reserved within the block."""
        before = self._in_memory
        yield
        self._in_memory = before

    def count_read(self, series: int, samples: int) -> None:
        """Count what was read from the store."""
        self.series += series
        self.samples += samples
