"""Bodies that are small when sent and huge when built: refused before they are built."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from jipyo.collect.receive import otlp
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.collect.receive.text import parse_text_body
from jipyo.model.errors import BodyError, MalformedBody, TooLarge
from jipyo.wire.elements import WorkLimit
from support.timing import measure_cpu_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.wire.elements import Schema

MIB = 1 << 20
LABELS_OF_ONE_LINE = "x{{{}}} 1\n".format(",".join(f'a{i}=""' for i in range(1000)))

BOMBS: list[tuple[str, Callable[[], bytes], Callable[[bytes], object]]] = [
    ("resources of OTLP", lambda: b"\x0a\x00" * (16 * MIB), lambda b: read_otlp(b, as_json=False)),
    ("objects of JSON", lambda: nest_json(b"{}", 10**7), lambda b: read_otlp(b, as_json=True)),
    ("numbers of JSON", lambda: nest_json(b"1", 10**7), lambda b: read_otlp(b, as_json=True)),
    ("equal lines", lambda: b"a 1\n" * (8 * 10**6), lambda b: parse_text_body(b, {}, 0)),
    ("empty lines", lambda: b"\n" * (64 * MIB), lambda b: parse_text_body(b, {}, 0)),
    (
        "labels of lines",
        lambda: LABELS_OF_ONE_LINE.encode() * 7000,
        lambda b: parse_text_body(b, {}, 0),
    ),
    ("series of 1.0", lambda: b"\x0a\x00" * (16 * MIB), lambda b: RemoteWriteParser().parse_v1(b)),
    (
        "samples of one series of 1.0",
        lambda: wrap(b"\x0a", b"\x12\x00" * (16 * MIB)),
        lambda b: RemoteWriteParser().parse_v1(b),
    ),
    (
        "unknown fields of a label of 1.0",
        lambda: wrap(b"\x0a", wrap(b"\x0a", b"\x78\x01" * (16 * MIB))),
        lambda b: RemoteWriteParser().parse_v1(b),
    ),
    ("symbols of 2.0", lambda: b"\x22\x00" * (16 * MIB), lambda b: RemoteWriteParser().parse_v2(b)),
    ("series of 2.0", lambda: b"\x2a\x00" * (16 * MIB), lambda b: RemoteWriteParser().parse_v2(b)),
    (
        "references of one series of 2.0",
        lambda: b"\x22\x00" + wrap(b"\x2a", wrap(b"\x0a", bytes(32 * MIB))),
        lambda b: RemoteWriteParser().parse_v2(b),
    ),
]


def read_otlp(body: bytes, *, as_json: bool) -> object:
    return otlp.OtlpConverter().convert(otlp.parse_request(body, as_json=as_json))


def nest_json(item: bytes, count: int) -> bytes:
    return b'{"resourceMetrics":[' + b",".join([item] * count) + b"]}"


def wrap(key: bytes, inner: bytes) -> bytes:
    size, digits = len(inner), bytearray()
    while size > 0x7F:
        digits.append(size & 0x7F | 0x80)
        size >>= 7
    return key + bytes((*digits, size)) + inner


@pytest.mark.parametrize(
    ("build", "read"), [bomb[1:] for bomb in BOMBS], ids=[bomb[0] for bomb in BOMBS]
)
def test_a_bomb_of_elements_is_refused_before_it_is_built(
    build: Callable[[], bytes], read: Callable[[bytes], object]
) -> None:
    body = build()

    def refuse() -> None:
        with pytest.raises(TooLarge) as caught:
            read(body)
        assert caught.value.key == "wire.too_many_elements"
        assert caught.value.values == {"limit": "1,000,000"}

    assert measure_cpu_s(refuse) < 2  # 0.5 s on a quiet machine


@pytest.mark.parametrize(
    ("body", "schema", "most"),
    [
        (b"\x0a\x00" * 5, {1: {}}, 5),
        (b"\x0a\x02\x12\x00" * 3, {1: {2: {}}}, 6),
        (b"\x0a\x02\x12\x00" * 4, {1: {}}, 5),
        (b"\x12\x00" * 8, {1: {}}, 2),
        (b"\x08\x01" * 8, {1: {}}, 2),
        (b"\x0d\x00\x00\x00\x00" * 4, {}, 1),
        (b"\x0a\x08" + bytes(8), {1: None}, 4),
    ],
)
def test_messages_weigh_one_and_fields_a_quarter(body: bytes, schema: Schema, most: int) -> None:
    limit = WorkLimit(most)
    limit._walk(body, schema)
    with pytest.raises(TooLarge):
        WorkLimit(most - 1)._walk(body, schema)


@pytest.mark.parametrize(
    "body", [b"\x0a", b"\x0a\x05", b"\x0a\x02\x12\x05", b"\x0b\x00", b"\x08" + b"\xff" * 11]
)
def test_broken_bytes_are_refused_as_such(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        WorkLimit()._walk(body, {1: {2: {}}})


def test_nothing_is_parsed_for_a_sender_that_hung_up() -> None:
    cancelled = threading.Event()
    cancelled.set()
    limit = WorkLimit(cancelled=cancelled)
    readers: list[Callable[[], object]] = [
        lambda: parse_text_body(b"a 1\n", {}, 0, work_limit=limit),
        lambda: RemoteWriteParser().parse_v1(b"\x0a\x00", limit),
        lambda: RemoteWriteParser().parse_v2(b"\x22\x00", limit),
        lambda: otlp.parse_request(b"", as_json=False, work_limit=limit),
    ]
    for read in readers:
        with pytest.raises(BodyError) as caught:
            read()
        assert caught.value.key == "wire.cancelled"
