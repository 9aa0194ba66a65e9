"""When a target is scraped: every interval, at a phase of its own, by the wall clock."""

from __future__ import annotations

import zlib

_TOLERANCE = 0.01
_MAX_TOLERANCE_MS = 50
CLOCK_DRIFT_MS = 1000
"""Wall and monotonic clock may drift apart by this much between two scrapes."""


def phase_ms(name: str, interval_ms: int) -> int:
    """The offset in the interval at which a target is scraped: a hash of its name."""
    return zlib.crc32(name.encode()) % interval_ms


def next_due_ms(now_ms: int, interval_ms: int, phase: int) -> int:
    """The first moment after `now_ms` that lies at the phase."""
    return now_ms + interval_ms - (now_ms - phase) % interval_ms


def timestamp_ms(now_ms: int, due_ms: int, interval_ms: int) -> int:
    """The timestamp of a scrape: the planned moment if `now_ms` is close enough to it.

    Evenly spaced timestamps compress far better (Prometheus does the same: scrape.go,
    ScrapeTimestampTolerance).
    """
    tolerance = min(interval_ms * _TOLERANCE, _MAX_TOLERANCE_MS)
    return due_ms if abs(now_ms - due_ms) <= tolerance else now_ms
