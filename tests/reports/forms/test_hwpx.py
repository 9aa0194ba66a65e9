"""A form in HWPX filled: slots wherever they stand, repeated rows, pictures, tables, overflow."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import ReportError
from jipyo.reports.document import Table
from jipyo.reports.forms.hwpx.header import CharSize, ParaRoom, read_shapes
from jipyo.reports.forms.markup import parse_markup
from jipyo.reports.render.hwpx.shapes import write_header
from reports.forms.building import (
    PAGE,
    build_hwpx,
    build_incidents,
    build_test_book,
    fill,
    list_changed,
    paragraph,
    read_error,
    read_part,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.reports.forms.overflow import Overflow

_P = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"
NUMBER = "JIPYO-D-20261121"
BOX = (
    '<hp:run charPrIDRef="0"><hp:rect id="5"><hp:sz width="9000" height="1500"/>'
    '<hp:drawText><hp:textMargin left="100" right="100" top="100" bottom="100"/>'
    "<hp:subList>{}</hp:subList></hp:drawText></hp:rect></hp:run>"
)
HEADER = (
    '<hp:run><hp:ctrl><hp:header id="1"><hp:subList>{}</hp:subList></hp:header></hp:ctrl></hp:run>'
)


def read_lines(content: bytes, section: int = 0) -> list[str]:
    """The texts of all paragraphs that have any, in the order of the file."""
    root = ElementTree.fromstring(read_part(content, f"Contents/section{section}.xml"))
    found = []
    for one in root.iter(f"{_P}p"):
        texts = one.findall(f"{_P}run/{_P}t")
        for text in texts:
            for broken in text.iter(f"{_P}lineBreak"):
                broken.text = "\n"
        joined = "".join("".join(text.itertext()) for text in texts)
        found += [joined] if joined else []
    return found


def read_table(content: bytes, number: int = 0) -> list[list[str]]:
    root = ElementTree.fromstring(read_part(content))
    found = list(root.iter(f"{_P}tbl"))[number]
    return [
        ["".join(cell.find(f"{_P}subList").itertext()) for cell in row.findall(f"{_P}tc")]  # type: ignore[union-attr]
        for row in found.findall(f"{_P}tr")
    ]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (paragraph("번호: {{문서번호}}."), [f"번호: {NUMBER}."]),
        (paragraph("{{문서", "번호}}", " {{월}}월"), [f"{NUMBER} 11월"]),
        (paragraph("{", "{ 문서번호 }", "}"), [NUMBER]),
        (paragraph("{{문서&#48264;호}}"), [NUMBER]),
        (paragraph("{{문서<hp:nbSpace/>번호}}"), [NUMBER]),
        (paragraph("a &amp; {{시스템}} &lt;"), ["a & 상담 & <시스템> <"]),
        (paragraph("{{요약상세}}"), ["자세한 내용\n둘째"]),
        (paragraph("{{CPU 사용률|2}}", " / {{system.cpu|숫자만}}"), ["91.26% / 91.3"]),
        (table([["{{문서번호}}", "글"]]), [NUMBER, "글"]),
        (table([[table([["{{문서번호}}"]])]]), [NUMBER]),
        (paragraph(inside=BOX.format(paragraph("{{월}}"))), ["11"]),
        (paragraph(inside=HEADER.format(paragraph("{{부서}} 보고"))), ["운영팀 보고"]),
        (
            paragraph("{{#장애}}{{번호}}.{{내용}} {{/장애}}끝"),
            ["1.CPU 사용률 node-1 2.<b> & \"' 3.셋째\n두 줄 끝"],
        ),
        (
            paragraph("{{#주요내용}}")
            + paragraph("{{번호}}. ", "{{내용}}")
            + paragraph("{{/주요내용}}"),
            ["1. 첫째 내용", "2. 둘째 내용"],
        ),
        (
            paragraph("{{#주요내용}}가 {{번호}}") + paragraph("나{{/주요내용}}") + paragraph("끝"),
            ["가 1", "나", "가 2", "나", "끝"],
        ),
        (paragraph("{{문서번호"), ["{{문서번호"]),
        (paragraph("{문서번호} {{월}}"), ["{문서번호} 11"]),
    ],
)
def test_slots_are_filled_wherever_they_stand(body: str, lines: list[str]) -> None:
    form = build_hwpx(body + paragraph("{{월}}"))
    filled = fill(form)
    assert read_lines(filled.content) == [*lines, "11"]
    assert list_changed(form, filled.content) == {"Contents/section0.xml"}


def test_all_sections_are_filled_and_those_without_slots_stay() -> None:
    form = build_hwpx(paragraph("{{월}}"), paragraph("글"), paragraph("{{연도}}"))
    filled = fill(form)
    assert [read_lines(filled.content, at) for at in range(3)] == [["11"], ["글"], ["2026"]]
    assert list_changed(form, filled.content) == {
        "Contents/section0.xml",
        "Contents/section2.xml",
    }


def test_outside_of_slots_and_their_line_caches_every_byte_stays() -> None:
    before, after = paragraph("앞", "&#65;"), table([["뒤"]])
    filled = read_part(fill(build_hwpx(before + paragraph("x {{월}}", " y") + after)).content)
    changed = paragraph("x 11", " y")
    without_cache = re.sub("<hp:linesegarray>.*?</hp:linesegarray>", "", changed)
    assert before + without_cache + after in filled


def test_rows_are_repeated_and_the_table_around_them_grows() -> None:
    body = table(
        [
            ["번호", "내용"],
            ["{{#장애}}{{번호}}", "{{내용}}{{/장애}}"],
            ["합계", "{{장애.3.번호}}건"],
        ],
        height=1000,
    )
    content = fill(build_hwpx(body)).content
    assert read_table(content) == [
        ["번호", "내용"],
        ["1", "CPU 사용률 node-1"],
        ["2", "<b> & \"'"],
        ["3", "셋째두 줄"],
        ["합계", "3건"],
    ]
    root = ElementTree.fromstring(read_part(content))
    (found,) = root.iter(f"{_P}tbl")
    assert found.get("rowCnt") == "5"
    assert found.find(f"{_P}sz").get("height") == "5000"  # type: ignore[union-attr]
    rows = [[cell.get("rowAddr") for cell in row.iter(f"{_P}cellAddr")] for row in found]
    assert [row for row in rows if row] == [[str(at)] * 2 for at in range(5)]


def test_two_repeated_parts_of_a_table_do_not_get_in_each_others_way() -> None:
    body = table([["{{#장애}}{{번호}}{{/장애}}", "x"],
                  ["{{#주요내용}}{{번호}}", "{{내용}}{{/주요내용}}"],
                  ["{{#장애}}{{번호}}", "y{{/장애}}"]])  # fmt: skip
    content = fill(build_hwpx(body)).content
    assert [row[0] for row in read_table(content)] == ["123", "1", "2", "1", "2", "3"]
    addresses = re.findall(r'rowAddr="(\d+)"', read_part(content))
    assert addresses == [str(at // 2) for at in range(12)]


def test_a_part_of_several_rows_is_repeated_as_a_whole() -> None:
    body = table([["{{#장애}}{{번호}}", "a"], ["b", "{{내용}}{{/장애}}"]])
    assert [row[0] for row in read_table(fill(build_hwpx(body)).content)] == list("1b2b3b")


def test_cells_merged_over_the_repeated_rows_grow_and_others_are_refused() -> None:
    rows: list[list[str | None]] = [
        ["구분", "a"],
        [None, "{{#장애}}{{번호}}{{/장애}} "],
        [None, "b"],
    ]
    inline = table(rows, spans={(0, 0): 3})
    assert 'rowSpan="3"' in read_part(fill(build_hwpx(inline)).content)
    rows[1] = [None, "{{#장애}}{{번호}}", "{{내용}}{{/장애}}"]
    around = build_hwpx(table(rows, spans={(0, 0): 3}))
    assert 'rowSpan="5"' in read_part(fill(around).content)
    over = build_hwpx(table(rows, spans={(0, 0): 2, (1, 1): 2}))
    with pytest.raises(ReportError) as error:
        fill(over)
    assert "병합된 칸" in read_error(error.value)


def test_objects_in_copies_have_ids_of_their_own() -> None:
    inner = table([["{{내용}}"]])
    body = paragraph("{{#장애}}") + inner + paragraph("{{/장애}}")
    ids = re.findall(r'<hp:tbl id="(\d+)"', read_part(fill(build_hwpx(body)).content))
    assert len(ids) == len(set(ids)) == 3


@pytest.mark.parametrize(
    ("incidents", "word"),
    [((build_incidents(),), "해당 없음"), ((Table("other", "x", (), ()),), "내용 없음")],
)
def test_a_month_without_rows_says_so_once(incidents: Sequence[Table], word: str) -> None:
    body = table([["번호", "내용"], ["{{#장애}}{{번호}}", "{{내용}}{{/장애}}"]])
    content = fill(build_hwpx(body + paragraph("{{표:장애}}")), "ko", *incidents).content
    assert read_table(content) == [["번호", "내용"], [word, ""]]
    assert read_lines(content)[-1] == word


@pytest.mark.parametrize("lang", LANGS)
def test_pictures_take_the_room_of_their_cell_or_page(lang: Lang) -> None:
    body = paragraph(inside=PAGE) + table([["{{그림:CPU 사용률}}", "{{picture:system.cpu}}"]], 9000)
    form = build_hwpx(
        body + paragraph("{{그림:", "CPU 사용률}}") + paragraph("{{그림:app.errors}}")
    )
    filled = fill(form, lang)
    names = {f"BinData/jipyo{number:04}.png" for number in (1, 2, 3)}
    section = {"Contents/section0.xml", "Contents/content.hpf"}
    assert list_changed(form, filled.content) == names | section
    root = ElementTree.fromstring(read_part(filled.content))
    sizes = [one.find(f"{_P}sz") for one in root.iter(f"{_P}pic")]
    widths = [int(size.get("width", "")) for size in sizes if size is not None]
    assert widths[0] == widths[1] <= 20_000 - 400
    assert widths[2] == pytest.approx(50_000, abs=2)
    assert ("데이터 없음" if lang == "ko" else "No data") in read_lines(filled.content)
    contents = read_part(filled.content, "Contents/content.hpf")
    assert all(f'href="{name}"' in contents for name in names)
    assert fill(form, lang).content == filled.content, "the same bytes again"


def test_a_whole_table_is_drawn_with_the_lines_of_the_form() -> None:
    filled = fill(build_hwpx(paragraph("{{표:averages}}")))
    assert read_table(filled.content) == [
        ["지표", "평균"],
        ["a", "91.3%"],
        ["b", "40%"],
        ["c", "50.5%"],
    ]
    root = ElementTree.fromstring(read_part(filled.content))
    (found,) = root.iter(f"{_P}tbl")
    heights = [int(one.get("height", "")) for one in found.iter(f"{_P}cellSz")]
    size = found.find(f"{_P}sz")
    assert size is not None
    assert sum(heights[::2]) == int(size.get("height", ""))
    assert found.get("borderFillIDRef") == "4", "the one with lines on all sides"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (paragraph("{{문서번오}}"),
         "section0: {{문서번오}}에 해당하는 이름이 없습니다. 비슷한 이름: 문서"),
        (table([["a", "b"], ["c", "{{문서번오}}"]]), "section0, 표의 2행 2열: {{문서번오}}"),
        (table([["a"], ["{{#장애}}{{이름}}"], ["{{/장애}}"]]),
         "열이 장애 표에 없습니다. 사용할 수 있는 열: 번호, 발생"),
        (paragraph("{{#없는표}}x{{/없는표}}"), "{{없는표}}"),
        (paragraph("{{#장애}}x"), "{{#장애}}에 맞는 끝이 없습니다."),
        (paragraph("x{{/장애}}"), "{{/장애}}에 맞는 시작이 없습니다."),
        (paragraph("{{#장애}}{{#주요내용}}{{/장애}}{{/주요내용}}"), "시작이 없습니다"),
        (paragraph("{{#장애}}") + table([["{{/장애}}"]]), "서로 다른 곳"),
        (paragraph("CPU: {{그림:CPU 사용률}}"), "혼자 있어야 합니다."),
        (paragraph("{{#장애}}{{그림:CPU 사용률}}{{/장애}}"), "혼자 있어야 합니다."),
        (paragraph("{{그림:CPU}}"), "비슷한 이름: CPU 사용률"),
        (paragraph("{{표:장에}}"), "비슷한 이름: 장애"),
        (paragraph("{{CPU 사용률|굵게}}"), "굵게라는 표시 방법은 없습니다"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(body: str, message: str) -> None:
    with pytest.raises(ReportError) as error:
        fill(build_hwpx(body))
    assert message in read_error(error.value)
    assert read_error(error.value, "en")


def test_text_that_is_too_long_is_reported_with_place_lines_and_height() -> None:
    cell = paragraph("{{요약상세}}")
    form = build_hwpx(table([["가 {{월}}", cell], ["길" * 400, "{{월}}"]], height=1500))
    (found,) = fill(form).overflows
    assert (found.part, found.table, found.row, found.column) == ("section0", 1, 1, 2)
    assert found.lines == 2
    assert found.room_mm == pytest.approx(1500 / 7200 * 25.4)
    assert found.needed_mm > found.room_mm
    text = build_sentence(found, "ko")
    assert text.startswith("section0의 1번째 표 1행 2열: '자세한 내용 둘째'에 2줄, ")
    assert build_sentence(found, "en").startswith("section0, table 1, row 1, column 2 (")
    box = build_hwpx(paragraph(inside=BOX.format(paragraph("{{요약상세}}"))))
    (found,) = fill(box).overflows
    assert found.table == found.row == 0
    assert "글상자" in build_sentence(found, "ko")


def build_sentence(found: Overflow, lang: Lang) -> str:
    return build_test_book(lang).localizer.format(found.describe())


def test_shapes_are_read_from_either_form_of_the_header() -> None:
    shapes = read_shapes(parse_markup(write_header().encode(), "x"))
    assert shapes.char("1") == CharSize(2000)
    assert shapes.para("0").line_value == 150
    assert shapes.find_right("1") == "2"
    newer = (
        '<hh:head xmlns:hh="h"><hh:paraPr id="7"><hh:align horizontal="CENTER"/><hp:switch>'
        '<hp:case><hh:margin><hc:left value="50"/></hh:margin>'
        '<hh:lineSpacing type="FIXED" value="900"/></hp:case><hp:default>'
        '<hh:margin><hc:left value="100"/></hh:margin>'
        '<hh:lineSpacing type="FIXED" value="1800"/></hp:default></hp:switch></hh:paraPr></hh:head>'
    )
    para = read_shapes(parse_markup(newer.encode(), "x")).para("7")
    assert para == ParaRoom("CENTER", "FIXED", 900, left=50)
    assert para.line_height(1000) == 900
    assert ParaRoom(line_type="AT_LEAST", line_value=900).line_height(1000) == 1000
    assert ParaRoom(line_type="BETWEEN_LINES", line_value=300).line_height(1000) == 1300


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(["{{월}}", "글", "&amp;", "{", "}", "{{연도", "}}", " "]), max_size=12
    ),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_however_runs_cut_a_text_it_is_filled_alike(parts: list[str], cuts: list[int]) -> None:
    edges = sorted({0, len(parts), *(cut for cut in cuts if cut < len(parts))})
    runs = ["".join(parts[a:b]) for a, b in pairwise(edges)]
    together, apart = (build_hwpx(one + paragraph("{{월}}")) for one in (
        paragraph("".join(parts)), paragraph(*runs)
    ))  # fmt: skip
    assert describe_filling(apart) == describe_filling(together)


def describe_filling(form: bytes) -> list[str]:
    """The texts of the form when it is filled, or what is wrong with it."""
    try:
        return read_lines(fill(form).content)
    except ReportError as error:
        return [read_error(error)]
