"""Charts over time: always valid XML, spikes kept, gaps kept, nothing off the drawing."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts.gutter import PlotThreshold
from jipyo.reports.charts.svg import Size, estimate_text_width
from jipyo.reports.charts.time_series import (
    Axes,
    Plot,
    PlotBand,
    PlotForecast,
    PlotLine,
    PlotMark,
    write_sparkline,
    write_time_series,
)
from reports.charts.drawing import NS, parse_points, parse_svg, read_paths, read_places, read_texts

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from jipyo.model.sample import Times, Values

SEOUL = ZoneInfo("Asia/Seoul")
T0 = 1_795_186_800_000  # 2026-11-21 00:00 in Seoul
GAP = math.nan
SIZE = Size(520, 190)

numbers = st.floats(allow_nan=True, allow_infinity=True)
arrays = st.lists(numbers, max_size=60).map(lambda values: np.array(values, np.float64))
words = st.text(max_size=12)


def minutes(n: int) -> Times:
    return T0 + 60_000 * np.arange(1, n + 1, dtype=np.int64)


def plot(*lines: list[float], thresholds: tuple[PlotThreshold, ...] = ()) -> Plot:
    drawn = [PlotLine(f"line {i}", np.array(values, np.float64)) for i, values in enumerate(lines)]
    axes = Axes(minutes(drawn[0].values.size), SEOUL, gutter=80)
    return Plot("title", "words", axes, drawn, thresholds)


def draw(plot: Plot) -> ET.Element:
    return parse_svg(write_time_series(plot, SIZE))


@given(
    st.lists(arrays, min_size=1, max_size=4),
    st.lists(
        st.tuples(st.sampled_from(("warning", "critical", "objective")), numbers, words),
        max_size=3,
    ),
    st.tuples(words, words, st.booleans(), st.booleans()),
)
def test_any_data_and_any_words_give_valid_xml_on_the_drawing(
    lines: list[Values],
    thresholds: list[tuple[str, float, str]],
    more: tuple[str, str, bool, bool],
) -> None:
    title, description, with_band, with_ghost = more
    size = min(line.size for line in lines)
    drawn = [PlotLine(title, line[:size]) for line in lines]
    root = draw(
        Plot(
            title,
            description,
            Axes(minutes(size), SEOUL),
            drawn,
            [PlotThreshold(*line) for line in thresholds if math.isfinite(line[1])],
            PlotBand("band", drawn[0].values, drawn[-1].values) if with_band else None,
            PlotLine(title, drawn[0].values) if with_ghost else None,
        )
    )
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert all(-1 <= x <= width + 1 and -1 <= y <= height + 1 for x, y in read_places(root))
    attributes = " ".join(value for e in root.iter() for value in e.attrib.values())
    assert "nan" not in attributes
    assert "inf" not in attributes


@given(arrays, words)
def test_any_data_give_a_valid_sparkline(values: Values, title: str) -> None:
    root = parse_svg(write_sparkline(title, values, Size(150, 30)))
    assert all(0 <= x <= 151 and 0 <= y <= 31 for x, y in read_places(root))


@pytest.mark.parametrize("values", [[], [GAP, GAP], [3.0, 3.0], [0.0], [1e300, -1e300]])
def test_a_sparkline_of_nothing_or_of_equal_values_is_drawn(values: list[float]) -> None:
    root = parse_svg(write_sparkline("t", np.array(values, np.float64), Size(150, 30)))
    paths = read_paths(root, "line s0")
    assert len(paths) == (0 if all(map(math.isnan, values)) else 1)
    assert root.get("preserveAspectRatio") == "none"


def test_a_gap_breaks_the_line_and_a_lone_point_is_seen() -> None:
    (path,) = read_paths(draw(plot([1, 2, GAP, 3, GAP, 4, 5])), "line s0")
    pieces = path.split("M")[1:]
    assert [piece.count("L") for piece in pieces] == [1, 0, 1]
    assert pieces[1].endswith("h.01")


def test_a_series_without_values_draws_no_line() -> None:
    assert read_paths(draw(plot([GAP, GAP])), "line s0") == []


def test_every_spike_survives_thinning() -> None:
    values = np.zeros(100_000)
    values[[17, 50_003, 99_998]] = (9, -7, 8)
    (path,) = read_paths(draw(plot(values.tolist())), "line s0")
    heights = [y for _, y in parse_points(path)]
    level = max(set(heights), key=heights.count)
    assert len(heights) < 2_500
    assert sum(y < level for y in heights) == 2
    assert sum(y > level for y in heights) == 1


def test_infinity_is_drawn_at_the_edge() -> None:
    (path,) = read_paths(draw(plot([1, math.inf, 2, -math.inf])), "line s0")
    heights = [y for _, y in parse_points(path)]
    assert heights[1] == min(heights)
    assert heights[3] == max(heights)


def find_height(path: str) -> float:
    (height,) = re.findall(r"M[\d.]+ ([\d.]+)H", path)
    return float(height)


def test_negative_values_and_a_threshold_of_zero_are_on_the_drawing() -> None:
    root = draw(plot([-5, -1, 3], thresholds=(PlotThreshold("warning", 0.0, "warning 0"),)))
    (line,) = read_paths(root, "threshold warning")
    (path,) = read_paths(root, "line s0")
    heights = [height for _, height in parse_points(path)]
    assert heights[2] < find_height(line) < heights[1] < heights[0]


@pytest.mark.parametrize(
    ("values", "thresholds", "drawn", "label"),
    [
        ([0, 1, 2], (10, 1000), [True, False], "critical ↑"),  # the nearest is always reached
        ([900, 950], (910, -5000), [True, False], "critical ↓"),
        ([0, 50], (60, 120), [True, True], "critical"),
        ([GAP], (10, 1000), [True, True], "critical"),  # nothing to flatten
    ],
)
def test_a_threshold_far_beyond_the_data_is_named_at_the_edge(
    values: list[float], thresholds: tuple[float, float], drawn: list[bool], label: str
) -> None:
    warning, critical = thresholds
    lines = (
        PlotThreshold("warning", warning, "warning"),
        PlotThreshold("critical", critical, "critical"),
    )
    root = draw(plot(values, thresholds=lines))
    found = [bool(read_paths(root, f"threshold {kind}")) for kind in ("warning", "critical")]
    assert found == drawn
    assert label in read_texts(root)


def test_the_labels_of_close_thresholds_do_not_overlap() -> None:
    lines = (
        PlotThreshold("warning", 99, "warning 99"),
        PlotThreshold("critical", 98.9, "critical 98.9"),
    )
    root = draw(plot([0, 100], thresholds=lines))
    first, second = (
        text for text in root.iter(f"{NS}text") if "threshold-label" in text.get("class", "")
    )
    assert float(second.attrib["y"]) - float(first.attrib["y"]) >= 10


def test_legend_names_never_overlap_nor_leave_the_drawing() -> None:
    names = ["짧은 이름", "a long name of a device", "가" * 80, "d", "e" * 30, "f"] * 2
    lines = [PlotLine(name, np.array([1.0, 2.0])) for name in names]
    root = draw(Plot("t", "", Axes(minutes(2), SEOUL), lines))
    keys = [p for p in root.iter(f"{NS}path") if p.get("class", "").startswith("key")]
    assert len(keys) == len(names)
    rows: dict[str, list[tuple[float, float]]] = {}
    for text in list(root.iter(f"{NS}text"))[-len(names) :]:
        x = float(text.attrib["x"])
        rows.setdefault(text.attrib["y"], []).append((x, x + estimate_text_width(text.text or "")))
    for row in rows.values():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(row))
        assert row[-1][1] <= 520


def test_a_band_and_a_comparison_are_named_in_the_legend_and_drawn_below_the_line() -> None:
    values = np.array([1.0, 2.0, GAP, 3.0])
    root = draw(
        Plot(
            "t",
            "",
            Axes(minutes(4), SEOUL),
            [PlotLine("own", values)],
            band=PlotBand("others", values - 1, values + 1),
            ghost=PlotLine("before", values / 2),
        )
    )
    assert [name for name in read_texts(root) if name in {"own", "others", "before"}] == [
        "own", "others", "before",
    ]  # fmt: skip
    classes = [path.get("class") for path in root.iter(f"{NS}path")]
    assert classes.index("band") < classes.index("line ghost") < classes.index("line s0")
    assert classes.count("band") == 2, "the gap splits the band"


def test_one_lone_line_needs_no_legend() -> None:
    assert "line 0" not in read_texts(draw(plot([1, 2])))


def test_ticks_stand_at_local_hours() -> None:
    labels = [text for text in read_texts(draw(plot([1.0] * 1440))) if ":" in text]
    assert (labels[0], labels[-1]) == ("00:00", "24:00")


def test_more_lines_than_colours_share_them() -> None:
    assert len(read_paths(draw(plot(*[[1.0, 2.0]] * 9)), "line s0")) == 2


def test_equal_input_gives_equal_bytes() -> None:
    assert write_time_series(plot([1, 2]), SIZE) == write_time_series(plot([1, 2]), SIZE)


def test_marks_days_off_and_forecasts_are_drawn() -> None:
    times = T0 + 60_000 * np.arange(10, 14, dtype=np.int64)
    ahead = np.array([3.0, 4, 5, 6])
    forecast = PlotForecast("ahead", times, ahead, ahead - 1, ahead + 1, T0 + 720_000,
                            T0 + 660_000, None, "reached")  # fmt: skip
    marked = replace(
        plot([1, 2, 3, 3, 3, 3, 3, 3, 3, 3]),
        shades=[(T0 - 3_600_000, T0 + 60_000), (T0 + 9_000_000, T0 + 9_900_000)],
        marks=[PlotMark("outage", T0 + 120_000, "outage", T0 + 240_000),
               PlotMark("deployment", T0 - 9_000_000, "long before")],
        forecast=forecast,
    )  # fmt: skip
    root = draw(marked)
    rects = [rect.get("class") for rect in root.iter(f"{NS}rect")]
    assert rects == ["off", "span outage"], "what lies outside the plot is not drawn"
    assert len(read_paths(root, "event outage")) == len(read_paths(root, "event crossing")) == 1
    assert len(read_paths(root, "line s0 ahead")) == len(read_paths(root, "band ahead")) == 1
    assert len(read_paths(root, "interval")) == 1
    assert {"outage", "reached", "ahead"} <= set(read_texts(root))
    assert "long before" not in read_texts(root)


@given(st.lists(st.integers(0, 100), max_size=6), st.lists(words, min_size=6, max_size=6))
def test_labels_of_marks_never_overlap(minutes_after: list[int], labels: list[str]) -> None:
    marks = [
        PlotMark("change", T0 + 60_000 * at, label)
        for at, label in zip(minutes_after, labels, strict=False)
    ]
    root = draw(replace(plot([1.0] * 100), marks=marks))
    spans: list[tuple[float, float]] = []
    for text in root.iter(f"{NS}text"):
        if text.get("class") == "event-label":
            x, width = float(text.attrib["x"]), estimate_text_width(text.text or "")
            spans.append((x - width, x) if text.get("text-anchor") == "end" else (x, x + width))
    spans.sort()
    assert all(end <= start + 0.2 for (_, end), (start, _) in itertools.pairwise(spans))


def test_a_plot_without_values_says_so_and_grows_by_the_rows_of_its_legend() -> None:
    axes = replace(plot([GAP]).axes, nothing="no data")
    assert "no data" in read_texts(draw(replace(plot([GAP]), axes=axes)))
    assert "no data" not in read_texts(draw(replace(plot([1.0]), axes=axes)))
    lines = [PlotLine("a long name of a device " * 2, np.array([1.0, 2.0]))] * 6
    tall = draw(Plot("t", "", Axes(minutes(2), SEOUL), lines))
    assert float(tall.attrib["viewBox"].split()[3]) > SIZE.height
