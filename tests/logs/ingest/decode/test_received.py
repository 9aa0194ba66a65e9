"""Records with fields of their own become columns, and say the same afterwards."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.ingest.decode.received import (
    MAX_FIELDS,
    MAX_RECORDS,
    FieldValue,
    ReceivedRecord,
    build_batches,
    build_column,
    make_field_value,
)
from jipyo.logs.record import Column, Level, NumberColumn, TextColumn

VALUES = st.one_of(
    st.binary(max_size=5),
    st.integers(-(2**63), 2**63 - 1).filter(lambda n: abs(n) < 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
)
RECORDS = st.lists(
    st.builds(
        ReceivedRecord,
        st.sampled_from(("shop", "pay")),
        st.integers(0, 2**62),
        st.sampled_from(Level),
        st.binary(max_size=8),
        st.dictionaries(st.sampled_from("abcd"), VALUES),
    ),
    max_size=30,
)


def write(column: Column, row: int) -> bytes | float | None:
    """A value as plainly as can be."""
    if column.present is not None and not column.present[row]:
        return None
    if isinstance(column, TextColumn):
        return column.values[row]
    return (
        int(column.values[row]) / 10**column.decimals
        if column.decimals
        else int(column.values[row])
    )


def is_same(value: FieldValue | None, read: bytes | float | None) -> bool:
    """Numbers that stand beside texts, or are too large for a column, are texts."""
    if value is None or isinstance(value, bytes):
        return value == read
    return read in (repr(value).encode(), value)


@given(RECORDS)
def test_what_goes_in_comes_out_in_order(records: list[ReceivedRecord]) -> None:
    by_service = defaultdict(list)
    for record in records:
        by_service[record.service].append(record)
    rows = defaultdict(list)
    for batch in build_batches(records):
        assert batch.messages is not None
        for row in range(len(batch)):
            fields = {name: write(column, row) for name, column in batch.fields.items()}
            rows[batch.service].append(
                (int(batch.t_ns[row]), batch.level[row], batch.messages[row], fields)
            )
    assert set(rows) == set(by_service)
    for service, wanted in by_service.items():
        for record, (t_ns, level, message, fields) in zip(wanted, rows[service], strict=True):
            assert (record.t_ns, record.level, record.message) == (t_ns, level, message)
            assert set(record.fields) == {
                name for name, value in fields.items() if value is not None
            }
            assert all(is_same(value, fields[name]) for name, value in record.fields.items())


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([1, None, 3], NumberColumn(np.array([1, 0, 3]), 0, np.array([True, False, True]))),
        ([0.25, 0.5], NumberColumn(np.array([25, 50]), 2)),
        ([1, 0.5], NumberColumn(np.array([10, 5]), 1)),
        ([1, b"x"], TextColumn([b"1", b"x"])),
        ([1e30], TextColumn([b"1e+30"])),
        ([1e-12, 1], TextColumn([b"1e-12", b"1"])),
    ],
)
def test_numbers_are_a_column_where_all_are(values: list[FieldValue], column: Column) -> None:
    built = build_column(values)
    assert type(built) is type(column)
    assert list(built.values) == list(column.values)
    assert (built.present is None) == (column.present is None)
    if isinstance(column, NumberColumn):
        assert isinstance(built, NumberColumn)
        assert built.decimals == column.decimals


def test_a_batch_has_a_limit_of_records_and_fields() -> None:
    plain = [ReceivedRecord("a", n, Level.INFO, b"", {}) for n in range(MAX_RECORDS + 1)]
    assert [len(batch) for batch in build_batches(plain)] == [MAX_RECORDS, 1]
    wide = [ReceivedRecord("a", n, Level.INFO, b"", {f"f{n}": 1, "x": 2}) for n in range(1000)]
    batches = build_batches(wide)
    assert sum(map(len, batches)) == 1000
    assert max(len(batch.fields) for batch in batches) == MAX_FIELDS


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (None, None),
        (True, b"true"),
        (5, 5),
        (1.5, 1.5),
        (float("inf"), b"inf"),
        (1 << 70, str(1 << 70).encode()),
        ("한글", "한글".encode()),
    ],
)
def test_a_plain_value_is_a_text_or_a_number(value: object, made: FieldValue | None) -> None:
    assert make_field_value(value) == made
