"""The workbook that is being written: its sheets, formats, and the row that comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from jipyo.analysis.thresholds import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.reports.render.xlsx.cells import CellValue
    from jipyo.reports.wording import Localizer

FONT = "맑은 고딕"
MAX_NAME = 31
"""Characters of a sheet's name that Excel allows."""
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_WIDEST, _NARROWEST = 44, 7
_A4 = 9
_LINE_HEIGHT = 15
_LINE = "#C9D0D8"
FILLS = {
    State.OK: ("#E7F6EC", "#18794E"),
    State.PENDING: ("#FFF0D4", "#6B4500"),
    State.WARNING: ("#FDEECB", "#6B4500"),
    State.CRITICAL: ("#A51D2A", "#FFFFFF"),
    State.UNKNOWN: ("#ECEFF2", "#5A6573"),
}
"""Background and letters of a state; its word or sign tells it without them."""
STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": "#12345F"},
    "heading": {"bold": True, "font_size": 12, "font_color": "#12345F"},
    "marking": {"bold": True, "font_color": "#6B4500", "bg_color": "#FDEECB"},
    "line": {"bold": True},
    "note": {"font_size": 9, "font_color": "#5A6573"},
    "head": {
        "bold": True,
        "bg_color": "#EEF1F5",
        "border": 1,
        "border_color": "#8B95A3",
        "text_wrap": True,
        "align": "center",
    },
    "cell": {"border": 1, "border_color": _LINE, "text_wrap": True, "valign": "top"},
    "sign": {"border": 1, "border_color": _LINE, "align": "center"},
    "total": {"border": 1, "border_color": _LINE, "bold": True, "bg_color": "#EEF1F5", "top": 2},
    "field": {"border": 1, "border_color": "#8B95A3", "bg_color": "#FFF8E1", "locked": False},
    "code": {
        "border": 1,
        "border_color": _LINE,
        "font_name": "Consolas",
        "font_size": 8,
        "text_wrap": True,
        "valign": "top",
    },
}


@dataclass
class Book:
    """Writes one sheet after another, from the top down."""

    workbook: Any
    localizer: Localizer
    title: str
    footer: str
    marking: str = ""
    """What every sheet says of the data."""
    sheet: Any = None
    row: int = 0
    """The next free row of the sheet."""
    last_column: int = 0
    has_table: bool = False
    _count: int = 0
    _charts: int = 0
    _formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)
    _widths: dict[int, float] = field(default_factory=dict)
    _texts: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """The texts of each row that may need more than a line, with their columns."""
    _pending: tuple[str, bool] | None = None
    """The name and the shape of a sheet that begins with the next block."""

    def begin_sheet(self, name: str, *, landscape: bool = True) -> None:
        """A new sheet after the last one, numbered, printed on A4 one page wide."""
        self.finish()
        self._count += 1
        self.sheet = self.workbook.add_worksheet(name_sheet(self._count, name))
        self.row, self.last_column, self.has_table = 0, 0, False
        self._widths, self._texts = {}, {}
        self.sheet.set_paper(_A4)
        if landscape:
            self.sheet.set_landscape()
        self.sheet.set_margins(left=0.55, right=0.45, top=0.75, bottom=0.7)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.hide_gridlines(2)
        self.sheet.set_header(f"&L&9{escape_code(self.title)}&R&9&B{escape_code(self.marking)}")
        self.sheet.set_footer(f"&L&9{escape_code(self.footer)}&R&9&P / &N")
        if self.marking:
            self.write_line(self.marking, "marking")

    def finish(self) -> None:
        """Set the widths of columns and the heights of rows, as their texts ask for."""
        if self.sheet is None:
            return
        for column, width in self._widths.items():
            self.sheet.set_column(column, column, width)
        for row, texts in self._texts.items():
            lines = max(count_lines(text, self._widths[column]) for column, text in texts)
            if lines > 1:
                self.sheet.set_row(row, lines * _LINE_HEIGHT)
        self.sheet.print_area(0, 0, max(self.row - 1, 0), self.last_column)

    def write_heading(self, text: str, *, landscape: bool) -> None:
        """A heading; on a sheet of its own where this one has a table already."""
        if self.has_table:
            self.begin_sheet(text, landscape=True)
        elif self.row:
            self.row += 1
        self.write_line(text, "heading")

    def write_line(self, text: str, style: str = "note") -> None:
        """A line of text that may reach over the columns beside it."""
        self.sheet.write_string(self.row, 0, text, self.format(style))
        self.row += 1

    def begin_table(self, headings: Sequence[str], *, freeze: int = 1) -> int:
        """The head of a table; it is repeated on each page and stays in sight. Its first row."""
        for column, heading in enumerate(headings):
            self.sheet.write_string(self.row, column, heading, self.format("head"))
            self.note_width(column, heading, self.row)
        if not self.has_table:
            self.sheet.repeat_rows(self.row)
            self.sheet.freeze_panes(self.row + 1, freeze)
        self.has_table = True
        self.last_column = max(self.last_column, len(headings) - 1)
        self.row += 1
        return self.row

    def write_cell(self, column: int, cell: CellValue, style: str = "cell") -> None:
        """A cell of the current row."""
        write_at(self, self.row, column, cell, style)

    def write_column(self, column: int, cells: Sequence[CellValue]) -> None:
        """Cells of one kind below one another, from the current row on.

        It is wide enough for the first of them: a chart's values are thousands, of one format.
        """
        if not cells:
            return
        made = self.format("cell", num_format=cells[0].number_format)
        self.sheet.write_column(self.row, column, [cell.value for cell in cells], made)
        self.note_width(column, cells[0].text, self.row)

    def format(self, style: str, **more: Any) -> Any:
        """The format of a style with some properties, made once."""
        properties = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        properties |= {**STYLES[style], **more}
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def note_width(self, column: int, text: str, row: int) -> None:
        """Widen a column for a text, within bounds, and remember its row's height."""
        self._texts.setdefault(row, []).append((column, text))
        lines = text.splitlines() or [""]
        wanted = min(max(*map(cell_len, lines), _NARROWEST - 1) + 2, _WIDEST)
        self._widths[column] = max(self._widths.get(column, 0), wanted)

    def set_width(self, columns: range, width: float) -> None:
        """Give columns a width of their own."""
        self._widths |= dict.fromkeys(columns, width)
        self.last_column = max(self.last_column, columns.stop - 1)


def write_at(book: Book, row: int, column: int, cell: CellValue, style: str) -> None:
    """Write a value as what it is: a number, a date, or text."""
    more: dict[str, Any] = {}
    if cell.number_format:
        more["num_format"] = cell.number_format
        if cell.number is None:
            more["align"] = "left"  # dates stand with the text beside them
    if cell.state is not None and style == "cell":
        fill, ink = FILLS[cell.state]
        more |= {"bg_color": fill, "font_color": ink, "bold": True, "align": "center"}
    if style == "cell" and (cell.is_code or cell.is_blank):
        style = "code" if cell.is_code else "field"
    made = book.format(style, **more)
    sheet = book.sheet
    write = {
        float: sheet.write_number,
        int: sheet.write_number,
        str: sheet.write_string,
    }.get(type(cell.value))
    if cell.value is None:
        sheet.write_blank(row, column, None, made)
    elif write is None:
        sheet.write_datetime(row, column, cell.value, made)
    else:
        partial(write, row, column, cell.value)(made)
    book.note_width(column, cell.text, row)


def count_lines(text: str, width: float) -> int:
    """How many lines a text takes in a column, which breaks between words."""
    room = max(int(width) - 1, 1)
    return sum(-(-max(cell_len(line), 1) // room) for line in text.splitlines() or [""])


def name_sheet(number: int, name: str) -> str:
    """`3 장애 내역`: numbered, within what Excel allows."""
    return f"{number} {_FORBIDDEN.sub(' ', name)}"[:MAX_NAME].strip()


def escape_code(text: str) -> str:
    """A text for a header or footer, where `&` begins a code."""
    return text.replace("&", "&&")[:200]
