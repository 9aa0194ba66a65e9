"""Digits are found in numbers as in the texts that they are written as."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store.literal import Literal, Place
from jipyo.logs.store.numbers import find_in_numbers, mark_numbers
from jipyo.logs.store.values import write_decimals

_NUMBERS = st.integers(0, 120) | st.integers(0, 10**6) | st.integers(0, 2**63 - 1)


@given(
    st.lists(_NUMBERS, min_size=1, max_size=20),
    st.integers(0, 4),
    st.sampled_from(Place),
    st.text("0123456789.", min_size=1, max_size=4).map(str.encode),
    st.data(),
)
def test_digits_are_found_as_in_texts(values, decimals, place, text, data) -> None:
    numbers = np.array(values, np.int64)
    texts = write_decimals(numbers, decimals)
    if data.draw(st.booleans()):
        source = data.draw(st.sampled_from(texts))
        start = data.draw(st.integers(0, len(source) - 1))
        text = source[start : data.draw(st.integers(start + 1, len(source)))]
    literal = Literal(text, place)
    found = find_in_numbers(numbers, decimals, literal)
    expected = [literal.holds(each) for each in texts]
    assert np.broadcast_to(found, len(texts)).tolist() == expected


@given(st.text("0123456789.", min_size=1, max_size=4).map(str.encode), st.integers(0, 2))
def test_marked_numbers_are_those_whose_text_has_the_digits(text, decimals) -> None:
    marks = mark_numbers(text, decimals, 3)
    numbers = write_decimals(np.arange(1000), decimals)
    assert marks.tolist() == [text in number for number in numbers]
