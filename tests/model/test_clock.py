"""The system clock, and the fake one that tests hand in instead."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from jipyo.model.clock import Clock, SystemClock
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_system_clock_tells_the_time_in_milliseconds() -> None:
    clock = SystemClock()
    assert abs(clock.now_ms() - time.time() * 1000) < 1000
    first = clock.monotonic_ms()
    assert 0 <= clock.monotonic_ms() - first < 1000


def test_the_system_clock_waits_for_the_delay_or_for_the_stop() -> None:
    clock, stop = SystemClock(), threading.Event()
    start = time.monotonic()
    assert not clock.wait(stop, 20)
    assert time.monotonic() - start >= 0.02
    threading.Timer(0.01, stop.set).start()
    assert clock.wait(stop, 10_000)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("make", [SystemClock, FakeClock])
@pytest.mark.parametrize("delay_ms", [0, -5])
def test_a_wait_that_is_over_returns_at_once(make: Callable[[], Clock], delay_ms: float) -> None:
    stop = threading.Event()
    assert make().wait(stop, delay_ms) is False
    stop.set()
    assert make().wait(stop, delay_ms) is True
    assert make().wait(stop, 1000) is True


def test_fake_time_wakes_threads_in_the_order_of_their_deadlines() -> None:
    clock, stop = FakeClock(), threading.Event()
    woken: list[tuple[str, float]] = []

    def sleeper(name: str, every_ms: int) -> None:
        while not clock.wait(stop, every_ms):
            woken.append((name, clock.monotonic_ms()))

    threads = [
        threading.Thread(target=sleeper, args=("slow", 5000)),
        threading.Thread(target=sleeper, args=("quick", 2000)),
    ]
    for thread in threads:
        thread.start()
    clock.advance(6500)
    stop.set()
    for thread in threads:
        thread.join()
    assert woken == [("quick", 2000), ("quick", 4000), ("slow", 5000), ("quick", 6000)]


def test_the_wall_clock_can_be_set_without_the_monotonic_one() -> None:
    clock = FakeClock(start_ms=1_000_000)
    clock.advance(500)
    clock.set_wall_clock(-3_600_000)
    assert (clock.now_ms(), clock.monotonic_ms()) == (1_000_500 - 3_600_000, 500)
