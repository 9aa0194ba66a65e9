"""Random protobuf messages that follow a description, more or less."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from random import Random

Shape = Mapping[int, Union[str, bytes, "Shape"]]
"""The fields of a message: a kind of value, a fixed text to choose often, or another message."""
_NUMBERS = (0, 1, 2, 3, 5, 127, 128, 300, 1 << 31, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_DOUBLES = (0.0, -0.0, 1.5, -1e308, float("inf"), float("nan"))
_TEXTS = (b"", b"a", b"__name__", b"job", b"le", b"+Inf", "한글".encode(), b"\xff", b"x" * 200)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(number: int, content: bytes) -> bytes:
    """A field with its length before it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def build_message(random: Random, shape: Shape, depth: int = 6) -> bytes:
    """A message; rarely a field has another type or number than described."""
    out = bytearray()
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        number = random.choice(list(shape)) if shape else random.randrange(1, 20)
        kind = shape.get(number, "text")
        if random.random() < 0.02:
            number, kind = random.randrange(0, 40), random.choice(("varint", "double", "text"))
        out += _build_field(random, number, kind, depth)
    return bytes(out)


def _build_field(random: Random, number: int, kind: str | bytes | Shape, depth: int) -> bytes:
    if isinstance(kind, Mapping):
        return field(number, build_message(random, kind, depth - 1) if depth else b"")
    if isinstance(kind, bytes):
        return field(number, kind if random.random() < 0.9 else random.choice(_TEXTS))
    match kind:
        case "varint":
            return varint(number << 3) + varint(random.choice(_NUMBERS))
        case "double" | "fixed64":
            value = struct.pack("<d", random.choice(_DOUBLES))
            return varint(number << 3 | 1) + (value if random.random() < 0.8 else value[:5])
        case "packed":
            numbers = [random.choice(_NUMBERS[:8]) for _ in range(random.randrange(9))]
            return field(number, b"".join(varint(each) for each in numbers))
    return field(number, random.choice(_TEXTS))
