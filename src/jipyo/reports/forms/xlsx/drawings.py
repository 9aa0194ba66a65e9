"""Pictures beside the cells of a sheet, and the texts of its drawings and charts."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.reports.forms.filling import find_tokens
from jipyo.reports.forms.markup import Edit, TextRun, escape, find_prefix, parse_markup, splice
from jipyo.reports.forms.xlsx.grid import MOST_MERGED
from jipyo.reports.forms.xlsx.workbook import name_relations, read_relations

if TYPE_CHECKING:
    from jipyo.reports.forms.archive import FormArchive
    from jipyo.reports.forms.filling import Filler
    from jipyo.reports.forms.markup import Element, TextPiece
    from jipyo.reports.forms.xlsx.grid import SheetGrid
    from jipyo.reports.forms.xlsx.sheets import CellPicture

_EMU_PER_PT = 12_700
_SMALL_PT = 48
"""A cell lower than this is only the corner of a picture, which keeps its own size."""
_DEFAULT_ROW_PT = 15.0
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_DRAWINGML = "http://schemas.openxmlformats.org/drawingml/2006/main"
_AFTER_DRAWING = frozenset(
    (
        *("legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls"),
        *("webPublishItems", "tableParts", "extLst"),
    )
)
"""What follows the drawing in a sheet."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "[Content_Types].xml"
_TYPE_OF_DRAWING = "application/vnd.openxmlformats-officedocument.drawing+xml"
_PARAGRAPHS = frozenset({"p", "text", "si", "is"})


def name_media(number: int) -> str:
    """The file of a picture."""
    return f"xl/media/jipyo{number:04}.png"


def fill_texts(xml: bytes, part: str, filler: Filler) -> bytes:
    """The texts of text boxes, charts and comments with their slots filled.

    Raises:
        ReportError: a slot is not known.
    """
    if b"{" not in xml:
        return xml
    pieces: dict[int, list[TextPiece]] = {}
    for element in parse_markup(xml, part).walk():
        holder = next((one for one in element.list_ancestors() if one.tag in _PARAGRAPHS), None)
        if element.tag == "t" and holder is not None:
            pieces.setdefault(holder.start, []).extend(element.pieces)
    edits: list[Edit] = []
    for own in pieces.values():
        run = TextRun(own)
        stretches = [(one.start, one.end, filler.write(one, ())) for one in find_tokens(run.text)]
        edits += run.replace(stretches, escape)
    return splice(xml, edits)


@dataclass(slots=True)
class DrawingWriter:
    """Adds pictures to the drawings of a workbook."""

    archive: FormArchive
    filler: Filler
    changed: dict[str, bytes] = field(default_factory=dict)
    """All parts that have changed so far, by name; new ones too."""
    _new_drawings: int = 0

    def read(self, part: str) -> bytes:
        """A part as it has become so far."""
        return self.changed[part] if part in self.changed else self.archive.read(part)

    def add(self, sheet: str, grid: SheetGrid, pictures: list[CellPicture]) -> None:
        """Put pictures on a sheet, which has changed to what is in `changed` already."""
        drawing = next(iter(read_relations(self.archive, sheet, "/drawing").values()), "")
        if not drawing or drawing not in self.archive.names:
            drawing = self._begin_drawing(sheet)
        root = parse_markup(self.read(drawing), drawing)
        anchors = [
            self._write_anchor(drawing, grid, picture, len(root.children) + at)
            for at, picture in enumerate(pictures, 2)
        ]
        xml = self.read(drawing)
        at = parse_markup(xml, drawing).inner_end
        self.changed[drawing] = splice(xml, [Edit(at, at, "".join(anchors).encode())])
        self._declare_png()

    def _write_anchor(
        self, drawing: str, grid: SheetGrid, picture: CellPicture, number: int
    ) -> str:
        added = self.filler.add_drawing(picture.drawing)
        target = posixpath.relpath(name_media(added), posixpath.dirname(drawing))
        relation = self._relate(drawing, "image", target)
        width, height = _measure(grid, picture)
        size = f'cx="{int(width * _EMU_PER_PT)}" cy="{int(height * _EMU_PER_PT)}"'
        return (
            f'<xdr:oneCellAnchor xmlns:xdr="{_SHEET_DRAWING}" xmlns:a="{_DRAWINGML}" '
            f'xmlns:r="{_OFFICE}"><xdr:from><xdr:col>{picture.column - 1}</xdr:col>'
            f"<xdr:colOff>0</xdr:colOff><xdr:row>{picture.row - 1}</xdr:row>"
            f"<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext {size}/><xdr:pic><xdr:nvPicPr>"
            f'<xdr:cNvPr id="{9000 + number}" name="jipyo {added}" '
            f'descr="{escape(picture.drawing.alt)}"/><xdr:cNvPicPr/></xdr:nvPicPr>'
            f'<xdr:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch>'
            f'</xdr:blipFill><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic>'
            "<xdr:clientData/></xdr:oneCellAnchor>"
        )

    def _begin_drawing(self, sheet: str) -> str:
        """An empty drawing of a sheet that had none."""
        self._new_drawings += 1
        drawing = f"xl/drawings/jipyo{self._new_drawings}.xml"
        self.changed[drawing] = (
            f'{_DECLARATION}<xdr:wsDr xmlns:xdr="{_SHEET_DRAWING}" xmlns:a="{_DRAWINGML}">'
            "</xdr:wsDr>"
        ).encode()
        target = posixpath.relpath(drawing, posixpath.dirname(sheet))
        relation = self._relate(sheet, "drawing", target)
        xml = self.read(sheet)
        root = parse_markup(xml, sheet)
        at = next((one.start for one in root.children if one.tag in _AFTER_DRAWING), root.inner_end)
        prefix = find_prefix(xml, root)
        element = f'<{prefix}drawing xmlns:r="{_OFFICE}" r:id="{relation}"/>'
        self.changed[sheet] = splice(xml, [Edit(at, at, element.encode())])
        name = f'<Override PartName="/{drawing}" ContentType="{_TYPE_OF_DRAWING}"/>'
        self._add_type(name)
        return drawing

    def _relate(self, part: str, kind: str, target: str) -> str:
        """A new relation of a part; its id."""
        name = name_relations(part)
        if name not in self.changed and name not in self.archive.names:
            empty = f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}"></Relationships>'
            self.changed[name] = empty.encode()
        xml = self.read(name)
        root = parse_markup(xml, name)
        relation = f"jipyo{len(root.children) + 1}"
        element = f'<Relationship Id="{relation}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        self.changed[name] = _append(xml, root, element)
        return relation

    def _declare_png(self) -> None:
        root = parse_markup(self.read(_TYPES), _TYPES)
        known = (one.attributes.get("Extension", "").casefold() for one in root.children)
        if "png" not in known:
            self._add_type('<Default Extension="png" ContentType="image/png"/>')

    def _add_type(self, element: str) -> None:
        xml = self.read(_TYPES)
        self.changed[_TYPES] = _append(xml, parse_markup(xml, _TYPES), element)


def _append(xml: bytes, root: Element, element: str) -> bytes:
    """An element more in a list, whose own elements may have a prefix."""
    prefix = find_prefix(xml, root)
    content = element.replace("<", f"<{prefix}", 1).encode()
    if root.inner != root.end:
        return splice(xml, [Edit(root.inner_end, root.inner_end, content)])
    name = xml[root.start + 1 : root.inner].split()[0].rstrip(b"/>")
    closing = b">" + content + b"</" + name + b">"
    return splice(xml, [Edit(root.end - 2, root.end, closing)])


def _measure(grid: SheetGrid, picture: CellPicture) -> tuple[float, float]:
    """Width and height in points: as large as the merged cells, or its own size."""
    place = (picture.row, picture.column)
    top, _, bottom, _ = grid.find_range(place)
    width, rows = grid.measure_width(place), range(top, min(bottom, top + MOST_MERGED) + 1)
    height = sum(grid.measure_row(row) or _DEFAULT_ROW_PT for row in rows)
    own = picture.drawing.width, picture.drawing.height
    if height < _SMALL_PT:
        return own
    factor = min(width / own[0], height / own[1])
    return own[0] * factor, own[1] * factor
