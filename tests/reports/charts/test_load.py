"""A figure by load: what was measured is solid, what is estimated dashed within a band."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.charts.gutter import PlotThreshold
from jipyo.reports.charts.load import LoadPlot, write_load_curve
from jipyo.reports.charts.svg import Size
from reports.charts.drawing import parse_points, parse_svg, read_paths, read_places, read_texts

SIZE = Size(520, 160)
numbers = st.floats(-1e9, 1e9) | st.just(math.nan) | st.just(math.inf)
PLOT = LoadPlot(
    title="title",
    description="words",
    loads=np.array([1.0, 20.0, 40.0]),
    values=np.array([0.5, 0.6, 0.9]),
    beyond_loads=np.array([40.0, 80.0]),
    beyond=np.array([0.9, 3.0]),
    low=np.array([0.9, 2.0]),
    high=np.array([0.9, 9.0]),
    peak=40.0,
    peak_label="peak 40",
    legend=("measured", "estimated"),
    thresholds=(PlotThreshold("critical", 2.0, "critical 2 s"),),
    format_value="{:g}".format,
    format_load="{:g}".format,
    gutter=90,
)


def test_the_estimate_goes_on_where_the_measured_line_ends() -> None:
    root = parse_svg(write_load_curve(PLOT, SIZE))
    (measured,), (estimated,) = read_paths(root, "line s0"), read_paths(root, "line s0 ahead")
    assert parse_points(measured)[-1] == parse_points(estimated)[0]
    assert len(read_paths(root, "band ahead")) == 1
    assert {"0", "20", "80", "peak 40", "critical 2 s", "measured"} <= set(read_texts(root))


def test_without_a_peak_nothing_is_marked() -> None:
    root = parse_svg(write_load_curve(replace(PLOT, peak=None), SIZE))
    assert "peak 40" not in read_texts(root)


@given(st.lists(numbers, min_size=2, max_size=9))
def test_any_values_stay_on_the_drawing(values: list[float]) -> None:
    made = np.array(values, np.float64)
    one = replace(PLOT, beyond_loads=np.abs(made), beyond=made, low=made - 1, high=made + 1)
    svg = write_load_curve(one, SIZE)
    places = read_places(parse_svg(svg))
    assert all(-5 <= x <= SIZE.width + 5 and -5 <= y <= SIZE.height + 5 for x, y in places)
    assert '"nan' not in svg
