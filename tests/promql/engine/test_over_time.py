"""Kernels over windows beside plain loops, on series with everything that is hard."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from promql.engine import windows_oracle as oracle
from promql.engine.windows_oracle import Window
from support.answers import matrix_of
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature), advice=False))

Expected = Callable[[Window], float | None]

FUNCTIONS: dict[str, Expected] = {
    "avg_over_time(x[$w])": lambda w: oracle.mean(w.values),
    "changes(x[$w])": lambda w: sum(map(oracle.differ, w.values, w.values[1:])),
    "count_over_time(x[$w])": lambda w: len(w.values),
    "delta(x[$w])": lambda w: oracle.stretched(w, counter=False, per_second=False),
    "deriv(x[$w])": lambda w: None if (line := oracle.line(w)) is None else line[0],
    "double_exponential_smoothing(x[$w], 0.3, 0.6)": lambda w: oracle.smoothed(w.values, 0.3, 0.6),
    "first_over_time(x[$w])": lambda w: w.values[0],
    "idelta(x[$w])": lambda w: oracle.last_two(w, counter=False),
    "increase(x[$w])": lambda w: oracle.stretched(w, counter=True, per_second=False),
    "integral(x[$w])": lambda w: oracle.area(w, 2),
    "integral(x[$w], 0)": lambda w: oracle.area(w, 0),
    "integral(x[$w], 1)": lambda w: oracle.area(w, 1),
    "irate(x[$w])": lambda w: oracle.last_two(w, counter=True),
    "last_over_time(x[$w])": lambda w: w.values[-1],
    "mad_over_time(x[$w])": lambda w: oracle.middle_distance(w.values),
    "max_over_time(x[$w])": lambda w: oracle.extreme(w.values, float.__gt__),
    "min_over_time(x[$w])": lambda w: oracle.extreme(w.values, float.__lt__),
    "predict_linear(x[$w], 60)": lambda w: (
        None if (line := oracle.line(w)) is None else line[1] + 60 * line[0]
    ),
    "present_over_time(x[$w])": lambda w: 1,
    "quantile_over_time(0.7, x[$w])": lambda w: oracle.quantile(0.7, w.values),
    "quantile_over_time(-1, x[$w])": lambda w: -math.inf,
    "quantile_over_time(NaN, x[$w])": lambda w: math.nan,
    "rate(x[$w])": lambda w: oracle.stretched(w, counter=True, per_second=True),
    "resets(x[$w])": lambda w: sum(b < a for a, b in zip(w.values, w.values[1:], strict=False)),
    "stddev_over_time(x[$w])": lambda w: math.sqrt(oracle.variance(w.values)),
    "stdvar_over_time(x[$w])": lambda w: oracle.variance(w.values),
    "sum_over_time(x[$w])": lambda w: oracle.total(w.values),
    "ts_of_first_over_time(x[$w])": lambda w: w.samples[0][0] / 1000,
    "ts_of_last_over_time(x[$w])": lambda w: w.samples[-1][0] / 1000,
    "ts_of_max_over_time(x[$w])": lambda w: oracle.when(w, float.__ge__),
    "ts_of_min_over_time(x[$w])": lambda w: oracle.when(w, float.__le__),
}

ordinary = st.integers(-20, 20).map(float) | st.floats(-1e6, 1e6, width=32)
rare = st.sampled_from([math.nan, math.inf, -math.inf, 1e17, -1e17, 0.1, -0.0])
values = st.lists(st.one_of(ordinary, ordinary, ordinary, rare), min_size=1, max_size=40)
gaps = st.sampled_from([1, 999, 1_000, 15_000, 15_000, 15_000, 60_000])


@st.composite
def series(draw: st.DrawFn) -> list[tuple[int, float]]:
    t_ms = draw(st.integers(-30_000, 30_000))
    found = []
    for value in draw(values):
        found.append((t_ms, value))
        t_ms += draw(gaps)
    return found


def near(one: float, two: float, scale: float) -> bool:
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return one == two or abs(one - two) <= 1e-9 * max(abs(one), abs(two)) + 1e-14 * scale


@pytest.mark.parametrize("call", FUNCTIONS)
@settings(max_examples=30)
@given(
    samples=series(),
    start_ms=st.sampled_from([0, 15_000, 15_001, 100_000]),
    step_ms=st.sampled_from([1_000, 15_000, 60_000, 100_000]),
    range_s=st.sampled_from([1, 15, 30, 60, 300]),
)
def test_a_window_is_what_plain_loops_make_of_it(
    call: str, samples: list[tuple[int, float]], start_ms: int, step_ms: int, range_s: int
) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), *zip(*samples, strict=True))
    end_ms = start_ms + 12 * step_ms
    expr = call.replace("$w", f"{range_s}s")
    matrix = matrix_of(ENGINE.range(store, expr, start_ms, end_ms, step_ms))
    got = {
        t_ms: value
        for row, here in zip(matrix.values, matrix.present, strict=True)
        for t_ms, value in zip(matrix.t_ms[here].tolist(), row[here].tolist(), strict=True)
    }
    expected = expectation(FUNCTIONS[call], samples, range(start_ms, end_ms + 1, step_ms), range_s)
    assert got.keys() == expected.keys()
    scale = max((abs(v) for _, v in samples if math.isfinite(v)), default=0.0)
    if "stdvar" in call or "smoothing" in call:
        scale *= max(scale, 1.0)
    for t_ms, value in expected.items():
        assert near(got[t_ms], value, scale * 1e3), (t_ms, got[t_ms], value)


def expectation(
    of: Expected, samples: list[tuple[int, float]], steps: range, range_s: int
) -> dict[int, float]:
    expected = {}
    for end_ms in steps:
        start_ms = end_ms - range_s * 1000
        inside = tuple((t, v) for t, v in samples if start_ms < t <= end_ms)
        answer = of(Window(start_ms, end_ms, inside)) if inside else None
        if answer is not None:
            expected[end_ms] = answer
    return expected


def test_one_nan_spoils_its_own_windows_only() -> None:
    store = MemoryStore()
    times = np.arange(0, 3_600_000, 15_000)
    numbers = np.ones(len(times))
    numbers[10], numbers[50], numbers[90] = math.nan, 1e17, math.inf
    store.put(Labels.of({"__name__": "x"}), times, numbers)
    answer = ENGINE.range(store, "sum_over_time(x[5m])", 300_000, 3_600_000, 300_000)
    row = matrix_of(answer).values[0]
    assert math.isnan(row[0])
    assert row[1] == 20
    assert row[2] == 1e17 + 19
    assert row[3] == 20
    assert row[4] == math.inf
    assert (row[5:-1] == 20).all()


@pytest.mark.parametrize("call", ["deriv(x[$w])", "predict_linear(x[$w], 60)"])
def test_lines_through_long_windows_that_overlap_are_as_exact_as_one_by_one(call: str) -> None:
    random = np.random.default_rng(5)
    times = np.cumsum(random.choice([14_000, 15_000, 16_000], 2000))
    numbers = 4e12 + np.cumsum(random.normal(-3e4, 1e6, len(times)))
    numbers[300:600] = numbers[300]  # a line that is flat is exactly so
    numbers[900], numbers[1500] = math.nan, math.inf
    store, range_s = MemoryStore(), 1800
    store.put(Labels.of({"__name__": "x"}), times, numbers)
    samples = list(zip(times.tolist(), numbers.tolist(), strict=True))
    start_ms, end_ms = 2_000_000, int(times[-1])
    answer = ENGINE.range(store, call.replace("$w", f"{range_s}s"), start_ms, end_ms, 60_000)
    matrix = matrix_of(answer)
    steps = range(start_ms, end_ms + 1, 60_000)
    expected = expectation(FUNCTIONS[call], samples, steps, range_s)
    assert matrix.t_ms.tolist() == list(expected)
    for got, value in zip(matrix.values[0].tolist(), expected.values(), strict=True):
        assert near(got, value, 1e9), (got, value)
    assert any(value == 0 for value in expected.values()) == (call[0] == "d")
