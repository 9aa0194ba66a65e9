"""Remote write 1.0 and 2.0 behind their compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fuzz.driver import Surface, assert_short_form
from fuzz.messages import Shape, build_message, field, varint
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.web.ingest.remote_write import find_message_name

if TYPE_CHECKING:
    from random import Random

_SAMPLE: Shape = {1: "double", 2: "varint"}
_LABEL: Shape = {1: b"__name__", 2: "text"}
_METADATA_V1: Shape = {1: "varint", 2: "text", 4: "text", 5: "text"}
_SERIES_V1: Shape = {1: _LABEL, 2: _SAMPLE, 3: {1: _LABEL, 2: "double"}, 4: {1: "varint"}}
V1: Shape = {1: _SERIES_V1, 3: _METADATA_V1}
_METADATA_V2: Shape = {1: "varint", 3: "varint", 4: "varint"}
V2: Shape = {
    4: "text",
    5: {1: "packed", 2: _SAMPLE, 3: {1: "varint"}, 4: {1: "packed"}, 5: _METADATA_V2},
}
TIME = b"\x10" + varint(1_795_400_000_000)
PLAIN_V1 = field(
    1,
    field(1, field(1, b"__name__") + field(2, b"up"))
    + field(1, field(1, b"job") + field(2, b"x"))
    + field(2, b"\x09" + bytes(6) + b"\xf0\x3f" + TIME),
)
PLAIN_V2 = b"".join(field(4, word) for word in (b"", b"__name__", b"up", b"job", b"x")) + field(
    5, field(1, bytes((1, 2, 3, 4))) + field(2, b"\x09" + bytes(6) + b"\xf0\x3f" + TIME)
)


def generate_v2(random: Random) -> bytes:
    """Most have the symbols that a request must begin with."""
    symbols = (b"", b"__name__", b"up", b"job", b"x", b"le", b"\xff")
    head = b"".join(field(4, word) for word in symbols[: random.randrange(len(symbols))])
    return head + build_message(random, V2)


def read_twice(parse: str, body: bytes) -> None:
    """The second time its series are known."""
    parser = RemoteWriteParser()
    first, second = (getattr(parser, parse)(body) for _ in range(2))
    assert first.samples == second.samples, "BUG: the same body has the same samples"
    assert first.invalid == second.invalid, "BUG: the same body has the same mistakes"


SURFACES = [
    Surface(
        name="remote-write-1",
        feed=lambda body: read_twice("parse_v1", body),
        corpus="remote-write",
        seeds=(PLAIN_V1, PLAIN_V1 * 3, field(1, field(1, b"\x78\x01" * 8000))),
        tokens=(PLAIN_V1, b"\x0a\x00", b"\x12\x00", b"\x12\x10\x09", b"\x12\x07\x10", TIME),
        generate=lambda random: build_message(random, V1),
    ),
    Surface(
        name="remote-write-2",
        feed=lambda body: read_twice("parse_v2", body),
        corpus="remote-write",
        seeds=(PLAIN_V2, PLAIN_V2 * 3, b"\x22\x00" + field(5, field(1, bytes(16_000)))),
        tokens=(PLAIN_V2, b"\x22\x00", b"\x2a\x00", b"\x12\x10\x09", b"\x12\x07\x10", TIME),
        generate=generate_v2,
    ),
    Surface(
        name="remote-write-type",
        feed=lambda body: find_message_name(body.decode("latin-1")),
        seeds=(b"application/x-protobuf;proto=io.prometheus.write.v2.Request",),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_request_is_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
