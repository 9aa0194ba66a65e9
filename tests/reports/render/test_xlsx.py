"""A report as a workbook, read back by openpyxl, its formulas computed anew."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.reports.document import (
    Badge,
    Blank,
    ColumnHead,
    Day,
    ExactTime,
    Heading,
    Inline,
    Issuer,
    Moment,
    Quantity,
    Report,
    ScoreResult,
    Share,
    Table,
    VerdictBox,
    phrase,
)
from jipyo.reports.render.scores import measure_done
from jipyo.reports.render.xlsx import render_xlsx
from jipyo.reports.render.xlsx.book import wrap_line
from reports.documents import (
    DAY,
    HOUR,
    MINUTE,
    START,
    build_figure,
    build_matrix,
    build_report,
    build_scores,
)
from reports.month import build_month
from reports.render.test_blocks import BLOCKS
from support.formulas import Recalculation

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

TITLE = phrase("reports.section.findings")


def read(report: Report, lang: Lang = "en", *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(report, lang)), data_only=values)


def table_of(*cells: Inline, totals: tuple[Inline, ...] = ()) -> Table:
    head = (ColumnHead(TITLE, numeric=False), ColumnHead(TITLE, numeric=True))
    return Table("t", "caption", head, tuple(("row", cell) for cell in cells), totals=totals)


def cells_of(sheet: Worksheet) -> dict[tuple[int, int], Any]:
    return {
        (cell.row, cell.column): cell
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def recalculate(report: Report, lang: Lang) -> int:
    """Every formula against the value beside it; how many there were."""
    written, printed = read(report, lang), read(report, lang, values=True)
    count = 0
    for sheet in written:
        book = Recalculation(sheet)
        for (row, column), cell in cells_of(sheet).items():
            if cell.data_type == "f":
                count += 1
                beside = printed[sheet.title].cell(row, column).value
                computed = book.cell(row, column)
                where = f"{sheet.title}!{cell.coordinate} {cell.value}"
                if isinstance(computed, float):
                    assert computed == pytest.approx(beside, abs=1e-9), where
                else:
                    assert computed == ("" if beside is None else beside), where
    return count


@pytest.mark.parametrize("lang", LANGS)
def test_every_formula_gives_the_value_that_is_printed_beside_it(lang: Lang) -> None:
    times = [ExactTime(ms) for ms in (90 * MINUTE, 1000, 59_000)]
    report = build_report(
        build_scores(),
        Heading("a", "matrix"),
        build_matrix("○△×–", "○○ ○", "–– –"),
        Heading("b", "sums"),
        table_of(*times, totals=("total", ExactTime(91 * MINUTE))),
    )
    assert recalculate(report, lang) == 3 * 3 + 1 + 3 + 3 * 5 + 5 + 1


def test_a_matrix_whose_signs_are_corrected_counts_anew() -> None:
    book = read(build_report(build_matrix("○△×–")))
    (sheet,) = book
    by_value = {cell.value: cell for cell in cells_of(sheet).values()}
    by_value["×"].value = "○"
    row, first = by_value["–"].row, by_value["–"].column + 1
    recalculation = Recalculation(sheet)
    counts = [recalculation.cell(row, first + at) for at in range(4)]
    assert counts == [2, 1, 0, 1]
    assert recalculation.cell(row, first + 4) == 0.75


def test_a_value_that_a_person_types_brings_points_and_a_verdict() -> None:
    book = read(build_report(build_scores()))
    (sheet,) = book
    head = {cell.value: cell.column for cell in cells_of(sheet).values()}
    row = (
        next(cell.row for cell in cells_of(sheet).values() if cell.value == "pt")
        if ("pt" in head)
        else max(cell.row for cell in cells_of(sheet).values() if cell.value == 80)
    )
    field = sheet.cell(row, head["Result"])
    assert field.value is None
    assert field.protection.locked is False
    field.value = 85.5
    recalculation = Recalculation(sheet)
    assert recalculation.cell(row, head["Verdict"]) == "▲ Minimum"
    assert recalculation.cell(row + 1, head["Weight"]) == 50


def test_what_was_typed_makes_no_score_until_something_measured_is_known() -> None:
    scores = build_scores()
    unseen = replace(
        scores.rows[0], value=None, quotient=None, points=None, score=None,
        result=ScoreResult.NOT_ENTERED,
    )  # fmt: skip
    typed = replace(scores.rows[2], value=95.0, points=100, score=10.0, result=ScoreResult.MET)
    sheet = replace(scores, rows=(unseen, typed), entered_weight=10, total=10.0, percent=None)
    assert recalculate(build_report(sheet), "en") == 2 * 3 + 3
    (page,) = read(build_report(sheet))
    head = {cell.value: cell for cell in cells_of(page).values()}
    last = max(cell.row for cell in cells_of(page).values() if cell.column == head["Score"].column
               and cell.data_type == "f")  # fmt: skip
    page.cell(head["Result"].row + 1, head["Result"].column).value = 99.95
    assert Recalculation(page).cell(last, head["Score"].column) == 100


@pytest.mark.parametrize(
    ("part", "value", "number_format"),
    [
        (Quantity(54.25, "percent"), 54.25, '#,##0.0"%"'),
        (Quantity(3 * 2.0**30, "bytes"), 3.0, '#,##0" GiB"'),
        (Quantity(0.85, "seconds"), 850.0, '#,##0" ms"'),
        (build_figure(91.25), 91.25, '#,##0.0"%"'),
        (12_345, 12_345, "#,##0"),
        (Share(0.99999), 0.999, "0.0%"),
        (ExactTime(90_000), 1.5, '#,##0.00" min"'),
        (ExactTime(44_640 * MINUTE), 44_640.0, '#,##0" min"'),
        (Day(DAY), datetime(2026, 11, 21), "yyyy-mm-dd"),  # noqa: DTZ001 - cells have no zone
        (Moment(START + 14 * HOUR), datetime(2026, 11, 21, 14), "yyyy-mm-dd hh:mm"),  # noqa: DTZ001
        (Badge(State.CRITICAL), "Critical", "General"),
        ("=1+1", "=1+1", "General"),
        (None, None, "General"),
    ],
)
def test_a_cell_is_a_native_value_of_its_kind(
    part: Inline, value: object, number_format: str
) -> None:
    (sheet,) = read(build_report(table_of(part)))
    row = max(cell.row for cell in cells_of(sheet).values())
    cell = sheet.cell(row, 2)
    assert (cell.value, cell.number_format) == (value, number_format)
    assert cell.data_type != "f"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_every_type_of_block_can_be_written(block: Any, lang: Lang) -> None:
    report = build_report(block)
    assert read(report, lang).sheetnames
    assert render_xlsx(report, lang) == render_xlsx(report, lang)


def test_sheets_are_numbered_and_named_within_the_limits_of_excel() -> None:
    long = "a: very/long [name]? of * a sheet that nobody can read"
    blocks = (build_matrix("○"), Heading("a", long), build_matrix("○"), Heading("b", "장애 내역"))
    names = read(build_report(*blocks, build_matrix("○")), "ko").sheetnames
    assert [name[:2] for name in names] == ["1 ", "2 ", "3 "]
    assert names[2] == "3 장애 내역"
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_the_file_says_when_and_by_whom_it_was_made() -> None:
    report = replace(
        build_report(VerdictBox(State.OK, "fine", ())), issuer=Issuer(organisation="부서")
    )
    book = read(report)
    made = book.properties
    assert (made.creator, made.created) == ("부서", datetime(2026, 11, 22, 1))  # noqa: DTZ001
    (sheet,) = book
    assert sheet.page_setup.paperSize == 9
    assert sheet.page_setup.fitToHeight == 0


def test_a_row_without_due_days_has_no_share() -> None:
    matrix = build_matrix("  ", "○–")
    assert [measure_done(row) for row in matrix.rows] == [None, 0.5]


def test_what_a_person_fills_in_is_an_open_field() -> None:
    sheet = read(build_report(table_of(Blank()))).worksheets[0]
    (cell,) = (one for row in sheet.iter_rows() for one in row if one.value == "to fill")
    assert cell.fill.start_color.rgb == "FFFFF8E1"
    assert not cell.protection.locked


@pytest.mark.parametrize("lang", LANGS)
def test_a_chapter_is_a_sheet_and_the_values_of_charts_are_on_the_last(lang: Lang) -> None:
    book = read(build_month(), lang)
    *chapters, values = book.worksheets
    assert values.title == ("차트 값" if lang == "ko" else "Chart values")
    assert len(chapters) <= 12
    assert sum(len(sheet._charts) for sheet in chapters) >= 4
    assert not values._charts
    assert values.print_area.endswith("$A$1")
    assert [sheet.title.split()[0] for sheet in chapters] == [
        str(at) for at in range(1, len(chapters) + 1)
    ]
    for sheet in chapters:
        assert sheet.max_row > 1, "no sheet is a heading alone"
    heads = [cell.value for cell in values[2] if cell.value]
    assert len(heads) >= 8


def test_long_lines_are_broken_between_words_and_keep_their_indent() -> None:
    text = "   " + "단어 " * 90
    parts = wrap_line(text.rstrip())
    assert len(parts) > 2
    assert all(part.startswith("   ") for part in parts)
    assert " ".join(" ".join(parts).split()) == " ".join(text.split())
    assert wrap_line("x" * 500) == ["x" * 500]
    assert wrap_line("") == [""]
