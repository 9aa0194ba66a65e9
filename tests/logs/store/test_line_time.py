"""Times of lines are found as they are written, mostly without writing them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.record import TimePart
from jipyo.logs.store.line_time import TimeValues, write_times
from jipyo.logs.store.literal import Literal, Place
from support.log_batches import SECOND, START_NS

FORMATS = (
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%T %%S %j",
    "%A %B %e %I:%M %p",
    "%s",
    "%c",
    "no time",
)


def make(times: list[int], format_: str, offset_s: int = 9 * 3600) -> TimeValues:
    ordered = np.array(sorted(times), np.int64)
    return TimeValues(
        TimePart(format_, offset_s), lambda: ordered, int(ordered[0]), int(ordered[-1])
    )


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", b"21/Sep/2026:23:13:20 +0900"),
        ("%Y-%m-%dT%H:%M:%S.%f", b"2026-09-21T23:13:20.000123"),
        ("%T", b"23:13:20"),
    ],
)
def test_a_time_is_written_in_its_zone(format_: str, text: bytes) -> None:
    assert write_times(np.array([START_NS + 123_456]), TimePart(format_, 9 * 3600)) == [text]


@given(
    st.lists(st.integers(0, 200_000), min_size=1, max_size=8),
    st.sampled_from(FORMATS),
    st.sampled_from((0, 9 * 3600, -(3 * 3600 + 1800))),
    st.sampled_from(Place),
    st.booleans(),
    st.data(),
)
def test_a_part_of_a_time_is_found_in_the_times_that_have_it(
    seconds, format_, offset_s, place, folded, data
) -> None:
    values = make([START_NS + second * SECOND for second in seconds], format_, offset_s)
    texts = values.texts()
    source = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(source) - 1))
    text = source[start : data.draw(st.integers(start + 1, len(source)))]
    text = data.draw(st.sampled_from((text, text[::-1], text.replace(b"2", b"7"))))
    literal = Literal(text.lower() if folded else text, place, folded)
    found = np.broadcast_to(values.find(literal), len(texts)).tolist()
    assert found == [literal.holds(each) for each in texts]
    assert values.may_have(literal) or not any(found)


def test_times_are_not_read_for_what_no_time_of_these_hours_has() -> None:
    def read() -> np.ndarray:
        raise AssertionError("the times were read")

    part = TimePart("%d/%b/%Y:%H:%M:%S %z", 9 * 3600)
    values = TimeValues(part, read, START_NS, START_NS + 3600 * SECOND)
    for text in (b"timed out", b"7777", b"22/Sep/2026:01", b"23:13:7x", b"+0100"):
        assert values.find(Literal(text)) is False
    assert values.may_have(Literal(b"23:59:07"))
    assert not values.may_have(Literal(b"23:5", Place.START))


def test_times_are_grouped() -> None:
    values = make([START_NS, START_NS, START_NS + SECOND], "%S")
    assert values.group()[0] == [b"20", b"21"]
    assert values.group()[1].tolist() == [0, 0, 1]
