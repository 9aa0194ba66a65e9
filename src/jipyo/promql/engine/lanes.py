"""Who may run: queries that read little never wait for those that read much.

Nobody knows before what a query costs, so every one starts in the quick lane. Once it has
read more than a panel of a dashboard needs, it leaves the quick lane to the next and waits
for a place in the heavy one, of which there are few. A query that was heavy is remembered
and goes to the heavy lane at once.

A place is the right to compute, not to hold memory: a large answer is written in pieces, each
in a place of the heavy lane, and until its last piece is sent its samples count. While many
are unsent, no further heavy query begins.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from jipyo.promql.engine.budget import QueryBudget

HEAVY_SAMPLES = 200_000
"""An hour of 800 series every 15 s; a query that reads more is heavy."""
MAX_UNSENT_SAMPLES = 20_000_000
"""In memory about 180 MB."""
_MAX_REMEMBERED = 1_000
_PIECES_A_TURN = 8
_WHERE = "query queue"
_WAIT_S = 0.2
"""How often a query that waits looks whether it was cancelled, or may begin."""
_PROMPT_WAITERS = 10
"""If more wait, each looks less often, so that looking costs no more."""


class _Queue:
    """Those who wait for one thing, first come, first served; its lock guards all lanes."""

    def __init__(self, lock: threading.Lock) -> None:
        self._condition = threading.Condition(lock)
        self.waiting = 0

    def wait_until(
        self, is_ready: Callable[[], bool], check: Callable[[], None] = lambda: None
    ) -> None:
        """Return once `is_ready`; `check` is called meanwhile and may raise."""
        self.waiting += 1
        try:
            while not is_ready():
                self._condition.wait(_WAIT_S * max(1, self.waiting / _PROMPT_WAITERS))
                check()
        finally:
            self.waiting -= 1

    def notify(self) -> None:
        """Let the one who has waited longest look."""
        self._condition.notify()


class Lanes:
    """The places for running queries, and the samples that all of them may hold."""

    def __init__(
        self, quick: int, heavy: int, max_samples: int, max_unsent: int = MAX_UNSENT_SAMPLES
    ) -> None:
        """So many places in each lane.

        `max_samples` is for all running queries and unsent answers together; a heavy query
        begins only while at most `max_unsent` wait for their clients.
        """
        self._quick_places, self._heavy_places = quick, heavy
        self._max_samples, self._max_unsent = max_samples, max_unsent
        self._lock = threading.Lock()
        self._quick, self._heavy, self._writers = (_Queue(self._lock) for _ in range(3))
        self._running: set[QueryBudget] = set()
        self._unsent: dict[threading.Event, int] = {}
        self._remembered: OrderedDict[Hashable, None] = OrderedDict()

    @contextmanager
    def enter(self, budget: QueryBudget, key: Hashable) -> Iterator[None]:
        """Wait for a place and hold it; queries of one `key` are expected to cost the same.

        What the query holds at the end counts until the event that cancels it is set: then
        its client has read the answer, or has left.

        Raises:
            QueryError: the query was cancelled or timed out meanwhile.
        """
        with self._lock:
            is_heavy = key in self._remembered
        leave: list[Callable[[], None]] = []

        def change_lane() -> None:
            leave.pop()()
            self._remember(key)
            self._start_heavily(budget)
            leave.append(self._leave_heavy)

        if is_heavy:
            self._start_heavily(budget)
            leave.append(self._leave_heavy)
        else:
            self._start_quickly(budget)
            leave.append(self._leave_quick)
            budget.call_when_heavy(HEAVY_SAMPLES, change_lane)
        try:
            with self._lock:
                self._running.add(budget)
            budget.call_to_grow(self._check_room)
            yield
            self._hold_answer(budget)
            if is_heavy and budget.samples <= HEAVY_SAMPLES:
                with self._lock:
                    self._remembered.pop(key, None)
        finally:
            with self._lock:
                self._running.discard(budget)
            for leave_lane in leave:
                leave_lane()

    def write_in_turn(self, pieces: Iterable[bytes], cancelled: threading.Event) -> Iterator[bytes]:
        """The same pieces, some at a time in a place of the heavy lane, until it is cancelled."""
        source = iter(pieces)
        while True:
            with self._lock:
                self._writers.wait_until(lambda: self._heavy_places > 0 or cancelled.is_set())
                if cancelled.is_set():
                    return
                self._heavy_places -= 1
            try:
                some = [*islice(source, _PIECES_A_TURN)]
            finally:
                self._leave_heavy()
            if not some:
                return
            yield from some

    def _start_quickly(self, budget: QueryBudget) -> None:
        with self._lock:
            self._quick.wait_until(lambda: self._quick_places > 0, partial(budget.check, _WHERE))
            self._quick_places -= 1

    def _start_heavily(self, budget: QueryBudget) -> None:
        with self._lock:
            self._heavy.wait_until(self._may_start_heavily, partial(budget.check, _WHERE))
            self._heavy_places -= 1

    def _may_start_heavily(self) -> bool:
        is_free = self._heavy_places > 0 and not self._writers.waiting
        return is_free and self._count_unsent() <= self._max_unsent

    def _leave_quick(self) -> None:
        with self._lock:
            self._quick_places += 1
            self._quick.notify()

    def _leave_heavy(self) -> None:
        with self._lock:
            self._heavy_places += 1
            # What is being written gives memory back, so it comes before what would need more.
            queue = self._writers if self._writers.waiting else self._heavy
            queue.notify()

    def _hold_answer(self, budget: QueryBudget) -> None:
        """Count the answer until its client has it; without an event that moment is unknown."""
        if budget.cancel is not None and not budget.cancel.is_set():
            with self._lock:
                self._unsent[budget.cancel] = self._unsent.get(budget.cancel, 0) + budget.in_memory

    def _count_unsent(self) -> int:
        for event in [event for event in self._unsent if event.is_set()]:
            del self._unsent[event]
        return sum(self._unsent.values())

    def _remember(self, key: Hashable) -> None:
        with self._lock:
            self._remembered[key] = None
            self._remembered.move_to_end(key)
            if len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)

    def _check_room(self) -> None:
        with self._lock:
            total = sum(budget.in_memory for budget in self._running) + self._count_unsent()
        if total > self._max_samples:
            raise QueryError(
                QueryErrorKind.UNAVAILABLE,
                "the queries that are running would load too many samples into memory together; "
                "retry later",
            )
