"""Cheap queries never wait for heavy ones, and all together hold only so many samples."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.promql.engine.budget import QueryBudget
from jipyo.promql.engine.lanes import HEAVY_SAMPLES, Lanes

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def answer(lanes: Lanes, key: str, samples: int) -> threading.Event:
    """Run a heavy query to its end; the event that its client sets by reading or leaving."""
    client = threading.Event()
    with lanes.enter(budget := make_budget(client), key):
        budget.count_read(1, MUCH)
        budget.hold_only(samples)
    return client


def test_no_heavy_query_begins_while_many_samples_are_unsent() -> None:
    lanes = Lanes(1, 2, 10**9, max_unsent=100)
    first, second = answer(lanes, "a", 60), answer(lanes, "a", 60)
    assert not is_free(lanes, "a")
    assert is_free(lanes, "cheap")
    second.set()
    assert is_free(lanes, "a")
    first.set()


def test_an_answer_that_no_client_reads_does_not_count() -> None:
    lanes = Lanes(1, 1, 10**9, max_unsent=100)
    with lanes.enter(budget := make_budget(), "a"):
        budget.count_read(1, MUCH)
        budget.hold_only(1000)
    assert is_free(lanes, "a")


def test_unsent_samples_count_against_the_limit_of_all() -> None:
    lanes = Lanes(1, 1, 1000)
    client = answer(lanes, "a", 600)
    with pytest.raises(QueryError, match="retry later"), lanes.enter(budget := make_budget(), "b"):
        budget.hold(600)
    client.set()
    with lanes.enter(budget := make_budget(), "b"):
        budget.hold(600)


def test_an_answer_is_written_in_places_of_the_heavy_lane_and_before_new_queries() -> None:
    lanes = Lanes(1, 1, 10**9)
    order: list[str] = []
    answer(lanes, "a", 1).set()

    def write() -> None:
        order.extend(piece.decode() for piece in lanes.write_in_turn([b"1", b"2"], client))

    def run_heavy() -> None:
        with lanes.enter(make_budget(), "a"):
            order.append("query")

    client = threading.Event()
    with lanes.enter(make_budget(), "a"):
        query = threading.Thread(target=run_heavy)
        query.start()
        time.sleep(0.1)  # it waits before the writer does
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.1)
        assert not order
    writer.join(10)
    query.join(10)
    assert order[0] == "1"
    assert sorted(order) == ["1", "2", "query"]


def test_a_writer_gives_up_when_its_client_has_left() -> None:
    lanes = Lanes(1, 1, 10**9)
    client = threading.Event()
    answer(lanes, "a", 1).set()
    with lanes.enter(make_budget(), "a"):
        threading.Timer(0.1, client.set).start()
        assert not list(lanes.write_in_turn([b"1"], client))
    assert is_free(lanes, "a")


def test_an_error_while_writing_gives_the_place_back() -> None:
    lanes = Lanes(1, 1, 10**9)

    def fail() -> Iterator[bytes]:
        yield b"1"
        raise ValueError("BUG")

    written = lanes.write_in_turn(fail(), threading.Event())
    with pytest.raises(ValueError, match="BUG"):
        next(written)
    assert list(lanes.write_in_turn([b"2"], threading.Event())) == [b"2"]
