"""Bars by day and by name: to scale, cut where one would flatten the others, gaps left out."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jipyo.reports.charts.bars import DayPlot, PlotBar, find_cut, write_day_bars, write_named_bars
from jipyo.reports.charts.gutter import PlotThreshold
from jipyo.reports.charts.svg import Size
from reports.charts.drawing import NS, parse_svg, read_paths, read_places, read_texts

SIZE = Size(520, 160)
FIRST = date(2026, 10, 1)
numbers = st.floats(allow_nan=True, allow_infinity=True)


def plot(*values: float) -> DayPlot:
    return DayPlot(
        title="title",
        description="words",
        days=[FIRST + timedelta(days=at) for at in range(len(values))],
        values=np.array(values, np.float64),
        before=None,
        legend=("now", "before"),
        days_off=frozenset({FIRST}),
        thresholds=(),
        format_tick="{:g}".format,
        format_value="{:g}%".format,
        name_day="{:%m/%d}".format,
        gutter=60,
    )


def list_heights(plot: DayPlot) -> list[float]:
    root = parse_svg(write_day_bars(plot, SIZE))
    bars = (rect for rect in root.iter(f"{NS}rect") if rect.get("class") == "bar")
    return [float(bar.attrib["height"]) for bar in bars]


def test_bars_are_in_proportion_from_zero() -> None:
    first, second, third = list_heights(plot(10, 20, 5))
    assert second == pytest.approx(2 * first, abs=0.2)
    assert third == pytest.approx(first / 2, abs=0.2)


def test_a_day_without_a_value_has_no_bar_and_a_day_off_is_shaded() -> None:
    root = parse_svg(write_day_bars(plot(1, math.nan, 3), SIZE))
    classes = [rect.get("class") for rect in root.iter(f"{NS}rect")]
    assert classes == ["off", "bar", "bar"]
    assert [rect.findtext(f"{NS}title") for rect in root.iter(f"{NS}rect")][1:] == [
        "10/01: 1%", "10/03: 3%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "cut"),
    [
        ([1, 2, 3, 2], None),
        ([1, 2, 3, 100], 3),
        ([1, 2, 90, 3, 100], 3),  # two of them
        ([1, 100], None),  # nothing to flatten
        ([0, 0, 0, 5], None),  # any share of nothing is all
        ([math.nan, 1, 2, 1, 2, 50], 2),
        ([], None),
    ],
)
def test_only_a_bar_far_above_all_others_is_cut(values: list[float], cut: float | None) -> None:
    assert find_cut(np.array(values, np.float64)) == cut


def test_a_bar_that_is_cut_has_a_slash_and_its_value() -> None:
    root = parse_svg(write_day_bars(plot(1, 2, 3, 2, 100), SIZE))
    assert len(read_paths(root, "slash")) == 1
    assert "10/05: 100%" in read_texts(root)
    assert not read_paths(parse_svg(write_day_bars(plot(1, 2, 3), SIZE)), "slash")


def test_what_was_before_is_a_stroke_and_named() -> None:
    compared = replace(plot(1, 2), before=np.array([1.0, math.nan]))
    root = parse_svg(write_day_bars(compared, SIZE))
    assert len(read_paths(root, "ghost stroke")) == 1
    assert {"now", "before"} <= set(read_texts(root))


@example([1e308, -1e308], [], True)
@example([math.inf, 5e-324], [1e300], False)
@given(st.lists(numbers, max_size=31), st.lists(numbers, max_size=2), st.booleans())
def test_any_values_give_valid_xml_on_the_drawing(
    values: list[float], limits: list[float], compared: bool
) -> None:
    thresholds = [PlotThreshold("warning", x, "w") for x in limits if math.isfinite(x)]
    one = replace(plot(*values), thresholds=thresholds)
    one = replace(one, before=one.values[::-1] if compared else None)
    svg = write_day_bars(one, SIZE)
    places = read_places(parse_svg(svg))
    assert all(-5 <= x <= SIZE.width + 5 and -5 <= y <= SIZE.height + 5 for x, y in places)
    assert '"nan' not in svg


def test_named_bars_are_in_proportion_and_what_nobody_used_is_hatched() -> None:
    bars = [PlotBar("a", 10, "10 kWh", "bar"), PlotBar("idle", 5, "5 kWh", "bar idle")]
    root = parse_svg(write_named_bars("t", "d", bars, 400))
    first, second = (float(rect.attrib["width"]) for rect in root.iter(f"{NS}rect"))
    assert second == pytest.approx(first / 2, abs=0.2)
    assert read_texts(root) == ["a", "10 kWh", "idle", "5 kWh"]
    assert len(read_paths(root, "hatch")) == 1


@given(st.lists(numbers, max_size=5))
def test_any_amounts_give_valid_xml(values: list[float]) -> None:
    bars = [PlotBar("<n>", value, "&", "bar idle") for value in values]
    root = parse_svg(write_named_bars("t", "d", bars, 400))
    assert all(-1 <= x <= 401 for x, _ in read_places(root))
