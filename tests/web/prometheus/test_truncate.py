"""A limit keeps the first series of a result, and tells whether there were more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, String, Vector
from jipyo.model.sample import SeriesBlock
from jipyo.web.prometheus.truncate import truncate

TIMES = np.array([1000, 2000])
NAMES = st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=6)


def label(name: str) -> Labels:
    return Labels.of({"i": name})


@pytest.mark.parametrize("value", [Scalar(1, 2.0), String(1, "x")])
def test_what_has_no_series_stays(value: Scalar | String) -> None:
    result = QueryResult(value)
    assert truncate(result, 1) == (result, False)


@given(NAMES, st.integers(0, 7))
def test_a_vector_keeps_its_order(names: list[str], limit: int) -> None:
    values = np.arange(len(names), dtype=float)
    shown, is_cut = truncate(QueryResult(Vector(1, tuple(map(label, names)), values)), limit)
    assert isinstance(shown.value, Vector)
    expected = names[:limit] if limit else names
    assert [labels["i"] for labels in shown.value.series] == expected
    assert shown.value.values.tolist() == list(range(len(expected)))
    assert is_cut is (0 < limit < len(names))


@given(NAMES, st.integers(1, 7), st.data())
def test_a_matrix_is_cut_by_its_labels_without_empty_series(
    names: list[str], limit: int, data: st.DataObject
) -> None:
    present = np.array([data.draw(st.booleans()) for _ in names], bool)
    mask = np.stack([present, present], axis=1) if names else np.empty((0, 2), bool)
    values = np.arange(2.0 * len(names)).reshape(-1, 2)
    matrix = Matrix(tuple(map(label, names)), TIMES, values, mask)
    shown, is_cut = truncate(QueryResult(matrix), limit)
    filled = sorted(name for name, is_present in zip(names, present, strict=True) if is_present)
    assert isinstance(shown.value, Matrix)
    assert [labels["i"] for labels in shown.value.series] == filled[:limit]
    rows = [names.index(name) for name in filled[:limit]]
    assert shown.value.values.tolist() == values[rows].tolist()
    assert is_cut is (limit < len(filled))


@given(NAMES, st.integers(1, 7), st.integers(1, 3))
def test_raw_samples_are_cut_by_labels_across_blocks(
    names: list[str], limit: int, per_block: int
) -> None:
    groups = [names[i : i + per_block] for i in range(0, len(names), per_block)]
    blocks = tuple(
        SeriesBlock(
            tuple(map(label, group)), TIMES, np.array([[names.index(n)] * 2 for n in group], float)
        )
        for group in groups
    )
    shown, is_cut = truncate(QueryResult(RawMatrix(blocks)), limit)
    assert isinstance(shown.value, RawMatrix)
    rows = [
        (labels["i"], block.values[row, 0])
        for block in shown.value.blocks
        for row, labels in enumerate(block.series)
    ]
    assert rows == [(name, names.index(name)) for name in sorted(names)[:limit]]
    assert is_cut is (limit < len(names))
