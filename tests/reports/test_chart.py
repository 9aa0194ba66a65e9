"""Charts: always valid XML, spikes kept, gaps kept, nothing off the drawing."""

from __future__ import annotations

import itertools
import math
import re
import xml.etree.ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts import svg as chart
from jipyo.reports.charts.svg import (
    Axes,
    Bar,
    HeatPlot,
    Plot,
    PlotBand,
    PlotLine,
    PlotThreshold,
    Size,
    TimelineMark,
    TimelineTrack,
    TimeRange,
)

SEOUL = ZoneInfo("Asia/Seoul")
T0 = 1_795_186_800_000  # 2026-11-21 00:00 in Seoul
NS = "{http://www.w3.org/2000/svg}"
GAP = math.nan

numbers = st.floats(allow_nan=True, allow_infinity=True)
arrays = st.lists(numbers, max_size=60).map(lambda values: np.array(values, np.float64))
words = st.text(max_size=12)


def times(n: int) -> np.ndarray:
    return T0 + 60_000 * np.arange(1, n + 1, dtype=np.int64)


def plot(*lines: list[float], limits: tuple[PlotThreshold, ...] = (), **axes: object) -> Plot:
    drawn = [PlotLine(f"line {i}", np.array(values, np.float64)) for i, values in enumerate(lines)]
    steps = times(drawn[0].values.size)
    return Plot("title", "words", Axes(steps, SEOUL, **axes), drawn, limits)  # type: ignore[arg-type]


def svg(text: str) -> ET.Element:
    return ET.fromstring(text)


def paths(root: ET.Element, css: str) -> list[str]:
    return [one.attrib["d"] for one in root.iter(f"{NS}path") if one.get("class") == css]


def points(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in found]


def words_of(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{NS}text")]


def places(root: ET.Element) -> list[tuple[float, float]]:
    """Every number that places something, as (x, y)."""
    rects = root.iter(f"{NS}rect")
    corners = [(float(r.attrib["x"]), float(r.attrib["y"])) for r in rects]
    drawn = [p for one in root.iter(f"{NS}path") for p in points(one.attrib["d"])]
    return corners + drawn


@given(
    st.lists(arrays, min_size=1, max_size=4),
    st.lists(
        st.tuples(st.sampled_from(("warning", "critical", "goal")), numbers, words), max_size=3
    ),
    st.tuples(words, words, st.sampled_from((-1, 0, 1)), st.booleans(), st.booleans()),
)
def test_any_data_and_any_words_give_valid_xml_on_the_drawing(
    lines: list[np.ndarray],
    limits: list[tuple[str, float, str]],
    more: tuple[str, str, int, bool, bool],
) -> None:
    title, description, worse, with_band, with_ghost = more
    size = min(line.size for line in lines)
    drawn = [PlotLine(title, line[:size]) for line in lines]
    root = svg(
        chart.time_series(
            Plot(
                title,
                description,
                Axes(times(size), SEOUL, worse=worse),
                drawn,
                [PlotThreshold(*one) for one in limits if math.isfinite(one[1])],
                PlotBand("band", drawn[0].values, drawn[-1].values) if with_band else None,
                PlotLine(title, drawn[0].values) if with_ghost else None,
            )
        )
    )
    assert all(-1 <= x <= 521 and -1 <= y <= 191 for x, y in places(root))
    assert "nan" not in ET.tostring(root, "unicode").lower().replace(title.lower(), "").replace(
        description.lower(), ""
    ) or "nan" in "".join(label.lower() for _, _, label in limits)


@given(arrays, words)
def test_any_data_give_a_valid_sparkline(values: np.ndarray, title: str) -> None:
    root = svg(chart.sparkline(title, values))
    assert all(0 <= x <= 151 and 0 <= y <= 31 for x, y in places(root))


@given(st.lists(st.tuples(words, numbers, words), max_size=5))
def test_any_data_give_valid_bars(items: list[tuple[str, float, str]]) -> None:
    root = svg(chart.bars("bars", [Bar(*one) for one in items]))
    widths = [float(r.attrib["width"]) for r in root.iter(f"{NS}rect")]
    assert all(0 <= width <= 520 for width in widths)


@given(st.integers(0, 4), st.integers(0, 5), st.data())
def test_any_data_give_a_valid_heat_map(rows: int, columns: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
    low, high = sorted(data.draw(st.tuples(st.floats(-9, 9), st.floats(-9, 9))))
    names = [str(i) for i in range(columns)]
    heat = HeatPlot("heat", [f"r{i}" for i in range(rows)], names,
                np.array(values).reshape(rows, columns), low, high, "{:g}".format)  # fmt: skip
    assert len(list(svg(chart.heat(heat)).iter(f"{NS}rect"))) == rows * columns


def test_the_title_and_description_are_escaped_and_heard() -> None:
    root = svg(chart.svg('a "b" <c> & \x00', "d' ]]>", Size(), []))
    assert root.find(f"{NS}title").text == 'a "b" <c> & \ufffd'  # type: ignore[union-attr]
    assert root.find(f"{NS}desc").text == "d' ]]>"  # type: ignore[union-attr]
    assert root.get("role") == "img"


def test_a_gap_breaks_the_line_and_a_lone_point_is_seen() -> None:
    root = svg(chart.time_series(plot([1, 2, GAP, 3, GAP, 4, 5])))
    (path,) = paths(root, "line s0")
    pieces = path.split("M")[1:]
    assert [piece.count("L") for piece in pieces] == [1, 0, 1]
    assert pieces[1].endswith("h.01")


def test_a_series_without_values_draws_no_line() -> None:
    assert paths(svg(chart.time_series(plot([GAP, GAP]))), "line s0") == []


def test_every_spike_survives_thinning() -> None:
    values = np.zeros(100_000)
    values[[17, 50_003, 99_998]] = (9, -7, 8)
    root = svg(chart.time_series(plot(values.tolist())))
    (path,) = paths(root, "line s0")
    heights = [y for _, y in points(path)]
    level = max(set(heights), key=heights.count)
    assert len(heights) < 2_500
    assert sum(y < level for y in heights) == 2
    assert sum(y > level for y in heights) == 1


def test_infinity_is_drawn_at_the_edge() -> None:
    root = svg(chart.time_series(plot([1, math.inf, 2, -math.inf])))
    (path,) = paths(root, "line s0")
    heights = [y for _, y in points(path)]
    assert heights[1] == min(heights)
    assert heights[3] == max(heights)


def test_negative_values_and_a_threshold_of_zero_are_on_the_drawing() -> None:
    limit = PlotThreshold("warning", 0.0, "warning 0")
    root = svg(chart.time_series(plot([-5, -1, 3], limits=(limit,))))
    (line,) = paths(root, "limit warning")
    y = float(re.findall(r"M[\d.]+ ([\d.]+)H", line)[0])
    (path,) = paths(root, "line s0")
    heights = [h for _, h in points(path)]
    assert heights[2] < y < heights[1] < heights[0]


@pytest.mark.parametrize(("worse", "above"), [(1, True), (-1, False), (0, None)])
def test_the_zone_beyond_a_threshold_lies_where_it_is_worse(worse: int, above: bool | None) -> None:
    root = svg(
        chart.time_series(plot([0, 100], limits=(PlotThreshold("critical", 40, "x"),), worse=worse))
    )
    zones = [r for r in root.iter(f"{NS}rect") if "zone" in r.get("class", "")]
    if above is None:
        assert zones == []
        return
    (zone,) = zones
    height = float(zone.attrib["height"])
    (line,) = paths(root, "limit critical")
    y = float(re.findall(r"M[\d.]+ ([\d.]+)H", line)[0])
    top = float(zone.attrib["y"])
    assert (
        top + height == pytest.approx(y, abs=0.11) if above else top == pytest.approx(y, abs=0.11)
    )


def test_a_threshold_far_beyond_the_data_is_named_at_the_edge() -> None:
    limits = (
        PlotThreshold("warning", 10, "warning 10"),
        PlotThreshold("critical", 1000, "critical 1000"),
    )
    root = svg(chart.time_series(plot([0, 1, 2], limits=limits)))
    assert paths(root, "limit critical") == []
    assert "critical 1000 ↑" in words_of(root)
    below = svg(
        chart.time_series(
            plot(
                [900, 950],
                limits=(PlotThreshold("warning", 910, "w"), PlotThreshold("critical", -5e3, "c")),
            )
        )
    )
    assert "c ↓" in words_of(below)


def test_the_words_of_close_thresholds_do_not_overlap() -> None:
    limits = (
        PlotThreshold("warning", 99, "warning 99"),
        PlotThreshold("critical", 98.9, "critical 98.9"),
    )
    root = svg(chart.time_series(plot([0, 100], limits=limits)))
    first, second = (t for t in root.iter(f"{NS}text") if "limit-label" in t.get("class", ""))
    left_of_first = float(first.attrib["x"]) - chart.text_width(first.text or "")
    assert float(second.attrib["x"]) <= left_of_first


def test_legend_names_never_overlap_nor_leave_the_drawing() -> None:
    names = ["짧은 이름", "a long name of a device", "가" * 80, "d", "e" * 30, "f"] * 2
    lines = [PlotLine(name, np.array([1.0, 2.0])) for name in names]
    root = svg(chart.time_series(Plot("t", "", Axes(times(2), SEOUL), lines)))
    keys = [p for p in root.iter(f"{NS}path") if p.get("class", "").startswith("key")]
    assert len(keys) == len(names)
    rows: dict[str, list[tuple[float, float]]] = {}
    for text in list(root.iter(f"{NS}text"))[-len(names) :]:
        x = float(text.attrib["x"])
        rows.setdefault(text.attrib["y"], []).append((x, x + chart.text_width(text.text or "")))
    for row in rows.values():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(row))
        assert row[-1][1] <= 520


def test_one_lone_line_needs_no_legend() -> None:
    root = svg(chart.time_series(plot([1, 2])))
    assert "line 0" not in words_of(root)


def test_ticks_stand_at_local_hours() -> None:
    root = svg(chart.time_series(plot([1.0] * 1440)))
    assert next(w for w in words_of(root) if ":" in w) == "00:00"
    assert [w for w in words_of(root) if ":" in w][-1] == "24:00"


def test_more_lines_than_colours_share_them() -> None:
    root = svg(chart.time_series(plot(*[[1, 2]] * 9)))
    assert len(paths(root, "line s0")) == 2


def test_equal_input_gives_equal_bytes() -> None:
    assert chart.time_series(plot([1, 2])) == chart.time_series(plot([1, 2]))


def test_bars_are_as_long_as_their_values() -> None:
    root = svg(
        chart.bars("b", [Bar("a", 4, "4"), Bar("b", 1, "1"), Bar("c", GAP, "–"), Bar("d", 0, "0")])
    )
    long = [float(r.attrib["width"]) for r in root.iter(f"{NS}rect") if "bar" in r.get("class", "")]
    assert long[1] == pytest.approx(long[0] / 4, abs=0.1)
    assert long[2:] == [0, 0]


def test_a_heat_map_shades_from_low_to_high_and_tells_each_cell() -> None:
    heat = HeatPlot(
        "h", ["row"], ["a", "b", "c", "d"], np.array([[0, 55, 100, GAP]]), 0, 100, "{:g}".format
    )
    cells = list(svg(chart.heat(heat)).iter(f"{NS}rect"))
    assert [cell.get("class") for cell in cells] == ["cell h0", "cell h5", "cell h9", "cell none"]
    assert cells[1].find(f"{NS}title").text == "row, b: 55"  # type: ignore[union-attr]
    flat = HeatPlot("h", ["row"], ["a"], np.array([[5.0]]), 5, 5, "{:g}".format)
    assert "cell h0" in chart.heat(flat)


def test_a_timeline_places_its_stretches_in_the_day() -> None:
    rows = [
        TimelineTrack(
            "cpu",
            [TimelineMark(T0 + 6 * 3_600_000, T0 + 12 * 3_600_000, "critical", "six to noon")],
        )
    ]
    root = svg(chart.timeline("t", rows, TimeRange(T0, T0 + 86_400_000, SEOUL), 1000))
    track, mark = root.iter(f"{NS}rect")
    x, width = float(track.attrib["x"]), float(track.attrib["width"])
    assert float(mark.attrib["x"]) == pytest.approx(x + width / 4, abs=0.2)
    assert float(mark.attrib["width"]) == pytest.approx(width / 4, abs=0.2)
    assert mark.find(f"{NS}title").text == "six to noon"  # type: ignore[union-attr]


@given(st.text(min_size=1, max_size=60), st.floats(30, 400))
def test_a_shortened_text_fits_its_room(text: str, room: float) -> None:
    assert chart.text_width(chart.shortened(text, room)) <= max(room, 25)
