"""Cells and text boxes of a filled section whose text is too long, by an estimate of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.forms.hwpx.paragraphs import list_paragraphs
from jipyo.reports.forms.markup import parse_markup
from jipyo.reports.forms.overflow import TIGHT, Overflow
from jipyo.reports.render.hwpx.lines import count_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.hwpx.header import FormShapes
    from jipyo.reports.forms.hwpx.paragraphs import Paragraph
    from jipyo.reports.forms.markup import Element

_UNITS_PER_MM = 7200 / 25.4
_MIN_WIDTH = 500
_SURE_PERCENT = 92
"""Of a width is counted on: a form's fonts may be wider than was estimated."""


def find_overflows(form: bytes, filled: bytes, shapes: FormShapes, part: str) -> Iterator[Overflow]:
    """The texts that filling made too long for their cell or box, in the order of the file.

    What stands in the form itself is the site's own affair.
    """
    texts = {text for _, paragraphs in _list_boxes(form, part) for text in [_join(paragraphs)]}
    tables: dict[int, int] = {}
    for box, paragraphs in _list_boxes(filled, part):
        text = _join(paragraphs)
        table = next((one for one in box.list_ancestors() if one.tag == "tbl"), None)
        if box.tag == "tc" and table is not None:
            tables.setdefault(table.start, len(tables) + 1)
        if not text.strip() or text in texts:
            continue
        width, room = measure_box(box)
        lines, needed = _measure(paragraphs, width, shapes)
        if needed >= TIGHT * room > 0:
            address = box.find("cellAddr")
            margins = _find_height(box) - room
            yield Overflow(
                part=part.rpartition("/")[2].removesuffix(".xml"),
                table=tables[table.start] if box.tag == "tc" and table is not None else 0,
                row=address.number("rowAddr") + 1 if address else 0,
                column=address.number("colAddr") + 1 if address else 0,
                text=text,
                lines=lines,
                needed_mm=(needed + margins) / _UNITS_PER_MM,
                room_mm=(room + margins) / _UNITS_PER_MM,
            )


def _join(paragraphs: list[Paragraph]) -> str:
    return "\n".join(paragraph.run.text for paragraph in paragraphs)


def _list_boxes(xml: bytes, part: str) -> Iterator[tuple[Element, list[Paragraph]]]:
    """Cells and text boxes with their own paragraphs, in the order of the file."""
    boxes: dict[int, tuple[Element, list[Paragraph]]] = {}
    for paragraph in list_paragraphs(parse_markup(xml, part)):
        box = find_box(paragraph.element)
        if box is not None:
            boxes.setdefault(box.start, (box, []))[1].append(paragraph)
    for at in sorted(boxes):
        yield boxes[at]


def find_box(element: Element) -> Element | None:
    """The cell or the text box that something stands in."""
    return next((one for one in element.list_ancestors() if one.tag in {"tc", "drawText"}), None)


def measure_box(box: Element) -> tuple[int, int]:
    """Width and height of what a cell or a text box has room for, in HWPUNIT."""
    if box.tag == "tc":
        size, margins = box.find("cellSz"), _find_margins(box)
    else:
        size = box.parent.find("sz") if box.parent else None
        margins = box.find("textMargin")
    if size is None:
        return _MIN_WIDTH, 0
    sides = {side: margins.number(side) if margins else 0 for side in _SIDES}
    width = size.number("width") - sides["left"] - sides["right"]
    return max(width, _MIN_WIDTH), size.number("height") - sides["top"] - sides["bottom"]


_SIDES = ("left", "right", "top", "bottom")


def _find_height(box: Element) -> int:
    size = box.find("cellSz") if box.tag == "tc" else box.parent and box.parent.find("sz")
    return size.number("height") if size else 0


def _find_margins(cell: Element) -> Element | None:
    """The cell's own margins, or those of its table."""
    if cell.attributes.get("hasMargin") in {"1", "true"}:
        return cell.find("cellMargin")
    table = next((one for one in cell.list_ancestors() if one.tag == "tbl"), None)
    return (table.find("inMargin") if table else None) or cell.find("cellMargin")


def _measure(paragraphs: list[Paragraph], width: int, shapes: FormShapes) -> tuple[int, int]:
    """Lines and height of some paragraphs; below the last line there is no spacing."""
    lines = height = spare = 0
    for paragraph in paragraphs:
        size, room = shapes.char(paragraph.char_id), shapes.para(paragraph.para_id)
        em = max(size.height * size.ratio * (100 + size.spacing) // 10_000, 50)
        inside = max(width - room.left - room.right, _MIN_WIDTH)
        own = count_lines(paragraph.run.text, em, inside * _SURE_PERCENT // 100)
        line = room.line_height(size.height)
        lines += own
        height += own * line + room.above + room.below
        spare = max(line - size.height, 0)
    return lines, height - spare
