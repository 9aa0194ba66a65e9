"""Calls that may never return: each gets a time limit, and one that hangs costs only itself.

A read of `/proc` or `/sys`, statvfs and NVML block for as long as a driver or a server does,
and nothing can interrupt them. They run one after another on a worker thread; a call that
exceeds its limit keeps that thread, and the calls after it go on with another one.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from jipyo.model.errors import CollectError
from jipyo.model.family import gauge
from jipyo.model.reading import ReadingNote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.model.family import Family

T = TypeVar("T")
LIMIT_S = 4.0
"""Files of the kernel and NVML take milliseconds; what takes longer is not slow, it hangs."""
_SHORTEST_LIMIT_S = 0.5
HANGING = "jipyo_collect_hanging_parts"

_local = threading.local()


def spent_cpu_s() -> float:
    """CPU time of this thread and of the workers that it waited for."""
    return time.thread_time() + float(getattr(_local, "workers_s", 0.0))


@dataclass(frozen=True, slots=True)
class CallOutcome(Generic[T]):
    """What became of a call: its result, or the error that it raised."""

    result: T | None = None
    error: Exception | None = None
    seconds: float = 0.0


class LimitedCalls:
    """Runs calls by name, each within a limit; one that still hangs is not started again.

    So there are never more threads than calls that hang, and one.
    """

    def __init__(self, collector: str, limit_s: float = LIMIT_S) -> None:
        """`collector` names them in metrics; a call may take `limit_s` to twice as long."""
        self._collector = collector
        self._limit_s = limit_s
        self._hanging: dict[str, threading.Thread] = {}

    def run(self, calls: Mapping[str, Callable[[], T]]) -> dict[str, CallOutcome[T]]:
        """The outcomes in the order of the calls.

        That of a call which exceeds the limit is a CollectError (`collect.hangs`); the limit is
        shorter for the calls after it.
        """
        outcomes: dict[str, CallOutcome[T]] = {name: CallOutcome() for name in calls}
        waiting: dict[str, Callable[[], T]] = {}
        for name, call in calls.items():
            if self._is_hanging(name):
                outcomes[name] = CallOutcome(error=self._build_error(name))
            else:
                waiting[name] = call
        limit_s = self._limit_s
        while waiting:
            worker: _Worker[T] = _Worker(waiting, self._collector)
            worker.start()
            hanging = worker.wait(limit_s)
            outcomes |= worker.outcomes
            if hanging is None:
                break
            self._hanging[hanging] = worker
            outcomes[hanging] = CallOutcome(error=self._build_error(hanging), seconds=limit_s)
            names = list(waiting)
            waiting = {name: waiting[name] for name in names[names.index(hanging) + 1 :]}
            limit_s = max(limit_s / 2, min(_SHORTEST_LIMIT_S, self._limit_s))
        return outcomes

    def hanging(self) -> tuple[str, ...]:
        """The names of the calls that hang now."""
        return tuple(name for name in tuple(self._hanging) if self._is_hanging(name))

    def families(self) -> Iterator[Family]:
        """`jipyo_collect_hanging_parts`: 1 for every call that hangs."""
        text = "Parts of a collector whose reading has not returned."
        rows = [((self._collector, name), 1.0) for name in self.hanging()]
        yield gauge(HANGING, text, ("collector", "part"), rows)

    def notes(self) -> tuple[ReadingNote, ...]:
        """A note for every call that hangs."""
        return tuple(
            ReadingNote("collect.hangs", (("part", name), ("seconds", self._limit_s)))
            for name in self.hanging()
        )

    def _is_hanging(self, name: str) -> bool:
        worker = self._hanging.get(name)
        if worker is not None and not worker.is_alive():
            del self._hanging[name]
            return False
        return worker is not None

    def _build_error(self, name: str) -> CollectError:
        return CollectError("collect.hangs", part=name, seconds=self._limit_s)


class _Worker(threading.Thread, Generic[T]):
    """Makes calls one after another until it is abandoned within one of them."""

    def __init__(self, calls: Mapping[str, Callable[[], T]], collector: str) -> None:
        super().__init__(name=f"reads {collector}", daemon=True)
        self.outcomes: dict[str, CallOutcome[T]] = {}
        """By name; not changed any more once it has been waited for."""
        self._calls = calls
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._current: str | None = None
        self._abandoned = False
        self._cpu_s = 0.0

    def run(self) -> None:
        for name, call in self._calls.items():
            with self._lock:
                if self._abandoned:
                    return
                self._current = name
            start = time.perf_counter()
            try:
                result, error = call(), None
            except Exception as raised:  # noqa: BLE001 - carried to the thread that waits
                result, error = None, raised
            with self._lock:
                if self._abandoned:
                    return
                seconds = time.perf_counter() - start
                self.outcomes[name] = CallOutcome(result, error, seconds)
        self._cpu_s = spent_cpu_s()
        self._finished.set()

    def wait(self, limit_s: float) -> str | None:
        """Wait until all calls are made; the name of one that exceeds the limit, if any."""
        made = 0
        while not self._finished.wait(limit_s):
            with self._lock:
                if len(self.outcomes) == made and len(self.outcomes) < len(self._calls):
                    self._abandoned = True
                    return self._current
                made = len(self.outcomes)
        _local.workers_s = getattr(_local, "workers_s", 0.0) + self._cpu_s
        return None
