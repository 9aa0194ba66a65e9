"""What stops a query: too many samples, too long, nobody waits for it any more."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

_WHERE = "expression evaluation"


class Guard:
    """Watches one query."""

    def __init__(
        self,
        max_samples: int,
        timeout_s: float,
        clock: Callable[[], float],
        cancel: threading.Event | None = None,
    ) -> None:
        """Start the time; `cancel` is set by whoever no longer wants the answer."""
        self._max_samples = max_samples
        self._timeout_s = timeout_s
        self._clock = clock
        self._cancel = cancel
        self._started = clock()
        self._held = 0
        self.samples = 0
        self.series = 0

    @property
    def seconds(self) -> float:
        """How long the query has been running."""
        return self._clock() - self._started

    def check(self, where: str = _WHERE) -> None:
        """Go on only if the query is still wanted and in time.

        Raises:
            QueryError: it was cancelled, or it took too long.
        """
        if self._cancel is not None and self._cancel.is_set():
            raise QueryError(QueryErrorKind.CANCELED, f"query was canceled in {where}")
        if self.seconds > self._timeout_s:
            raise QueryError(QueryErrorKind.TIMEOUT, f"query timed out in {where}")

    def hold(self, samples: int) -> None:
        """Count samples that stay in memory.

        Raises:
            QueryError: they are too many.
        """
        self._held += samples
        if self._held > self._max_samples:
            raise QueryError.execution(
                "query processing would load too many samples into memory in query execution"
            )

    def room_for(self, samples: int) -> None:
        """Refuse what would be too many, before it is made."""
        self.hold(samples)
        self._held -= samples

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is held within is let go at the end."""
        before = self._held
        yield
        self._held = before

    def read(self, series: int, samples: int) -> None:
        """Count what came out of the store."""
        self.series += series
        self.samples += samples
