"""Blocks as HTML: one writer for every type, each block whole and accessible."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import ProportionEstimate
from jipyo.reports.document import (
    Actions,
    Block,
    BlockGroup,
    Charts,
    Code,
    ColumnHead,
    Cover,
    DayStrip,
    Finding,
    Findings,
    Heading,
    HeatMap,
    Inline,
    Listing,
    Note,
    Quantity,
    Subject,
    Table,
    Tile,
    Tiles,
    Timeline,
    TimelineRow,
    VerdictBox,
    WeekHeatMap,
    phrase,
)
from jipyo.reports.render.html.blocks import write_block
from jipyo.reports.render.html.inline import InlineHtml
from jipyo.reports.wording import Localizer
from reports.documents import (
    HOUR,
    NAME,
    PERIOD,
    START,
    build_chart,
    build_figure,
    build_matrix,
    build_scores,
)
from reports.month import build_finding, build_week_heat_map, list_blocks
from reports.render.reader import Page

TITLE = phrase("reports.section.findings")
HEADS = (ColumnHead(TITLE, numeric=False), ColumnHead(TITLE, numeric=True))


def build_table(*rows: tuple[Inline, ...], wide: bool = False) -> Table:
    return Table("t", "caption", HEADS, rows, wide)


def build_tile(state: State | None, proportion: ProportionEstimate | None = None) -> Tile:
    figure = replace(build_figure(94.1), proportion=proportion)
    return Tile(Subject(NAME, "a"), figure, state, "note", ("one", "two"), np.array([1.0, 2.0]))


_OF_A_MONTH = (Cover, BlockGroup, Finding, Actions, WeekHeatMap, DayStrip)
BLOCKS: tuple[Block, ...] = (
    VerdictBox(State.WARNING, "line", ("detail", Code("x"))),
    Findings((Finding(State.CRITICAL, "what", ("more",), "basis"),)),
    Tiles((build_tile(State.OK), build_tile(None))),
    build_table((Subject(NAME, "a"), Quantity(1.0, "count"))),
    Charts((build_chart([1.0, 2.0]),)),
    HeatMap(NAME, "percent", ("a",), (START, START + HOUR), np.array([[1.0, 2.0]]), 0.0, 9.0),
    Timeline(TITLE, (TimelineRow(Subject(NAME), ()),)),
    Heading("h", "text"),
    Note("text", State.UNKNOWN),
    Listing(((NAME, "remark"),)),
    build_matrix("○△×–"),
    build_scores(),
    build_finding(),
    build_week_heat_map(),
    *(block for block in list_blocks() if isinstance(block, _OF_A_MONTH)),
)


def write(block: Block, lang: Lang = "en") -> str:
    return write_block(block, InlineHtml(Localizer.for_period(PERIOD, lang)))


def test_every_type_of_block_has_a_writer_and_a_case_here() -> None:
    assert {type(block) for block in BLOCKS} == set(get_args(Block))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
@pytest.mark.parametrize("lang", LANGS)
def test_a_block_is_whole_in_both_languages_and_the_same_again(block: Block, lang: Lang) -> None:
    html = write(block, lang)
    Page(html)
    assert html == write(block, lang)
    assert lang == "ko" or not re.search("[가-힣]", html)


def test_a_day_of_a_matrix_is_told_by_its_sign_and_its_sentence() -> None:
    html = write(build_matrix("○△× –"))
    page = Page(html)
    classes = [str(name).split()[0] for name in page.list_attributes("td", "class") if name]
    assert classes == ["normal", "marked", "abnormal", "not_inspected", "n"]
    assert "× Abnormal: because" in html
    assert ">75.0%</td>" in html


def test_an_indicator_that_nobody_entered_says_so_and_lowers_the_weights() -> None:
    html = write(build_scores())
    assert re.findall("badge ([a-z]+)", html) == ["warning", "critical", "unknown"]
    assert "to fill" in html
    assert "Total (weight entered 40)" in html


def test_a_verdict_shows_its_state_its_line_and_its_details() -> None:
    html = write(VerdictBox(State.CRITICAL, "line", ("a", Code("b"))))
    page = Page(html)
    assert page.list_attributes("section", "class") == ["verdict critical"]
    assert page.list_attributes("span", "class") == ["badge critical"]
    assert "<li>a</li><li><code>b</code></li>" in html
    assert "<strong>line</strong>" in html


def test_findings_are_numbered_and_end_with_their_basis() -> None:
    html = write(
        Findings(
            (
                Finding(State.CRITICAL, "first", ("m", "n"), "b"),
                Finding(State.OK, "second", (), "c"),
            )
        )
    )
    assert Page(html).list_attributes("li", "class") == ["critical", "ok"]
    assert '<p class="more">m n</p><p class="basis">b</p>' in html


@pytest.mark.parametrize(
    ("state", "css", "badges"), [(State.WARNING, "tile warning", 1), (None, "tile none", 0)]
)
def test_a_tile_without_thresholds_has_no_badge(state: State | None, css: str, badges: int) -> None:
    page = Page(write(Tiles((build_tile(state),))))
    assert css in page.list_attributes("div", "class")
    classes = page.list_attributes("span", "class")
    assert sum(str(name).startswith("badge") for name in classes) == badges


def test_the_cases_of_a_proportion_stand_below_the_number_of_a_tile() -> None:
    html = write(Tiles((build_tile(State.OK, ProportionEstimate(1203, 92.7, 95.4)),)))
    value, how = re.findall(r'<p class="(?:value|how)">(.*?)</p>', html)
    assert "1,203" not in value.partition(">")[2]
    assert how.startswith("note<br>")
    assert "1,203" in how
    assert "<br>" not in write(Tiles((build_tile(State.OK),)))


def test_a_table_names_its_columns_and_rows_and_sets_numbers_right() -> None:
    html = write(build_table(("x", 1), (Subject(NAME, "a"), 2)))
    page = Page(html)
    assert page.list_attributes("th", "scope") == ["col", "col", "row", "row"]
    assert page.list_attributes("th", "class") == [None, "n", None, None]
    assert page.list_attributes("td", "class") == ["n", "n"]
    assert page.list_attributes("caption", "id") == page.list_attributes("div", "aria-labelledby")
    assert '<span class="target">a</span>' in html


@pytest.mark.parametrize(("rows", "css"), [(12, "scroll short"), (13, "scroll")])
def test_only_a_short_table_is_kept_on_one_page(rows: int, css: str) -> None:
    page = Page(write(build_table(*[("x", 1)] * rows)))
    assert page.list_attributes("div", "class") == [css]


@pytest.mark.parametrize(("wide", "css"), [(True, "wide"), (False, None)])
def test_a_wide_table_is_in_smaller_type(wide: bool, css: str | None) -> None:
    page = Page(write(build_table(("x", 1), wide=wide)))
    assert page.list_attributes("table", "class") == [css]


def test_a_row_that_does_not_fit_its_columns_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="zip"):
        write(build_table(("x", 1, 2)))


def test_every_chart_is_a_figure_that_can_be_linked_to() -> None:
    page = Page(write(Charts((build_chart([1.0]), build_chart([2.0])))))
    assert page.list_attributes("figure", "id") == ["chart-m", "chart-m"]
    assert len(page.list_attributes("svg", "role")) == 2


@pytest.mark.parametrize(
    ("heading", "html"),
    [
        (Heading("a", "text"), '<h2 id="a">text</h2>\n'),
        (Heading("a", "text", level=2), '<h3 id="a">text</h3>\n'),
        (Heading("a", "text", page=True), '<h2 id="a" class="page">text</h2>\n'),
    ],
)
def test_headings_are_below_the_title_of_the_report(heading: Heading, html: str) -> None:
    assert write(heading) == html


@pytest.mark.parametrize(("state", "css"), [(None, "note"), (State.WARNING, "note warning")])
def test_a_note_is_coloured_where_it_has_a_state(state: State | None, css: str) -> None:
    assert write(Note("text", state)) == f'<p class="{css}">text</p>\n'


def test_items_with_the_same_remark_are_listed_together() -> None:
    names = [Bilingual(name, name) for name in "abc"]
    html = write(Listing(((names[0], "x"), (names[1], "x"), (names[2], "<y>"))))
    assert html == (
        '<dl class="listing"><dt>x</dt><dd><ul><li>a</li><li>b</li></ul></dd>'
        "<dt>&lt;y&gt;</dt><dd><ul><li>c</li></ul></dd></dl>\n"
    )


def test_a_cover_names_each_step_and_leaves_room_to_sign() -> None:
    (cover,) = (block for block in BLOCKS if isinstance(block, Cover))
    html = write(cover)
    assert re.findall(r'<th scope="col">(\w+)</th>', html) == ["Drafted", "Reviewed", "Approved"]
    assert '<tr class="sign"><td>Kim</td><td></td><td></td></tr>' in html
    assert '<span class="blank">to fill</span>' in html


def test_charts_of_a_group_are_described_by_the_finding_beside_them() -> None:
    finding = replace(build_finding(), text="what the chart shows")
    bare = replace(build_chart([1.0]), caption=None)
    own = replace(build_chart([1.0]), caption="its own words")
    html = write(BlockGroup((finding, Charts((bare, own)))))
    assert re.findall("<desc>(.*?)</desc>", html) == ["what the chart shows", "its own words"]
    assert re.findall('class="group"', html) == ['class="group"']


def test_numbers_leave_the_unit_to_the_head_and_stand_on_their_points() -> None:
    html = write(build_table(("x", build_figure(25.5)), ("y", build_figure(3))))
    assert re.findall(r'<th scope="col" class="n">(.*?)</th>', html) == ["Findings (%)"]
    assert [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", html)] == [
        "25.5", "3",
    ]  # fmt: skip
    assert html.count('class="pad2"') == 1


def test_a_table_without_a_caption_is_named_after_its_first_column() -> None:
    html = write(replace(build_table(("x", 1)), caption=""))
    assert Page(html).list_attributes("div", "aria-label") == ["Findings"]
    assert "<caption" not in html


def test_the_states_of_a_day_are_told_in_words_too() -> None:
    (strip,) = (block for block in BLOCKS if isinstance(block, DayStrip))
    labels = Page(write(strip)).list_attributes("span", "aria-label")
    assert set(labels) == {"OK", "Warning", "Critical", "Unknown"}
