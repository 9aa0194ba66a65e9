"""Where windows lie on sample times, and what stops a query."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.promql.engine.budget import QueryBudget
from jipyo.promql.engine.windows import Prepared, WindowShape, apply_to_series
from jipyo.promql.syntax.ast import Extension

TIMES = st.lists(st.integers(-50, 150), unique=True, max_size=30).map(
    lambda times: np.array(sorted(times), np.int64)
)
ENDS = st.lists(st.integers(0, 100), min_size=1, max_size=8).map(
    lambda ends: np.array(ends, np.int64)
)
EXTENSIONS = st.sampled_from([None, Extension.ANCHORED, Extension.SMOOTHED])


def budget(
    max_samples: int = 100, cancel: threading.Event | None = None, now: float = 0
) -> QueryBudget:
    return QueryBudget(max_samples, 10.0, lambda: now, cancel)


@given(TIMES, ENDS, st.integers(1, 60), EXTENSIONS, st.integers(1, 40))
def test_a_window_holds_the_samples_that_a_loop_finds(
    t_ms: np.ndarray, end_ms: np.ndarray, range_ms: int, extension: Extension | None, back_ms: int
) -> None:
    shape = WindowShape(end_ms, range_ms, extension, back_ms)
    windows = shape.place(t_ms)
    before = back_ms if extension else 0
    after = back_ms if extension is Extension.SMOOTHED else 0
    first_ms, last_ms = shape.find_reach()
    for nth, end in enumerate(end_ms.tolist()):
        low, high = end - range_ms - before, end + after
        inside = [t for t in t_ms.tolist() if low < t <= high]
        assert t_ms[windows.lo[nth] : windows.hi[nth]].tolist() == inside
        assert all(first_ms <= t <= last_ms for t in inside)
    assert windows.count.tolist() == (windows.hi - windows.lo).tolist()
    assert windows.start_ms.tolist() == (end_ms - range_ms).tolist()


@given(TIMES, ENDS, st.integers(1, 60))
def test_windows_can_be_left_out(t_ms: np.ndarray, end_ms: np.ndarray, range_ms: int) -> None:
    windows = WindowShape(end_ms, range_ms).place(t_ms)
    ok = windows.count > 0
    kept = windows.keep(ok)
    assert kept.end_ms.tolist() == end_ms[ok].tolist()
    assert (kept is windows) is bool(ok.all())


@given(ENDS, st.integers(1, 60), st.integers(1, 20))
def test_the_steps_of_a_subquery_are_the_multiples_in_its_windows(
    end_ms: np.ndarray, range_ms: int, step_ms: int
) -> None:
    end_ms = np.sort(end_ms)
    steps = WindowShape(end_ms, range_ms).list_steps(step_ms, budget(10_000))
    multiples = range(-60 // step_ms * step_ms, 120, step_ms)
    windows = [(end - range_ms, end) for end in end_ms.tolist()]
    assert steps.tolist() == [
        t for t in multiples if any(start < t <= end for start, end in windows)
    ]


def test_more_steps_than_samples_are_allowed_are_refused() -> None:
    shape = WindowShape(np.array([10**9]), 10**9)
    with pytest.raises(QueryError, match="too many samples"):
        shape.list_steps(1, budget(100))
    far_apart = WindowShape(np.array([0, 10**9]), 10)
    assert far_apart.list_steps(1, budget(100)).tolist() == [
        *range(-9, 1),
        *range(10**9 - 9, 10**9 + 1),
    ]


def test_a_kernel_is_applied_to_a_few_series_at_a_time() -> None:
    calls: list[tuple[int, int]] = []
    checks: list[None] = []

    def double(values: np.ndarray) -> np.ndarray:
        calls.append((len(values), values.shape[1]))
        return values[:, :2] * 2

    values = np.arange(300_000.0).reshape(3, 100_000)
    ok = np.array([True, False, True])
    out = apply_to_series(Prepared(ok, double), values, check=lambda: checks.append(None))
    assert out.tolist() == [[2 * row[0], 0.0, 2 * row[1]] for row in values]
    assert len(calls) == len(checks) == 3
    whole = apply_to_series(Prepared(ok[:2] | True, double), values)
    assert whole.shape == (3, 2)


# Budgets.


def test_samples_in_memory_are_limited() -> None:
    counted = budget(100)
    counted.hold(60)
    counted.hold(40)
    with pytest.raises(QueryError) as error:
        counted.hold(1)
    assert error.value.kind is QueryErrorKind.EXECUTION
    assert error.value.message == (
        "query processing would load too many samples into memory in query execution"
    )


def test_room_is_required_without_being_taken() -> None:
    counted = budget(100)
    for _ in range(5):
        counted.require_room(100)
    with pytest.raises(QueryError, match="too many samples"):
        counted.require_room(101)


def test_what_is_held_inside_is_released_at_the_end() -> None:
    counted = budget(100)
    counted.hold(50)
    for _ in range(5):
        with counted.release_at_exit():
            counted.hold(50)
    counted.hold(50)
    with pytest.raises(QueryError), counted.release_at_exit():
        counted.hold(1)


def test_what_was_read_is_counted_and_not_limited() -> None:
    counted = budget(10)
    counted.count_read(series=3, samples=1000)
    counted.count_read(series=2, samples=5)
    assert (counted.series, counted.samples) == (5, 1005)


@pytest.mark.parametrize(
    ("elapsed_s", "cancelled", "kind", "message"),
    [
        (10.0, False, None, ""),
        (10.1, False, QueryErrorKind.TIMEOUT, "query timed out in query queue"),
        (0.0, True, QueryErrorKind.CANCELED, "query was canceled in query queue"),
        (99.0, True, QueryErrorKind.CANCELED, "query was canceled in query queue"),
    ],
)
def test_a_query_ends_when_its_time_is_over_or_nobody_waits(
    elapsed_s: float, cancelled: bool, kind: QueryErrorKind | None, message: str
) -> None:
    moments = iter([100.0, 100.0 + elapsed_s])
    cancel = threading.Event()
    if cancelled:
        cancel.set()
    counted = QueryBudget(1, 10.0, lambda: next(moments), cancel)
    if kind is None:
        counted.check("query queue")
        return
    with pytest.raises(QueryError) as error:
        counted.check("query queue")
    assert (error.value.kind, error.value.message) == (kind, message)


def test_time_is_measured_from_the_beginning() -> None:
    moments = iter([5.0, 7.5])
    assert QueryBudget(1, 10.0, lambda: next(moments)).elapsed_s == 2.5
