"""Pictures and tables that take the place of a slot in a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.document import phrase
from jipyo.reports.forms.markup import escape
from jipyo.reports.forms.values import SlotFormat, write_value
from jipyo.reports.render.columns import plan_widths
from jipyo.reports.render.hwpx.lines import count_lines
from jipyo.reports.render.hwpx.section import write_picture, write_position
from jipyo.reports.render.hwpx.shapes import NAMESPACES

if TYPE_CHECKING:
    from jipyo.reports.forms.filling import Drawing, Filler, SlotToken
    from jipyo.reports.forms.hwpx.header import FormShapes
    from jipyo.reports.forms.hwpx.paragraphs import Paragraph

_SPARE = 200
"""Of the height of a cell, so that it does not grow by a picture that fills it."""
_CELL_X, _CELL_Y = 283, 141
_LARGEST_IN_LINE = 45_000
_UNITS_PER_POINT = 100


@dataclass(frozen=True, slots=True)
class Room:
    """What there is for an object, in HWPUNIT."""

    width: int
    height: int


def write_picture_run(drawing: Drawing | None, filler: Filler, room: Room, number: int) -> str:
    """What stands in a run in the place of a picture's slot: as large as there is room."""
    localizer = filler.book.localizer
    if drawing is None:
        return f"<hp:t>{escape(localizer.format(phrase('forms.no_data')))}</hp:t>"
    name = f"jipyo{filler.add_drawing(drawing):04}"
    factor = min(room.width / drawing.width, max(room.height - _SPARE, 1) / drawing.height)
    width, height = (max(int(side * factor), 1) for side in (drawing.width, drawing.height))
    picture = write_picture(name, number, width, height)
    comment = f"<hp:shapeComment>{escape(drawing.alt)}</hp:shapeComment>"
    return _declare(picture.replace("<hp:shapeComment/>", comment), "<hp:pic ")


def _declare(xml: str, tag: str) -> str:
    """With the prefixes that we use: a form may not have declared all of them."""
    return xml.replace(tag, f"{tag}{NAMESPACES} ", 1)


@dataclass(frozen=True, slots=True)
class _Look:
    """How a table looks: in the characters of its slot, with lines that the form has."""

    paras: list[str]
    """The shape of the paragraphs of each column."""
    char: str
    border: str
    height: int
    """Of the characters."""
    line: int
    """From one line to the next."""
    widths: list[int]

    def measure_row(self, cells: list[str]) -> int:
        # A tenth is spared, as a form's own font may be wider than was estimated.
        lines = max(
            count_lines(text, self.height, max((width - 2 * _CELL_X) * 9 // 10, self.height))
            for text, width in zip(cells, self.widths, strict=True)
        )
        return lines * self.line + 2 * _CELL_Y


def write_table_run(
    filler: Filler, token: SlotToken, room: Room, number: int, shapes: FormShapes, slot: Paragraph
) -> str:
    """What stands in a run in the place of a table's slot: the whole table."""
    table, localizer = filler.book.find_table(token.name), filler.book.localizer
    filler.filled += 1
    if not table.rows:
        key = "forms.no_entries" if table.is_absent else "forms.no_rows"
        return f"<hp:t>{escape(localizer.format(phrase(key)))}</hp:t>"
    shown = [at for at, column in enumerate(table.columns) if column.key != "no"]
    columns = [table.columns[at] for at in shown]
    heads = [column.name(localizer.texts.lang) for column in columns]
    totals = (table.totals,) if table.totals else ()
    rows = [
        [write_value(row[at], SlotFormat(), localizer) for at in shown]
        for row in table.rows + totals
    ]
    look = _choose_look(slot, shapes, room, heads, rows, [one.numeric for one in columns])
    heights = [look.measure_row(cells) for cells in (heads, *rows)]
    lines = (_write_row(cells, at, heights[at], look) for at, cells in enumerate((heads, *rows)))
    opening = (
        f'<hp:tbl id="{number}" zOrder="0" numberingType="TABLE" textWrap="TOP_AND_BOTTOM" '
        'textFlow="BOTH_SIDES" lock="0" dropcapstyle="None" pageBreak="CELL" repeatHeader="1" '
        f'rowCnt="{len(heights)}" colCnt="{len(heads)}" cellSpacing="0" '
        f'borderFillIDRef="{look.border}" noAdjust="0">'
        f'<hp:sz width="{sum(look.widths)}" widthRelTo="ABSOLUTE" height="{sum(heights)}" '
        'heightRelTo="ABSOLUTE" protect="0"/>'
        f"{write_position(in_line=sum(heights) < _LARGEST_IN_LINE)}"
        '<hp:outMargin left="0" right="0" top="140" bottom="140"/>'
        f'<hp:inMargin left="{_CELL_X}" right="{_CELL_X}" top="{_CELL_Y}" bottom="{_CELL_Y}"/>'
    )
    return _declare(f"{opening}{''.join(lines)}</hp:tbl>", "<hp:tbl ")


def _choose_look(
    slot: Paragraph,
    shapes: FormShapes,
    room: Room,
    heads: list[str],
    rows: list[list[str]],
    numeric: list[bool],
) -> _Look:
    size = shapes.char(slot.char_id)
    points = size.height / _UNITS_PER_POINT
    # A number is not broken, nor is a date in a column of numbers.
    whole = [
        [
            text.replace(" ", "-") if is_number else text
            for text, is_number in zip(row, numeric, strict=False)
        ]
        for row in rows
    ]
    planned = plan_widths(heads, whole, numeric, points, room.width / _UNITS_PER_POINT)
    right = shapes.find_right(slot.para_id)
    return _Look(
        paras=[escape(right if is_number else slot.para_id) for is_number in numeric],
        char=escape(slot.char_id),
        border=escape(shapes.bordered),
        height=size.height,
        line=shapes.para(slot.para_id).line_height(size.height),
        widths=[int(width * _UNITS_PER_POINT) for width in planned],
    )


def _write_row(cells: list[str], at: int, height: int, look: _Look) -> str:
    written = (
        f'<hp:tc name="" header="{int(at == 0)}" hasMargin="0" protect="0" editable="0" '
        f'dirty="0" borderFillIDRef="{look.border}">'
        '<hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="CENTER" '
        'linkListIDRef="0" linkListNextIDRef="0" textWidth="0" textHeight="0" hasTextRef="0" '
        f'hasNumRef="0">{_write_lines(text, para, look.char)}</hp:subList>'
        f'<hp:cellAddr colAddr="{column}" rowAddr="{at}"/><hp:cellSpan colSpan="1" rowSpan="1"/>'
        f'<hp:cellSz width="{width}" height="{height}"/>'
        f'<hp:cellMargin left="{_CELL_X}" right="{_CELL_X}" top="{_CELL_Y}" '
        f'bottom="{_CELL_Y}"/></hp:tc>'
        for column, (text, width, para) in enumerate(
            zip(cells, look.widths, look.paras, strict=True)
        )
    )
    return f"<hp:tr>{''.join(written)}</hp:tr>"


def _write_lines(text: str, para: str, char: str) -> str:
    inside = "<hp:lineBreak/>".join(map(escape, text.split("\n")))
    return (
        f'<hp:p id="0" paraPrIDRef="{para}" styleIDRef="0" pageBreak="0" '
        f'columnBreak="0" merged="0"><hp:run charPrIDRef="{char}">'
        f"<hp:t>{inside}</hp:t></hp:run></hp:p>"
    )
