"""What can be set on a store, and the spans its layout is built of."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_10000_MS = 253_402_300_800_000
"""Calendars end there; a damaged time may be any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a store keeps its samples."""

    retention_ms: int | None = 396 * DAY_MS
    """13 months; None keeps samples until the disk is full."""
    retention_bytes: int | None = None
    """The oldest days go when the store is larger than this."""
    out_of_order_ms: int | None = 30 * MINUTE_MS
    """How far behind the newest sample a late one may be; None: any age, for backfill."""
    future_ms: int = 10 * MINUTE_MS
    """How far ahead of our clock a sample may be."""
    series_limit: int = 2_000_000
    """New series beyond this many are refused."""
    head_ms: int = 2 * HOUR_MS
    """Head rows are moved to chunks in windows of this length; it divides a day."""
    durable: bool = True
    """Whether an append waits for the disk; only tests and one-off loads do not."""
    threads: int = 2
    """How many threads decode one question's chunks."""
    cache_bytes: int = 48 << 20
    """Memory for decoded chunks and columns of the head, to read the same again faster."""
