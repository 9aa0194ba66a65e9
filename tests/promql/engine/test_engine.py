"""The engine around an evaluation: answers in order, limits, cancelling, hours, memory."""

import math
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher
from jipyo.model.result import Matrix, RawMatrix, Scalar, String, Vector
from jipyo.model.sample import EVERY_FIGURE, STALE_BITS, HourBlock, HourStatistic, SeriesBlock
from jipyo.promql import Engine, Feature, Options
from support.answers import matrix_of, raw_of, vector_of
from support.memory import HOUR_MS, MemoryStore
from support.timing import measure_cpu_s

DAY_MS = 24 * HOUR_MS


def labels(name: str, **others: str) -> Labels:
    return Labels.of({"__name__": name, **others})


def counting(series: int = 3, minutes: int = 60) -> MemoryStore:
    """`x_total{i="0"}` and so on, which rise by i + 1 each 15 seconds."""
    store = MemoryStore()
    times = range(0, minutes * 60_000 + 1, 15_000)
    for i in range(series):
        values = [float(k * (i + 1)) for k in range(len(times))]
        store.put(labels("x_total", i=str(i)), times, values)
    return store


ENGINE = Engine(Options(features=frozenset(Feature)))


def refused(ask: Callable[[], object]) -> QueryError:
    with pytest.raises(QueryError) as caught:
        ask()
    return caught.value


# Answers


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ("1 + 1", Scalar),
        ('"text"', String),
        ("x_total", Vector),
        ("x_total[1m]", RawMatrix),
        ("x_total[1m:30s]", RawMatrix),
        ("x_total[1m] anchored", RawMatrix),
    ],
)
def test_an_instant_answer_has_the_type_of_its_expression(expr: str, kind: type) -> None:
    result = ENGINE.instant(counting(), expr, 600_000)
    assert isinstance(result.value, kind)


def test_an_instant_vector_is_ordered_by_labels() -> None:
    store = MemoryStore()
    for i in ("9", "1", "5"):
        store.put(labels("x", i=i), [0], [float(i)])
    value = vector_of(ENGINE.instant(store, "x", 0))
    assert [each["i"] for each in value.series] == ["1", "5", "9"]


@pytest.mark.parametrize(
    ("expr", "order"),
    [
        ("sort(x)", "195"),
        ("sort_desc(x)", "591"),
        ("topk(2, x)", "59"),
        ("bottomk(2, x)", "19"),
        ('sort_by_label_desc(x, "i")', "951"),
        ("sort(x) * 2", "195"),
    ],
)
def test_what_orders_an_instant_vector_keeps_its_order(expr: str, order: str) -> None:
    store = MemoryStore()
    for i, number in (("9", 2.0), ("1", 1.0), ("5", 3.0)):
        store.put(labels("x", i=i), [0], [number])
    value = vector_of(ENGINE.instant(store, expr, 0))
    assert "".join(each["i"] for each in value.series) == order


def test_a_range_answer_is_contiguous_and_ordered_by_labels() -> None:
    value = matrix_of(ENGINE.range(counting(12), "x_total + 0", 0, 600_000, 60_000))
    assert list(value.series) == sorted(value.series)
    assert value.values.flags.c_contiguous
    assert value.present.flags.c_contiguous
    assert value.values.shape == value.present.shape == (12, 11)


def test_a_scalar_over_a_range_is_one_series_without_labels() -> None:
    value = matrix_of(ENGINE.range(MemoryStore(), "time()", 0, 120_000, 60_000))
    assert value.series == (Labels(()),)
    assert value.values.tolist() == [[0.0, 60.0, 120.0]]


def test_raw_samples_leave_out_stale_markers() -> None:
    store = MemoryStore()
    values = np.array([1.0, 2.0, 3.0])
    values.view(np.uint64)[1] = STALE_BITS
    store.put(labels("x"), [0, 1000, 2000], values)
    (block,) = raw_of(ENGINE.instant(store, "x[10s]", 5000)).blocks
    assert block.t_ms.tolist() == [0, 2000]
    assert block.values.tolist() == [[1.0, 3.0]]


def test_raw_points_of_a_subquery_go_without_the_dropped_name() -> None:
    blocks = raw_of(ENGINE.instant(counting(1), "rate(x_total[1m])[2m:1m]", 600_000)).blocks
    assert [block.series for block in blocks] == [(Labels.of({"i": "0"}),)]


def test_stats_tell_what_was_read() -> None:
    stats = ENGINE.instant(counting(3), "x_total[1m]", 600_000).stats
    assert (stats.samples, stats.series) == (12, 3)
    assert stats.seconds > 0


# Limits


@pytest.mark.parametrize(
    ("expr", "start", "end", "step", "message"),
    [
        ("x", 1, 0, 1000, "end timestamp must not be before start time"),
        ("x", 0, 1, 0, "zero or negative query resolution step widths are not accepted"),
        ("x", 0, 11_001_000, 1000, "exceeded maximum resolution of 11,000 points per timeseries"),
        ("x[1m]", 0, 1, 1, 'invalid expression type "range vector" for range query'),
        ('"a"', 0, 1, 1, 'invalid expression type "string" for range query'),
    ],
)
def test_an_impossible_range_is_bad_data(
    expr: str, start: int, end: int, step: int, message: str
) -> None:
    error = refused(lambda: ENGINE.range(MemoryStore(), expr, start, end, step))
    assert error.kind is QueryErrorKind.BAD_DATA
    assert message in error.message


def test_as_many_points_as_allowed_and_one_more_pass() -> None:
    value = matrix_of(ENGINE.range(MemoryStore(), "1", 0, 11_000_000, 1000))
    assert value.values.shape == (1, 11_001)


@pytest.mark.parametrize(
    "expr",
    [
        "x_total",
        "rate(x_total[1m])",
        "x_total[30m]",
        "sum(x_total) without (i)",
        "sum_over_time(x_total[1h:1s])",
        "vector(1)[200y:1ms]",
        "x_total * on (i) x_total",
        'count_values("v", x_total)',
        "abs(x_total @ 600)",
    ],
)
def test_more_samples_than_allowed_are_refused(expr: str) -> None:
    engine = Engine(Options(max_samples=100))
    store = counting(30)
    ask = {
        True: lambda: engine.instant(store, expr, 1_800_000),
        False: lambda: engine.range(store, expr, 0, 3_600_000, 60_000),
    }[expr.endswith("]")]
    error = refused(ask)
    assert error.kind is QueryErrorKind.EXECUTION
    assert error.message == (
        "query processing would load too many samples into memory in query execution"
    )


def test_what_is_aggregated_away_is_let_go() -> None:
    engine = Engine(Options(max_samples=400))
    store = counting(5)
    sums = " + ".join(["sum(x_total)"] + [f"sum(x_total offset {n}s)" for n in range(1, 8)])
    assert matrix_of(engine.range(store, sums, 0, 3_600_000, 60_000)).values.shape == (1, 61)


def test_a_query_that_takes_too_long_is_given_up() -> None:
    ticks = iter(range(1000))
    engine = Engine(Options(timeout_s=3), clock=lambda: float(next(ticks)))
    error = refused(lambda: engine.instant(counting(), "sum(rate(x_total[1m]))", 60_000))
    assert error.kind is QueryErrorKind.TIMEOUT
    assert error.message == "query timed out in expression evaluation"


def test_a_query_that_nobody_waits_for_ends() -> None:
    gone = threading.Event()
    gone.set()
    error = refused(lambda: ENGINE.instant(counting(), "x_total", 0, cancel=gone))
    assert error.kind is QueryErrorKind.CANCELED
    assert error.message == "query was canceled in expression evaluation"


class Halting(MemoryStore):
    """Stops in the middle of reading until it is let on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def select(
        self, selector: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> Iterator[SeriesBlock]:
        self.reached.set()
        self.go_on.wait(10)
        yield from super().select(selector, start_ms, end_ms)


def test_a_cancelled_query_ends_while_it_reads() -> None:
    store, gone = Halting(), threading.Event()
    store.put(labels("x"), [0], [1.0])
    caught: list[QueryError] = []
    asking = threading.Thread(
        target=lambda: caught.append(refused(lambda: ENGINE.instant(store, "x", 0, cancel=gone)))
    )
    asking.start()
    store.reached.wait(10)
    gone.set()
    store.go_on.set()
    asking.join(10)
    assert [error.kind for error in caught] == [QueryErrorKind.CANCELED]


def test_queries_beyond_the_limit_wait_and_time_out() -> None:
    engine = Engine(Options(max_concurrency=1, timeout_s=0.2))
    store = Halting()
    store.put(labels("x"), [0], [1.0])
    first = threading.Thread(target=lambda: engine.instant(store, "vector(1)", 0))
    holding = threading.Thread(target=lambda: refused(lambda: engine.instant(store, "x", 0)))
    holding.start()
    store.reached.wait(10)
    error = refused(lambda: engine.instant(store, "vector(1)", 0))
    assert error.message == "query timed out in query queue"
    store.go_on.set()
    holding.join(10)
    first.start()
    first.join(10)
    assert not first.is_alive()


# Hostile questions


@pytest.mark.parametrize(
    "ask",
    [
        lambda: ENGINE.instant(counting(), "(" * 10_000 + "1" + ")" * 10_000, 0),
        lambda: ENGINE.instant(counting(), "x" * 1_000_000, 0),
        lambda: ENGINE.instant(counting(), "+".join(["x"] * 5_000), 0),
        lambda: ENGINE.instant(counting(), "x[1000y]", 0),
        lambda: ENGINE.instant(counting(), "x_total * x_total offset 1m * on () x_total", 600_000),
        lambda: ENGINE.range(counting(), "x_total", 0, 10 * 365 * DAY_MS, 1_000),
        lambda: ENGINE.instant(counting(), "max_over_time(vector(1)[280y:1ms])", 0),
        lambda: ENGINE.instant(
            counting(), "max_over_time(max_over_time(x_total[9y:1s])[9y:1s])", 0
        ),
        lambda: ENGINE.instant(counting(), 'label_replace(x_total, "a", "b", "i", "(")', 600_000),
    ],
)
def test_hostile_questions_are_refused_at_once(ask: Callable[[], object]) -> None:
    assert measure_cpu_s(lambda: refused(ask)) < 1.0


def test_a_pattern_that_hangs_others_is_answered_at_once() -> None:
    store = MemoryStore()
    store.put(labels("x", i="a" * 5_000 + "b"), [0], [1.0])

    def ask() -> None:
        assert vector_of(ENGINE.instant(store, 'x{i=~"(a+)+$"}', 0)).series == ()

    assert measure_cpu_s(ask) < 1.0


@pytest.mark.parametrize("depth", [30, 60, 99, 100, 101, 490])
def test_the_deepest_tree_that_is_read_is_answered(depth: int) -> None:
    deep = "abs(" * depth + "x_total" + ")" * depth
    assert len(vector_of(ENGINE.instant(counting(1), deep, 600_000)).series) == 1
    assert len(matrix_of(ENGINE.range(counting(1), deep, 0, 600_000, 60_000)).series) == 1
    chain = " + ".join(["x_total"] * depth)
    assert vector_of(ENGINE.instant(counting(1), chain, 600_000)).values.tolist() == [depth * 40]
    right = "x_total + (" * depth + "x_total" + ")" * depth
    assert vector_of(ENGINE.instant(counting(1), right, 600_000)).values.tolist() == [
        (depth + 1) * 40
    ]


# Reading


class Spying(MemoryStore):
    """Remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []
        self.hours_asked: list[tuple[int, int]] = []

    def select(
        self, selector: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> Iterator[SeriesBlock]:
        self.asked.append((start_ms, end_ms))
        yield from super().select(selector, start_ms, end_ms)

    def hours(
        self,
        selector: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        figures: AbstractSet[HourStatistic] = EVERY_FIGURE,
    ) -> Iterator[HourBlock]:
        self.hours_asked.append((start_ms, end_ms))
        yield from super().hours(selector, start_ms, end_ms, figures)


@pytest.mark.parametrize(
    ("expr", "reads"),
    [
        ("x", [(300_001, 600_000)]),
        ("x offset 1m", [(240_001, 540_000)]),
        ("x @ 60", [(-239_999, 60_000)]),
        ("x smoothed", [(300_001, 900_000)]),
        ("rate(x[1m])", [(540_001, 600_000)]),
        ("rate(x[1m] anchored)", [(240_001, 600_000)]),
        ("rate(x[1m] smoothed)", [(240_001, 900_000)]),
        ("max_over_time(x[2m:1m])", [(240_001, 600_000)]),
        ("sum(rate(x[1m])) / sum(rate(x[1m]))", [(540_001, 600_000)]),
        ("rate(x[1m]) + rate(x[2m])", [(540_001, 600_000), (480_001, 600_000)]),
        ("x + x", [(300_001, 600_000)]),
        ("max_over_time(x[5m:1m]) + x", [(60_001, 600_000), (300_001, 600_000)]),
        ("vector(1)", []),
    ],
)
def test_only_what_is_needed_is_read_and_only_once(expr: str, reads: list[tuple[int, int]]) -> None:
    store = Spying()
    store.put(labels("x"), [590_000], [1.0])
    ENGINE.instant(store, expr, 600_000)
    assert store.asked == reads


def test_blocks_too_large_to_keep_are_read_again() -> None:
    store = Spying()
    times = np.arange(0, 600_001, 15_000)
    for i in range(500):
        store.put(labels("x", i=str(i)), times, np.full(len(times), float(i)))
    sum_twice = "sum(abs(x)) + count(abs(x))"
    small = matrix_of(ENGINE.range(store, sum_twice, 0, 600_000, 600_000))
    assert len(store.asked) == 1
    large = matrix_of(ENGINE.range(store, sum_twice, 0, 600_000, 60))
    assert len(store.asked) == 3
    assert small.values[0, -1] == large.values[0, -1]


def hourly(name: str, days: int = 3) -> Spying:
    rng = np.random.default_rng(1)
    store = Spying()
    for i in range(3):
        times = np.sort(rng.choice(np.arange(1, days * DAY_MS, 60_000), 700 * days, replace=False))
        values = rng.normal(50, 20, len(times))
        store.put(labels(name, i=str(i)), times, values)
    return store


@pytest.mark.parametrize("function", ["avg", "min", "max", "sum", "count"])
@pytest.mark.parametrize("window", ["1h", "6h", "1d"])
@pytest.mark.parametrize("offset", ["", " offset 9h", " offset -2h"])
def test_whole_hours_are_answered_from_statistics(function: str, window: str, offset: str) -> None:
    store = hourly("x")
    expr = f"{function}_over_time(x[{window}]{offset})"
    fast = matrix_of(ENGINE.range(store, expr, DAY_MS, 3 * DAY_MS, 3 * HOUR_MS))
    assert store.asked == []
    assert len(store.hours_asked) == 1
    plain = by_samples(store, function, window, offset, fast.t_ms)
    np.testing.assert_array_equal(fast.present, ~np.isnan(plain))
    np.testing.assert_allclose(fast.values[fast.present], plain[fast.present], rtol=1e-12)


def by_samples(
    store: MemoryStore, function: str, window: str, offset: str, t_ms: np.ndarray
) -> np.ndarray:
    plain: dict[str, Callable[[np.ndarray], float]] = {
        "avg": lambda values: float(np.mean(values)),
        "min": lambda values: float(np.min(values)),
        "max": lambda values: float(np.max(values)),
        "sum": math.fsum,
        "count": len,
    }
    unit = {"h": HOUR_MS, "d": DAY_MS}
    range_ms = int(window[:-1]) * unit[window[-1]]
    offset_ms = int(offset.split()[1][:-1]) * HOUR_MS if offset else 0
    rows = []
    for block in store.select((), 0, 100 * DAY_MS):
        row = []
        for end in t_ms - offset_ms:
            inside = block.values[0][(block.t_ms > end - range_ms) & (block.t_ms <= end)]
            row.append(plain[function](inside) if len(inside) else math.nan)
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize(
    "expr",
    [
        "avg_over_time(x[90m])",
        "avg_over_time(x[1h] offset 1m)",
        "stddev_over_time(x[1h])",
        "avg_over_time(x[1h:])",
    ],
)
def test_other_windows_are_answered_from_samples(expr: str) -> None:
    store = hourly("x", 1)
    ENGINE.instant(store, expr, 12 * HOUR_MS)
    assert store.hours_asked == []
    assert store.asked != []


def test_an_average_whose_sum_overflows_is_read_from_samples() -> None:
    store = Spying()
    store.put(labels("x"), range(1, HOUR_MS, 60_000), [1.7e308] * 60)
    value = vector_of(ENGINE.instant(store, "avg_over_time(x[1h])", HOUR_MS))
    assert value.values.tolist() == pytest.approx([1.7e308])
    assert store.asked != []


class Many(MemoryStore):
    """Many series of much data, block by block; all the same but for their labels."""

    def select(
        self, selector: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> Iterator[SeriesBlock]:
        t_ms = np.arange(0, 7 * DAY_MS, 15_000)
        for number in range(20):
            series = tuple(labels("x_total", i=str(number), j=str(j)) for j in range(10))
            yield SeriesBlock(series, t_ms, np.tile(np.arange(len(t_ms), dtype=float), (10, 1)))


@pytest.mark.parametrize("expr", ["sum(rate(x_total[5m]))", "max by (i) (x_total)"])
def test_memory_is_that_of_blocks_not_of_all_series(expr: str) -> None:
    tracemalloc.start()
    value = ENGINE.range(Many(), expr, 0, 7 * DAY_MS - 1, 300_000).value
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(value, Matrix)
    one_block = 10 * 7 * DAY_MS // 15_000 * 8
    assert peak < 6 * one_block  # of 20


def test_an_error_of_the_store_comes_through() -> None:
    class Breaking(Many):
        def select(
            self, selector: Sequence[Matcher], start_ms: int, end_ms: int
        ) -> Iterator[SeriesBlock]:
            yield from list(super().select(selector, start_ms, end_ms))[:2]
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        ENGINE.instant(Breaking(), "sum(rate(x_total[5m]))", DAY_MS)
