"""A form in XLSX: its cells are replaced in place, so that all else of the workbook stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jipyo.reports.forms.markup import parse_markup, splice
from jipyo.reports.forms.overflow import FilledParts
from jipyo.reports.forms.xlsx.drawings import DrawingWriter, fill_texts, name_media
from jipyo.reports.forms.xlsx.sheets import (
    SheetFiller,
    ask_for_computation,
    forget_results,
    read_grid,
)
from jipyo.reports.forms.xlsx.workbook import WORKBOOK, check_plain, read_workbook

if TYPE_CHECKING:
    from jipyo.reports.forms.archive import FormArchive
    from jipyo.reports.forms.filling import Filler
    from jipyo.reports.forms.overflow import Overflow

__all__ = ["fill_xlsx", "is_xlsx", "name_media"]
_TEXT_PARTS = re.compile(r"xl/(drawings/[^/]+|charts/[^/]+|comments.*)\.xml")


def is_xlsx(archive: FormArchive) -> bool:
    """Whether an archive is a workbook."""
    return "[Content_Types].xml" in archive.names and WORKBOOK in archive.names


def fill_xlsx(archive: FormArchive, filler: Filler) -> FilledParts:
    """The parts that change when the form is filled; pictures are asked of the filler.

    Raises:
        ReportError: the form is signed, tracked, has macros, is damaged, or has a slot that is
            not known.
    """
    check_plain(archive)
    book = read_workbook(archive)
    writer = DrawingWriter(archive, filler)
    overflows: list[Overflow] = []
    for name in filter(_TEXT_PARTS.fullmatch, archive.names):
        xml = archive.read(name)
        filled = fill_texts(xml, name, filler)
        if filled != xml:
            writer.changed[name] = filled
    for sheet in book.sheets:
        grid = read_grid(archive.read(sheet.part), sheet.part)
        done = SheetFiller(filler, book, sheet, grid).fill()
        if done.was_filled:
            writer.changed[sheet.part] = done.xml
            overflows += done.overflows
        if done.pictures:
            writer.add(sheet.part, grid, done.pictures)
    if filler.filled:
        _refresh(writer, [sheet.part for sheet in book.sheets])
    return FilledParts(writer.changed, tuple(overflows))


def _refresh(writer: DrawingWriter, sheets: list[str]) -> None:
    """No formula shows a result that was computed before the form was filled."""
    has_formulas = False
    for part in sheets:
        xml = writer.read(part)
        root = parse_markup(xml, part)
        has_formulas |= any(element.tag == "f" for element in root.walk())
        edits = list(forget_results(root))
        if edits:
            writer.changed[part] = splice(xml, edits)
    if has_formulas:
        xml = writer.archive.read(WORKBOOK)
        changed = ask_for_computation(xml, WORKBOOK)
        if changed != xml:
            writer.changed[WORKBOOK] = changed
