"""A form in XLSX filled: cells replaced in place, rows in blank rows, all else as it was."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font

from jipyo.model.errors import ReportError
from jipyo.reports.forms.xlsx.references import (
    move_formula,
    name_cell,
    parse_cell,
    parse_range,
)
from reports.forms.building import (
    build_incidents,
    build_test_book,
    build_xlsx,
    fill,
    list_changed,
    read_error,
    read_part,
    save,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SHEET = "xl/worksheets/sheet1.xml"


def read(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content), rich_text=True).active


def read_cells(content: bytes) -> dict[str, Any]:
    sheet = read(content)
    return {
        cell.coordinate: cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


@pytest.mark.parametrize(
    ("text", "number_format", "value"),
    [
        ("{{문서번호}}", "General", "JIPYO-D-20261121"),
        ("번호: {{문서번호}}, {{월}}월", "General", "번호: JIPYO-D-20261121, 11월"),
        ("{{시스템}}", "General", "상담 & <시스템>"),
        ("{{CPU 사용률}}", "General", 91.26),
        ("{{CPU 사용률}}", "0.0%", 0.9126),
        ("{{CPU 사용률|1}}", "0.0", 91.3),
        ("{{CPU 사용률}}", "@", "91.3%"),
        ("{{CPU 사용률}} 사용", "0.0%", "91.3% 사용"),
        ("{{SLA.총점}}", "0.00", 27),
        ("{{sizes.disk.평균}}", "General", "3GiB"),
        ("{{sizes.disk.평균|GiB}}", "General", 3),
        ("{{시작일}}", "yyyy-mm-dd", datetime.fromisoformat("2026-11-21")),
        ("{{시작일}}", "General", "2026년 11월 21일 (토)"),
        ("{{작성일시}}", "yyyy-mm-dd hh:mm", datetime.fromisoformat("2026-11-22T01:00")),
        ("{{app.errors}}", "0.0", "데이터 없음"),
        ("{{장애.1.지속 시간|분}}", "0", 60),
        ("{{#장애}}{{번호}};{{/장애}}", "General", "1;2;3;"),
    ],
)
def test_a_cell_gets_what_its_format_is_for(text: str, number_format: str, value: object) -> None:
    book = openpyxl.Workbook()
    book.active["B2"] = text
    book.active["B2"].number_format = number_format
    form = save(book)
    filled = fill(form)
    cell = read(filled.content)["B2"]
    assert cell.value == value
    assert cell.number_format == number_format
    assert list_changed(form, filled.content) == {SHEET}


def test_outside_of_the_cells_with_slots_every_byte_stays() -> None:
    form = build_xlsx({"A1": "글", "B1": "{{월}}", "A2": 3, "C9": "뒤"})
    before, after = (read_part(one, SHEET) for one in (form, fill(form).content))
    start = before.index('<c r="B1"')
    end = before.index("</c>", start) + 4
    assert after.startswith(before[:start])
    assert after.endswith(before[end:])


def build_list(blank: int, *, below: bool = True) -> bytes:
    """A list with a row to repeat, blank rows and a row of sums."""
    book = openpyxl.Workbook()
    sheet = book.active
    row = ["{{#장애}}{{번호}}", "{{내용}}", "{{지속 시간|분}}", "=C3*$C$1+A3", "고정{{/장애}}"]
    for column, text in enumerate(["번호", "내용", "분", "식", "끝"], 1):
        sheet.cell(2, column, text)
        sheet.cell(3, column, row[column - 1]).font = Font(bold=True)
        for line in range(4, 4 + blank):
            sheet.cell(line, column).font = Font(italic=True)
    if below:
        sheet.cell(4 + blank, 1, f"=SUM(A3:A{3 + blank})")
    sheet.merge_cells("E3:F3")
    return save(book)


@pytest.mark.parametrize(("blank", "below"), [(2, True), (3, True), (0, False)])
def test_rows_are_repeated_in_the_blank_rows_below(blank: int, below: bool) -> None:
    filled = fill(build_list(blank, below=below)).content
    sheet = read(filled)
    rows = [[cell.value for cell in row[:5]] for row in sheet.iter_rows(min_row=3, max_row=5)]
    assert rows == [
        [1, "CPU 사용률 node-1", 60, "=C3*$C$1+A3", "고정"],
        [2, "<b> & \"'", 120, "=C4*$C$1+A4", "고정"],
        [3, "셋째\n두 줄", 30, "=C5*$C$1+A5", "고정"],
    ]
    assert sheet["A4"].font.i is bool(blank), "a cell that is there keeps its own looks"
    assert {str(one) for one in sheet.merged_cells.ranges} == {"E3:F3", "E4:F4", "E5:F5"}
    if below:
        assert sheet.cell(4 + blank, 1).value == f"=SUM(A3:A{3 + blank})"


def test_too_few_blank_rows_are_refused_rather_than_written_over() -> None:
    with pytest.raises(ReportError) as error:
        fill(build_list(1))
    assert "3행 아래에 빈 행이 2개 필요한데 1개뿐입니다." in read_error(error.value)
    assert "after row 3" in read_error(error.value, "en")


def test_formulas_of_the_form_stand_and_forget_their_old_results() -> None:
    form = build_xlsx({"A1": "{{CPU 사용률}}", "B1": "=A1*2"})
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        sheet = archive.read(SHEET).replace(b"<v />", b"<v>0</v>").replace(b"<v></v>", b"<v>0</v>")
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[SHEET] = sheet
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert b"<f>A1*2</f><v>0</v>" in sheet
    filled = fill(out.getvalue()).content
    assert "<f>A1*2</f></c>" in read_part(filled, SHEET)
    assert 'fullCalcOnLoad="1"' in read_part(filled, "xl/workbook.xml")
    assert read_cells(filled) == {"A1": 91.26, "B1": "=A1*2"}


def test_rich_text_keeps_its_looks_headers_charts_and_comments_are_filled() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    bold = TextBlock(InlineFont(b=True), "{{문서")
    sheet["A1"] = CellRichText("번호: ", bold, TextBlock(InlineFont(i=True), "번호}} 끝"))
    sheet["A2"] = "x"
    sheet["A2"].comment = Comment("{{월}}월", "누구")
    sheet.oddHeader.center.text = "{{시스템}}"
    chart = LineChart()
    chart.title = "점수 {{월}}월"
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=3))
    sheet.add_chart(chart, "D2")
    form = save(book)
    filled = fill(form).content
    text = read(filled)["A1"].value
    assert str(text) == "번호: JIPYO-D-20261121 끝"
    assert [part.font.b for part in text if isinstance(part, TextBlock)][:1] == [True]
    assert "&amp;&amp;" in read_part(filled, SHEET), "in a header & begins a code"
    assert "점수 11월" in read_part(filled, "xl/charts/chart1.xml")
    assert read(filled)["A2"].comment.text == "11월"
    assert "xl/drawings/drawing1.xml" not in list_changed(form, filled)


@pytest.mark.parametrize("has_chart", [False, True])
def test_pictures_lie_over_their_cells_beside_what_the_sheet_had(has_chart: bool) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B2"] = "{{그림:CPU 사용률}}"
    sheet.merge_cells("B2:H14")
    sheet["B20"] = "{{그림:system.cpu}}"
    sheet["B40"] = "{{그림:app.errors}}"
    if has_chart:
        chart = LineChart()
        chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=3))
        sheet.add_chart(chart, "K2")
    form = save(book)
    filled = fill(form).content
    assert fill(form).content == filled, "the same bytes again"
    drawing = "xl/drawings/drawing1.xml" if has_chart else "xl/drawings/jipyo1.xml"
    xml = read_part(filled, drawing)
    anchors = re.findall(r"<xdr:col>(\d+)</xdr:col>.*?<xdr:row>(\d+)</xdr:row>", xml)
    assert [one for one in anchors if one != ("10", "1")] == [("1", "1"), ("1", "19")]
    again = read(filled)
    assert len(again._charts) == int(has_chart)
    assert again["B40"].value == "데이터 없음"
    assert zipfile.ZipFile(io.BytesIO(filled)).read("xl/media/jipyo0001.png")[:4] == b"\x89PNG"


def test_a_whole_table_is_written_where_nothing_stands_in_its_way() -> None:
    cells = read_cells(fill(build_xlsx({"B2": "{{표:averages}}", "A1": 1})).content)
    assert cells == {
        "A1": 1, "B2": "지표", "C2": "평균", "B3": "a", "C3": 91.26, "B4": "b", "C4": 40,
        "B5": "c", "C5": 50.5,
    }  # fmt: skip
    with pytest.raises(ReportError) as error:
        fill(build_xlsx({"B2": "{{표:averages}}", "C4": "x"}))
    assert "C4" in read_error(error.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"C3": "{{문서번오}}"},
         "보고 시트 C3: {{문서번오}}에 해당하는 이름이 없습니다. 비슷한 이름: 문서번호"),
        ({"C3": '="{{월}}"&1'}, "보고 시트의 C3 수식 안에"),
        ({"C3": "a {{그림:CPU 사용률}}"}, "혼자 있어야"),
        ({"C3": "{{#장애}}", "A1": "{{월}}"}, "{{#장애}}에 맞는 끝이 없습니다."),
        ({"A1": "글"}, "양식에 채울 자리가 없습니다."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_sheet_and_cell(
    cells: dict[str, object], message: str
) -> None:
    with pytest.raises(ReportError) as error:
        fill(build_xlsx(cells))
    assert message in read_error(error.value)


def test_a_month_without_rows_says_so_once() -> None:
    cells = {"A1": "{{#장애}}{{번호}}", "B1": "{{내용}}", "C1": "{{지속 시간}}{{/장애}}"}
    assert read_cells(fill(build_xlsx(cells), "ko", build_incidents()).content) == {
        "A1": "해당 없음"
    }


def test_text_that_its_cell_has_no_room_for_is_reported() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row, text in enumerate(("{{요약상세}}", "{{요약상세}}", "{{문서번호}}"), 1):
        sheet.cell(row, 1, text).alignment = Alignment(wrap_text=row != 3)
    sheet.row_dimensions[1].height = 15
    (found,) = fill(save(book)).overflows
    assert (found.part, found.row, found.column, found.lines) == ("Sheet", 1, 1, 3)
    sentence = build_test_book("ko").localizer.format(found.describe())
    assert sentence.startswith("Sheet 시트의 1행 1열: '자세한 내용 둘째'에 3줄, ")


@pytest.mark.parametrize(
    ("formula", "rows", "moved"),
    [
        ("SUM(A1:$B$2)", 2, "SUM(A3:$B$2)"),
        ('"A1"&A1', 1, '"A1"&A2'),
        ("'A1 B2'!C3+LOG10(D4)", 1, "'A1 B2'!C4+LOG10(D5)"),
        ("$A1*A$1", 3, "$A4*A$1"),
        ("Sheet1!A1", 1, "Sheet1!A2"),
        ("name_A1+A1B+B1.x", 1, "name_A1+A1B+B1.x"),
    ],
)
def test_formulas_move_with_their_row(formula: str, rows: int, moved: str) -> None:
    assert move_formula(formula, rows) == moved


def test_cells_are_named_and_read() -> None:
    for row, column in ((1, 1), (7, 26), (1_048_576, 16_384), (3, 703)):
        assert parse_cell(name_cell(row, column)) == (row, column)
    assert parse_range("B2:$C$4") == (2, 2, 4, 3)
    assert parse_range("A1") == (1, 1, 1, 1)
    for wrong in ("", "A0", "1A", "XFE1", "A1048577", "AAAA1", "a1"):
        assert parse_cell(wrong) is None
