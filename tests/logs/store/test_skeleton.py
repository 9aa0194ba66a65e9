"""Messages are split into skeletons and values, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.skeleton import (
    NO_SKELETON,
    SkeletonTable,
    join_messages,
    split_message,
    split_messages,
)


@pytest.mark.parametrize(
    ("message", "skeleton", "values"),
    [
        (b"took 31 ms", b"took \x11 ms", [b"31"]),
        (b"10.0.0.7:8000 up", b"\x11:\x11 up", [b"10.0.0.7", b"8000"]),
        (b'GET "/v1/x?page=2"', b'GET "/\x11/x?page=\x11"', [b"v1", b"2"]),
        ("온도 31도를 초과".encode(), "온도 \x11도를 초과".encode(), [b"31"]),
        (b"a\x11b c", b"\x11 c", [b"a\x11b"]),
        (b"line 1\n  at x\n", b"line \x11\n  at x\n", [b"1"]),
        (b"", b"", []),
        (b"7", b"\x11", [b"7"]),
        (b"\xff7\xfe", b"\xff\x11\xfe", [b"7"]),
    ],
)
def test_tokens_with_digits_are_values(
    message: bytes, skeleton: bytes, values: list[bytes]
) -> None:
    assert split_message(message) == (skeleton, values)


_MESSAGES = st.binary(max_size=20).map(lambda text: text.replace(b"\0", b"1")) | st.text(
    "a7 ,=\x11\né", max_size=20
).map(str.encode)


@given(st.lists(_MESSAGES, min_size=1, max_size=20), st.sampled_from((1, 1, 1, 1500)))
def test_many_messages_are_split_as_one_by_one(messages: list[bytes], times: int) -> None:
    messages = messages * times
    split = split_messages(messages)
    values = iter(split.values.to_list())
    for message, skeleton in zip(messages, split.skeletons, strict=True):
        expected, own = split_message(message)
        assert skeleton == expected
        assert [next(values) for _ in own] == own
        assert join_messages(skeleton, [[value] for value in own], 1) == [message]
    assert next(values, None) is None


def test_ids_are_dense_and_never_change() -> None:
    table = SkeletonTable([b"a", b"b"])
    assert (table.intern(b"c", 1), table.intern(b"a", 1), table.find(b"d")) == (2, 0, NO_SKELETON)
    assert table.texts_from(1) == [b"b", b"c"]
    reader = SkeletonTable(table.texts_from(0))
    assert [reader.find(text) for text in (b"a", b"b", b"c")] == [0, 1, 2]


def test_free_text_does_not_fill_the_table() -> None:
    table = SkeletonTable()
    for number in range(700):
        table.intern(b"%d" % number + b"x" * 16_000, 1)
    assert len(table) == 525
    assert table.intern(b"frequent", 16) == 525
    assert table.intern(b"rare", 15) == NO_SKELETON
    for number in range(1700):
        table.intern(b"f%d" % number + b"x" * 16_000, 99)
    assert table.intern(b"one more", 99) == NO_SKELETON
    assert table.find(b"frequent") == 525
