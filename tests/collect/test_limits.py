"""Calls that may never return."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from collect.helpers import samples
from jipyo.collect.limits import LimitedCalls, spent_cpu_s
from jipyo.model.errors import CollectError


def fail() -> int:
    raise ValueError("odd")


def test_calls_have_their_results_and_errors_in_order() -> None:
    outcomes = LimitedCalls("x").run({"a": lambda: 1, "b": fail, "c": lambda: 3})
    assert list(outcomes) == ["a", "b", "c"]
    assert (outcomes["a"].result, outcomes["c"].result) == (1, 3)
    assert isinstance(outcomes["b"].error, ValueError)
    assert LimitedCalls("x").run({}) == {}


@pytest.mark.parametrize("hanging", [{0}, {4}, {0, 1, 2, 3, 4}, {1, 3}])
def test_what_hangs_is_left_alone_until_it_returns(hanging: set[int]) -> None:
    gone = threading.Event()
    calls: list[int] = []

    def call(n: int) -> int:
        calls.append(n)
        if n in hanging:
            gone.wait(30)
        return n

    limits = LimitedCalls("x", 0.05)
    threads = set(threading.enumerate())
    for _ in range(3):
        outcomes = limits.run({str(n): partial(call, n) for n in range(5)})
        assert {n for n in range(5) if outcomes[str(n)].error is not None} == hanging
        assert [outcomes[str(n)].result for n in range(5) if n not in hanging] == [
            n for n in range(5) if n not in hanging
        ]
        assert limits.hanging() == tuple(map(str, sorted(hanging)))
        assert [dict(note.values)["part"] for note in limits.notes()] == list(limits.hanging())
    assert all(calls.count(n) == 1 for n in hanging)
    assert len(set(threading.enumerate()) - threads) == len(hanging)
    gone.set()
    end = time.monotonic() + 5
    while limits.hanging():
        assert time.monotonic() < end
    outcomes = limits.run({str(n): partial(call, n) for n in range(5)})
    assert [outcome.result for outcome in outcomes.values()] == [0, 1, 2, 3, 4]
    assert samples(limits.families()) == {}


def test_the_error_names_the_part_and_many_calls_may_take_longer_than_one() -> None:
    limits = LimitedCalls("x", 0.1)
    slow = limits.run({str(n): partial(time.sleep, 0.03) for n in range(10)})
    assert all(outcome.error is None for outcome in slow.values())
    gone = threading.Event()
    error = limits.run({"odd": lambda: gone.wait(30)})["odd"].error
    assert isinstance(error, CollectError)
    assert (error.key, dict(error.values)) == ("collect.hangs", {"part": "odd", "seconds": 0.1})
    gone.set()


def test_cpu_time_of_the_workers_is_that_of_their_caller() -> None:
    def work() -> None:
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            pass

    before = spent_cpu_s()
    LimitedCalls("x").run({"nested": lambda: LimitedCalls("y").run({"work": work})})
    assert 0.2 <= spent_cpu_s() - before < 0.39  # twice would be 0.4
