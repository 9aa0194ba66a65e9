"""What goes into a block comes out of it to the byte, and is found as in plain records."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.evaluate import list_texts, write_message
from jipyo.logs.evaluate import select as select_plainly
from jipyo.logs.query import MESSAGE, Contains, Equals, HasTemplate, Matches, StartsWith
from jipyo.logs.record import (
    FieldPart,
    Level,
    LineLayout,
    LogBatch,
    NumberColumn,
    TextColumn,
    TimePart,
)
from jipyo.logs.store.block import BlockReader, encode_block, sort_batch, take_rows
from jipyo.logs.store.search import Search
from jipyo.logs.store.select import count, select
from jipyo.logs.store.skeleton import NO_SKELETON, SkeletonTable
from jipyo.model.errors import StoreCorrupt
from support.log_batches import NGINX, SECOND, START_NS, batches, conditions


def cut(content: bytes, at: int, n: int) -> bytes:
    return content[at : at + n]


def encode(batch: LogBatch, skeletons: SkeletonTable | None = None) -> BlockReader:
    skeletons = SkeletonTable() if skeletons is None else skeletons
    block = encode_block(batch, skeletons)
    meta = orjson.loads(orjson.dumps(block.meta))
    return BlockReader(meta, partial(cut, b"".join(block.blobs)), skeletons)


def make(messages: list[bytes], **fields: TextColumn | NumberColumn) -> LogBatch:
    n = len(messages)
    return LogBatch(
        "api",
        START_NS + np.arange(n) * SECOND // 7,
        np.arange(n).astype(np.uint8) % len(Level),
        fields,
        messages,
    )


def repeat(batch: LogBatch, times: int) -> LogBatch:
    """So many that skeletons get columns of their own."""
    return take_rows(batch, np.tile(np.arange(len(batch)), times))


def assert_equal(found: LogBatch, put: LogBatch) -> None:
    assert found.t_ns.tolist() == put.t_ns.tolist()
    assert found.level.tolist() == put.level.tolist()
    n = len(put)
    written = [write_message(found, row) for row in range(n)]
    assert written == [write_message(put, row) for row in range(n)]
    for name in {*found.fields, *put.fields}:
        assert list_texts(found, name) == list_texts(put, name), name
        if name in found.fields:
            assert type(found.fields[name]) is type(put.fields[name])


@given(batches().filter(len), st.sampled_from((1, 60)))
def test_what_goes_in_comes_out(batch: LogBatch, times: int) -> None:
    batch = repeat(batch, times)
    reader = encode(batch)
    put = sort_batch(batch)
    assert_equal(reader.batch(), put)
    lines = reader.messages()
    assert lines == [write_message(put, row) for row in range(len(put))]
    rows = np.arange(len(put))[::3]
    assert_equal(reader.batch(rows), take_rows(put, rows))
    assert reader.messages(rows) == lines[::3]
    assert (reader.first_ns, reader.last_ns) == (put.t_ns[0], put.t_ns[-1])


@given(batches().filter(len), st.sampled_from((1, 60)), conditions())
def test_a_condition_holds_for_the_same_records_as_in_memory(batch, times, condition) -> None:
    batch = sort_batch(repeat(batch, times))
    reader = encode(batch)
    expected = np.flatnonzero(select_plainly(batch, condition)).tolist()
    assert select(reader, condition).tolist() == expected
    assert count(reader, condition) == len(expected)


_VALUES = st.from_regex(rb"[0-9a-fA-F.\-_x]{1,24}", fullmatch=True) | st.sampled_from(
    (b"7", b"07", b"deadbeefcafe0123", b"DEADBEEFCAFE0123", b"10.0.0.7", b"\x11", b"0000000000001")
)
_SHAPES = st.sampled_from(
    (
        b"took %b ms",
        b"%b",
        b"%b %b",
        b"a=%b,b=%b (%b)",
        b"%b:\n  at %b\n",
        b"user%b %b\x11",
        b"",
        b"\0%b",
    )
)


@st.composite
def value_messages(draw: st.DrawFn) -> list[bytes]:
    """Messages of few shapes with many values: columns of every form."""
    shapes = draw(st.lists(_SHAPES, min_size=1, max_size=3))
    values = draw(st.lists(_VALUES, min_size=3, max_size=40))
    n = draw(st.integers(1, 200))
    picks = draw(st.randoms(use_true_random=False))
    return [
        shape % tuple(picks.choice(values) for _ in range(shape.count(b"%b")))
        for shape in (picks.choice(shapes) for _ in range(n))
    ]


@given(value_messages(), st.data())
def test_any_part_of_a_message_is_found_where_it_is(messages: list[bytes], data) -> None:
    batch = make(messages)
    reader = encode(batch)
    assert reader.messages() == messages
    source = data.draw(st.sampled_from(messages))
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    part = source[start:end].decode("utf-8", "surrogateescape")
    for condition in (
        Contains(part),
        Contains(part.upper()),
        Contains(part, exact_case=True),
        Equals(MESSAGE, part),
        StartsWith(MESSAGE, part),
    ):
        expected = np.flatnonzero(select_plainly(batch, condition)).tolist()
        assert select(reader, condition).tolist() == expected, condition
        assert count(reader, condition) == len(expected)


@given(batches().filter(lambda batch: len(batch) and batch.layout), st.data())
def test_any_part_of_a_line_is_found_where_it_is(batch: LogBatch, data) -> None:
    batch = sort_batch(batch)
    line = write_message(batch, data.draw(st.integers(0, len(batch) - 1))) or b""
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 30)))
    part = line[start:end].decode("utf-8", "surrogateescape")
    reader = encode(batch)
    for condition in (Contains(part), Contains(part.upper()), Contains(part, exact_case=True)):
        expected = np.flatnonzero(select_plainly(batch, condition)).tolist()
        assert select(reader, condition).tolist() == expected, condition


FORMS = {
    "decimals": [b"%d.%02d" % (row // 7, row % 100) for row in range(100)],
    "other decimals": [b"1.%d" % (row * 3) for row in range(100)],
    "zeros before decimals": [b"0%d.5" % row for row in range(100)],
    "nearly decimals": [b"%d.%02d" % (row, row) for row in range(98)] + [b"1a.33", b"..5"],
    "addresses": [b"10.%d.%d.%d" % (row % 4, row, 255 - row) for row in range(100)],
    "constant": [b"node-1"] * 100,
    "empty": [b""] * 100,
    "long constant": [b"x" * 5000] * 100,
    "few texts": [b"a%d" % (row % 3) for row in range(100)],
    "few long texts": [b"b" * 300 + b"%d" % (row % 3) for row in range(100)],
    "300 texts": [b"user %d" % (row % 300) for row in range(1200)],
    "integers": [b"%d" % (row * row) for row in range(100)],
    "leading zeros": [b"%04d" % row for row in range(100)],
    "mixed zeros": [b"0%d" % row for row in range(100)],
    "18 digits": [b"9" * 17 + b"%d" % (row % 10) for row in range(100)],
    "19 digits": [b"%d" % (10**18 + row * 10**17) for row in range(80)],
    "negative": [b"%d" % (row - 50) for row in range(100)],
    "hex": [(b"%032x" % (row * 0x123456789ABCDEF0123456789))[-32:] for row in range(100)],
    "odd hex": [(b"%031x" % (row * 0x123456789ABCDEF0123456789))[-31:] for row in range(100)],
    "uuid": [b"%08x-1f3a-4b5c-8d7e-%012x" % (row * 7919, row * 104729) for row in range(100)],
    "upper hex": [b"%032X" % (row * 0x123456789ABCDEF0123) for row in range(100)],
    "any bytes": [bytes((row, 255 - row)) for row in range(256)],
    "newlines and NUL": [b"\n" * (row % 5) + b"\0" * (row % 3) + b"%d" % row for row in range(100)],
    "times": [b"2026-11-27T10:%02d:%02d.123Z" % (row // 60, row % 60) for row in range(300)],
    "Korean": [f"온도 {row}도".encode() for row in range(100)],
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_column_keeps_every_byte(name: str) -> None:
    texts = FORMS[name]
    batch = make(texts, field=TextColumn(texts))
    reader = encode(batch)
    assert_equal(reader.batch(), batch)
    rows = np.array([5, 3, 3, len(texts) - 1])
    column = reader.column("field", rows)
    assert isinstance(column, TextColumn)
    assert list(column.values) == [texts[row] for row in rows]
    assert reader.messages(rows) == [texts[row] for row in rows]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_column_is_searched_as_plain_texts_are(name: str) -> None:
    texts = FORMS[name]
    batch = make(texts, field=TextColumn(texts))
    reader = encode(batch)
    for text in (texts[0], texts[7], texts[-1]):
        part = text[1:-1].decode("utf-8", "surrogateescape")
        whole = text.decode("utf-8", "surrogateescape")
        for condition in (
            Contains(part, "field"),
            Contains(part.upper(), "field", exact_case=True),
            Equals("field", whole),
            Equals("field", part),
            StartsWith("field", whole[:4]),
            Contains(part),
        ):
            expected = np.flatnonzero(select_plainly(batch, condition)).tolist()
            assert select(reader, condition).tolist() == expected, condition


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("present", [None, np.arange(2000) % 3 > 0])
def test_records_are_grouped_by_every_form_of_a_column(name: str, present) -> None:
    texts = FORMS[name]
    mask = None if present is None else present[: len(texts)]
    reader = encode(make(texts, field=TextColumn(texts, mask)))
    texts_found, codes = reader.group("field") or ([], np.empty(0, np.int64))
    found = [[*texts_found, None][code] for code in codes.tolist()]
    assert len(set(texts_found)) == len(texts_found)
    assert found == [text if mask is None or mask[row] else None for row, text in enumerate(texts)]
    assert reader.group("no.such") is None


def test_absent_fields_stay_absent() -> None:
    present = np.arange(100) % 3 == 0
    batch = make(
        [b"m"] * 100,
        text=TextColumn([b"v%d" % row for row in range(100)], present),
        number=NumberColumn(np.arange(100) - 50, 3, present),
        never=TextColumn([b"x"] * 100, np.zeros(100, bool)),
    )
    reader = encode(batch)
    assert reader.field_names == ("text", "number")
    assert_equal(reader.batch(), batch)
    assert reader.column("never") is None


def test_counts_add_up_to_the_records() -> None:
    batch = make([b"took %d ms" % row if row % 3 else b"rare " + b"x" * row for row in range(400)])
    reader = encode(batch)
    keys, counts = reader.minute_counts()
    assert counts.sum() == 400
    assert keys.tolist() == sorted(set(keys.tolist()))
    rows = batch.t_ns // (60 * SECOND) * 8 + batch.level
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == {
        key: int((rows == key).sum()) for key in set(rows.tolist())
    }
    keys, counts = reader.hour_counts()
    ids = reader.skeleton_ids()
    rows = (batch.t_ns // (3600 * SECOND) * 8 + batch.level << 24) + ids
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == {
        key: int((rows == key).sum()) for key in set(rows.tolist())
    }
    assert reader.level_counts == np.bincount(batch.level, minlength=7).tolist()


def test_skeletons_keep_their_ids_in_later_blocks() -> None:
    table = SkeletonTable()
    first = encode(make([b"took 1 ms", b"lost 2", b"\0"]), table)
    second = encode(make([b"lost 3", b"took 9 ms"] * 50), table)
    assert first.skeleton_ids().tolist() == [
        table.find(b"took \x11 ms"),
        table.find(b"lost \x11"),
        NO_SKELETON,
    ]
    assert second.skeleton_ids()[:2].tolist() == first.skeleton_ids()[:2].tolist()[::-1]
    assert select(
        second, Search(HasTemplate("t"), lambda _: {table.find(b"lost \x11")})
    ).tolist() == list(range(0, 100, 2))


def test_a_column_that_cannot_have_the_text_is_not_read() -> None:
    messages = [b"took %d ms for user%d" % (row * 37, row) for row in range(300)]
    table = SkeletonTable()
    block = encode_block(make(messages), table)
    content, reads = b"".join(block.blobs), []

    def read(at: int, n: int) -> bytes:
        reads.append(at)
        return content[at : at + n]

    reader = BlockReader(block.meta, read, table)
    assert count(reader, Contains("OOK")) == 300
    assert count(reader, Contains("took x")) == 0
    assert count(reader, Contains("deadbeefcafe01234567")) == 0
    assert reads == []
    assert count(reader, Contains("took 37 ")) == 1
    assert len(reads) == 1


@pytest.mark.parametrize("layout", [False, True])
def test_a_flipped_bit_is_found_and_never_changes_an_answer(layout: bool) -> None:
    texts = [b"took %d ms 0123456789abcdef%04x" % (row % 90, row * 31) for row in range(120)]
    batch = make(
        texts,
        text=TextColumn(texts),
        **{"user.name": TextColumn([b"u%d" % (row % 3) for row in range(120)])},
    )
    if layout:
        batch = replace(batch, messages=None, layout=NGINX)
    table = SkeletonTable()
    block = encode_block(batch, table)
    content = b"".join(block.blobs)
    for at in range(0, len(content), 3):
        damaged = content[:at] + bytes((content[at] ^ 1 << at % 8,)) + content[at + 1 :]
        reader = BlockReader(block.meta, partial(cut, damaged), table)
        with pytest.raises(StoreCorrupt):
            reader.verify()
        with suppress(StoreCorrupt):
            assert_equal(reader.batch(), batch)
            assert reader.skeleton_ids() is not None
            assert len(select(reader, Contains("0123456789ABCDEF0000"))) == (0 if layout else 1)
            assert sum(reader.minute_counts()[1]) == sum(reader.hour_counts()[1]) == 120
    BlockReader(block.meta, partial(cut, content), table).verify()


BASIC_TIME = (TimePart("%Y%m%dT%H%M%S"), FieldPart("id"))
ID = FieldPart("id")


@pytest.mark.parametrize(
    ("texts", "parts", "sought", "n"),
    [
        ((b"", b" ", b""), BASIC_TIME, "T141320", 7),
        ((b"", b" ", b""), BASIC_TIME, "20260921T141320", 7),
        ((b"id=x", b""), (ID,), "x123456789abcdef0000", 1),
        ((b"id=", b"", b""), (ID, ID), "f0001123456789abcdef0001", 1),
        ((b"A1B2C3D4E5F6G7 ", b""), (ID,), "a1b2c3d4e5f6g7", 300),
        ((b"id=", b";"), (ID,), "123456789abcdef0011", 1),
        ((b"id=", b";"), (ID,), "123456789abcdef0fff", 0),
        ((b"id=", b";"), (ID,), "456789abcdef0011", 1),
    ],
)
def test_long_tokens_are_found_in_lines_if_the_filter_knows_them_or_not(
    texts, parts, sought, n
) -> None:
    ids = TextColumn([b"123456789abcdef%04x" % row for row in range(300)])
    layout = LineLayout("t", texts, parts)
    batch = replace(make([b""] * 300, id=ids), messages=None, layout=layout)
    assert count(encode(batch), Contains(sought)) == n
    assert int(select_plainly(batch, Contains(sought)).sum()) == n


def test_a_template_is_found_in_groups_and_among_rare_messages() -> None:
    table = SkeletonTable()
    rare = [b"rare " + b"x" * row for row in range(20)]
    reader = encode(make([*[b"took %d ms" % row for row in range(100)], *rare]), table)
    sets = {
        "often": [table.find(b"took \x11 ms")],
        "rare": [table.find(rare[3]), table.find(rare[7])],
        "both": [table.find(b"took \x11 ms"), table.find(rare[0])],
        "none": [99],
    }
    found = {
        name: select(reader, Search(HasTemplate(name), sets.__getitem__)).tolist() for name in sets
    }
    assert found == {
        "often": list(range(100)),
        "rare": [103, 107],
        "both": list(range(101)),
        "none": [],
    }


def test_a_text_longer_than_any_message_is_not_looked_for() -> None:
    texts = [b"%d" % row for row in range(100)]
    layout = LineLayout("t", (b"id=", b";"), (ID,))
    lines = replace(make(texts, id=TextColumn(texts)), messages=None, layout=layout)
    long = "x1 " * 1_000_000
    assert count(encode(lines), Contains(long)) == 0
    assert count(encode(make([*texts, long.encode()])), Contains(long)) == 1


def test_a_pattern_is_found_in_messages() -> None:
    messages = [b"took %d ms" % (row * 37) for row in range(300)]
    reader = encode(make(messages))
    expected = [row for row in range(300) if len(str(row * 37)) == 4]
    assert select(reader, Matches("took [0-9]{4} ms")).tolist() == expected
