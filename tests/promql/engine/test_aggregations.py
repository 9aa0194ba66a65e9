"""Aggregations beside what plain loops make of each step."""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from promql.engine import windows_oracle as oracle
from support.answers import matrix_of, vector_of
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))

finite = st.integers(-9, 9).map(float) | st.floats(-1e18, 1e18) | st.sampled_from([1e100, -1e100])
anything = finite | st.sampled_from([math.nan, math.inf, -math.inf])


def same(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or one == two


values_by_series = st.lists(
    st.lists(st.none() | anything, min_size=4, max_size=4), min_size=1, max_size=12
)


def plain_variance(values: list[float]) -> float:
    return oracle.variance(values)


AGGREGATIONS: Mapping[str, Callable[[list[float]], float]] = {
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


def present_at(step: int, series: list[list[float | None]]) -> list[float]:
    return [value for row in series if (value := row[step]) is not None]


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
    value = matrix_of(ENGINE.range(store, f"{name} by (g) ({param}x)", 0, 1_800_000, 600_000))
    got = {
        (labels["g"], step): number
        for labels, row, here in zip(value.series, value.values, value.present, strict=True)
        for step, number in enumerate(row.tolist())
        if here[step]
    }
    expected: dict[tuple[str, int], float] = {}
    for group in (0, 1):
        for step in range(4):
            inside = present_at(step, series[group::2])
            if inside:
                expected[str(group), step] = AGGREGATIONS[name](inside)
    assert got.keys() == expected.keys()
    for key, aggregate in expected.items():
        inside = present_at(key[1], series[int(key[0]) :: 2])
        scale = max((abs(number) for number in inside if math.isfinite(number)), default=0.0)
        scale = scale * scale if "std" in name else scale
        assert same(got[key], aggregate) or abs(got[key] - aggregate) <= 1e-9 * abs(aggregate) + (
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
    answer = vector_of(ENGINE.instant(store, f"{name}({k}, x)", 0))
    sign = -1 if name == "topk" else 1

    def rank(number: float) -> tuple[bool, float]:
        return math.isnan(number), 0.0 if math.isnan(number) else sign * number

    best = sorted(map(rank, rows))[:k]
    assert [rank(number) for number in answer.values.tolist()] == best
    assert all(one <= two for one, two in pairwise(best))
