"""The cells of a sheet by row and column, and what is written into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.forms.markup import Edit, escape, find_prefix, set_attribute
from jipyo.reports.forms.overflow import TIGHT
from jipyo.reports.forms.xlsx.references import name_cell, parse_cell, parse_range
from jipyo.reports.render.hwpx.lines import count_lines, measure_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.markup import Element
    from jipyo.reports.forms.xlsx.workbook import CellStyle

Place = tuple[int, int]
_DIGIT_PX, _PADDING_PX, _PT_PER_PX = 7, 5, 0.75
_MM_PER_PT = 25.4 / 72
_LINE_PT = 1.25
"""The height of a line in parts of its type size."""
MOST_MERGED = 500
"""More rows or columns of a merged cell are not measured: no text needs them."""
_ROW = re.compile(rb"(\sr\s*=\s*)(\"[^\"]*\"|'[^']*')")


class SheetGrid:
    """A sheet, read once; what is written is kept until `list_edits`."""

    def __init__(self, xml: bytes, root: Element, part: str) -> None:
        """Find rows, cells, merged cells and the sizes of rows and columns.

        Raises:
            ReportError: rows or cells do not say where they are, or say it twice.
        """
        self.xml, self.root, self.part = xml, root, part
        self.data = root.find("sheetData")
        self.rows: dict[int, Element] = {}
        self.cells: dict[Place, Element] = {}
        for row in self.data.children if self.data else ():
            number = row.number("r")
            if number < 1 or number in self.rows:
                raise self._describe_damage()
            self.rows[number] = row
            for cell in row.children:
                place = parse_cell(cell.attributes.get("r", ""))
                if place is None or place[0] != number or place in self.cells:
                    raise self._describe_damage()
                self.cells[place] = cell
        merged = root.find("mergeCells")
        found = (
            (parse_range(one.attributes.get("ref", "")) for one in merged.children)
            if (merged)
            else ()
        )
        self.merged = [one for one in found if one is not None]
        self._written: dict[Place, bytes] = {}
        self._models: dict[int, int] = {}
        self._new_merged: list[str] = []

    def _describe_damage(self) -> ReportError:
        hint = "forms.no_archive.hint"
        return ReportError("forms.damaged", hint=hint, part=self.part)

    def style(self, place: Place, like: Element) -> int:
        """The style of a cell: its own, or that of the one it is written like."""
        return self.cells.get(place, like).number("s")

    def write(self, place: Place, like: Element, inside: str, kind: str) -> None:
        """Write a cell with the style that it has, or that of another where it is not there."""
        prefix = find_prefix(self.xml, like)
        style = self.style(place, like)
        typed = f' t="{escape(kind)}"' if kind else ""
        styled = f' s="{style}"' if style else ""
        opening = f'<{prefix}c r="{name_cell(*place)}"{styled}{typed}'
        written = f"{opening}>{inside}</{prefix}c>" if inside else f"{opening}/>"
        self._written[place] = written.encode()
        model = parse_cell(like.attributes.get("r", ""))
        self._models.setdefault(place[0], model[0] if model else place[0])

    def check_blank(self, first: int, last: int, needed: int) -> None:
        """Refuse where the rows below have something in them that would be lost.

        Raises:
            ReportError: there are fewer blank rows than are needed.
        """
        with_formula: dict[int, bool] = {}
        for (row, column), cell in self.cells.items():
            if first <= row <= last:
                is_formula = cell.find("f") is not None
                with_formula[column] = with_formula.get(column, True) and is_formula
        blank = 0
        while blank < needed and self._is_blank(last + blank + 1, with_formula):
            blank += 1
        if blank < needed:
            raise ReportError(
                "forms.no_blank_rows",
                hint="forms.no_blank_rows.hint",
                needed=needed,
                blank=blank,
                row=last,
            )

    def _is_blank(self, row: int, with_formula: dict[int, bool]) -> bool:
        """Whether nothing would be lost; formulas may wait where the rows have formulas too."""
        for column, may_compute in with_formula.items():
            cell = self.cells.get((row, column))
            if cell is not None and (
                _has_content(cell) or (cell.find("f") is not None and not may_compute)
            ):
                return False
        return True

    def check_free(self, place: Place, rows: int, columns: int) -> None:
        """Refuse where a table would be written over something.

        Raises:
            ReportError: a cell is in the way.
        """
        for row in range(place[0], place[0] + rows):
            for column in range(place[1], place[1] + columns):
                cell = self.cells.get((row, column))
                is_own = (row, column) == place
                if cell is not None and not is_own and (cell.find("v") or cell.find("is")):
                    hint, name = "forms.in_the_way.hint", name_cell(row, column)
                    raise ReportError("forms.in_the_way", hint=hint, cell=name)

    def copy_merged(self, first: int, last: int, copies: int) -> None:
        """Merge the cells of copied rows like those of the rows themselves."""
        height = last - first + 1
        for top, left, bottom, right in list(self.merged):
            if not first <= top <= bottom <= last:
                continue
            for at in range(1, copies):
                moved = (top + at * height, left, bottom + at * height, right)
                if not any(_overlap(moved, other) for other in self.merged):
                    self.merged.append(moved)
                    corner = name_cell(moved[2], moved[3])
                    self._new_merged.append(f"{name_cell(moved[0], moved[1])}:{corner}")

    def measure(self, place: Place, text: str, style: CellStyle) -> tuple[int, float, float] | None:
        """Lines, the height they need and the height there is in mm, where that is too little."""
        top, _, bottom, right = self.find_range(place)
        bottom = min(bottom, top + MOST_MERGED)
        width_pt = self.measure_width(place)
        heights = [self.measure_row(row) for row in range(top, bottom + 1)]
        room_pt = sum(height or style.size_pt * _LINE_PT for height in heights)
        em, width = style.size_pt * 100, max(width_pt * 100, 100)
        if style.is_wrapped or (measure_text(text) * em > width and self._is_closed(place, right)):
            lines = count_lines(text, int(em), int(width))
        else:
            lines = text.count("\n") + 1
        needed_pt = lines * style.size_pt * _LINE_PT
        grows = None in heights and top == bottom
        if lines == 1 or grows or needed_pt < TIGHT * room_pt:
            return None
        return lines, needed_pt * _MM_PER_PT, room_pt * _MM_PER_PT

    def measure_width(self, place: Place) -> float:
        """The width of a cell, or of the merged cells that it is part of, in points."""
        _, left, _, right = self.find_range(place)
        right = min(right, left + MOST_MERGED)
        return sum(self.measure_column(column) for column in range(left, right + 1))

    def _is_closed(self, place: Place, right: int) -> bool:
        """Whether a text cannot run on over the cell beside it."""
        beside = self.cells.get((place[0], right + 1))
        is_merged = self.find_range(place)[2:] != place
        return is_merged or (beside is not None and _has_content(beside))

    def find_range(self, place: Place) -> tuple[int, int, int, int]:
        """The merged cells that a cell is part of, or it alone."""
        for top, left, bottom, right in self.merged:
            if top <= place[0] <= bottom and left <= place[1] <= right:
                return top, left, bottom, right
        return (*place, *place)

    def measure_row(self, row: int) -> float | None:
        """The height of a row in points; None where it follows its text."""
        element = self.rows.get(row)
        text = element.attributes.get("ht", "") if element else ""
        return _read_number(text)

    def measure_column(self, column: int) -> float:
        """The width of a column in points."""
        columns, width = self.root.find("cols"), None
        for one in columns.children if columns else ():
            if one.number("min") <= column <= one.number("max"):
                width = _read_number(one.attributes.get("width", ""))
        shared = self.root.find("sheetFormatPr")
        if width is None and shared is not None:
            width = _read_number(shared.attributes.get("defaultColWidth", ""))
        pixels = 64.0 if width is None else width * _DIGIT_PX + _PADDING_PX
        return pixels * _PT_PER_PX

    def list_edits(self) -> Iterator[Edit]:
        """What was written, as changes of the sheet: existing cells, new cells, new rows."""
        rows: dict[int, dict[int, bytes]] = {}
        for (number, column), written in sorted(self._written.items()):
            rows.setdefault(number, {})[column] = written
        new_rows: dict[int, bytes] = {}
        for number, cells in rows.items():
            row = self.rows.get(number)
            if row is None:
                new_rows[number] = self._write_row(number, b"".join(cells.values()))
            elif row.inner == row.end:
                opening = self.xml[row.start : row.end - 2].rstrip() + b">"
                closing = f"</{find_prefix(self.xml, row)}row>".encode()
                content = opening + b"".join(cells.values()) + closing
                yield Edit(row.start, row.end, content)
            else:
                yield from self._write_cells(number, row, cells)
        yield from self._insert_rows(new_rows)
        yield from self._merge_cells()
        yield from self._widen(max(rows, default=0))

    def _write_cells(self, number: int, row: Element, cells: dict[int, bytes]) -> Iterator[Edit]:
        inserted: dict[int, list[bytes]] = {}
        columns = sorted(column for line, column in self.cells if line == number)
        for column, written in cells.items():
            cell = self.cells.get((number, column))
            if cell is not None:
                yield Edit(cell.start, cell.end, written)
                continue
            after = next((one for one in columns if one > column), None)
            at = row.inner_end if after is None else self.cells[number, after].start
            inserted.setdefault(at, []).append(written)
        for at, content in inserted.items():
            yield Edit(at, at, b"".join(content))

    def _write_row(self, number: int, cells: bytes) -> bytes:
        """A new row that looks like the one that its cells were written after."""
        model = self.rows[self._models[number]]
        opening = self.xml[model.start : model.inner].rstrip(b"/> ")
        opening = _ROW.sub(rb'\g<1>"%d"' % number, opening, count=1)
        return opening + b">" + cells + f"</{find_prefix(self.xml, model)}row>".encode()

    def _insert_rows(self, new_rows: dict[int, bytes]) -> Iterator[Edit]:
        inserted: dict[int, list[bytes]] = {}
        known = sorted(self.rows)
        for number, content in new_rows.items():
            after = next((one for one in known if one > number), None)
            assert self.data is not None, "BUG: cells without a sheet's data"
            at = self.data.inner_end if after is None else self.rows[after].start
            inserted.setdefault(at, []).append(content)
        for at, contents in inserted.items():
            yield Edit(at, at, b"".join(contents))

    def _merge_cells(self) -> Iterator[Edit]:
        merged = self.root.find("mergeCells")
        if merged is None or not self._new_merged:
            return
        prefix = find_prefix(self.xml, merged)
        new = "".join(f'<{prefix}mergeCell ref="{ref}"/>' for ref in self._new_merged)
        yield Edit(merged.inner_end, merged.inner_end, new.encode())
        if "count" in merged.attributes:
            count = len(merged.children) + len(self._new_merged)
            yield set_attribute(self.xml, merged, "count", count)

    def _widen(self, last_row: int) -> Iterator[Edit]:
        """The range in use, which some readers rely on."""
        dimension = self.root.find("dimension")
        used = parse_range(dimension.attributes.get("ref", "")) if dimension else None
        if dimension is None or used is None:
            return
        columns = [column for _, column in self._written]
        last = (max(used[2], last_row), max(used[3], *columns, 1))
        if last != (used[2], used[3]):
            ref = f"{name_cell(used[0], used[1])}:{name_cell(*last)}"
            yield set_attribute(self.xml, dimension, "ref", ref)


def _has_content(cell: Element) -> bool:
    """Whether something stands in a cell that is not computed."""
    has_value = cell.find("v") is not None or cell.find("is") is not None
    return has_value and cell.find("f") is None


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return not (one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1])


def _read_number(text: str) -> float | None:
    is_number = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 20
    return float(text) if is_number else None
