"""Cheap queries never wait for heavy ones, and all together hold only so many samples."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress

import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.promql.engine.budget import QueryBudget
from jipyo.promql.engine.lanes import HEAVY_SAMPLES, Lanes

MUCH = HEAVY_SAMPLES + 1


def make_budget(cancel: threading.Event | None = None, timeout_s: float = 10) -> QueryBudget:
    return QueryBudget(10**9, timeout_s, time.monotonic, cancel)


def is_free(lanes: Lanes, key: str) -> bool:
    """Whether a query gets a place at once."""
    with suppress(QueryError), lanes.enter(make_budget(timeout_s=0.01), key):
        return True
    return False


def test_a_query_that_reads_much_gives_its_quick_place_back() -> None:
    lanes = Lanes(1, 1, 10**9)
    budget = make_budget()
    with lanes.enter(budget, "a"):
        budget.count_read(1, HEAVY_SAMPLES)
        assert not is_free(lanes, "b")
        budget.count_read(1, 1)
        assert is_free(lanes, "b")
        assert not is_free(lanes, "a")  # remembered as heavy
    assert is_free(lanes, "a")


def test_a_query_that_holds_much_is_heavy_too() -> None:
    lanes = Lanes(1, 1, 10**9)
    budget = make_budget()
    with lanes.enter(budget, "a"):
        budget.hold(MUCH)
        assert is_free(lanes, "b")


def test_cheap_queries_run_while_many_heavy_ones_wait() -> None:
    lanes = Lanes(2, 1, 10**9)
    go_on, cancel = threading.Event(), threading.Event()
    ends: list[str] = []

    def run_heavy(name: str) -> None:
        budget = make_budget(cancel)
        try:
            with lanes.enter(budget, name):
                budget.count_read(1, MUCH)
                assert go_on.wait(10)
                ends.append("done")
        except QueryError as error:
            ends.append(error.message)

    threads = [threading.Thread(target=run_heavy, args=(f"{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    began_s = time.monotonic()
    for _ in range(20):
        with lanes.enter(make_budget(), "cheap"):
            pass
    assert time.monotonic() - began_s < 5
    cancel.set()  # who waits is abandoned, who runs goes on
    time.sleep(0.5)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(ends) == ["done"] + ["query was canceled in query queue"] * 7
    assert is_free(lanes, "b")
    assert is_free(lanes, "0")


def test_what_was_heavy_and_is_cheap_now_is_forgotten() -> None:
    lanes = Lanes(1, 1, 10**9)
    heavy = make_budget()
    with lanes.enter(heavy, "a"):
        heavy.count_read(1, MUCH)
    with lanes.enter(make_budget(), "a"):  # in the heavy lane, but it read nothing
        pass
    other = make_budget()
    with lanes.enter(other, "b"):
        other.count_read(1, MUCH)
        assert is_free(lanes, "a")


def test_a_query_that_ends_while_it_changes_lanes_holds_no_place() -> None:
    lanes = Lanes(1, 1, 10**9)
    with ExitStack() as running:
        heavy = make_budget()
        running.enter_context(lanes.enter(heavy, "a"))
        heavy.count_read(1, MUCH)
        late = make_budget(timeout_s=0.05)
        with pytest.raises(QueryError, match="timed out in query queue"), lanes.enter(late, "b"):
            late.count_read(1, MUCH)
        assert is_free(lanes, "c")
    assert is_free(lanes, "b")


def test_all_queries_share_one_limit_of_samples() -> None:
    lanes = Lanes(2, 2, 1000)
    first, second = make_budget(), make_budget()
    with lanes.enter(first, "a"):
        first.hold(600)
        with pytest.raises(QueryError) as caught, lanes.enter(second, "b"):
            second.hold(600)
        assert caught.value.kind is QueryErrorKind.UNAVAILABLE
    with lanes.enter(second := make_budget(), "b"):
        second.hold(600)
