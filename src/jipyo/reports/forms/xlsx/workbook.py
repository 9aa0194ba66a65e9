"""What a workbook's sheets share: their names, their texts, and how cells look."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.forms.markup import TextRun, parse_markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.reports.forms.archive import FormArchive
    from jipyo.reports.forms.markup import Element

WORKBOOK = "xl/workbook.xml"
_STRINGS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_PERCENTS = frozenset((9, 10))
_TEXT = 49
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class NumberKind(Enum):
    """What a cell's format makes of a number."""

    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How a cell looks, as far as it matters for what is written into it."""

    kind: NumberKind = NumberKind.NUMBER
    size_pt: float = 11.0
    is_wrapped: bool = False


@dataclass(frozen=True, slots=True)
class TextItem:
    """A text of a workbook as it is written, which may be in several characters' looks."""

    xml: bytes
    element: Element
    run: TextRun


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet and the file that it is in."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class WorkbookParts:
    """What all sheets of a workbook share."""

    sheets: tuple[SheetPart, ...]
    strings: tuple[TextItem, ...]
    styles: tuple[CellStyle, ...]
    is_from_1904: bool

    def style(self, number: int) -> CellStyle:
        """A style by its number."""
        return self.styles[number] if 0 <= number < len(self.styles) else CellStyle()


def read_workbook(archive: FormArchive) -> WorkbookParts:
    """Sheets, texts and styles.

    Raises:
        ReportError: the workbook is damaged.
    """
    root = parse_markup(archive.read(WORKBOOK), WORKBOOK)
    targets = read_relations(archive, WORKBOOK)
    sheets = tuple(
        SheetPart(one.attributes.get("name", ""), targets[one.attributes.get(key, "")])
        for one in root.walk()
        if one.tag == "sheet"
        for key in one.attributes
        if key.endswith(":id") and one.attributes[key] in targets
    )
    properties = root.find("workbookPr")
    is_1904 = properties is not None and properties.attributes.get("date1904") in {"1", "true"}
    strings = tuple(_read_strings(archive)) if _STRINGS in archive.names else ()
    styles = tuple(_read_styles(archive)) if _STYLES in archive.names else ()
    worksheets = tuple(one for one in sheets if one.part in archive.names)
    return WorkbookParts(worksheets, strings, styles, is_1904)


def name_relations(part: str) -> str:
    """The file with the relations of a part."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def read_relations(archive: FormArchive, part: str, kind: str = "") -> dict[str, str]:
    """The parts that a part refers to, by the ids that it gives them."""
    name = name_relations(part)
    if name not in archive.names:
        return {}
    found: dict[str, str] = {}
    for one in parse_markup(archive.read(name), name).walk():
        target = one.attributes.get("Target", "")
        is_wanted = one.attributes.get("Type", "").endswith(kind)
        if one.tag == "Relationship" and is_wanted and "TargetMode" not in one.attributes:
            base = "" if target.startswith("/") else posixpath.dirname(part)
            path = posixpath.normpath(posixpath.join(base, target.lstrip("/")))
            found[one.attributes.get("Id", "")] = path
    return found


def read_text(xml: bytes, element: Element) -> TextItem:
    """A text in one piece or in several; how it is read aloud (`rPh`) is not part of it."""
    waiting = list(element.children)
    pieces: list[Element] = []
    while waiting:
        one = waiting.pop()
        if one.tag == "t":
            pieces.append(one)
        elif one.tag != "rPh":
            waiting += one.children
    return TextItem(xml, element, TextRun(piece for one in pieces for piece in one.pieces))


def _read_strings(archive: FormArchive) -> Iterator[TextItem]:
    xml = archive.read(_STRINGS)
    for one in parse_markup(xml, _STRINGS).children:
        if one.tag == "si":
            yield read_text(xml, one)


def _read_styles(archive: FormArchive) -> Iterator[CellStyle]:
    root = parse_markup(archive.read(_STYLES), _STYLES)
    codes = {
        one.number("numFmtId"): one.attributes.get("formatCode", "")
        for one in (root.find("numFmts") or root).children
        if one.tag == "numFmt"
    }
    fonts = root.find("fonts")
    sizes = [_read_size(font) for font in fonts.children] if fonts else []
    formats = root.find("cellXfs")
    for one in formats.children if formats else ():
        align, font = one.find("alignment"), one.number("fontId")
        yield CellStyle(
            _find_kind(one.number("numFmtId"), codes),
            sizes[font] if 0 <= font < len(sizes) else 11.0,
            align is not None and align.attributes.get("wrapText") in {"1", "true"},
        )


def _read_size(font: Element) -> float:
    size = font.find("sz")
    text = size.attributes.get("val", "") if size else ""
    is_number = text.replace(".", "", 1).isdigit() and text.isascii()
    return min(max(float(text), 1.0), 400.0) if is_number else 11.0


def _find_kind(number_format: int, codes: Mapping[int, str]) -> NumberKind:
    code = _LITERAL.sub("", codes.get(number_format, "")).lower()
    if number_format in _PERCENTS or "%" in code:
        return NumberKind.PERCENT
    if number_format in _DATES or (code != "general" and re.search("[ymdhs]", code)):
        return NumberKind.DATE
    return NumberKind.TEXT if number_format == _TEXT or code == "@" else NumberKind.NUMBER


def check_plain(archive: FormArchive) -> None:
    """Refuse what filling would break: signatures, changes that are tracked, macros.

    Raises:
        ReportError: there is such a thing.
    """
    lower = [name.casefold() for name in archive.names]
    if any(name.startswith("_xmlsignatures/") for name in lower):
        raise ReportError("forms.signed", hint="forms.signed.hint")
    if any(name.startswith("xl/revisions/") for name in lower):
        raise ReportError("forms.tracked", hint="forms.tracked.hint")
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise ReportError("forms.macros", hint="forms.macros.hint")
