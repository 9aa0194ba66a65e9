"""Memory that a large response needed goes back to the system."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.loops import Periodic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

_INTERVAL_MS = 10_000.0
_GROWTH_BYTES = 16 << 20
_M_ARENA_MAX = -8
_ARENAS = 2


class MemoryTrimmer:
    """Asks the C library to return what is free, as long as the process is much larger than before.

    glibc keeps freed memory for the next allocation: after a few hundred large queries that
    is gigabytes, which nothing else on the host can use. What is in use at one time is free
    at another, and the process looks the same: so it asks again and again (some ms each).
    """

    def __init__(
        self,
        clock: Clock,
        trim: Callable[[], None] | None,
        resident_bytes: Callable[[], int],
    ) -> None:
        """`trim` is None where the C library cannot do it."""
        self._trim = trim
        self._resident_bytes = resident_bytes
        self._least_bytes = sys.maxsize
        self._loop = Periodic("memory", self.trim, interval_ms=_INTERVAL_MS, clock=clock)

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterable[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()

    def trim(self) -> None:
        """Trim if the process is larger than it has once been."""
        if self._trim is None:
            return
        resident_bytes = self._resident_bytes()
        self._least_bytes = min(self._least_bytes, resident_bytes)
        if resident_bytes >= self._least_bytes + _GROWTH_BYTES:
            self._trim()


def find_trim() -> Callable[[], None] | None:
    """Glibc's `malloc_trim`; None where the C library is another one."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return None if malloc_trim is None else lambda: malloc_trim(0)


def limit_arenas() -> None:
    """Let all threads allocate from two heaps of glibc instead of eight per processor.

    What one thread has freed, another then takes: many threads that each need much for a
    moment leave a third of the memory with the process. The interpreter's lock serialises
    nearly all allocations anyway. Other C libraries ignore it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def read_resident_bytes(statm: Path = Path("/proc/self/statm")) -> int:
    """How much memory this process occupies."""
    return int(statm.read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE")
