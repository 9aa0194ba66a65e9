"""What senders may send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOptions:
    """The key `receive` of the configuration."""

    max_body_bytes: int = 64 << 20
    """Of one request, decompressed; a larger one is rejected."""
    max_elements: int = 300_000
    """Of one request: series, samples, lines; labels and plain fields count a quarter."""
    max_samples_per_s: int = 2_000_000
    """Of all senders together; beyond it they are asked to wait."""
    max_concurrency: int = 8
    """Requests handled at the same time; further ones wait."""
