"""Sources that fail as servers do: refuse, hang, come back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError, QueryErrorKind, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jipyo.source import Source
    from jipyo.source.via import Via

FAILURE = SourceError("net.timeout", url="http://prod:9090", seconds="10")
_ASKING = (
    "instant",
    "range",
    "newest",
    "series",
    "label_names",
    "label_values",
    "metric_names",
    "metadata",
)


@dataclass
class SteadyClock:
    """Wall time stands still at `wall_ms`; durations are real."""

    wall_ms: int

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return time.monotonic() * 1000

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        return stop.wait(delay_ms / 1000)


@dataclass
class FailingServer:
    """A source that answers until it is made to fail, and counts what it is asked."""

    source: Source
    error: Exception | None = None
    """Raised by all queries, as of a server that refuses connections."""
    running: threading.Event = field(default_factory=threading.Event)
    """Cleared, every query hangs, as of a process that was stopped, until it is abandoned."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    unanswered: list[tuple[object, ...]] = field(default_factory=list)
    """What is being asked at the moment."""

    def __post_init__(self) -> None:
        self.running.set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.source, name)
        return self._watch(name, method) if name in _ASKING else method

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> FailingServer:
        bound = FailingServer(self.source.bind(cancelled, lookback_ms, via), asked=self.asked)
        bound.unanswered = self.unanswered
        bound.error, bound.running, bound.cancelled = self.error, self.running, cancelled
        return bound

    def _watch(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        def ask(*args: object) -> object:
            self.asked.append((name, *args))
            self.unanswered.append((name, *args))
            try:
                while not self.running.wait(0.01):
                    if self.cancelled.is_set():
                        raise QueryError(QueryErrorKind.CANCELED, "query was canceled")
            finally:
                self.unanswered.remove((name, *args))
            if self.error is not None:
                raise self.error
            return method(*args)

        return ask
