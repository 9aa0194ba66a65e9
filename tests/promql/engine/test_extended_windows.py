"""`anchored` and `smoothed` beside plain loops over one window at a time.

Source: prometheus/promql/functions.go, extendedRate, pickOrInterpolateLeft and -Right,
correctForCounterResets.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, RawMatrix
from jipyo.promql import Engine, Feature, Options
from support.answers import number_of
from support.memory import HOUR_MS, MemoryStore

LOOKBACK_MS = 60_000
ENGINE = Engine(Options(features=frozenset(Feature), lookback_ms=LOOKBACK_MS))
STEP_MS = 45_000

Sample = tuple[int, float]

SAMPLES = st.lists(
    st.tuples(st.integers(-8, 20).map(lambda n: n * 15_000), st.integers(0, 9).map(float)),
    min_size=1,
    max_size=16,
    unique_by=lambda sample: sample[0],
).map(sorted)


@dataclass(frozen=True)
class Edges:
    """The values at both ends of a window, and the samples between."""

    left: float
    right: float
    inner: tuple[float, ...]


def interpolate(one: Sample, two: Sample, t_ms: int, *, counter: bool) -> float:
    """On the line; a counter that was reset between rises from zero."""
    (t1, a), (t2, b) = one, two
    start = 0.0 if counter and b < a else a
    return start + (b - start) * (t_ms - t1) / (t2 - t1)


def anchored(
    samples: Sequence[Sample], start_ms: int, end_ms: int, lookback_ms: int = LOOKBACK_MS
) -> Edges | None:
    before = [v for t, v in samples if start_ms - lookback_ms < t <= start_ms]
    inside = [v for t, v in samples if start_ms < t <= end_ms]
    if not inside:
        return None
    return Edges(before[-1] if before else inside[0], inside[-1], tuple(inside))


def smoothed(
    samples: Sequence[Sample], start_ms: int, end_ms: int, *, counter: bool
) -> Edges | None:
    near = [s for s in samples if start_ms - LOOKBACK_MS < s[0] <= end_ms + LOOKBACK_MS]
    before = [s for s in near if s[0] <= start_ms]
    after = [s for s in near if s[0] > start_ms]
    first = before[-1] if before else after[0] if after else None
    if first is None or not after or first[0] > end_ms:
        return None
    left = first[1]
    if first[0] < start_ms:
        left = interpolate(first, after[0], start_ms, counter=counter)
    beyond = next((at for at, s in enumerate(near) if s[0] >= end_ms), None)
    if beyond is None:
        right = near[-1][1]
    elif near[beyond][0] == end_ms:
        right = near[beyond][1]
    else:
        right = interpolate(near[beyond - 1], near[beyond], end_ms, counter=counter)
    return Edges(left, right, tuple(v for t, v in near if start_ms < t < end_ms))


def rise(edges: Edges, *, counter: bool) -> float:
    change = edges.right - edges.left
    if counter:
        course = (edges.left, *edges.inner, edges.right)
        change += sum(a for a, b in pairwise(course) if b < a)
    return change


def count(samples: Sequence[Sample], start_ms: int, end_ms: int, *, falls: bool) -> float | None:
    edges = anchored(samples, start_ms, end_ms)
    if edges is None:
        return None
    pairs = pairwise((edges.left, *edges.inner))
    return float(sum(b < a if falls else b != a for a, b in pairs))


Expected = Callable[[Sequence[Sample], int, int], float | None]


def of_rise(kind: str, *, counter: bool, per_second: bool) -> Expected:
    def expected(samples: Sequence[Sample], start_ms: int, end_ms: int) -> float | None:
        if kind == "anchored":
            edges = anchored(samples, start_ms, end_ms)
        else:
            edges = smoothed(samples, start_ms, end_ms, counter=counter)
        if edges is None:
            return None
        return rise(edges, counter=counter) / ((end_ms - start_ms) / 1000 if per_second else 1)

    return expected


FUNCTIONS: Mapping[str, Expected] = {
    "increase(x[$w] anchored)": of_rise("anchored", counter=True, per_second=False),
    "rate(x[$w] anchored)": of_rise("anchored", counter=True, per_second=True),
    "delta(x[$w] anchored)": of_rise("anchored", counter=False, per_second=False),
    "increase(x[$w] smoothed)": of_rise("smoothed", counter=True, per_second=False),
    "rate(x[$w] smoothed)": of_rise("smoothed", counter=True, per_second=True),
    "delta(x[$w] smoothed)": of_rise("smoothed", counter=False, per_second=False),
    "changes(x[$w] anchored)": lambda s, start, end: count(s, start, end, falls=False),
    "resets(x[$w] anchored)": lambda s, start, end: count(s, start, end, falls=True),
}


def answer(samples: Sequence[Sample], expr: str, end_ms: int = 6 * STEP_MS) -> dict[int, float]:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), *zip(*samples, strict=True))
    value = ENGINE.range(store, expr, 0, end_ms, STEP_MS).value
    assert isinstance(value, Matrix)
    return {
        t: v
        for row, here in zip(value.values, value.present, strict=True)
        for t, v in zip(value.t_ms[here].tolist(), row[here].tolist(), strict=True)
    }


@settings(max_examples=400)
@given(SAMPLES, st.sampled_from(sorted(FUNCTIONS)), st.sampled_from([15, 40, 45, 90, 200]))
def test_an_extended_window_is_what_plain_loops_make_of_it(
    samples: list[Sample], call: str, range_s: int
) -> None:
    got = answer(samples, call.replace("$w", f"{range_s}s"))
    expected = {
        end_ms: value
        for end_ms in range(0, 6 * STEP_MS + 1, STEP_MS)
        if (value := FUNCTIONS[call](samples, end_ms - range_s * 1000, end_ms)) is not None
    }
    assert got.keys() == expected.keys()
    for t_ms, value in expected.items():
        assert got[t_ms] == pytest.approx(value, rel=1e-12, abs=1e-12), (t_ms, call)


@given(SAMPLES)
def test_a_smoothed_selector_lies_on_the_line_between_its_samples(samples: list[Sample]) -> None:
    expected = {}
    for t_ms in range(0, 6 * STEP_MS + 1, STEP_MS):
        before = [s for s in samples if t_ms - LOOKBACK_MS < s[0] <= t_ms]
        after = [s for s in samples if t_ms < s[0] <= t_ms + LOOKBACK_MS]
        if before:
            exact = before[-1][0] == t_ms or not after
            expected[t_ms] = (
                before[-1][1] if exact else interpolate(before[-1], after[0], t_ms, counter=False)
            )
    got = answer(samples, "x smoothed")
    assert got.keys() == expected.keys()
    for t_ms, value in expected.items():
        assert got[t_ms] == pytest.approx(value, rel=1e-12)


@given(SAMPLES, st.integers(1, 4))
def test_adjacent_anchored_windows_add_up(samples: list[Sample], parts: int) -> None:
    """The law for which reports use `anchored`: a day is the sum of its hours.

    It holds where no window is empty: then no anchor is older than the lookback.
    """
    dense = [(n * 15_000, samples[n % len(samples)][1]) for n in range(-4, 4 * parts * 3 + 1)]
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), *zip(*dense, strict=True))
    end_ms = parts * STEP_MS

    def increase(t_ms: int, range_ms: int) -> float:
        answer = ENGINE.instant(store, f"increase(x[{range_ms}ms] anchored)", t_ms)
        return number_of(answer)

    pieces = [increase(at * STEP_MS, STEP_MS) for at in range(1, parts + 1)]
    assert increase(end_ms, end_ms) == pytest.approx(math.fsum(pieces))


@pytest.mark.parametrize(
    ("expr", "points"),
    [
        ("x[60s]", [(60_000, 2.0), (90_000, 3.0)]),
        ("x[60s] anchored", [(40_000, 1.0), (60_000, 2.0), (90_000, 3.0), (100_000, 3.0)]),
        (
            "x[60s] smoothed",
            [(40_000, 1 + 1 / 3), (60_000, 2.0), (90_000, 3.0), (100_000, 10 / 3)],
        ),
        ("x[10s] smoothed", [(90_000, 3.0), (100_000, 10 / 3)]),
        ("x[10s] anchored", []),  # the sample at 90 s lies before the window
    ],
)
def test_raw_points_show_the_edges_of_a_window(expr: str, points: list[Sample]) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0, 30_000, 60_000, 90_000, 120_000], [0, 1, 2, 3, 4])
    value = ENGINE.instant(store, expr, 100_000).value
    assert isinstance(value, RawMatrix)
    got = [
        sample
        for block in value.blocks
        for sample in zip(block.t_ms.tolist(), block.values[0].tolist(), strict=True)
    ]
    assert [t for t, _ in got] == [t for t, _ in points]
    assert [v for _, v in got] == pytest.approx([v for _, v in points])


class OnlyHours(MemoryStore):
    """Has no samples to give."""

    def select(self, *_: object) -> NoReturn:
        raise AssertionError("samples were read")


SPARSE = st.lists(
    st.tuples(st.integers(-60, 150).map(lambda n: n * 240_000), st.integers(0, 9).map(float)),
    min_size=1,
    max_size=40,
    unique_by=lambda sample: sample[0],
).map(sorted)


@settings(max_examples=300)
@given(SPARSE, st.sampled_from(["increase", "rate"]), st.integers(1, 4), st.integers(1, 3))
def test_anchored_windows_of_hours_need_no_samples_where_the_lookback_is_of_hours(
    samples: list[Sample], function: str, range_h: int, lookback_h: int
) -> None:
    store = OnlyHours()
    store.put(Labels.of({"__name__": "x"}), *zip(*samples, strict=True))
    range_ms, lookback_ms = range_h * HOUR_MS, lookback_h * HOUR_MS
    engine = ENGINE.with_lookback(lookback_ms)
    got = engine.range(store, f"{function}(x[{range_h}h] anchored)", 0, 9 * HOUR_MS, HOUR_MS).value
    assert isinstance(got, Matrix)
    seconds = range_ms / 1000 if function == "rate" else 1
    expected = {
        end_ms: rise(edges, counter=True) / seconds
        for end_ms in range(0, 9 * HOUR_MS + 1, HOUR_MS)
        if (edges := anchored(samples, end_ms - range_ms, end_ms, lookback_ms)) is not None
    }
    known = {} if not got.series else dict(zip(got.t_ms.tolist(), got.values[0], strict=True))
    present = [] if not got.series else got.t_ms[got.present[0]].tolist()
    assert {t_ms: known[t_ms] for t_ms in present} == expected
