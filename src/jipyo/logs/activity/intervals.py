"""How long the intervals of a chart are."""

from __future__ import annotations

_S = 10**9
_STEPS_NS = tuple(
    seconds * _S
    for seconds in (
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    )
)  # fmt: skip


def choose_interval(duration_ns: int, most: int) -> int | None:
    """The shortest round interval of which a range has at most so many; None for whole days."""
    return next((step for step in _STEPS_NS if duration_ns <= step * most), None)
