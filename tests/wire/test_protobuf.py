"""The protobuf wire format: numbers, fields and what breaks them (protobuf.dev, Encoding)."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import MalformedBody
from jipyo.wire import protobuf as wire

U64 = st.integers(0, 2**64 - 1)


def field(number: int, payload: bytes) -> bytes:
    return wire.encode_varint(number << 3 | 2) + wire.encode_varint(len(payload)) + payload


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, b"\x00"),
        (1, b"\x01"),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (150, b"\x96\x01"),  # the example of the specification
        (300, b"\xac\x02"),
        (2**64 - 1, b"\xff" * 9 + b"\x01"),
    ],
)
def test_a_varint(value: int, data: bytes) -> None:
    assert wire.encode_varint(value) == data
    assert wire.read_varint(b"x" + data + b"y", 1) == (value, 1 + len(data))


@given(U64)
def test_a_varint_goes_there_and_back(value: int) -> None:
    data = wire.encode_varint(value)
    assert wire.read_varint(data, 0) == (value, len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\x80" * 20 + b"\x01"])
def test_a_varint_that_does_not_end_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedBody, match="does not end"):
        wire.read_varint(data, 0)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"", []),
        (b"\x08\x96\x01", [(1, 150)]),
        (b"\x12\x07testing", [(2, b"testing")]),
        (b"\x12\x00", [(2, b"")]),
        (b"\x09" + bytes(8), [(1, bytes(8))]),
        (b"\x0d" + bytes(4), [(1, bytes(4))]),
        (b"\x08\x01\x08\x02", [(1, 1), (1, 2)]),  # repeated
        (b"\x80\x01\x05", [(16, 5)]),  # a key of two bytes
        (field(1, b"x" * 200), [(1, b"x" * 200)]),  # a length of two bytes
        (field(1, b"x" * 20_000), [(1, b"x" * 20_000)]),  # of three
    ],
)
def test_fields_of_a_message(data: bytes, fields: list[wire.Field]) -> None:
    assert list(wire.iter_fields(data)) == fields


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x02\x00", "without a number"),
        (b"\x00", "without a number"),
        (b"\x0b", "wire type 3"),  # a group
        (b"\x0c", "wire type 4"),
        (b"\x0f", "wire type 7"),
        (b"\x80" * 11, "does not end"),
        (b"\x08", "does not end"),
        (b"\x12", "does not end"),
        (b"\x12\x05abc", "ends behind the message"),
        (b"\x09\x00", "ends behind the message"),
        (b"\x12\xff\xff\xff\xff\x0f", "ends behind the message"),
    ],
)
def test_what_is_no_message_is_refused_and_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        list(wire.iter_fields(data))
    assert caught.value.key == "wire.damaged"
    assert reason in str(caught.value.values["reason"])


@given(st.lists(st.tuples(st.integers(1, 2**20), st.binary(max_size=40) | U64), max_size=6))
def test_fields_go_there_and_back(fields: list[tuple[int, bytes | int]]) -> None:
    data = b"".join(
        field(number, value)
        if isinstance(value, bytes)
        else wire.encode_varint(number << 3) + wire.encode_varint(value)
        for number, value in fields
    )
    assert list(wire.iter_fields(data)) == fields


@given(st.binary(max_size=60))
def test_any_bytes_are_walked_or_refused(data: bytes) -> None:
    with contextlib.suppress(MalformedBody):
        assert sum(1 for _ in wire.iter_fields(data)) <= len(data)


@pytest.mark.parametrize(
    ("value", "signed"),
    [(0, 0), (5, 5), (2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1)],
)
def test_a_varint_is_signed_or_not(value: int, signed: int) -> None:
    assert wire.read_unsigned(value) == value
    assert wire.read_signed(value) == signed


def test_values_of_fields() -> None:
    eight = struct.pack("<d", 1.5)
    assert wire.read_double_bytes(eight) == eight
    assert wire.read_message(b"abc") == b"abc"
    assert wire.read_text("값".encode()) == "값"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (wire.read_unsigned, b"x"),
        (wire.read_signed, b"x"),
        (wire.read_double_bytes, 5),
        (wire.read_double_bytes, b"1234"),
        (wire.read_message, 5),
        (wire.read_text, 5),
        (wire.read_text, b"\xff"),
    ],
)
def test_a_value_of_another_kind_is_refused(read: object, value: wire.Value) -> None:
    assert callable(read)
    with pytest.raises(MalformedBody):
        read(value)


@given(st.lists(st.lists(st.integers(0, 2**40), max_size=5), max_size=5))
def test_packed_numbers_are_split_as_they_were_joined(parts: list[list[int]]) -> None:
    joined = [b"".join(wire.encode_varint(value) for value in part) for part in parts]
    numbers, ends = wire.read_packed_varints(*wire.join_packed(joined))
    assert numbers.tolist() == [value for part in parts for value in part]
    assert np.diff(ends, prepend=0).tolist() == [len(part) for part in parts]
    for part, data in zip(parts, joined, strict=True):
        at = 0
        for value in part:  # the plain way gives the same
            number, at = wire.read_varint(data, at)
            assert number == value


@pytest.mark.parametrize("parts", [[b"\x80"], [b"\x80", b"\x01"], [b"\x80" * 9 + b"\x01"]])
def test_packed_numbers_that_do_not_end_or_are_too_large_are_refused(parts: list[bytes]) -> None:
    with pytest.raises(MalformedBody):
        wire.read_packed_varints(*wire.join_packed(parts))
