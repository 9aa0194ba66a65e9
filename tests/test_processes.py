"""Work divided between a process and its fork: who does what, and what happens to failures."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from jipyo.processes import MOST_ITEMS, can_divide, map_in_two

pytestmark = pytest.mark.skipif(not can_divide(), reason="needs Linux and two processors")


def square_slowly(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number * number, os.getpid()


def test_each_process_does_neighbours_and_the_order_stays() -> None:
    begun: list[tuple[int, int | None]] = []
    results = map_in_two(square_slowly, range(12), lambda *done: begun.append(done))
    assert [square for square, _ in results] == [number * number for number in range(12)]
    pids = [pid for _, pid in results]
    own = pids.count(os.getpid())
    assert 0 < own < 12
    assert pids == [os.getpid()] * own + [pids[-1]] * (12 - own)
    assert [total for _, total in begun] == [12] * own
    assert begun == sorted(begun)
    assert begun[-1][0] >= own


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_items(count: int) -> None:
    assert map_in_two(str, range(count)) == [*map(str, range(count))]


def test_results_may_be_larger_than_a_pipe() -> None:
    results = map_in_two(bytes, [0, 1, 3_000_000, 3_000_000])
    assert [*map(len, results)] == [0, 1, 3_000_000, 3_000_000]


def test_an_error_of_either_process_is_raised() -> None:
    def divide(by: int) -> float:
        time.sleep(0.05)
        return 1 / by

    before = psutil.Process().children()
    for failing in range(4):
        divisors = [1] * failing + [0] + [1] * (3 - failing)
        with pytest.raises(ZeroDivisionError):
            map_in_two(divide, divisors)
    assert psutil.Process().children() == before  # no fork is left behind


def test_what_a_fork_leaves_undone_is_done_here() -> None:
    own = os.getpid()

    def die_in_fork(number: int) -> int:
        time.sleep(0.05)
        if os.getpid() != own:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert map_in_two(die_in_fork, range(4)) == [0, 1, 2, 3]


def test_results_that_cannot_be_sent_are_computed_here() -> None:
    def close_over(number: int) -> tuple[int, object]:
        time.sleep(0.05)
        return number, lambda: number

    assert [number for number, _ in map_in_two(close_over, range(4))] == [0, 1, 2, 3]


def test_more_items_than_a_pipe_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="4097 items"):
        map_in_two(str, range(MOST_ITEMS + 1))
