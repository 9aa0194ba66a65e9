"""Literals are found in joined texts and in matrices as in the texts one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.literal import (
    Literal,
    Place,
    both,
    count_rows,
    either,
    find_in_joined,
    find_in_matrix,
    find_in_parts,
    invert,
)
from jipyo.logs.store.nibbles import find_in_nibbles

TEXTS = st.lists(st.text("aAb.\n", max_size=6).map(str.encode), min_size=1, max_size=12)
LITERALS = st.builds(
    Literal,
    st.text("ab.\n", max_size=3).map(str.encode),
    st.sampled_from(Place),
    st.booleans(),
)


def expect(texts: list[bytes], literal: Literal) -> list[bool]:
    return [literal.holds(text) for text in texts]


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (Place.ANYWHERE, ["ab", "xab", "abx", "xabx", "abab"]),
        (Place.START, ["ab", "abx", "abab"]),
        (Place.END, ["ab", "xab", "abab"]),
        (Place.WHOLE, ["ab"]),
    ],
)
def test_a_literal_is_sought_at_its_place(place: Place, found: list[str]) -> None:
    texts = ["ab", "xab", "abx", "xabx", "abab", "a", ""]
    assert [text for text in texts if Literal(b"ab", place).holds(text.encode())] == found


@given(TEXTS, LITERALS)
def test_joined_texts_are_searched_as_one_by_one(texts: list[bytes], literal: Literal) -> None:
    joined = b"\0".join(texts)
    found = find_in_joined(joined, b"\0", len(texts), literal)
    assert np.broadcast_to(found, len(texts)).tolist() == expect(texts, literal)
    ends = np.cumsum([len(text) for text in texts])
    found = find_in_parts(b"".join(texts), ends, literal)
    assert np.broadcast_to(found, len(texts)).tolist() == expect(texts, literal)


@given(st.integers(1, 5), st.data())
def test_a_matrix_is_searched_as_texts_one_by_one(width: int, data: st.DataObject) -> None:
    text = st.text("aAb", min_size=width, max_size=width).map(str.encode)
    texts = data.draw(st.lists(text, min_size=1, max_size=12))
    literal = data.draw(LITERALS)
    matrix = np.array([list(each) for each in texts], np.uint8)
    found = find_in_matrix(matrix, literal)
    assert np.broadcast_to(found, len(texts)).tolist() == expect(texts, literal)


@given(st.integers(1, 9), st.sampled_from(Place), st.data())
def test_hex_digits_are_found_as_they_are_packed(width: int, place: Place, data) -> None:
    digits = st.text("07f", min_size=width, max_size=width).map(str.encode)
    texts = data.draw(st.lists(digits, min_size=1, max_size=12))
    literal = Literal(data.draw(st.text("07f", max_size=4)).encode(), place)
    padded = [text + b"0" * (width % 2) for text in texts]
    packed = np.array([list(bytes.fromhex(text.decode())) for text in padded], np.uint8)
    found = find_in_nibbles(packed, width, literal)
    assert np.broadcast_to(found, len(texts)).tolist() == expect(texts, literal)


@given(st.sampled_from(Place), st.text("ab", min_size=1, max_size=4), st.integers(0, 6))
def test_the_places_of_a_literal_are_those_where_it_can_begin(place, sought, length) -> None:
    literal = Literal(sought.encode(), place)
    filler = b"-" * length
    begins = [filler[:at] + literal.text + filler[at + len(sought) :] for at in range(length + 1)]
    expected = [at for at, text in enumerate(begins) if len(text) == length and literal.holds(text)]
    assert list(literal.list_places(length)) == expected


SELECTIONS = st.booleans() | st.lists(st.booleans(), min_size=3, max_size=3).map(np.array)


@given(SELECTIONS, SELECTIONS)
def test_selections_are_combined_row_by_row(one, other) -> None:
    rows = [np.broadcast_to(each, 3).tolist() for each in (one, other)]
    pairs = list(zip(*rows, strict=True))
    assert np.broadcast_to(both(one, other), 3).tolist() == [a and b for a, b in pairs]
    assert np.broadcast_to(either(one, other), 3).tolist() == [a or b for a, b in pairs]
    assert np.broadcast_to(invert(one), 3).tolist() == [not a for a in rows[0]]
    assert count_rows(one, 3) == sum(rows[0])
