"""Runs and groups, against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.arrays import find_runs, group_by_presence, group_equal_rows

tables = st.integers(0, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(-1, 1), min_size=width, max_size=width), min_size=1)
)


@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_the_longest_stretches_of_true_flags(flags: list[bool]) -> None:
    runs = find_runs(np.array(flags, bool))
    assert [i for run in runs for i in range(*run)] == [i for i, flag in enumerate(flags) if flag]
    assert all(start == 0 or not flags[start - 1] for start, _ in runs)
    assert all(end == len(flags) or not flags[end] for _, end in runs)


@given(rows=tables)
def test_equal_rows_and_no_others_are_grouped(rows: list[list[int]]) -> None:
    keys = np.array(rows, np.int64).reshape(len(rows), -1)
    everyone = np.arange(len(rows))
    groups = [everyone[group].tolist() for group in group_equal_rows(keys)]
    assert sorted(row for group in groups for row in group) == everyone.tolist()
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
    assert len({tuple(rows[group[0]]) for group in groups}) == len(groups)
    for group in groups:
        assert all(rows[row] == rows[group[0]] for row in group)


@pytest.mark.parametrize(
    ("keys", "groups"),
    [
        ([[1], [1], [2]], [slice(0, 2), slice(2, 3)]),  # a stretch costs no copy
        ([[1], [2], [1]], [[0, 2], slice(1, 2)]),
    ],
)
def test_a_group_that_is_one_stretch_is_a_slice(
    keys: list[list[int]], groups: list[slice | list[int]]
) -> None:
    found = group_equal_rows(np.array(keys))
    assert [group if isinstance(group, slice) else group.tolist() for group in found] == groups


@given(st.integers(0, 20).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), max_size=8)
))  # fmt: skip
def test_rows_present_in_the_same_columns_are_grouped(rows: list[list[bool]]) -> None:
    present = np.array(rows, bool).reshape(len(rows), len(rows[0]) if rows else 0)
    expected: dict[tuple[int, ...], list[int]] = {}
    for number, row in enumerate(rows):
        columns = tuple(column for column, flag in enumerate(row) if flag)
        if columns:
            expected.setdefault(columns, []).append(number)
    found = [
        (tuple(columns.tolist()), group.tolist()) for group, columns in group_by_presence(present)
    ]
    assert found == list(expected.items())
