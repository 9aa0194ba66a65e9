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
_CHAPTER = re.compile(r"^[0-9]+(\.[0-9]+)*\.? ")
"""A chapter's own number, in whose place its sheet has one."""
_LINE_CELLS = 120
_DEFAULT_WIDTH = 8.43
_HIGHEST_HEAD = 8
"""A head below this row would take the whole window if all above it stayed in sight."""
_CHART_PX, _CHART_ROWS = 760, 13
_VALUES_ROW = 3
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


@dataclass(frozen=True, slots=True)
class ChartValues:
    """What a chart is drawn from; each column has its head."""

    title: str
    heads: Sequence[str]
    columns: Sequence[Sequence[CellValue]]


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
    heading: str = ""
    """The last heading, after which a sheet is named that a table asks for."""
    _count: int = 0
    _tables: list[tuple[int, int]] = field(default_factory=list)
    """Of each table of the sheet the row of its head, and how many columns stay in sight."""
    _filter: tuple[int, int, int, int] | None = None
    _narrow: str = ""
    """What the sheet's columns are, days or hours, with which no other table fits; else empty."""
    _longest: int = 0
    """How many characters wide the print must be for its lines and charts."""
    _values: list[ChartValues] = field(default_factory=list)
    _values_width: int = 0
    _formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)
    _widths: dict[int, float] = field(default_factory=dict)
    _texts: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """The texts of each row that may need more than a line, with their columns."""
    _pending: str = ""
    """A heading that is written with what follows it."""

    def begin_sheet(self, name: str, *, landscape: bool = True) -> None:
        """A new sheet after the last one, numbered, printed on A4 one page wide."""
        self.finish()
        self._count += 1
        self.sheet = self.workbook.add_worksheet(name_sheet(self._count, name))
        self.row, self.last_column, self.has_table = 0, 0, False
        self._widths, self._texts, self._tables = {}, {}, []
        self._filter, self._narrow, self._longest, self._charts = None, "", 0, 0
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
        self._write_pending()
        for column, width in self._widths.items():
            self.sheet.set_column(column, column, width)
        for row, texts in self._texts.items():
            lines = max(count_lines(text, self._widths[column]) for column, text in texts)
            if lines > 1:
                self.sheet.set_row(row, lines * _LINE_HEIGHT)
        if len(self._tables) == 1:
            (head, columns), *_ = self._tables
            if not self._charts:
                self.sheet.repeat_rows(head)
            if head <= _HIGHEST_HEAD:
                self.sheet.freeze_panes(head + 1, columns)
            if self._filter is not None:
                self.sheet.autofilter(*self._filter)
        self.sheet.print_area(0, 0, max(self.row - 1, 0), self._find_last_column())

    def _find_last_column(self) -> int:
        """The last column of the print: as many more as the lines of text need."""
        last, wanted = self.last_column, self._longest
        width = sum(self._widths.get(column, _DEFAULT_WIDTH) for column in range(last + 1))
        while width < wanted:
            last += 1
            width += self._widths.get(last, _DEFAULT_WIDTH)
        return last

    def write_heading(self, text: str, level: int = 1) -> None:
        """A heading; a chapter begins a sheet of its own where this one has a table already.

        It is written with what follows it, which may ask for another sheet.
        """
        self._write_pending()
        if level == 1 and self.has_table:
            self.begin_sheet(text)
        self.heading = self._pending = text

    def _write_pending(self) -> None:
        text, self._pending = self._pending, ""
        if text:
            self.row += self.row > bool(self.marking)
            self.write_line(text, "heading")

    def begin_narrow(self, kind: str) -> None:
        """Take a sheet whose columns are days or hours: another one where this has a table."""
        if self.has_table and self._narrow != kind:
            self._begin_again()
        self._narrow = kind

    def leave_narrow(self) -> None:
        """Take a sheet whose columns may be of any width."""
        if self._narrow and self.has_table:
            self._begin_again()

    def _begin_again(self) -> None:
        """A sheet more under the heading that the last one ended with."""
        self._pending = ""
        self.begin_sheet(self.heading)
        self._pending = self.heading

    def write_line(self, text: str, style: str = "note") -> None:
        """A line of text that reaches over the columns beside it; a long one takes several."""
        self._write_pending()
        for part in wrap_line(text):
            self.sheet.write_string(self.row, 0, part, self.format(style))
            wide = STYLES[style].get("font_size", 10) / 10
            self._longest = max(self._longest, round(cell_len(part) * wide * 1.1))
            self.row += 1

    def place_chart(self, drawn: Any, options: Mapping[str, str]) -> None:
        """A chart below what the sheet has."""
        self.leave_narrow()
        self._write_pending()
        drawn.set_size({"width": _CHART_PX, "height": 250})
        self.sheet.insert_chart(self.row, 0, drawn, options)
        self._charts += 1
        self._longest = max(self._longest, _CHART_PX // 7)
        self.row += _CHART_ROWS + 1

    def add_values(self, values: ChartValues) -> tuple[str, int, int]:
        """Keep a chart's values for the sheet of all values: its name, and their place there."""
        column = self._values_width
        self._values.append(values)
        self._values_width += len(values.heads) + 1
        return self.localizer.texts("reports.chart_values"), _VALUES_ROW, column

    def write_values(self) -> None:
        """The sheet of all values that charts are drawn from, side by side, as the last one.

        They are for reading on the screen: of a print of the whole book only its name is there.
        """
        if not self._values:
            return
        self.finish()
        name = self.localizer.texts("reports.chart_values")
        self.sheet = self.workbook.add_worksheet(name)
        self.sheet.set_paper(_A4)
        self.sheet.print_area(0, 0, 0, 0)
        self.sheet.freeze_panes(_VALUES_ROW, 0)
        self.sheet.set_header(f"&R&9&B{escape_code(self.marking)}")
        style = "marking" if self.marking else "line"
        self.sheet.write_string(0, 0, self.marking or name, self.format(style))
        column = 0
        for values in self._values:
            self.sheet.write_string(_VALUES_ROW - 2, column, values.title, self.format("line"))
            for at, head in enumerate(values.heads):
                self.sheet.write_string(_VALUES_ROW - 1, column + at, head, self.format("head"))
                self.row = _VALUES_ROW
                self.write_column(column + at, values.columns[at])
                self.sheet.set_column(column + at, column + at, 17 if at == 0 else 12)
            column += len(values.heads) + 1
        self.sheet = None

    def set_filter(self, first: int, last: int, columns: int) -> None:
        """Let people filter the rows of a table, where it is the only one of its sheet."""
        self._filter = (first, 0, last, columns - 1)

    def begin_table(self, headings: Sequence[str], *, freeze: int = 1) -> int:
        """The head of a table: its first row. On a sheet of its own it stays in sight."""
        self._write_pending()
        for column, heading in enumerate(headings):
            self.sheet.write_string(self.row, column, heading, self.format("head"))
            self.note_width(column, heading, self.row)
        self._tables.append((self.row, freeze))
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
    return f"{number} {_FORBIDDEN.sub(' ', _CHAPTER.sub('', name))}"[:MAX_NAME].strip()


def wrap_line(text: str) -> list[str]:
    """A line in parts of at most as many characters as a printed page is wide."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    parts, line = [], ""
    for word in text[len(indent) :].split(" "):
        longer = f"{line} {word}" if line else f"{indent}{word}"
        if line and cell_len(longer) > _LINE_CELLS:
            parts.append(line)
            longer = f"{indent}{word}"
        line = longer
    return [*parts, line]


def escape_code(text: str) -> str:
    """A text for a header or footer, where `&` begins a code."""
    return text.replace("&", "&&")[:200]
