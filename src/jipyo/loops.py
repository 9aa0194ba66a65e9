"""Periodic work on a thread of its own: upkeep, discovery, evaluation, schedules, tailing."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from jipyo.model.errors import JipyoError
from jipyo.model.family import Family, family
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from jipyo.model.clock import Clock

__all__ = ["Periodic"]

_LOG = logging.getLogger(__name__)
_COUNTER, _GAUGE = MetricType.COUNTER, MetricType.GAUGE


class Periodic:
    """Runs `step` again and again on a thread of its own until it is stopped.

    A step that raises one of `errors` does not end the loop: the first failure and the
    recovery are logged, every failure is counted. Anything else is a bug; it ends
    the thread with a traceback, and `jipyo_loop_running` shows it. Only the four edges
    (collector, rule, notifier, handler) pass `Exception`. As a context manager it runs
    within the block.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float | None],
        *,
        interval_ms: float,
        clock: Clock,
        errors: type[Exception] = JipyoError,
    ) -> None:
        """Nothing runs before `start`.

        Args:
            name: of the thread, of the log lines and the label `loop` of the metrics.
            step: returns how many milliseconds to wait before the next run; None for
                the interval.
            interval_ms: before the first run, between runs, and after a failure.
            clock: waited on, so a test can let an hour pass at once.
            errors: what a step may raise without ending the loop.
        """
        self.name = name
        self.stopping = threading.Event()
        """Set once a stop is requested; a long step may look at it."""
        self._step = step
        self._interval_ms = interval_ms
        self._clock = clock
        self._errors = errors
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._runs = self._failures = 0
        self._seconds = 0.0
        self._failing = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread; the first run comes after one interval."""
        self._thread.start()

    def request_stop(self) -> None:
        """Let the loop end after the step in progress; returns at once."""
        self.stopping.set()

    def stop(self, timeout_s: float | None = None) -> None:
        """End the loop, waiting for the step in progress for at most `timeout_s`."""
        self.stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def families(self) -> list[Family]:
        """What the loop did, as `jipyo_loop_*`."""
        return [
            family(kind, f"jipyo_loop_{name}", text, ("loop",), [((self.name,), float(value))])
            for kind, name, text, value in (
                (_COUNTER, "runs_total", "Runs of a periodic task.", self._runs),
                (_COUNTER, "failures_total", "Runs that failed.", self._failures),
                (_COUNTER, "seconds_total", "Time spent in runs.", self._seconds),
                (_GAUGE, "running", "Whether the loop is alive.", self._thread.is_alive()),
            )
        ]

    def _run(self) -> None:
        delay_ms: float = self._interval_ms
        while not self._clock.wait(self.stopping, delay_ms):
            start_ms = self._clock.monotonic_ms()
            delay_ms = self._run_once()
            self._seconds += (self._clock.monotonic_ms() - start_ms) / 1000

    def _run_once(self) -> float:
        self._runs += 1
        try:
            delay_ms = self._step()
        except self._errors as error:
            self._failures += 1
            if not self._failing:
                _LOG.warning("%s fails: %s", self.name, error)
            self._failing = True
            return self._interval_ms
        if self._failing:
            _LOG.info("%s works again", self.name)
        self._failing = False
        return self._interval_ms if delay_ms is None else delay_ms
