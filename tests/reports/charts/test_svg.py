"""The elements of a drawing: texts that are safe and fit, points that keep every spike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts.svg import (
    Frame,
    Size,
    escape_text,
    estimate_text_width,
    format_coordinate,
    place_points,
    shorten_text,
    write_svg,
    write_text,
    write_track,
)
from reports.charts.drawing import NS, parse_svg

FRAME = Frame(0, 0, 100, 50, 0, 1_000, -1.0, 1.0)


def test_the_title_and_description_are_escaped_and_heard() -> None:
    root = parse_svg(write_svg('a "b" <c> & \x00', "d' ]]>", Size(4, 3), []))
    assert root.findtext(f"{NS}title") == 'a "b" <c> & \ufffd'
    assert root.findtext(f"{NS}desc") == "d' ]]>"
    assert (root.get("role"), root.get("viewBox")) == ("img", "0 0 4 3")


@given(st.text())
def test_any_text_is_safe_and_reads_the_same(text: str) -> None:
    root = parse_svg(f"<svg>{write_text(text, 1, 2)}</svg>")
    (element,) = root
    # XML reads a carriage return as a line feed.
    assert (element.text or "") == parse_svg(f"<a>{escape_text(text)}</a>").text or text == ""
    if text.isprintable():
        assert (element.text or "") == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (1.25, "1.2"), (-0.5, "-0.5"), (100.96, "101")]
)
def test_coordinates_have_one_decimal_at_most(value: float, text: str) -> None:
    assert format_coordinate(value) == text


@given(st.text(min_size=1, max_size=60), st.floats(30, 400))
def test_a_shortened_text_fits_its_room(text: str, room: float) -> None:
    shortened = shorten_text(text, room)
    assert estimate_text_width(shortened) <= room
    assert shortened == text or "…" in shortened


@pytest.mark.parametrize(
    ("text", "room", "shortened"),
    [
        ("node-1", 100, "node-1"),
        ("abcdefghijkl", 40, "abcd…kl"),  # its beginning and its end tell names apart
        ("가나다라마바사아", 40, "가나…아"),
        ("abc", 1, "a…"),
    ],
)
def test_a_text_is_shortened_in_its_middle(text: str, room: float, shortened: str) -> None:
    assert shorten_text(text, room) == shortened


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=900))
def test_thinning_keeps_first_last_lowest_and_highest(values: list[float]) -> None:
    t_ms = np.linspace(0, 1_000, len(values)).astype(np.int64)
    array = np.array(values)
    points = [tuple(map(float, point.split())) for point in place_points(FRAME, t_ms, array)]
    exact = [round(float(y), 1) for y in FRAME.y_of(array)]
    heights = [y for _, y in points]
    assert (heights[0], heights[-1]) == pytest.approx((exact[0], exact[-1]), abs=0.06)
    assert (min(heights), max(heights)) == pytest.approx((min(exact), max(exact)), abs=0.06)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert len(points) <= max(len(values) if len(values) <= 200 else 0, 4 * 100)


@pytest.mark.parametrize(
    ("value", "y"), [(-1, 50), (0, 25), (1, 0), (7, 0), (-math.inf, 50), (math.inf, 0)]
)
def test_values_are_placed_from_bottom_to_top_and_clipped(value: float, y: float) -> None:
    assert FRAME.y_of_one(value) == y


def test_a_frame_without_duration_still_places_its_times() -> None:
    frame = Frame(10, 0, 20, 5, 7, 7)
    assert frame.x_of(np.array([7])).tolist() == [10.0]


def test_a_track_tells_its_tooltip_only_where_it_has_one() -> None:
    assert write_track("track", 1, 2, 3) == (
        '<rect class="track" x="1" y="2" width="3" height="16"/>'
    )
    assert write_track("mark", 1, 2, 3, "<b>").endswith("><title>&lt;b&gt;</title></rect>")
