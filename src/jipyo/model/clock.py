"""The clock: handed to whatever asks what time it is or waits, so that tests can set it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """Two clocks, one that people may set and one that only goes forward, and a way to wait."""

    def now_ms(self) -> int:
        """Wall clock time in milliseconds since the Unix epoch, UTC."""
        ...

    def monotonic_ms(self) -> float:
        """Milliseconds since an arbitrary moment; never goes back."""
        ...

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        """Block for `delay_ms` or until `stop` is set; return whether it is set."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """See `Clock.now_ms`."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """See `Clock.monotonic_ms`."""
        return time.monotonic() * 1000

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        """See `Clock.wait`."""
        return stop.wait(max(delay_ms, 0.0) / 1000)
