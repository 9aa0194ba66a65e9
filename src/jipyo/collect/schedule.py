"""When a target is read: every interval, at a phase of its own, by the wall clock."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TOLERANCE = 0.01
_MOST_TOLERANCE_MS = 50
STEP_MS = 1000
"""Wall and monotonic clock may drift apart by so much between two readings."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The two clocks: one that people set, and one that only goes forward."""

    now_ms: Callable[[], int]
    monotonic_ms: Callable[[], float]


def system_clock() -> Clock:
    """This machine's clocks."""
    return Clock(lambda: time.time_ns() // 1_000_000, lambda: time.monotonic() * 1000)


def phase_ms(name: str, interval_ms: int) -> int:
    """Where in the interval a target is read: spread by its name, the same after a restart."""
    return zlib.crc32(name.encode()) % interval_ms


def next_due_ms(now_ms: int, interval_ms: int, phase: int) -> int:
    """The first moment after `now_ms` that lies at the phase."""
    return now_ms + interval_ms - (now_ms - phase) % interval_ms


def timestamp_ms(now_ms: int, due_ms: int, interval_ms: int) -> int:
    """The time written for a reading: the one planned where we are close enough to it.

    Evenly spaced times compress far better (Prometheus does the same: scrape.go,
    ScrapeTimestampTolerance).
    """
    tolerance = min(interval_ms * _TOLERANCE, _MOST_TOLERANCE_MS)
    return due_ms if abs(now_ms - due_ms) <= tolerance else now_ms
