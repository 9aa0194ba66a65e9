"""A report as HWPX: its parts, its text, and where its pages begin."""

import io
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import LANGS, Lang
from jipyo.reports.render.hwpx import render_hwpx
from jipyo.reports.render.hwpx.lines import count_lines, measure_text
from jipyo.reports.render.hwpx.section import ROOM, BodyPart, Line, TextSpan, find_page_starts
from reports.render.test_pdf import HOSTILE, REPORT

_P = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"
LINE = Line((TextSpan("x"),))


def open_parts(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def read_section(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(open_parts(content).read("Contents/section0.xml"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_text_is_in_the_section(lang: Lang) -> None:
    section = read_section(render_hwpx(REPORT, lang))
    text = "\n".join("".join(part.itertext()) for part in section.iter(f"{_P}t"))
    for part in ("판정 verdict", "주요 내용", "91.4%", "근거", "12.5%", "80", "알림", "이름"):
        assert part in text
    assert HOSTILE in text


def test_the_media_type_stands_first_and_is_stored() -> None:
    first = open_parts(render_hwpx(REPORT, "ko")).infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_all_parts_are_xml_and_every_picture_is_listed() -> None:
    parts = open_parts(render_hwpx(REPORT, "ko"))
    names = parts.namelist()
    for name in names:
        if name.endswith((".xml", ".hpf")):
            ElementTree.fromstring(parts.read(name))
    pictures = [name for name in names if name.startswith("BinData/")]
    assert len(pictures) == 2, "a tile and a chart"
    assert all(parts.read(name).startswith(b"\x89PNG") for name in pictures)
    content_list = parts.read("Contents/content.hpf").decode()
    assert all(f'href="{name}"' in content_list for name in pictures)


def test_references_lead_somewhere() -> None:
    parts = open_parts(render_hwpx(REPORT, "ko"))
    header = ElementTree.fromstring(parts.read("Contents/header.xml"))
    listed = {
        kind: {element.get("id") for element in header.iter() if element.tag.endswith("}" + kind)}
        for kind in ("charPr", "paraPr", "borderFill")
    }
    section = ElementTree.fromstring(parts.read("Contents/section0.xml"))
    for element in section.iter():
        for kind, ids in listed.items():
            assert element.get(f"{kind}IDRef", next(iter(ids))) in ids
    paragraphs = [element.get("id") for element in section.iter(f"{_P}p")]
    assert len(paragraphs) == len(set(paragraphs))


def test_a_table_has_a_cell_for_each_column_and_heights_that_add_up() -> None:
    for table in read_section(render_hwpx(REPORT, "ko")).iter(f"{_P}tbl"):
        rows = table.findall(f"{_P}tr")
        assert len(rows) == int(table.get("rowCnt", ""))
        heights = []
        for row in rows:
            sizes = [cell.find(f"{_P}cellSz") for cell in row]
            assert len(sizes) == int(table.get("colCnt", ""))
            (height,) = {size.get("height") for size in sizes if size is not None}
            heights.append(int(height or 0))
        size = table.find(f"{_P}sz")
        assert size is not None
        assert sum(heights) == int(size.get("height", ""))


@pytest.mark.parametrize(
    ("heights", "kept", "starts"),
    [
        ([ROOM // 2] * 2, [], set()),
        ([ROOM // 2 - 1] * 3, [], {2}),
        ([ROOM - 10, 5, ROOM // 2], [1], {1}),  # a heading goes with what it heads
        ([10, ROOM * 2, 10], [], set()),  # a table longer than a page begins where it is
        ([ROOM, ROOM, ROOM], [], set()),  # each fills its page
        ([ROOM + 5, ROOM - 4], [], {1}),
    ],
)
def test_pages_begin_where_a_group_would_not_fit(
    heights: list[int], kept: list[int], starts: set[int]
) -> None:
    parts = [BodyPart(LINE, keep=at in kept) for at in range(len(heights))]
    assert find_page_starts(heights, parts) == starts


@given(st.lists(st.tuples(st.integers(1, ROOM), st.booleans()), max_size=30))
def test_nothing_that_fits_a_page_is_cut(made: Sequence[tuple[int, bool]]) -> None:
    parts = [BodyPart(LINE, new_page=new_page) for _, new_page in made]
    heights = [height for height, _ in made]
    starts = find_page_starts(heights, parts)
    used = 0
    for at, height in enumerate(heights):
        used = 0 if at in starts or used == ROOM else used
        used += height
        assert used <= ROOM
    assert {at for at, (_, new_page) in enumerate(made) if new_page and at} <= starts


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 1000, 1),
        ("가나다", 3000, 1),
        ("가나다라", 3000, 2),
        ("가나 다라", 4000, 2),
        ("가나 다라", 4400, 1),
        ("가\n나", 9000, 2),
        ("가" * 25, 10_000, 3),
    ],
)
def test_lines_are_broken_between_words(text: str, width: int, lines: int) -> None:
    assert count_lines(text, 1000, width) == lines


@given(st.text("가나 ab.1\n", max_size=80), st.integers(2000, 60_000))
def test_there_are_enough_lines_for_the_text(text: str, width: int) -> None:
    lines = count_lines(text, 1000, width)
    assert lines >= measure_text(" ".join(text.split())) * 1000 / width - text.count(" ") - 1
    assert lines <= len(text) + 1
    assert count_lines(text, 1000, 2 * width) <= lines
