"""How long work reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with how much is done, and of how much where that is known."""


def ignore_progress(done: int, total: int | None) -> None:
    """Drop the report."""
