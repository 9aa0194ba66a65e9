"""A clock that stands still until a test lets time pass."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_POLL_S = 0.0005
_PATIENCE_S = 10.0


@dataclass
class _Waiter:
    due_ms: float
    stop: threading.Event

    def is_idle(self, monotonic_ms: float) -> bool:
        return self.due_ms > monotonic_ms and not self.stop.is_set()


@dataclass
class FakeClock:
    """Time passes only in `advance`, from one deadline of a waiting thread to the next.

    Every thread that is started after the clock was made must wait on the clock or end;
    between two deadlines `advance` lets each of them do all its work. So what happens is
    the same at every run, and an hour takes no longer than the work of that hour.
    """

    start_ms: int = 1_700_000_000_000
    _monotonic_ms: float = 0.0
    _set_ms: int = 0
    _waiters: dict[threading.Thread, _Waiter] = field(default_factory=dict)
    _strangers: frozenset[threading.Thread] = field(
        default_factory=lambda: frozenset(threading.enumerate())
    )

    def now_ms(self) -> int:
        return self.start_ms + self._set_ms + int(self._monotonic_ms)

    def monotonic_ms(self) -> float:
        return self._monotonic_ms

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        """Block until `advance` has passed the deadline or `stop` is set."""
        waiter = _Waiter(self._monotonic_ms + max(delay_ms, 0.0), stop)
        if not stop.is_set() and delay_ms > 0:
            self._waiters[threading.current_thread()] = waiter
            while self._monotonic_ms < waiter.due_ms and not stop.wait(_POLL_S):
                pass
            self._waiters.pop(threading.current_thread(), None)
        return stop.is_set()

    def advance(self, delay_ms: float) -> None:
        """Let time pass, waking each waiting thread at its deadline, and wait for its work."""
        end_ms = self._monotonic_ms + delay_ms
        self.settle()
        while (due_ms := min(self._due(), default=end_ms + 1)) <= end_ms:
            self._monotonic_ms = due_ms
            self.settle()
        self._monotonic_ms = end_ms
        self.settle()

    def set_wall_clock(self, by_ms: int) -> None:
        """Set the wall clock forward or back; the monotonic clock does not notice."""
        self._set_ms += by_ms

    def settle(self) -> None:
        """Wait until every thread waits on this clock, or has ended."""
        end = time.monotonic() + _PATIENCE_S
        while busy := self._busy():
            assert time.monotonic() < end, f"these threads do not wait on the clock: {busy}"
            time.sleep(_POLL_S)

    def _busy(self) -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            if thread not in self._strangers
            and (
                (waiter := self._waiters.get(thread)) is None
                or not waiter.is_idle(self._monotonic_ms)
            )
        ]

    def _due(self) -> list[float]:
        return [waiter.due_ms for waiter in list(self._waiters.values())]


def find_recent_day(ago: timedelta) -> str:
    """The day of this machine's zone so long ago.

    A report of today fails before the first minute of the day is over.
    """
    return (datetime.now().astimezone() - ago).date().isoformat()


@dataclass
class WaitingClock:
    """Time passes only by waiting, at once; the wall clock stands still at `wall_ms`."""

    wall_ms: int = 0
    waits_ms: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return sum(self.waits_ms)

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        self.waits_ms.append(delay_ms)
        return stop.is_set()
