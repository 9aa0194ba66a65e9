"""An answer that is computed when somebody asks, and kept for a moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class TtlCache(Generic[T]):
    """What `compute(now_ms)` gave, for `keep_ms`; all who ask meanwhile wait for one answer."""

    def __init__(
        self, compute: Callable[[int], T], now_ms: Callable[[], int], keep_ms: int
    ) -> None:
        self._compute = compute
        self._now_ms = now_ms
        self._keep_ms = keep_ms
        self._lock = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def __call__(self) -> T:
        """The answer; an error is not kept, and goes to whoever asked."""
        with self._lock:
            now_ms = self._now_ms()
            # A clock that was set back must not keep an old answer alive.
            if self._kept is None or not 0 <= now_ms - self._kept[0] < self._keep_ms:
                self._kept = (now_ms, self._compute(now_ms))
            return self._kept[1]
