"""The small parts of the engine: sums, numbers as text, hashes, annotations, labels, histograms."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from jipyo.promql.engine.aggregations.xxhash import hash64
from jipyo.promql.engine.annotations import Annotations, Flattening
from jipyo.promql.engine.functions.relabel import is_naturally_less
from jipyo.promql.engine.summation import (
    average_literally,
    finish_sum,
    sum_literally,
    sum_rows,
    sum_windows,
)
from jipyo.promql.syntax.ast import Span
from jipyo.promql.syntax.number_format import format_openmetrics, format_short
from promql import windows_oracle as oracle
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))
HERE = Span(0, 1)

finite = st.integers(-9, 9).map(float) | st.floats(-1e18, 1e18) | st.sampled_from([1e100, -1e100])
anything = finite | st.sampled_from([math.nan, math.inf, -math.inf])


def same(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or one == two


def close(one: float, two: float, scale: float) -> bool:
    return same(one, two) or abs(one - two) <= 1e-12 * abs(two) + 1e-30 * scale


# Sums


@given(values=st.lists(anything, min_size=1, max_size=60), ends=st.data())
def test_sums_of_windows_are_those_of_a_plain_loop(
    values: list[float], ends: st.DataObject
) -> None:
    bound = st.integers(0, len(values))
    pairs = ends.draw(st.lists(st.tuples(bound, bound).map(sorted), min_size=1, max_size=8))
    lo, hi = (np.array(each) for each in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        got = finish_sum(*sum_windows(np.array([values]), lo, hi))[0]
    scale = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    for (first, last), total in zip(pairs, got, strict=True):
        assert close(total, oracle.total(values[first:last]), scale), (first, last)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([1, 1e100, 1, -1e100], 2),
        ([0.1] * 10, 1.0),
        ([5, math.inf, 1], math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1], math.nan),
        ([], 0),
    ],
)
def test_a_sum_loses_nothing(values: list[float], total: float) -> None:
    array = np.array([values], float).reshape(1, -1)
    got = finish_sum(*sum_windows(array, np.array([0]), np.array([len(values)])))[0, 0]
    assert same(float(got), total)


def test_small_windows_beside_huge_ones_are_added_again() -> None:
    values = np.array([[1e100, 1e50, -1e100, 3.0, 1e-3]])
    lo, hi = np.array([0, 3, 4]), np.array([5, 5, 5])
    assert finish_sum(*sum_windows(values, lo, hi))[0, 1:].tolist() == [3.001, 0.001]


@given(st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1, max_size=40))
def test_sums_of_rows_are_exact_but_for_the_last_rounding(rows: list[list[float]]) -> None:
    total, lost = sum_rows(np.array(rows))
    for column in range(3):
        values = [row[column] for row in rows]
        scale = max(map(abs, values))
        assert close(float(total[column] + lost[column]), math.fsum(values), scale * 100)


def test_many_rows_are_added_in_parts() -> None:
    rows = np.ones((300, 5000))
    assert (sum_rows(rows)[0] == 300).all()


def test_means_do_not_overflow() -> None:
    values = np.array([1.7e308, 1.7e308, 1.7e308, 1.0])
    means = average_literally(values, np.array([0, 3]), np.array([3, 4]))
    assert means.tolist() == pytest.approx([1.7e308, 1.0])
    with np.errstate(over="ignore", invalid="ignore"):
        total, lost = sum_literally(values, np.array([0]), np.array([4]))
    assert finish_sum(total, lost).tolist() == [math.inf]


# Numbers as text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (100_000.0, "100000"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-1e300, "-1e+300"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers_in_messages_are_as_go_prints_them(value: float, text: str) -> None:
    assert format_short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (1.0, "1.0"), (1e6, "1e+06"), (math.inf, "+Inf")]
)
def test_quantile_labels_are_as_open_metrics_wants_them(value: float, text: str) -> None:
    assert format_openmetrics(value) == text


# Hashes (the specification's vectors)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_hashes_are_those_of_xxhash(data: bytes, value: int) -> None:
    assert hash64(data) == value


# Annotations


def test_a_text_is_said_once_with_line_and_column() -> None:
    annotations = Annotations()
    for q in (2.0, 2.0, -1.0):
        annotations.warn_invalid_quantile(q, Span(3, 4))
    warnings, infos = annotations.format_texts("a\n+b", 10)
    assert warnings == (
        "PromQL warning: quantile value should be between 0 and 1, got 2 (2:2)",
        "PromQL warning: quantile value should be between 0 and 1, got -1 (2:2)",
    )
    assert infos == ()


def test_what_is_too_much_to_say_is_counted() -> None:
    annotations = Annotations()
    for nth in range(13):
        annotations.note_not_a_counter(f"m{nth}", HERE)
        annotations.warn_invalid_ratio(2.0 + nth, 1.0, HERE)
    warnings, infos = annotations.format_texts("x", 10)
    assert len(warnings) == len(infos) == 11
    assert warnings[-1] == "3 more warning annotations omitted"
    assert infos[-1] == "3 more info annotations omitted"


def test_flattened_buckets_are_told_together() -> None:
    annotations = Annotations()
    annotations.note_flattening("x", Flattening(1, 2, 3.14159, 1, 60_000, 60_000), HERE)
    annotations.note_flattening("x", Flattening(0.5, 1, 1, 2, 0, 120_000), HERE)
    (text,) = annotations.format_texts("x", 10)[1]
    assert text.endswith(
        'for metric name "x", from buckets 0.5 to 2, with a max diff of 3.1, over 3 samples '
        "from 1970-01-01T00:00:00Z to 1970-01-01T00:02:00Z (1:1)"
    )


@pytest.mark.parametrize(
    ("expr", "warning"),
    [
        ("quantile(2, x)", "quantile value should be between 0 and 1, got 2 (1:10)"),
        ("quantile(-1, x)", "quantile value should be between 0 and 1, got -1 (1:10)"),
        ("quantile(NaN, x)", "quantile value should be between 0 and 1, got NaN (1:10)"),
        ("quantile_over_time(2, x[1m])", "quantile value should be between 0 and 1, got 2 (1:20)"),
        ("limit_ratio(1.5, x)", "ratio value should be between -1 and 1, got 1.5, capping to 1"),
        ("limit_ratio(-2, x)", "ratio value should be between -1 and 1, got -2, capping to -1"),
        ("integral(x[1m], 7)", "strategy should be 0, 1, or 2 (default), using 2, got 7 (1:17)"),
        ("histogram_quantile(0.5, x)", 'bucket label "le" is missing or has a malformed value of'),
    ],
)
def test_what_is_odd_is_warned_of(expr: str, warning: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [1.0])
    (text,) = ENGINE.instant(store, expr, 0).warnings
    assert warning in text


@pytest.mark.parametrize(
    "expr", ["x </ 1", "x >/ x", "1 </ x"], ids=["vector-scalar", "vectors", "scalar-vector"]
)
def test_operators_for_histograms_give_nothing_on_floats(expr: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [1.0])
    result = ENGINE.instant(store, expr, 0)
    assert result.value.series == ()
    assert "incompatible sample types encountered for binary operator" in result.infos[0]
    assert ENGINE.instant(MemoryStore(), expr, 0).infos == ()


# Labels


@pytest.mark.parametrize(
    ("one", "two"),
    [("a2", "a10"), ("a", "b"), ("a", "a1"), ("1", "01"), ("a1b2", "a1b10"), ("1x", "x")],
)
def test_labels_are_ordered_as_people_count(one: str, two: str) -> None:
    assert is_naturally_less(one, two)
    assert not is_naturally_less(two, one)


@pytest.mark.parametrize(
    ("replacement", "made"),
    [
        ("$1", "left"),
        ("${2}-$$", "right-$"),
        ("$name!", "right!"),
        ("${nobody}", ""),
        ("$9", ""),
        ("a$", "a$"),
    ],
)
def test_replacements_are_expanded_as_go_does(replacement: str, made: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x", "a": "left:right"}), [0], [1.0])
    expr = f'label_replace(x, "b", "{replacement}", "a", "(.*):(?P<name>.*)")'
    (labels,) = ENGINE.instant(store, expr, 0).value.series
    assert labels.get("b", "") == made


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (
            'label_replace(x, "", "", "a", "")',
            "invalid destination label name in label_replace(): ",
        ),
        ('label_join(x, "", "-", "a")', "invalid destination label name in label_join(): "),
        ('label_join(x, "b", "-", "\\xff")', "invalid source label name in label_join(): "),
        ('count_values("", x)', "invalid label name "),
    ],
)
def test_impossible_label_names_are_refused(expr: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        ENGINE.instant(MemoryStore(), expr, 0)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("topk(NaN, x) or topk(vector(1) * 0, x)", ""),
        ("topk(scalar(x) * 1e300, x)", "Scalar value 3e+300 overflows int64"),
        ("limit_ratio(NaN, x)", "Ratio value is NaN"),
    ],
)
def test_impossible_parameters_are_refused(expr: str, message: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [3.0])
    with pytest.raises(QueryError) as caught:
        ENGINE.instant(store, expr, 0)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("k", "message"),
    [
        ("x * 0 / 0 or vector(NaN)", "Parameter value is NaN"),
        ("x - 1e300", "Scalar value -1e+300 underflows int64"),
    ],
)
def test_parameters_that_change_are_checked_at_every_step(k: str, message: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0, 600_000], [3.0, 4.0])
    wanted = (
        f"scalar({k} and on () (x == 4) or vector(1))"
        if "NaN" not in k
        else ("scalar((x == 3) or vector(NaN))")
    )
    with pytest.raises(QueryError) as caught:
        ENGINE.range(store, f"topk({wanted}, x)", 0, 600_000, 600_000)
    assert caught.value.message == message


# Histograms


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
    place = next((n for n, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
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
def histograms(draw: st.DrawFn) -> list[tuple[float, float]]:
    edges = draw(bounds) + ([math.inf] if draw(st.integers(0, 9)) else [])
    small = st.integers(0, 30).map(float)
    counts = draw(st.lists(small, min_size=len(edges), max_size=len(edges)))
    if draw(st.booleans()):
        counts = sorted(counts)
    return list(zip(edges, counts, strict=True))


@given(buckets=histograms(), q=st.sampled_from([0, 0.1, 0.5, 0.9, 0.99, 1, -1, 2, math.nan]))
def test_quantiles_of_buckets_are_those_of_a_plain_loop(
    buckets: list[tuple[float, float]], q: float
) -> None:
    value = ENGINE.instant(stored(buckets), f"histogram_quantile({q}, h_bucket)", 0).value
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
    value = ENGINE.instant(stored(buckets), f"histogram_fraction({low}, {high}, h_bucket)", 0).value
    for got in value.values:
        expected = bucket_fraction(low, high, buckets)
        assert same(got, expected) or got == pytest.approx(expected)


def test_differences_from_rounding_are_passed_over() -> None:
    result = ENGINE.instant(
        stored([(1.0, 10.0), (2.0, 10.0 - 1e-13), (math.inf, 10.0)]),
        "histogram_quantile(0.9, h_bucket)",
        0,
    )
    assert result.value.values.tolist() == [0.9]
    assert result.infos == ()


def test_buckets_with_equal_bounds_are_added() -> None:
    store = stored([(1.0, 5.0), (math.inf, 10.0)])
    store.put(Labels.of({"__name__": "h_bucket", "le": "1"}), [0], [5.0])
    value = ENGINE.instant(store, "histogram_quantile(0.5, h_bucket)", 0).value
    assert value.values.tolist() == [0.5]


@pytest.mark.parametrize("le", ["", "abc", "NaN", " 1", "1_0"])
def test_a_bucket_without_a_bound_is_left_out(le: str) -> None:
    store = stored([(1.0, 5.0), (math.inf, 10.0)])
    store.put(Labels.of({"__name__": "h_bucket", "le": le}), [0], [5.0])
    result = ENGINE.instant(store, "histogram_quantile(0.5, h_bucket)", 0)
    assert result.value.values.tolist() == [1.0]
    assert "malformed value" in result.warnings[-1] or "malformed" in result.warnings[0]


def test_buckets_that_come_and_go_are_taken_as_they_are_at_each_step() -> None:
    store = MemoryStore()
    for le, times in (("1.0", [0, 600_000]), ("2.0", [600_000]), ("+Inf", [0, 600_000])):
        count = {"1.0": 5.0, "2.0": 10.0, "+Inf": 10.0}[le]
        store.put(Labels.of({"__name__": "h_bucket", "le": le}), times, [count] * len(times))
    value = ENGINE.range(store, "histogram_quantile(0.75, h_bucket)", 0, 600_000, 300_000).value
    assert value.present.tolist() == [[True, False, True]]
    assert value.values[0, [0, 2]].tolist() == [1.0, 1.5]


def test_advice_is_given_where_a_figure_is_a_guess() -> None:
    store = stored([(1.0, 9.0), (2.0, 9.0), (math.inf, 10.0)])
    quiet = Engine(Options(advice=False))
    quantile, share = "histogram_quantile(0.5, h_bucket)", "histogram_fraction(0, 1.5, h_bucket)"
    assert "falls into the first bucket" in ENGINE.instant(store, quantile, 0).warnings[0]
    assert "1.5 is no bucket boundary" in ENGINE.instant(store, share, 0).warnings[0]
    assert quiet.instant(store, quantile, 0).warnings == ()
    assert quiet.instant(store, share, 0).warnings == ()
    edges = "histogram_fraction(1, 2, h_bucket)"
    assert ENGINE.instant(store, edges, 0).warnings == ()


# Aggregations


values_by_series = st.lists(
    st.lists(st.none() | anything, min_size=4, max_size=4), min_size=1, max_size=12
)


def plain_variance(values: list[float]) -> float:
    return oracle.variance(values)


AGGREGATIONS = {
    "sum": oracle.total,
    "avg": oracle.mean,
    "count": len,
    "group": lambda values: 1,
    "min": lambda values: oracle.extreme(values, float.__lt__),
    "max": lambda values: oracle.extreme(values, float.__gt__),
    "stdvar": plain_variance,
    "stddev": lambda values: math.sqrt(plain_variance(values)),
    "quantile": lambda values: oracle.quantile(0.3, values),
}


@pytest.mark.parametrize("name", AGGREGATIONS)
@given(series=values_by_series)
def test_an_aggregation_is_what_plain_loops_make_of_each_step(
    name: str, series: list[list[float | None]]
) -> None:
    store = MemoryStore()
    for number, values in enumerate(series):
        points = [(t * 600_000, v) for t, v in enumerate(values) if v is not None]
        if points:
            labels = Labels.of({"__name__": "x", "g": str(number % 2), "n": str(number)})
            store.put(labels, *zip(*points, strict=True))
    param = "0.3, " if name == "quantile" else ""
    value = ENGINE.range(store, f"{name} by (g) ({param}x)", 0, 1_800_000, 600_000).value
    got = {
        (labels["g"], step): number
        for labels, row, here in zip(value.series, value.values, value.present, strict=True)
        for step, number in enumerate(row.tolist())
        if here[step]
    }
    expected = {}
    for group in (0, 1):
        for step in range(4):
            inside = [row[step] for row in series[group::2] if row[step] is not None]
            if inside:
                expected[str(group), step] = AGGREGATIONS[name](inside)
    assert got.keys() == expected.keys()
    for key, number in expected.items():
        inside = [row[key[1]] for row in series[int(key[0]) :: 2] if row[key[1]] is not None]
        scale = max((abs(each) for each in inside if math.isfinite(each)), default=0.0)
        scale = scale * scale if "std" in name else scale
        assert same(got[key], number) or abs(got[key] - number) <= 1e-9 * abs(number) + (
            1e-15 * scale
            if "stdvar" in name
            else 1e-7 * math.sqrt(scale)
            if "std" in name
            else 1e-15 * scale
        )


@given(
    rows=st.lists(
        st.sampled_from([1.0, 2.0, 3.0, math.nan, math.inf, -math.inf]), min_size=1, max_size=9
    ),
    k=st.integers(0, 10),
    name=st.sampled_from(["topk", "bottomk"]),
)
def test_the_top_are_no_worse_than_those_left_out(rows: list[float], k: int, name: str) -> None:
    store = MemoryStore()
    for number, value in enumerate(rows):
        store.put(Labels.of({"__name__": "x", "n": str(number)}), [0], [value])
    value = ENGINE.instant(store, f"{name}({k}, x)", 0).value
    sign = -1 if name == "topk" else 1

    def rank(number: float) -> tuple[bool, float]:
        return math.isnan(number), 0.0 if math.isnan(number) else sign * number

    best = sorted(map(rank, rows))[:k]
    assert [rank(number) for number in value.values.tolist()] == best
    assert all(one <= two for one, two in pairwise(best))
