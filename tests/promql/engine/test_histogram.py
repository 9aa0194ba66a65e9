"""Quantiles and fractions of classic histograms beside a plain loop."""

import bisect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from support.answers import matrix_of, number_of, vector_of
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))


def same(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or one == two


def bucket_quantile(q: float, buckets: list[tuple[float, float]]) -> float:  # noqa: PLR0911
    """BucketQuantile of promql/quantile.go over sorted, distinct buckets."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    if not buckets or buckets[-1][0] != math.inf:
        return math.nan
    counts = [buckets[0][1]]
    for _, count in buckets[1:]:
        before = counts[-1]
        near = count == before or (
            count != 0 != before and abs(count - before) / (abs(count) + abs(before)) < 1e-12
        )
        counts.append(before if near or count < before else count)
    bounds = [bound for bound, _ in buckets]
    if len(buckets) < 2 or counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    # As Go's sort.Search bisects: beside a NaN that is not the first that reaches the rank.
    place = bisect.bisect_left(counts[:-1], True, key=lambda count: count >= rank)
    if place == len(counts) - 1:
        return bounds[-2]
    if place == 0 and bounds[0] <= 0:
        return bounds[0]
    start, before = (bounds[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    with np.errstate(all="ignore"):
        share = np.float64(rank - before) / np.float64(counts[place] - before)
    return float(start + (bounds[place] - start) * share)


def bucket_fraction(low: float, high: float, buckets: list[tuple[float, float]]) -> float:
    """BucketFraction, as a function of the rank of each value."""
    if not buckets or buckets[-1][0] != math.inf:
        return math.nan
    count = buckets[-1][1]
    if count == 0 or math.isnan(low) or math.isnan(high):
        return math.nan
    if low >= high:
        return 0.0

    def rank(value: float) -> float:
        lower, below = (0.0 if buckets[0][0] > 0 else -math.inf), 0.0
        for upper, here in buckets:
            if lower >= value:
                return below
            if lower < value < upper:
                if lower == -math.inf:
                    return here
                return min(below + (here - below) * (value - lower) / (upper - lower), count)
            lower, below = upper, here
        return count

    return (min(rank(high), count) - min(rank(low), count)) / count


def stored(buckets: list[tuple[float, float]]) -> MemoryStore:
    store = MemoryStore()
    for bound, count in buckets:
        le = "+Inf" if bound == math.inf else repr(bound)
        store.put(Labels.of({"__name__": "h_bucket", "le": le}), [0], [count])
    return store


bounds = st.lists(
    st.sampled_from([-2.0, -0.5, 0.0, 0.1, 0.5, 1.0, 2.5, 10.0]), unique=True, max_size=5
).map(sorted)


@st.composite
def histograms(draw: st.DrawFn, *, with_nan: bool = False) -> list[tuple[float, float]]:
    edges = draw(bounds) + ([math.inf] if draw(st.integers(0, 9)) else [])
    small = st.integers(0, 30).map(float)
    if with_nan:
        small |= st.just(math.nan)
    counts = draw(st.lists(small, min_size=len(edges), max_size=len(edges)))
    if draw(st.booleans()):
        counts = sorted(counts)
    return list(zip(edges, counts, strict=True))


@given(
    buckets=histograms() | histograms(with_nan=True),
    q=st.sampled_from([0, 0.1, 0.5, 0.9, 0.99, 1, -1, 2, math.nan]),
)
def test_quantiles_of_buckets_are_those_of_a_plain_loop(
    buckets: list[tuple[float, float]], q: float
) -> None:
    value = vector_of(ENGINE.instant(stored(buckets), f"histogram_quantile({q}, h_bucket)", 0))
    assert len(value.series) == bool(buckets)
    for got in value.values:
        assert same(got, bucket_quantile(q, buckets)) or got == pytest.approx(
            bucket_quantile(q, buckets)
        )


@given(
    buckets=histograms(),
    low=st.sampled_from([-math.inf, -1.0, 0.0, 0.1, 0.3, 1.0]),
    high=st.sampled_from([-1.0, 0.1, 0.3, 2.5, 4.0, math.inf, math.nan]),
)
def test_fractions_of_buckets_are_those_of_a_plain_loop(
    buckets: list[tuple[float, float]], low: float, high: float
) -> None:
    value = vector_of(
        ENGINE.instant(stored(buckets), f"histogram_fraction({low}, {high}, h_bucket)", 0)
    )
    for got in value.values:
        expected = bucket_fraction(low, high, buckets)
        assert same(got, expected) or got == pytest.approx(expected)


def test_differences_from_rounding_are_passed_over() -> None:
    result = ENGINE.instant(
        stored([(1.0, 5.0), (2.0, 10.0), (3.0, 10.0 - 1e-13), (math.inf, 10.0)]),
        "histogram_quantile(0.9, h_bucket)",
        0,
    )
    assert number_of(result) == 1.8
    assert result.infos == ()


def test_buckets_with_equal_bounds_are_added() -> None:
    store = stored([(1.0, 5.0), (math.inf, 10.0)])
    store.put(Labels.of({"__name__": "h_bucket", "le": "1"}), [0], [5.0])
    value = vector_of(ENGINE.instant(store, "histogram_quantile(0.5, h_bucket)", 0))
    assert value.values.tolist() == [0.5]


@pytest.mark.parametrize("le", ["", "abc", "NaN", " 1", "1_0"])
def test_a_bucket_without_a_bound_is_left_out(le: str) -> None:
    store = stored([(1.0, 5.0), (math.inf, 10.0)])
    store.put(Labels.of({"__name__": "h_bucket", "le": le}), [0], [5.0])
    result = ENGINE.instant(store, "histogram_quantile(0.5, h_bucket)", 0)
    assert number_of(result) == 1.0
    assert "malformed value" in result.warnings[-1] or "malformed" in result.warnings[0]


def test_buckets_that_come_and_go_are_taken_as_they_are_at_each_step() -> None:
    store = MemoryStore()
    for le, times in (("1.0", [0, 600_000]), ("2.0", [600_000]), ("+Inf", [0, 600_000])):
        count = {"1.0": 5.0, "2.0": 10.0, "+Inf": 10.0}[le]
        store.put(Labels.of({"__name__": "h_bucket", "le": le}), times, [count] * len(times))
    value = matrix_of(
        ENGINE.range(store, "histogram_quantile(0.75, h_bucket)", 0, 600_000, 300_000)
    )
    assert value.present.tolist() == [[True, False, True]]
    assert value.values[0, [0, 2]].tolist() == [1.0, 1.5]


def test_advice_is_given_where_a_figure_is_a_guess() -> None:
    store = stored([(1.0, 9.0), (2.0, 9.0), (math.inf, 10.0)])
    quiet = Engine(Options(advice=False))
    quantile, share = "histogram_quantile(0.5, h_bucket)", "histogram_fraction(0, 1.5, h_bucket)"
    assert "falls into the first bucket" in ENGINE.instant(store, quantile, 0).infos[0]
    assert "1.5 is no bucket boundary" in ENGINE.instant(store, share, 0).infos[0]
    assert quiet.instant(store, quantile, 0).infos == ()
    assert quiet.instant(store, share, 0).infos == ()
    edges = "histogram_fraction(1, 2, h_bucket)"
    assert ENGINE.instant(store, edges, 0).infos == ()
