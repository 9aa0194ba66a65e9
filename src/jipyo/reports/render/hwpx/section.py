"""The body of an HWPX file: paragraphs, tables and pictures, and where pages begin.

Every height is computed, since programs draw what stands in the file: a cell that is too low
cuts its text, and a picture at the end of a page is cut rather than moved.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jipyo.reports.charts.svg import escape_text
from jipyo.reports.render.hwpx.lines import break_long_words, count_lines
from jipyo.reports.render.hwpx.shapes import (
    CHAR_IDS,
    CHARS,
    DECLARATION,
    FILL_IDS,
    NAMESPACES,
    PARA_IDS,
    PARAS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_MM = 7200 / 25.4
PAGE_WIDTH, PAGE_HEIGHT = 59528, 84188
LEFT, WIDTH = int(22 * _MM), 48189
TOP, BOTTOM, HEADER = 3400, 3000, 1417
ROOM = PAGE_HEIGHT - TOP - BOTTOM - 2 * HEADER
"""The height of what a page holds."""
_CELL_X, _CELL_Y = 283, 170
_CELL_SPARE = 60
_AFTER_NUMBER = 500
"""More room at the left of a text that follows a number."""
_AROUND_TABLE = 140
_LARGEST_IN_LINE = 45_000
"""A table up to this height stands in the line, where it is moved as a whole; a taller one is
broken between its rows."""
_FIRST_ID = 1000
_SURE_PERCENT = 90
"""Of a width is counted on, as programs measure characters with fonts of their own."""
# What common Korean fonts draw as boxes, or not at all.
_COMMON = str.maketrans(
    {"\u2212": "-", "\u2007": " ", "\u2008": " ", "\u202f": " ", "\u2192": "->"}
)


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Characters of one shape."""

    text: str
    shape: str = "body"


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of spans."""

    spans: tuple[TextSpan, ...]
    shape: str = "cell"

    def measure(self, width: int) -> int:
        """Its height in this width."""
        para = PARAS[self.shape]
        height = max((CHARS[span.shape].height for span in self.spans), default=1000)
        text = "".join(span.text for span in self.fit(width).spans)
        lines = count_lines(text, height, self._find_room(width))
        return lines * height * para.spacing // 100 + para.above + para.below

    def fit(self, width: int) -> Line:
        """The same with the words broken that are longer than a line of this width."""
        room = self._find_room(width)
        spans = (
            replace(span, text=break_long_words(span.text, CHARS[span.shape].height, room))
            for span in self.spans
        )
        return replace(self, spans=tuple(spans))

    def _find_room(self, width: int) -> int:
        return (width - PARAS[self.shape].left) * _SURE_PERCENT // 100


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that stands alone in a paragraph."""

    png: bytes
    width: int

    @property
    def height(self) -> int:
        """In the proportions of its pixels, which stand in the header of a PNG."""
        across, down = struct.unpack(">II", self.png[16:24])
        return int(self.width * down / across)

    def measure(self, width: int) -> int:
        """Its height with the room around it."""
        del width
        para = PARAS["picture"]
        return self.height + para.above + para.below


Content = Line | Picture


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a table."""

    contents: tuple[Content, ...]
    fill: str = "row"
    stands: str = "CENTER"
    """CENTER or BOTTOM, where its paragraphs stand; at the TOP rhwp draws them over each other."""
    height: int = 0
    """The least that it has, for what people write or stamp."""
    rows: int = 1
    """How many rows it reaches over; those below have None in its place."""
    columns: int = 1
    """How many columns it reaches over; those at its right have None in their place."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; of `heads` rows at the top, which are repeated on each page."""

    widths: tuple[int, ...]
    rows: tuple[tuple[GridCell | None, ...], ...]
    heads: int = 0

    def measure_rows(self) -> list[int]:
        """The height of each row: that of its tallest cell."""
        return [
            max(
                self._measure_cell(row, column)
                for column, cell in enumerate(row)
                if cell is not None and cell.rows == 1
            )
            for row in self.rows
        ]

    def _measure_cell(self, row: Sequence[GridCell | None], column: int) -> int:
        cell = row[column]
        assert cell is not None, "BUG: a cell that another one covers has no height"
        room = self.measure_room(row, column)
        inside = sum(content.measure(room) for content in cell.contents)
        return max(inside + 2 * _CELL_Y + _CELL_SPARE, cell.height)

    def measure_room(self, row: Sequence[GridCell | None], column: int) -> int:
        """The width of what is in a cell."""
        cell = row[column]
        assert cell is not None, "BUG: a cell that another one covers has no width"
        return self.measure_width(cell, column) - _find_left(row, column) - _CELL_X

    def measure_width(self, cell: GridCell, column: int) -> int:
        """The width of a cell that begins in this column."""
        return sum(self.widths[column : column + cell.columns])

    def measure(self, width: int) -> int:
        """Its height with the room around it."""
        del width
        return sum(self.measure_rows()) + 4 * _AROUND_TABLE


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One of the things that stand one below the other in the body."""

    content: Content | Grid
    keep: bool = False
    """On the page of the part after it."""
    new_page: bool = False


def find_page_starts(heights: Sequence[int], parts: Sequence[BodyPart]) -> set[int]:
    """The parts that begin a page: those that ask for it, and groups that would not fit.

    A group is a run of parts that are kept together. One that is taller than a page begins
    where it is and is broken by the program.
    """
    starts: set[int] = set()
    used, at = 0, 0
    while at < len(parts):
        end = at
        while parts[end].keep and end + 1 < len(parts):
            end += 1
        height = sum(heights[at : end + 1])
        if at and (parts[at].new_page or (used and used + height > ROOM >= height)):
            starts.add(at)
            used = 0
        used = (used + height) % ROOM
        at = end + 1
    return starts


@dataclass(slots=True)
class SectionWriter:
    """Writes the body; ids are counted, so that the same parts are the same bytes."""

    pictures: list[bytes] = field(default_factory=list)
    """In the order in which they are shown: `img001` and so on."""
    _last_id: int = _FIRST_ID

    def write(self, parts: Sequence[BodyPart], marking: str = "") -> str:
        """`Contents/section0.xml`; `marking` is the header of every page."""
        starts = find_page_starts([part.content.measure(WIDTH) for part in parts], parts)
        body = "".join(
            self._write_part(part, new_page=at in starts) for at, part in enumerate(parts)
        )
        return (
            f"{DECLARATION}<hs:sec {NAMESPACES}>"
            '<hp:p id="1" paraPrIDRef="1" styleIDRef="0" pageBreak="0" columnBreak="0" merged="0">'
            f'<hp:run charPrIDRef="{CHAR_IDS["small"]}">{_PAGE}{_write_header(marking)}</hp:run>'
            f"</hp:p>{body}</hs:sec>"
        )

    def _write_part(self, part: BodyPart, *, new_page: bool) -> str:
        if isinstance(part.content, Grid):
            table = f'<hp:run charPrIDRef="0">{self._write_grid(part.content)}</hp:run>'
            return self._write_paragraph(table, "cell", new_page=new_page)
        return self._write_content(part.content, WIDTH, new_page=new_page)

    def _write_content(self, content: Content, width: int, *, new_page: bool = False) -> str:
        if isinstance(content, Picture):
            run = f'<hp:run charPrIDRef="0">{self._write_picture(content)}</hp:run>'
            return self._write_paragraph(run, "picture", new_page=new_page)
        runs = "".join(map(_write_span, content.fit(width).spans))
        return self._write_paragraph(runs, content.shape, new_page=new_page)

    def _write_paragraph(self, runs: str, shape: str, *, new_page: bool) -> str:
        return (
            f'<hp:p id="{self._count()}" paraPrIDRef="{PARA_IDS[shape]}" styleIDRef="0" '
            f'pageBreak="{int(new_page)}" columnBreak="0" merged="0">{runs}</hp:p>'
        )

    def _write_grid(self, grid: Grid) -> str:
        heights = grid.measure_rows()
        height = sum(heights)
        rows = "".join(self._write_row(grid, at, heights) for at in range(len(grid.rows)))
        return (
            f'<hp:tbl id="{self._count()}" zOrder="0" numberingType="TABLE" '
            'textWrap="TOP_AND_BOTTOM" textFlow="BOTH_SIDES" lock="0" dropcapstyle="None" '
            f'pageBreak="CELL" repeatHeader="{int(grid.heads > 0)}" rowCnt="{len(grid.rows)}" '
            f'colCnt="{len(grid.widths)}" cellSpacing="0" borderFillIDRef="1" noAdjust="0">'
            f'<hp:sz width="{sum(grid.widths)}" widthRelTo="ABSOLUTE" height="{height}" '
            'heightRelTo="ABSOLUTE" protect="0"/>'
            f"{write_position(in_line=height < _LARGEST_IN_LINE)}"
            f'<hp:outMargin left="0" right="0" top="{_AROUND_TABLE}" bottom="{_AROUND_TABLE}"/>'
            f'<hp:inMargin left="{_CELL_X}" right="{_CELL_X}" top="{_CELL_Y}" '
            f'bottom="{_CELL_Y}"/>{rows}</hp:tbl>'
        )

    def _write_row(self, grid: Grid, at: int, heights: Sequence[int]) -> str:
        cells = grid.rows[at]
        return "<hp:tr>{}</hp:tr>".format(
            "".join(
                f'<hp:tc name="" header="{int(at < grid.heads)}" hasMargin="1" protect="0" '
                f'editable="0" dirty="0" borderFillIDRef="{FILL_IDS[cell.fill]}">'
                '<hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" '
                f'vertAlign="{cell.stands}" linkListIDRef="0" linkListNextIDRef="0" '
                'textWidth="0" textHeight="0" hasTextRef="0" hasNumRef="0">'
                f"{self._write_contents(cell, grid.measure_room(cells, column))}</hp:subList>"
                f'<hp:cellAddr colAddr="{column}" rowAddr="{at}"/>'
                f'<hp:cellSpan colSpan="{cell.columns}" rowSpan="{cell.rows}"/>'
                f'<hp:cellSz width="{grid.measure_width(cell, column)}" '
                f'height="{sum(heights[at : at + cell.rows])}"/>'
                f'<hp:cellMargin left="{_find_left(cells, column)}" right="{_CELL_X}" '
                f'top="{_CELL_Y}" bottom="{_CELL_Y}"/></hp:tc>'
                for column, cell in enumerate(cells)
                if cell is not None
            )
        )

    def _write_contents(self, cell: GridCell, room: int) -> str:
        return "".join(self._write_content(content, room) for content in cell.contents)

    def _write_picture(self, picture: Picture) -> str:
        self.pictures.append(picture.png)
        name = f"img{len(self.pictures):03}"
        return write_picture(name, self._count(), picture.width, picture.height)

    def _count(self) -> int:
        self._last_id += 1
        return self._last_id


def _write_header(text: str) -> str:
    if not text:
        return ""
    return (
        '<hp:ctrl><hp:header id="1" applyPageType="BOTH"><hp:subList id="" '
        'textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="TOP" linkListIDRef="0" '
        f'linkListNextIDRef="0" textWidth="{WIDTH}" textHeight="{HEADER}" hasTextRef="0" '
        f'hasNumRef="0"><hp:p id="0" paraPrIDRef="{PARA_IDS["centre"]}" styleIDRef="0" '
        'pageBreak="0" columnBreak="0" merged="0">'
        f"{_write_span(TextSpan(text, 'small'))}</hp:p></hp:subList></hp:header></hp:ctrl>"
    )


def write_picture(name: str, number: int, width: int, height: int) -> str:
    """A picture of the file's contents, as large as given in HWPUNIT, in the line."""
    size = f'width="{width}" height="{height}"'
    matrix = 'e1="1" e2="0" e3="0" e4="0" e5="1" e6="0"'
    corners = ((0, 0), (width, 0), (width, height), (0, height))
    points = "".join(f'<hc:pt{at} x="{x}" y="{y}"/>' for at, (x, y) in enumerate(corners))
    return (
        f'<hp:pic textWrap="TOP_AND_BOTTOM" textFlow="BOTH_SIDES" reverse="0" id="{number}" '
        'zOrder="0" numberingType="PICTURE" lock="0" dropcapstyle="None" href="" '
        f'groupLevel="0" instid="{number}"><hp:offset x="0" y="0"/><hp:orgSz {size}/>'
        f'<hp:curSz {size}/><hp:flip horizontal="0" vertical="0"/>'
        f'<hp:rotationInfo angle="0" centerX="{width // 2}" centerY="{height // 2}" '
        f'rotateimage="1"/><hp:renderingInfo><hc:transMatrix {matrix}/>'
        f"<hc:scaMatrix {matrix}/><hc:rotMatrix {matrix}/></hp:renderingInfo>"
        f"<hp:imgRect>{points}</hp:imgRect>"
        f'<hp:imgClip left="0" right="{width}" top="0" bottom="{height}"/>'
        '<hp:inMargin left="0" right="0" top="0" bottom="0"/>'
        f'<hp:imgDim dimwidth="{width}" dimheight="{height}"/>'
        f'<hc:img binaryItemIDRef="{name}" bright="0" contrast="0" effect="REAL_PIC" '
        f'alpha="0"/><hp:effects/><hp:sz {size} widthRelTo="ABSOLUTE" '
        f'heightRelTo="ABSOLUTE" protect="0"/>{write_position(in_line=True)}'
        '<hp:outMargin left="0" right="0" top="0" bottom="0"/><hp:shapeComment/></hp:pic>'
    )


def _write_span(span: TextSpan) -> str:
    text = escape_text(span.text.translate(_COMMON)).replace("\n", "<hp:lineBreak/>")
    return f'<hp:run charPrIDRef="{CHAR_IDS[span.shape]}"><hp:t>{text}</hp:t></hp:run>'


def _find_left(cells: Sequence[GridCell | None], column: int) -> int:
    """The left margin of a cell: a text stands off the number before it."""

    def is_number(cell: GridCell | None) -> bool:
        return cell is not None and any(
            isinstance(one, Line) and one.shape == "number" for one in cell.contents
        )

    follows = column > 0 and is_number(cells[column - 1]) and not is_number(cells[column])
    return _CELL_X + (_AFTER_NUMBER if follows else 0)


def write_position(*, in_line: bool) -> str:
    """Where an object stands: in the line like a character, or below it."""
    return (
        f'<hp:pos treatAsChar="{int(in_line)}" affectLSpacing="0" flowWithText="1" '
        'allowOverlap="0" holdAnchorAndSO="0" vertRelTo="PARA" horzRelTo="COLUMN" '
        'vertAlign="TOP" horzAlign="LEFT" vertOffset="0" horzOffset="0"/>'
    )


_PAGE = (
    '<hp:secPr id="" textDirection="HORIZONTAL" spaceColumns="1134" tabStop="8000" '
    'outlineShapeIDRef="0" memoShapeIDRef="0" textVerticalWidthHead="0" masterPageCnt="0">'
    '<hp:startNum pageStartsOn="BOTH" page="0" pic="0" tbl="0" equation="0"/>'
    '<hp:visibility hideFirstHeader="0" hideFirstFooter="0" hideFirstMasterPage="0" '
    'border="SHOW_ALL" fill="SHOW_ALL" hideFirstPageNum="0" hideFirstEmptyLine="0" '
    'showLineNumber="0"/>'
    f'<hp:pagePr landscape="WIDELY" width="{PAGE_WIDTH}" height="{PAGE_HEIGHT}" '
    f'gutterType="LEFT_ONLY"><hp:margin header="{HEADER}" footer="{HEADER}" gutter="0" '
    f'left="{LEFT}" right="{PAGE_WIDTH - LEFT - WIDTH}" top="{TOP}" bottom="{BOTTOM}"/>'
    '</hp:pagePr></hp:secPr><hp:ctrl><hp:colPr id="" type="NEWSPAPER" layout="LEFT" '
    'colCount="1" sameSz="1" sameGap="0"/></hp:ctrl>'
    '<hp:ctrl><hp:pageNum pos="BOTTOM_CENTER" formatType="DIGIT" sideChar="-"/></hp:ctrl>'
)
