"""The fast encoder writes what the plain rules say, byte for byte."""

import json
import math
import struct
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.model.result import (
    Matrix,
    QueryResult,
    QueryStats,
    RawMatrix,
    Scalar,
    String,
    Vector,
)
from jipyo.model.sample import SeriesBlock
from jipyo.wire.prometheus_json import encode


def _from_bits(bits: int) -> float:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    return float(value)


ANY_BITS = st.integers(0, 2**64 - 1).map(_from_bits)
EVERYDAY = st.one_of(
    st.integers(-(10**6), 10**6).map(float),
    st.floats(0, 100),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-6, 1e21, 1e16, 1e15, 1e-5]),
)
NUMBERS = st.one_of(ANY_BITS, EVERYDAY)


def slowly(value: float, *, plain: bool = False) -> str:
    """Go's rule by decimal arithmetic: the shortest digits that read back as `value`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    shortest = _shortest(value)
    if not plain and value and not 1e-6 <= abs(value) < 1e21:
        mantissa, exponent = f"{shortest:e}".split("e")
        return f"{mantissa}e{exponent[0]}{exponent[1:].zfill(2)}"
    return f"{shortest:f}"


def _shortest(value: float) -> Decimal:
    """Of the decimals with the fewest digits that read back as `value`, the nearest one."""
    exact = Decimal(value)
    if not exact:
        return exact
    for digits in range(1, 18):
        both = (Context(digits, rounding=r).plus(exact) for r in (ROUND_FLOOR, ROUND_CEILING))
        if fitting := [one for one in both if float(one) == value]:
            return min(fitting, key=lambda one: abs(one - exact)).normalize(Context(17))
    raise AssertionError(value)


@pytest.mark.parametrize(
    ("value", "scalar", "sample"),
    [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (123456789.0, "123456789", "123456789"),
        (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
        (1e16, "10000000000000000", "10000000000000000"),
        (1e21, "1000000000000000000000", "1e+21"),
        (1e-6, "0.000001", "0.000001"),
        (9.9e-7, "0.00000099", "9.9e-07"),
        (1e-7, "0.0000001", "1e-07"),
        (-1.5e300, "-15" + "0" * 299, "-1.5e+300"),
        (5e-324, "0." + "0" * 323 + "5", "5e-324"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_numbers_are_written_as_go_writes_them(value: float, scalar: str, sample: str) -> None:
    assert (encode.format_plain(value), encode.format_number(value)) == (scalar, sample)
    assert encode.format_numbers(np.array([value])) == f",{sample},".encode()


@given(NUMBERS)
def test_the_plain_rules_equal_decimal_arithmetic(value: float) -> None:
    assert encode.format_number(value) == slowly(value)
    assert encode.format_plain(value) == slowly(value, plain=True)


@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_many_numbers_are_written_as_one_by_one(values: list[float]) -> None:
    expected = "".join(f",{encode.format_number(value)}" for value in values) + ","
    assert encode.format_numbers(np.array(values)).decode() == expected


@given(st.lists(st.integers(-(2**60), 2**60).map(float), min_size=1, max_size=20))
def test_whole_numbers_of_any_size_stay_whole(values: list[float]) -> None:
    expected = "".join(f",{encode.format_number(value)}" for value in values) + ","
    assert encode.format_numbers(np.array(values)).decode() == expected


@pytest.mark.parametrize(
    ("t_ms", "text"),
    [
        (0, "0"),
        (1, "0.001"),
        (-1, "-0.001"),
        (-1500, "-1.500"),
        (1793500000000, "1793500000"),
        (1793500000120, "1793500000.120"),
    ],
)
def test_times_are_seconds_with_all_milliseconds_or_none(t_ms: int, text: str) -> None:
    assert encode.format_timestamp(t_ms) == text


def _slow_matrix(matrix: Matrix) -> str:
    rows = []
    for labels, values, present in zip(matrix.series, matrix.values, matrix.present, strict=True):
        points = [
            f'[{encode.format_timestamp(int(t))},"{encode.format_number(float(v))}"]'
            for t, v, there in zip(matrix.t_ms, values, present, strict=True)
            if there
        ]
        if points:
            metric = json.dumps(dict(labels.pairs), separators=(",", ":"), ensure_ascii=False)
            rows.append((labels.pairs, f'{{"metric":{metric},"values":[{",".join(points)}]}}'))
    inside = ",".join(text for _, text in sorted(rows))
    return f'{{"status":"success","data":{{"resultType":"matrix","result":[{inside}]}}}}'


def _body(value: object, **more: object) -> str:
    return b"".join(encode.answer(QueryResult(value, **more))).decode()  # type: ignore[arg-type]


TIMES = st.one_of(
    st.builds(
        lambda start, step, n: [start + step * i for i in range(n)],
        st.sampled_from([0, -3000, 1793500000000, 1793500000123, 999_999_985_000, 1799999970000]),
        st.sampled_from([1, 15_000, 60_000, 500, 86_400_000]),
        st.integers(1, 9),
    ),
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=9, unique=True).map(sorted),
)


@given(
    times=TIMES,
    count=st.integers(0, 4),
    pool=st.lists(NUMBERS, min_size=1, max_size=5),
    density=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_matrix_is_written_as_point_by_point(
    times: list[int], count: int, pool: list[float], density: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = (count, len(times))
    matrix = Matrix(
        tuple(Labels.of({"__name__": f"지표{i}"}) for i in rng.permutation(count)),
        np.array(times, np.int64),
        np.array(pool)[rng.integers(0, len(pool), shape)],
        rng.random(shape) < density,
    )
    assert _body(matrix) == _slow_matrix(matrix)


def test_a_matrix_larger_than_a_block_comes_in_pieces_and_whole() -> None:
    steps, count = encode.BLOCK_POINTS // 2 - 1, 7
    rng = np.random.default_rng(1)
    matrix = Matrix(
        tuple(Labels.of({"i": str(9 - i)}) for i in range(count)),
        1793500000000 + 15_000 * np.arange(steps),
        rng.random((count, steps)),
        rng.random((count, steps)) > 0.1,
    )
    pieces = list(encode.answer(QueryResult(matrix)))
    assert len(pieces) > count // 2
    assert b"".join(pieces).decode() == _slow_matrix(matrix)


@pytest.mark.parametrize("step_ms", [1000, 15_000, 500, 777, 86_400_000])
def test_a_series_longer_than_a_block_is_written_in_parts(step_ms: int) -> None:
    steps = 2 * encode.BLOCK_POINTS + 3
    rng = np.random.default_rng(step_ms)
    # The first series begins in the second block, the next has nothing in it.
    present = rng.random((3, steps)) > 0.1
    present[0, : encode.BLOCK_POINTS + 1] = False
    present[1, encode.BLOCK_POINTS - 1 : -2] = False
    matrix = Matrix(
        tuple(Labels.of({"i": str(i)}) for i in range(3)),
        # The two first digits of the seconds change on the way, for some of the steps.
        1_799_990_000_000 + step_ms * np.arange(steps),
        rng.choice([0.0, 1.0, 2.5, 1e-7, 1e16, math.nan, 12345.25], present.shape),
        present,
    )
    assert _body(matrix) == _slow_matrix(matrix)


def test_a_long_raw_series_is_written_as_a_matrix_of_the_same_samples() -> None:
    steps = encode.BLOCK_POINTS + 7
    t_ms = 1_793_500_000_000 + np.cumsum(np.random.default_rng(1).integers(1, 3000, steps))
    values = np.random.default_rng(2).normal(size=(2, steps))
    series = (Labels.of({"i": "0"}), Labels.of({"i": "1"}))
    matrix = Matrix(series, t_ms, values, np.ones(values.shape, np.bool_))
    assert _body(RawMatrix((SeriesBlock(series, t_ms, values),))) == _slow_matrix(matrix)


def test_raw_samples_keep_their_own_times_and_are_sorted_over_all_blocks() -> None:
    a, b, c = (Labels.of({"i": i}) for i in "abc")
    blocks = (
        SeriesBlock((c, a), np.array([1000, 2500]), np.array([[1.0, 2.0], [3.0, math.nan]])),
        SeriesBlock((), np.array([1000]), np.empty((0, 1))),
        SeriesBlock((b,), np.array([7000]), np.array([[-0.0]])),
    )
    assert _body(RawMatrix(blocks)) == (
        '{"status":"success","data":{"resultType":"matrix","result":['
        '{"metric":{"i":"a"},"values":[[1,"3"],[2.500,"NaN"]]},'
        '{"metric":{"i":"b"},"values":[[7,"-0"]]},'
        '{"metric":{"i":"c"},"values":[[1,"1"],[2.500,"2"]]}]}}'
    )


def test_a_vector_keeps_its_order_because_sort_may_have_given_it() -> None:
    series = (Labels.of({"i": "b"}), Labels.of({"i": "a"}))
    assert _body(Vector(5123, series, np.array([1e-7, 2.0]))) == (
        '{"status":"success","data":{"resultType":"vector","result":['
        '{"metric":{"i":"b"},"value":[5.123,"1e-07"]},'
        '{"metric":{"i":"a"},"value":[5.123,"2"]}]}}'
    )


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (Scalar(4000, 2.0), '"resultType":"scalar","result":[4,"2"]'),
        (Scalar(-4250, 1e21), f'"resultType":"scalar","result":[-4.25,"1{"0" * 21}"]'),
        (String(5000, '가"나'), '"resultType":"string","result":[5,"가\\"나"]'),
        (Vector(5000, (), np.empty(0)), '"resultType":"vector","result":[]'),
        (
            Matrix((), np.arange(2), np.empty((0, 2)), np.empty((0, 2), np.bool_)),
            '"resultType":"matrix","result":[]',
        ),
        (RawMatrix(()), '"resultType":"matrix","result":[]'),
    ],
)
def test_other_values_and_empty_ones(value: object, inside: str) -> None:
    assert _body(value) == f'{{"status":"success","data":{{{inside}}}}}'


def test_warnings_infos_and_stats_stand_where_prometheus_puts_them() -> None:
    result = QueryResult(
        Scalar(1000, 1.0), ("w",), ("i", "\udcff"), QueryStats(samples=7, series=2, seconds=0.5)
    )
    body = json.loads(b"".join(encode.answer(result, stats=True)))
    assert list(body) == ["status", "data", "warnings", "infos"]
    assert (body["warnings"], body["infos"]) == (["w"], ["i", "\ufffd"])
    assert body["data"]["stats"]["samples"]["totalQueryableSamples"] == 7
    assert body["data"]["stats"]["timings"]["evalTotalTime"] == 0.5


def test_label_values_that_are_not_utf8_are_still_answered() -> None:
    labels = Labels.of({"a": "\udcff가"})
    assert encode.encode_labels(labels).decode() == '{"a":"\ufffd가"}'
    assert json.loads(b"".join(encode.label_sets([labels], ["cut"]))) == {
        "status": "success",
        "data": [{"a": "\ufffd가"}],
        "warnings": ["cut"],
    }


def test_an_error_has_no_data() -> None:
    assert json.loads(encode.error("bad_data", "no\udcff")) == {
        "status": "error",
        "errorType": "bad_data",
        "error": "no\ufffd",
    }
