"""Items by days on a sheet: signs, and counts of them as formulas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.reports.document import Mark
from jipyo.reports.render.scores import count_marks
from jipyo.reports.render.xlsx.book import FILLS
from jipyo.reports.render.xlsx.cells import CellValue, name_column

if TYPE_CHECKING:
    from jipyo.reports.document import DayMatrix, MatrixRow
    from jipyo.reports.render.xlsx.book import Book

_STATES = {
    Mark.NORMAL: State.OK,
    Mark.MARKED: State.WARNING,
    Mark.ABNORMAL: State.CRITICAL,
    Mark.NOT_INSPECTED: State.UNKNOWN,
}
_COUNTED = tuple(Mark)
_DAY_WIDTH = 2.9
_ROW_HEIGHT = 20


def write_matrix(matrix: DayMatrix, book: Book) -> None:
    """A row for each item: its days, how many had each sign, and the share inspected."""
    t = book.localizer.texts
    days = len(matrix.days)
    book.begin_narrow("signs")
    book.write_line(book.localizer.format(matrix.caption))
    words = [t(f"inspection.mark.{mark.value}") for mark in _COUNTED]
    headings = [
        t("inspection.matrix.item"),
        *(str(day.day) for day in matrix.days),
        *words,
        t("inspection.matrix.done"),
    ]
    first = book.begin_table(headings)
    off = book.format("head", bg_color="#DDE2E9")
    for at, day in enumerate(matrix.days, 1):
        if day in matrix.days_off:
            book.sheet.write_string(first - 1, at, str(day.day), off)
    days_range = f"B{{row}}:{name_column(days)}{{row}}"
    counts = [name_column(days + 1 + at) for at in range(len(_COUNTED))]
    for row in matrix.rows:
        name = book.localizer.format(row.name)
        book.sheet.set_row(book.row, _ROW_HEIGHT)
        book.write_cell(0, CellValue(name, name))
        _write_signs(row, matrix, book)
        number = book.row + 1
        for at, mark in enumerate(_COUNTED):
            formula = f'=COUNTIF({days_range.format(row=number)},"{mark.sign}")'
            made = book.format("cell", num_format="0")
            value = count_marks(row, mark)
            book.sheet.write_formula(book.row, days + 1 + at, formula, made, value)
        _write_share(book, days + 1 + len(_COUNTED), counts, _count(row), "cell")
        book.row += 1
    _write_totals(matrix, book, first, counts)
    _colour_signs(book, first, days)
    book.set_width(range(1, days + 1), _DAY_WIDTH)
    book.set_width(range(days + 1, days + 1 + len(_COUNTED)), 9)
    book.row += 2


def _count(*rows: MatrixRow) -> list[int]:
    return [sum(count_marks(row, mark) for row in rows) for mark in _COUNTED]


def _write_signs(row: MatrixRow, matrix: DayMatrix, book: Book) -> None:
    for at, (cell, day) in enumerate(zip(row.cells, matrix.days, strict=True), 1):
        shade = {"bg_color": "#F3F5F8"} if day in matrix.days_off else {}
        made = book.format("sign", **shade)
        if cell is None:
            book.sheet.write_blank(book.row, at, None, made)
            continue
        book.sheet.write_string(book.row, at, cell.mark.sign, made)
        if cell.mark is not Mark.NORMAL:
            note = book.localizer.format(cell.text)
            book.sheet.write_comment(book.row, at, note, {"author": "", "x_scale": 2})


def _write_share(book: Book, column: int, counts: list[str], values: list[int], style: str) -> None:
    """The share of due days that were inspected, rounded down to a tenth of a percent."""
    number = book.row + 1
    due = f"SUM({counts[0]}{number}:{counts[-1]}{number})"
    missing = f"{counts[-1]}{number}"
    formula = f'=IF({due}=0,"",ROUNDDOWN(({due}-{missing})/{due},3))'
    total = sum(values)
    value = math.floor(1000 * (total - values[-1]) / total) / 1000 if total else ""
    made = book.format(style, num_format="0.0%")
    book.sheet.write_formula(book.row, column, formula, made, value)


def _write_totals(matrix: DayMatrix, book: Book, first: int, counts: list[str]) -> None:
    """The counts of all items below one another."""
    total = book.format("total", num_format="#,##0")
    days = len(matrix.days)
    book.sheet.write_string(book.row, 0, book.localizer.texts("contract.total"), total)
    for at in range(1, days + 1):
        book.sheet.write_blank(book.row, at, None, total)
    values = _count(*matrix.rows)
    for at, (letter, value) in enumerate(zip(counts, values, strict=True), days + 1):
        formula = f"=SUM({letter}{first + 1}:{letter}{book.row})"
        book.sheet.write_formula(book.row, at, formula, total, value)
    _write_share(book, days + 1 + len(counts), counts, values, "total")


def _colour_signs(book: Book, first: int, days: int) -> None:
    """Colours follow the signs, so that a corrected cell has that of its new sign."""
    for mark, state in _STATES.items():
        if mark is Mark.NORMAL:
            continue
        fill, ink = FILLS[state]
        made = book.workbook.add_format({"bg_color": fill, "font_color": ink, "bold": True})
        rule = {"type": "cell", "criteria": "==", "value": f'"{mark.sign}"', "format": made}
        book.sheet.conditional_format(first, 1, max(book.row - 1, first), days, rule)
