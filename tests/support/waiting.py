"""Waiting for what a test needs, however long a loaded machine takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_S = 0.1
T = TypeVar("T")


def wait_until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as it holds, and fail if it does not within so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it does not hold within {seconds:g} s"
        time.sleep(_POLL_S)


def read_until(read: Callable[[], T], holds: Callable[[T], object], seconds: float) -> T:
    """The first answer of which it holds; fails with the last one after so many seconds."""
    end = time.monotonic() + seconds
    while not holds(answer := read()):
        assert time.monotonic() < end, answer
        time.sleep(_POLL_S)
    return answer
