"""Log messages, fields and lines of any bytes, and what is looked for in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.query import MESSAGE, Condition, Contains, Equals, Matches, StartsWith
from jipyo.logs.record import FieldPart, LineLayout, LogBatch, TextColumn
from jipyo.logs.store.block import BlockReader, encode_block
from jipyo.logs.store.select import count
from jipyo.logs.store.skeleton import SkeletonTable
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from random import Random

WORDS = (
    "took ", "31", "0031", " ms", "user", "=", "10.0.0.7", ":", "\n", "\r\n", "\0", "\x11", "온도",
    "deadbeefcafe0123", "0123456789abcdef0123456789abcdef", "ERROR", "1.25", "-", "[0-9]+", ".*",
    "$",
)  # fmt: skip
CUT = b"\x1e"
"""Between what is sought and the messages."""
A, B = FieldPart("a"), FieldPart("b")
LAYOUT = LineLayout("access", (b"", b' "', b'"', b""), (A, B, A))


def build_case(random: Random) -> bytes:
    words = [random.choice(WORDS) for _ in range(random.randrange(1, 6))]
    messages = []
    for _ in range(random.randrange(1, 30)):
        filled = [str(random.randrange(10**9)) if word == "31" else word for word in words]
        messages.append("".join(random.sample(filled, random.randrange(len(filled) + 1))))
    text = random.choice(messages)
    sought = text[random.randrange(len(text) + 1) :][: random.randrange(1, 12)]
    return CUT.join(part.encode() for part in (sought, *messages))


def search_blocks(body: bytes) -> None:
    """Everything comes out as it went in, and is found where it is, in every form of a column."""
    sought, *messages = body.split(CUT)
    texts = (messages or [b""]) * (1 + 100 // (1 + len(messages)))
    t_ns = np.arange(len(texts)) * 10**9
    level = np.zeros(len(texts), np.uint8)
    fields = {"a": TextColumn(texts), "b": TextColumn(texts[::-1])}
    table = SkeletonTable()
    lines = [LAYOUT.texts[1].join((a, b)) + LAYOUT.texts[2] + a
             for a, b in zip(texts, texts[::-1], strict=True)]  # fmt: skip
    for batch, expected in (
        (LogBatch("x", t_ns, level, fields, messages=texts), texts),
        (LogBatch("x", t_ns, level, fields, layout=LAYOUT), lines),
    ):
        block = encode_block(batch, table)
        reader = BlockReader(block.meta, partial(_cut, b"".join(block.blobs)), table)
        assert reader.messages() == expected, "BUG: other messages"
        _compare(reader, sought.decode("utf-8", "surrogateescape"), expected, texts)


def _cut(content: bytes, at: int, n: int) -> bytes:
    return content[at : at + n]


def _compare(reader: BlockReader, sought: str, messages: list[bytes], texts: list[bytes]) -> None:
    plain = sought.encode("utf-8", "surrogateescape")
    folded = plain.lower()
    for field, values in ((MESSAGE, messages), ("a", texts)):
        cases: tuple[tuple[Condition, int], ...] = (
            (Contains(sought, field), sum(folded in value.lower() for value in values)),
            (Contains(sought, field, exact_case=True), sum(plain in value for value in values)),
            (Equals(field, sought), values.count(plain)),
            (StartsWith(field, sought), sum(value.startswith(plain) for value in values)),
        )
        for condition, n in cases:
            assert count(reader, condition) == n, f"BUG: {condition}"
        try:
            found = count(reader, Matches(sought, field))
        except LogQueryError:
            continue
        assert 0 <= found <= len(values)


SURFACES = [
    Surface(
        name="logs-blocks",
        feed=search_blocks,
        tokens=tuple(word.encode() for word in (*WORDS, CUT.decode())),
        generate=build_case,
        cases=200,
        base_s=0.2,
        s_per_byte=5e-5,
        memory_per_byte=20_000,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_any_bytes_are_kept_and_found(surface: Surface) -> None:
    assert_short_form(surface)
