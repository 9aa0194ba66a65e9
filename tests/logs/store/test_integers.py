"""Integers come back as they were, all or some, and take as few bytes as their unit allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.blobs import BlobReader, BlobWriter
from jipyo.logs.store.integers import (
    group_integers,
    read_ascending,
    read_integers,
    read_steps,
    write_ascending,
    write_integers,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
UNITS = st.sampled_from((1, 10**3, 10**6, 10**9))
VALUES = st.lists(INT64, min_size=1, max_size=40) | st.builds(
    lambda unit, first, steps: [first + unit * step for step in steps],
    UNITS,
    st.integers(-(10**15), 10**15),
    st.lists(st.integers(0, 10**8), min_size=1, max_size=40),
)


def open_blobs(blobs: BlobWriter) -> BlobReader:
    content = b"".join(blobs.blobs)
    return BlobReader([len(blob) for blob in blobs.blobs], lambda at, n: content[at : at + n])


@given(VALUES, st.data())
def test_integers_come_back_all_or_some(values: list[int], data: st.DataObject) -> None:
    blobs = BlobWriter()
    meta = write_integers(np.array(values, np.int64), blobs)
    assert read_integers(meta, len(values), open_blobs(blobs)).tolist() == values
    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=5))
    some = read_integers(meta, len(values), open_blobs(blobs), np.array(rows, np.int64))
    assert some.tolist() == [values[row] for row in rows]


@given(VALUES)
def test_steps_are_the_distances_from_the_lowest_in_units(values: list[int]) -> None:
    blobs = BlobWriter()
    meta = write_integers(np.array(values, np.int64), blobs)
    if len(set(values)) > 1:
        steps, unit = read_steps(meta, open_blobs(blobs))
        assert [min(values) + unit * int(step) for step in steps] == values


@pytest.mark.parametrize(("values", "width", "unit"), [
    ([0, 1, 65_535], 2, 1),
    ([0, 65_536], 4, 1),
    ([5, 5 + 3 * 10**6], 2, 10**6),  # milliseconds in nanoseconds
    ([0, 60_000 * 10**6], 2, 10**9),  # a minute
    ([0, 86_400 * 10**9], 4, 10**9),
    ([0, 7_001, 70_000_000], 4, 1),
    ([0, 10**12 + 1], 8, 1),
    ([-(2**63), 2**63 - 1], 8, 1),
])  # fmt: skip
def test_they_are_kept_in_the_largest_unit_that_divides_them(values, width, unit) -> None:
    low, high, found_width, _, found_unit = write_integers(np.array(values), BlobWriter())
    assert (low, high) == (min(values), max(values))
    assert (found_width, found_unit) == (width, unit)


@given(st.lists(st.integers(-(2**61), 2**61), max_size=40).map(sorted))
def test_ascending_integers_come_back(values: list[int]) -> None:
    blobs = BlobWriter()
    meta = write_ascending(np.array(values, np.int64), blobs)
    assert read_ascending(meta, len(values), open_blobs(blobs)).tolist() == values


@given(st.lists(st.integers(-20, 20) | INT64.map(lambda n: n // 4), min_size=1, max_size=40))
def test_groups_are_the_different_integers_in_order(values: list[int]) -> None:
    distinct, codes = group_integers(np.array(values, np.int64))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[codes].tolist() == values
