"""How many samples a second are accepted: a token bucket that holds one second's worth."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimitError(JipyoError):
    """Senders send more than is accepted."""


class RateLimiter:
    """Counts what is accepted; any thread may call."""

    def __init__(self, per_s: int, monotonic_ms: Callable[[], float]) -> None:
        self._per_s = per_s
        self._monotonic_ms = monotonic_ms
        self._available = float(per_s)
        self._updated_ms = monotonic_ms()
        self._lock = threading.Lock()

    def spend(self, samples: int) -> None:
        """Accept that many samples; a single large request may overdraw, or it never could pass.

        Raises:
            RateLimitError: nothing is left of what this second may bring.
        """
        with self._lock:
            now_ms = self._monotonic_ms()
            gained = (now_ms - self._updated_ms) / 1000 * self._per_s
            self._available = min(self._available + gained, self._per_s)
            self._updated_ms = now_ms
            if self._available <= 0:
                raise RateLimitError("web.too_fast", limit=self._per_s)
            self._available -= samples
