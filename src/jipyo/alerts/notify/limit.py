"""How often a channel may send: a generic cell rate algorithm, which is a bucket in one number.

As in ATM Forum's Traffic Management 4.0, 4.4.2: each message moves the moment of the theoretical
next one on by `1 h / max_per_hour`; one is allowed while that moment is not more than a quarter
of an hour's messages ahead of now.
"""

from __future__ import annotations

_HOUR_MS = 3_600_000


def find_wait_ms(allowance_ms: int, now_ms: int, max_per_hour: int) -> int:
    """How long the next message must wait; 0 where it may go.

    A moment further ahead than it can be, as after a wall clock that was set back, counts as
    the furthest.
    """
    step_ms, burst_ms = _find_steps(max_per_hour)
    ahead_ms = min(allowance_ms - now_ms, burst_ms + step_ms)
    return max(ahead_ms - burst_ms, 0)


def next_allowance_ms(allowance_ms: int, now_ms: int, max_per_hour: int) -> int:
    """The moment after a message was sent."""
    step_ms, burst_ms = _find_steps(max_per_hour)
    return max(min(allowance_ms, now_ms + burst_ms), now_ms) + step_ms


def _find_steps(max_per_hour: int) -> tuple[int, int]:
    """Between two messages, and how far ahead of it a burst may come."""
    step_ms = _HOUR_MS // max_per_hour
    return step_ms, max(max_per_hour // 4 - 1, 0) * step_ms
