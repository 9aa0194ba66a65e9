"""One computed value serves everybody for a while."""

from __future__ import annotations

import threading

import pytest

from jipyo.web.http.cache import TtlCache


class Counter:
    """Computes the time it is called at, and remembers it."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def compute(self, now_ms: int) -> int:
        self.calls.append(now_ms)
        return now_ms


@pytest.mark.parametrize(
    ("now_ms", "expected"),
    [
        (1000, 1000),
        (1499, 1000),
        (1500, 1500),
        (9999, 9999),
        (999, 999),  # the clock was set back
        (100, 100),
    ],
)
def test_a_value_lives_for_its_time_to_live(now_ms: int, expected: int) -> None:
    clock = [1000]
    cache = TtlCache(Counter().compute, lambda: clock[0], 500)
    assert cache.get() == 1000
    clock[0] = now_ms
    assert cache.get() == expected


def test_a_value_of_another_version_is_computed_anew() -> None:
    clock, version = [1000], ["a"]
    cache = TtlCache(Counter().compute, lambda: clock[0], 500, lambda: version[0])
    assert cache.get() == 1000
    clock[0] = 1100
    assert cache.get() == 1000
    version[0] = "b"
    assert cache.get() == 1100
    clock[0] = 1200
    assert cache.get() == 1100


def test_concurrent_callers_share_one_computation() -> None:
    counter = Counter()
    cache = TtlCache(counter.compute, lambda: 1000, 500)
    threads = [threading.Thread(target=cache.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.calls == [1000]


def test_an_error_is_raised_and_not_cached() -> None:
    failing = [True]

    def compute(now_ms: int) -> int:
        if failing[0]:
            raise ValueError("not now")
        return now_ms

    cache = TtlCache(compute, lambda: 5, 500)
    with pytest.raises(ValueError, match="not now"):
        cache.get()
    failing[0] = False
    assert cache.get() == 5


def test_without_a_time_to_live_every_call_computes() -> None:
    counter = Counter()
    cache = TtlCache(counter.compute, lambda: 7, 0)
    assert [cache.get(), cache.get()] == [7, 7]
    assert counter.calls == [7, 7]
