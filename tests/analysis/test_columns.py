"""Columns of a chart keep the least and greatest value of a series, in their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.shaped import measured
from jipyo.analysis.columns import thin_to_columns
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix


def thin(rows: list[list[float | None]], per_column: int, start_ms: int = 0) -> Matrix:
    values = np.array([[np.nan if v is None else v for v in row] for row in rows])
    t_ms = start_ms + 1000 * np.arange(values.shape[1], dtype=np.int64)
    series = tuple(Labels.of({"n": str(row)}) for row in range(len(rows)))
    data = measured("1")
    shaped = replace(
        data,
        matrix=Matrix(series, t_ms, values, ~np.isnan(values)),
        queries=data.queries * len(rows),
        n=None,
    )
    return thin_to_columns(shaped, per_column * 1000).matrix


def shown(matrix: Matrix, row: int = 0) -> list[float | None]:
    pairs = zip(matrix.values[row].tolist(), matrix.present[row].tolist(), strict=True)
    return [value if is_there else None for value, is_there in pairs]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1, 5, 2, 2], [1, 5]),
        ([5, 1, 2, 2], [5, 1]),
        ([3, 3, 3, 3], [3, 3]),
        ([None, None, 7, None], [7, 7]),
        ([None, None, None, None], [None, None]),
        ([None, 2, None, 1], [2, 1]),
    ],
)
def test_a_column_has_its_extremes_in_the_order_of_time(
    row: list[float | None], expected: list[float | None]
) -> None:
    matrix = thin([row], 4)
    assert shown(matrix) == expected
    assert matrix.t_ms.tolist() == [0, 2000]


def test_columns_begin_at_multiples_of_their_length_whatever_the_start() -> None:
    whole = thin([list(range(20))], 5)
    part = thin([list(range(7, 20))], 5, start_ms=7000)
    assert part.t_ms.tolist()[2:] == whole.t_ms.tolist()[4:]
    assert shown(part)[2:] == shown(whole)[4:]


def test_few_steps_stay_as_they_are() -> None:
    matrix = thin([[1, 2, 3, 4]], 2)
    assert matrix.t_ms.tolist() == [0, 1000, 2000, 3000]
    assert shown(matrix) == [1, 2, 3, 4]


@given(
    st.lists(
        st.lists(st.none() | st.floats(-1e6, 1e6), min_size=40, max_size=40),
        min_size=1,
        max_size=3,
    ),
    st.integers(3, 41),
)
def test_no_extreme_is_lost_in_any_column(rows: list[list[float | None]], per_column: int) -> None:
    matrix = thin(rows, per_column)
    for row, values in enumerate(rows):
        found = shown(matrix, row)
        for column, start in enumerate(range(0, 40, per_column)):
            known = [v for v in values[start : start + per_column] if v is not None]
            pair = [v for v in found[2 * column : 2 * column + 2] if v is not None]
            assert ([min(pair), max(pair)] if pair else []) == (
                [min(known), max(known)] if known else []
            )
