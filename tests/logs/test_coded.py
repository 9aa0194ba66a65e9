"""Coded texts are the texts that they were made of, whatever is done to them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.coded import (
    CodedTexts,
    code_repetitive,
    code_texts,
    is_repetitive,
    join_texts,
    repeat_text,
)
from jipyo.logs.record import RowChoice, TextColumn

TEXTS = st.lists(st.sampled_from([b"", b"-", b"GET", b"POST", b"\xff\0", "한글".encode()]))
MANY = st.lists(st.integers(0, 10**6).map(lambda n: b"%d" % n), max_size=600)


@given(TEXTS | MANY)
def test_coded_texts_are_the_texts(texts: list[bytes]) -> None:
    coded = code_texts(texts)
    assert list(coded) == texts == coded == [coded[row] for row in range(len(texts))]
    assert len(coded) == len(texts)
    assert len(set(coded.distinct)) == len(coded.distinct) == len(set(texts))
    assert coded[::2] == texts[::2]
    assert b"\n".join(coded) == b"\n".join(texts)


@given(TEXTS | MANY, st.data())
def test_rows_are_taken_as_from_a_list(texts: list[bytes], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1))) if texts else []
    chosen = RowChoice(rows)
    expected = [texts[row] for row in rows]
    present = np.arange(len(texts)) % 2 == 0
    for values in (texts, tuple(texts), code_texts(texts)):
        assert list(chosen.texts(values)) == expected
        column = chosen.column(TextColumn(values, present))
        assert isinstance(column, TextColumn)
        assert column.present is not None
        assert list(column.values) == expected
        assert column.present.tolist() == [row % 2 == 0 for row in rows]


@pytest.mark.parametrize("rows", [[], [3], [0, 1, 2], [2, 3, 4, 5], [5, 4], [1, 3, 2], [2, 2]])
def test_rows_that_follow_one_another_are_a_slice(rows: list[int]) -> None:
    texts = [b"%d" % n for n in range(6)]
    assert list(RowChoice(rows).texts(texts)) == [texts[row] for row in rows]
    follows = all(after == before + 1 for before, after in pairwise(rows))
    assert isinstance(RowChoice(rows).index, slice) == follows


@given(st.lists(TEXTS))
def test_parts_are_joined_coded_or_not(parts: list[list[bytes]]) -> None:
    expected = [text for part in parts for text in part]
    coded = join_texts([code_texts(part) for part in parts])
    mixed = join_texts([code_texts(part) if n % 2 else part for n, part in enumerate(parts)])
    assert list(coded) == list(mixed) == expected
    assert isinstance(coded, CodedTexts) or not parts


@given(TEXTS)
def test_sorted_ones_have_exactly_what_occurs(texts: list[bytes]) -> None:
    coded = code_texts([b"zz", *texts]).take(slice(1, None)).sort()
    assert list(coded) == texts
    assert list(coded.distinct) == sorted(set(texts))


def test_only_what_repeats_is_coded() -> None:
    assert isinstance(code_repetitive([b"a", b"b"] * 100), CodedTexts)
    assert code_repetitive([b"%d" % n for n in range(200)]) == [b"%d" % n for n in range(200)]
    assert is_repetitive([b"one"])
    assert repeat_text(b"a", 3) == [b"a"] * 3
    assert repr(repeat_text(b"a", 2)) == "CodedTexts([b'a', b'a'])"
