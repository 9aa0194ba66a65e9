"""Bodies that are small when sent and huge when built: refused before they are built."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from bench.hostile import BOMBS, Body, build_points

from jipyo.collect.receive import otlp
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.collect.receive.text import parse_text_body
from jipyo.model.errors import BodyError, MalformedBody, TooLarge
from jipyo.web.ingest.options import ReceiverOptions
from jipyo.wire.elements import LightSchema, WorkLimit
from support.timing import measure_cpu_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.wire.elements import Schema


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_a_bomb_of_elements_is_refused_before_it_is_built(bomb: Body) -> None:
    body = bomb.build()

    def refuse() -> None:
        with pytest.raises(TooLarge) as caught:
            bomb.read(body, WorkLimit(ReceiverOptions().max_elements))
        assert caught.value.key == "wire.too_many_elements"
        assert caught.value.values == {"limit": "300,000"}

    assert measure_cpu_s(refuse) < 1


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
        (b"\x0a\x00" * 8, {1: LightSchema()}, 2),
        (b"\x0a\x02\x0a\x00" * 4, {1: LightSchema()}, 2),
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


def test_a_sender_that_hangs_up_within_one_metric_ends_the_work() -> None:
    body = build_points(b"{}", 5000)
    request = otlp.parse_request(body, as_json=True)

    class LateEvent(threading.Event):
        """Set once it has been looked at three times."""

        def is_set(self) -> bool:
            counts.append(1)
            return len(counts) > 3

    counts: list[int] = []
    limit = WorkLimit(cancelled=LateEvent())
    with pytest.raises(BodyError) as caught:
        otlp.OtlpConverter().convert(request, limit)
    assert caught.value.key == "wire.cancelled"
    assert len(counts) == 4
