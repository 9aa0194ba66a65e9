"""The document's charts as drawings: their names, thresholds and tooltips in both languages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.reports.charts.draw import (
    describe_heat_map,
    draw_chart,
    draw_heat_map,
    draw_tile_shape,
    draw_timeline,
    format_title,
)
from jipyo.reports.document import (
    HeatMap,
    Moment,
    Stretch,
    Subject,
    ThresholdLine,
    Tile,
    Timeline,
    TimelineRow,
    phrase,
)
from jipyo.reports.wording import Localizer
from reports.charts.drawing import NS, parse_svg, read_paths, read_texts, read_tooltips
from reports.documents import HOUR, NAME, PERIOD, START, build_chart, build_figure

if TYPE_CHECKING:
    from jipyo.reports.document import Chart

WARNING, CRITICAL = ThresholdLine("warning", 70.0), ThresholdLine("critical", 85.0)


def localizer(lang: Lang) -> Localizer:
    return Localizer.for_period(PERIOD, lang)


def read_chart(chart: Chart, lang: Lang = "en") -> list[str]:
    return read_texts(parse_svg(draw_chart(chart, localizer(lang))))


@pytest.mark.parametrize("lang", LANGS)
def test_a_chart_is_titled_and_described_in_its_language(lang: Lang) -> None:
    chart = build_chart([1.0, 2.0], caption=Bilingual("설명", "described"))
    root = parse_svg(draw_chart(chart, localizer(lang)))
    assert root.findtext(f"{NS}title") == ("응답 시간(%)" if lang == "ko" else "Response time (%)")
    assert root.findtext(f"{NS}desc") == ("설명" if lang == "ko" else "described")


@pytest.mark.parametrize("lang", LANGS)
def test_thresholds_are_labelled_with_their_value_and_unit(lang: Lang) -> None:
    t = texts(lang)
    lines = (WARNING, CRITICAL, ThresholdLine("objective", 60.0))
    root = parse_svg(draw_chart(build_chart([50.0], thresholds=lines), localizer(lang)))
    for line in lines:
        label = t(f"reports.threshold.{line.kind}", value=t.number(line.value, "percent"))
        assert label in read_texts(root)
        assert len(read_paths(root, f"threshold {line.kind}")) == 1


@pytest.mark.parametrize(
    ("chart", "legend"),
    [
        (build_chart([1.0]), []),
        (build_chart([1.0], [2.0], names=("a", "b")), ["a", "b"]),
        (build_chart([1.0], ghost=[2.0]), ["reports.legend.today", "reports.legend.last_week"]),
        (
            build_chart([1.0], names=("a",), others=([1.0], [3.0])),
            ["a", "reports.legend.others"],
        ),
    ],
    ids=["alone", "named", "compared", "with others"],
)
@pytest.mark.parametrize("lang", LANGS)
def test_the_legend_names_what_is_drawn(chart: Chart, legend: list[str], lang: Lang) -> None:
    t = texts(lang)
    names = [t(name, n=3) if name in t else name for name in legend]
    words = read_chart(chart, lang)
    assert [word for word in words if word in names] == names


@pytest.mark.parametrize(
    ("unit", "values", "label"),
    [
        ("percent", [0.0, 100.0], ("Response time (%)", "100")),
        ("bytes", [0.0, 3 * 2.0**30], ("Response time (GiB)", "3")),
        ("seconds", [0.0, 0.2], ("Response time (ms)", "150")),
        ("count", [-0.0, 4.0], ("Response time", "0")),
    ],
)
def test_the_title_names_the_unit_of_the_round_ticks(
    unit: str, values: list[float], label: tuple[str, str]
) -> None:
    chart = build_chart(values, unit=unit)
    assert format_title(chart, localizer("en")) == label[0]
    assert label[1] in read_chart(chart)


def test_percent_never_has_a_tick_above_one_hundred() -> None:
    ticks = read_chart(build_chart([0.0, 97.0]))
    assert "100" in ticks
    assert "120" not in ticks


def test_a_day_of_minutes_is_ticked_from_midnight_to_midnight() -> None:
    words = [text for text in read_chart(build_chart([1.0] * 1440)) if ":" in text]
    assert (words[0], words[-1]) == ("00:00", "24:00")


def test_a_tiles_line_is_named_after_its_subject() -> None:
    tile = Tile(
        Subject(NAME, "gpu 2"), build_figure(1.0), State.OK, None, (), np.array([1.0, math.nan, 2])
    )
    root = parse_svg(draw_tile_shape(tile, localizer("en")))
    assert root.findtext(f"{NS}title") == "Response time gpu 2 over the day"


def build_heat_map(values: list[list[float]]) -> HeatMap:
    hours = tuple(START + hour * HOUR for hour in range(len(values[0])))
    rows = tuple(f"cpu {row}" for row in range(len(values)))
    return HeatMap(NAME, "percent", rows, hours, np.array(values), 0.0, 100.0)


@pytest.mark.parametrize("lang", LANGS)
def test_a_heat_map_tells_each_cell_and_what_its_shades_mean(lang: Lang) -> None:
    heat_map = build_heat_map([[0.0, 55.0], [math.nan, 100.0]])
    root = parse_svg(draw_heat_map(heat_map, localizer(lang)))
    number = texts(lang).number
    assert read_tooltips(root) == [
        f"cpu 0, 00: {number(0.0, 'percent')}",
        f"cpu 0, 01: {number(55.0, 'percent')}",
        f"cpu 1, 00: {number(None, 'percent')}",
        f"cpu 1, 01: {number(100.0, 'percent')}",
    ]
    title = describe_heat_map(heat_map, localizer(lang))
    assert root.findtext(f"{NS}title") == title
    assert NAME(lang) in title
    assert number(100.0, "percent") in title


@pytest.mark.parametrize("lang", LANGS)
def test_a_timeline_covers_the_period_and_says_each_stretch(lang: Lang) -> None:
    text = phrase("reports.gap", span=1, start=Moment(START), end=Moment(START + HOUR))
    stretches = (
        Stretch(START, START + 12 * HOUR, "warning", text),
        Stretch(START + 6 * HOUR, START + 12 * HOUR, "critical", text),
    )
    timeline = Timeline(
        phrase("reports.section.findings"), (TimelineRow(Subject(NAME, "a"), stretches),)
    )
    root = parse_svg(draw_timeline(timeline, localizer(lang)))
    track, warning, critical = root.iter(f"{NS}rect")
    whole, left = float(track.attrib["width"]), float(track.attrib["x"])
    assert float(warning.attrib["x"]) == pytest.approx(left, abs=0.1)
    assert float(warning.attrib["width"]) == pytest.approx(whole / 2, abs=0.2)
    assert float(critical.attrib["x"]) == pytest.approx(left + whole / 4, abs=0.2)
    assert [mark.get("class") for mark in (warning, critical)] == ["mark warning", "mark critical"]
    assert read_tooltips(root)[1] == texts(lang)(
        "reports.gap", span="1", start="00:00", end="01:00"
    )
    assert f"{NAME(lang)} a" in read_texts(root)
