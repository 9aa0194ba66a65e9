"""Timelines and heat maps: every stretch in its place, every cell with its shade."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts.rows import (
    HeatPlot,
    TimelineMark,
    TimelineTrack,
    TimeRange,
    write_heat_map,
    write_timeline,
)
from reports.charts.drawing import NS, parse_svg, read_texts, read_tooltips

SEOUL = ZoneInfo("Asia/Seoul")
T0 = 1_795_186_800_000  # 2026-11-21 00:00 in Seoul
HOUR = 3_600_000
DAY = TimeRange(T0, T0 + 24 * HOUR, SEOUL)
GAP = math.nan
numbers = st.floats(allow_nan=True, allow_infinity=True)
words = st.text(max_size=12)


@given(st.integers(0, 4), st.integers(0, 5), st.data())
def test_any_data_give_a_valid_heat_map(rows: int, columns: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
    low, high = sorted(data.draw(st.tuples(st.floats(-9, 9), st.floats(-9, 9))))
    plot = HeatPlot(
        "heat",
        [data.draw(words) for _ in range(rows)],
        [str(i) for i in range(columns)],
        np.array(values).reshape(rows, columns),
        low,
        high,
        "{:g}".format,
    )
    cells = list(parse_svg(write_heat_map(plot, 760)).iter(f"{NS}rect"))
    assert len(cells) == rows * columns
    assert all(0 < float(cell.attrib["x"]) < 760 for cell in cells)


@pytest.mark.parametrize(
    ("value", "css"),
    [
        (0, "cell h0"),
        (9.99, "cell h0"),
        (10, "cell h1"),
        (55, "cell h5"),
        (100, "cell h9"),
        (-5, "cell h0"),
        (math.inf, "cell h9"),
        (GAP, "cell none"),
    ],
)
def test_a_heat_map_shades_from_low_to_high_and_tells_each_cell(value: float, css: str) -> None:
    plot = HeatPlot("h", ["row"], ["a"], np.array([[value]]), 0, 100, "{:g}".format)
    root = parse_svg(write_heat_map(plot, 760))
    (cell,) = root.iter(f"{NS}rect")
    assert cell.get("class") == css
    assert read_tooltips(root) == [f"row, a: {value:g}"]


def test_equal_ends_have_the_lightest_shade() -> None:
    plot = HeatPlot("h", ["row"], ["a"], np.array([[5.0]]), 5, 5, "{:g}".format)
    assert "cell h0" in write_heat_map(plot, 760)


def test_names_of_narrow_columns_are_left_out_evenly() -> None:
    names = [f"{hour:02}" for hour in range(24)]
    plot = HeatPlot("h", ["row"], names, np.zeros((1, 24)), 0, 1, "{:g}".format)
    assert read_texts(parse_svg(write_heat_map(plot, 760)))[1:] == names
    assert read_texts(parse_svg(write_heat_map(plot, 200)))[1:] == names[::3]


@given(
    st.lists(
        st.tuples(words, st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=4)),
        max_size=4,
    )
)
def test_any_stretches_give_a_valid_timeline(
    rows: list[tuple[str, list[tuple[int, int]]]],
) -> None:
    tracks = [
        TimelineTrack(
            name,
            [TimelineMark(T0 + min(pair) * HOUR, T0 + max(pair) * HOUR, "warning", name)
             for pair in pairs],
        )
        for name, pairs in rows
    ]  # fmt: skip
    root = parse_svg(write_timeline("t", tracks, DAY, 760))
    rects = list(root.iter(f"{NS}rect"))
    assert len(rects) == sum(1 + len(pairs) for _, pairs in rows)
    for rect in rects:
        left, width = float(rect.attrib["x"]), float(rect.attrib["width"])
        assert width >= 1.5, "the shortest stretch can be seen"
        assert left + width <= 760


def test_a_timeline_places_its_stretches_in_the_day() -> None:
    morning = TimelineMark(T0 + 6 * HOUR, T0 + 12 * HOUR, "critical", "six to noon")
    root = parse_svg(write_timeline("t", [TimelineTrack("cpu", [morning])], DAY, 1000))
    track, mark = root.iter(f"{NS}rect")
    x, width = float(track.attrib["x"]), float(track.attrib["width"])
    assert float(mark.attrib["x"]) == pytest.approx(x + width / 4, abs=0.2)
    assert float(mark.attrib["width"]) == pytest.approx(width / 4, abs=0.2)
    assert mark.get("class") == "mark critical"
    assert read_tooltips(root) == ["", "six to noon"]
    assert {"00:00", "24:00", "cpu"} <= set(read_texts(root))
