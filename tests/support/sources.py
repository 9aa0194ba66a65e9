"""Sources that fail as servers do: refuse, hang, come back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.model.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jipyo.source import Source

FAILURE = SourceError("net.timeout", url="http://prod:9090", seconds="10")
_ASKING = ("instant", "range", "newest", "series", "label_names", "label_values", "metadata")


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
    """A source that answers until it is told to fail, and counts what it is asked."""

    source: Source
    error: Exception | None = None
    """Raised by all queries, as of a server that refuses connections."""
    running: threading.Event = field(default_factory=threading.Event)
    """Cleared, every query hangs, as of a process that was stopped."""
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.running.set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.source, name)
        return self._watch(name, method) if name in _ASKING else method

    def bind(self, cancelled: threading.Event, lookback_ms: int | None = None) -> FailingServer:
        bound = FailingServer(self.source.bind(cancelled, lookback_ms), asked=self.asked)
        bound.error, bound.running = self.error, self.running
        return bound

    def _watch(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        def ask(*args: object) -> object:
            self.asked.append((name, *args))
            self.running.wait()
            if self.error is not None:
                raise self.error
            return method(*args)

        return ask
