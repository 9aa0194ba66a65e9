"""Who may run: queries that read little never wait for those that read much.

Nobody knows before what a query costs, so every one starts in the quick lane. Once it has
read more than a panel of a dashboard needs, it leaves the quick lane to the next and waits
for a place in the heavy one, of which there are few. A query that was heavy is remembered
and goes to the heavy lane at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from jipyo.promql.engine.budget import QueryBudget

HEAVY_SAMPLES = 200_000
"""An hour of 800 series every 15 s; a query that reads more is heavy."""
_MAX_REMEMBERED = 1_000
_WAIT_S = 0.2
"""How often a query that waits looks whether it was cancelled."""


class Lanes:
    """The places for running queries, and the samples that all of them may hold."""

    def __init__(self, quick: int, heavy: int, max_samples: int) -> None:
        """So many places in each lane; `max_samples` is for all running queries together."""
        self._quick = threading.BoundedSemaphore(quick)
        self._heavy = threading.BoundedSemaphore(heavy)
        self._max_samples = max_samples
        self._lock = threading.Lock()
        self._running: set[QueryBudget] = set()
        self._remembered: OrderedDict[Hashable, None] = OrderedDict()

    @contextmanager
    def enter(self, budget: QueryBudget, key: Hashable) -> Iterator[None]:
        """Wait for a place and hold it; queries of one `key` are expected to cost the same.

        Raises:
            QueryError: the query was cancelled or timed out meanwhile.
        """
        with self._lock:
            is_heavy = key in self._remembered
        places: list[threading.Semaphore] = []

        def change_lane() -> None:
            while places:
                places.pop().release()
            with self._lock:
                self._remembered[key] = None
                self._remembered.move_to_end(key)
                if len(self._remembered) > _MAX_REMEMBERED:
                    self._remembered.popitem(last=False)
            places.append(_acquire(self._heavy, budget))

        try:
            if is_heavy:
                places.append(_acquire(self._heavy, budget))
            else:
                places.append(_acquire(self._quick, budget))
                budget.call_when_heavy(HEAVY_SAMPLES, change_lane)
            with self._lock:
                self._running.add(budget)
            budget.call_to_grow(self._check_room)
            yield
            if is_heavy and budget.samples <= HEAVY_SAMPLES:
                with self._lock:
                    self._remembered.pop(key, None)
        finally:
            with self._lock:
                self._running.discard(budget)
            while places:
                places.pop().release()

    def _check_room(self) -> None:
        with self._lock:
            total = sum(budget.in_memory for budget in self._running)
        if total > self._max_samples:
            raise QueryError(
                QueryErrorKind.UNAVAILABLE,
                "the queries that are running would load too many samples into memory together; "
                "retry later",
            )


def _acquire(lane: threading.Semaphore, budget: QueryBudget) -> threading.Semaphore:
    while not lane.acquire(timeout=_WAIT_S):
        budget.check("query queue")
    return lane
