"""A value that is computed on demand and then serves everybody for a while."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class TtlCache(Generic[T]):
    """The result of `compute(now_ms)` for `ttl_ms`; concurrent callers wait for one result."""

    def __init__(
        self,
        compute: Callable[[int], T],
        now_ms: Callable[[], int],
        ttl_ms: int,
        find_version: Callable[[], object] = lambda: None,
    ) -> None:
        """A result of another version than the present one is computed anew before its time."""
        self._compute = compute
        self._now_ms = now_ms
        self._ttl_ms = ttl_ms
        self._find_version = find_version
        self._lock = threading.Lock()
        self._entry: tuple[int, object, T] | None = None

    def get(self) -> T:
        """The cached result, or a new one; an error of `compute` is raised and not cached."""
        with self._lock:
            now_ms, version, entry = self._now_ms(), self._find_version(), self._entry
            # A clock that was set back must not keep an old result alive.
            is_old = entry is None or not 0 <= now_ms - entry[0] < self._ttl_ms
            if entry is None or is_old or entry[1] != version:
                entry = self._entry = now_ms, version, self._compute(now_ms)
            return entry[2]
