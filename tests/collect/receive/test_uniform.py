"""Requests as Prometheus writes them are split at once, and all others are left to the walker."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.collect.receive.uniform import (
    TIME_ALONE,
    VALUE_AND_TIME,
    read_labels_v1,
    split_series_v1,
    split_series_v2,
)
from jipyo.wire import protobuf as wire

NOW_MS = 1_793_500_000_000
Sample = tuple[str, float, int]
HARD = VALUE_AND_TIME + TIME_ALONE


def field(number: int, payload: bytes) -> bytes:
    return wire.encode_varint(number << 3 | 2) + wire.encode_varint(len(payload)) + payload


def sample(value: float, t_ms: int) -> bytes:
    """As gogo-protobuf writes it: a zero is left out."""
    written = b"" if value == 0 else b"\x09" + struct.pack("<d", value)
    return field(2, written + b"\x10" + wire.encode_varint(t_ms))


def v1(samples: list[Sample]) -> bytes:
    return b"".join(
        field(1, label("__name__", "m") + label("n", name) + sample(value, t_ms))
        for name, value, t_ms in samples
    )


def label(name: str, value: str) -> bytes:
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def v2(samples: list[Sample]) -> bytes:
    symbols = {"": 0, "__name__": 1, "m": 2, "n": 3}
    series = b""
    for name, value, t_ms in samples:
        refs = b"".join(map(wire.encode_varint, (1, 2, 3, symbols.setdefault(name, len(symbols)))))
        series += field(5, field(1, refs) + sample(value, t_ms) + field(5, b"\x08\x01"))
    return b"".join(field(4, word.encode()) for word in symbols) + series


SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(["1", "n" * 90, "n" * 200, HARD.decode(), "\0", "값"]),
        st.one_of(
            st.just(0.0),
            st.floats(allow_nan=False),
            st.sampled_from([struct.unpack("<d", HARD + b"\0\0")[0]]),
        ),
        st.integers(NOW_MS, NOW_MS + 10**6),
    ),
    min_size=1,
    max_size=12,
)


@given(SAMPLES, st.sampled_from([1, 2]))
def test_a_request_of_the_usual_form_means_what_the_walker_reads(
    oracle: Any, samples: list[Sample], version: int
) -> None:
    write = v1 if version == 1 else v2
    parser = RemoteWriteParser()
    for _ in range(2):
        parse = parser.parse_v1 if version == 1 else parser.parse_v2
        batch = parse(write(samples))
        found = [
            (labels["n"], value, scrape.t_ms)
            for scrape in batch.scrapes
            for labels, value in zip(scrape.series, scrape.values.tolist(), strict=True)
        ]
        assert sorted(found) == sorted(samples)
    assert (oracle.v1 if version == 1 else oracle.v2).FromString(write(samples))


PLAIN = [(str(n), float(n), NOW_MS + n) for n in range(300)]


def test_a_request_of_prometheus_is_split_at_once() -> None:
    split = split_series_v1(v1(PLAIN))
    assert split is not None
    names, tails = split
    assert [read_labels_v1(name) for name in names] == [
        label("__name__", "m") + label("n", name) for name, _, _ in PLAIN
    ]
    assert [value for (value,) in struct.iter_unpack("<d7x", tails)] == [one[1] for one in PLAIN]
    uniform = split_series_v2(v2(PLAIN)[len(v2([])) :].partition(field(4, b"299"))[2])
    assert uniform is not None
    assert uniform.tails == tails
    assert uniform.list_metadata() == [b"\x08\x01"] * 300
    assert (uniform.references[1] == [4] * 124 + [5] * 176).all()


ONE = field(1, label("__name__", "m") + sample(1.5, NOW_MS))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        ONE[:-1],
        ONE + field(3, b""),  # metadata
        field(1, label("__name__", "m") + sample(1.5, NOW_MS) * 2),
        field(1, label("__name__", "m")) + ONE,  # a series without a sample
        field(1, sample(1.5, NOW_MS) + label("__name__", "m")),
        field(1, label("__name__", "m") + field(3, b"") + sample(1.5, NOW_MS)),  # an exemplar
        field(1, label("__name__", "m") + sample(1.5, 1)),  # a short time
        b"\x0a\x80" + ONE[1:],  # a length that does not end
    ],
)
def test_a_request_of_another_form_is_left_to_the_walker(body: bytes) -> None:
    split = split_series_v1(body)
    assert split is None or None in [read_labels_v1(name) for name in split[0]]


@given(st.binary(max_size=80), st.integers(0, 4), st.integers(0, 255))
def test_no_bytes_make_the_splitting_fail(noise: bytes, at: int, byte: int) -> None:
    split_series_v1(noise)
    split_series_v2(noise)
    body = bytearray(v2(PLAIN[:3])[len(v2([])) :])
    body[at * len(body) // 5] = byte
    split_series_v2(bytes(body) + noise)
    split_series_v2(noise + bytes(body))
    read_labels_v1(noise)
