"""RowRange of a table that are repeated, and what changes in the table around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.forms.markup import Edit, parse_markup, set_attribute, splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.markup import Element


@dataclass(frozen=True, slots=True)
class RowRange:
    """Neighbouring rows of a table."""

    table: Element
    first: int
    """The number of the first, from 0 on."""
    rows: tuple[Element, ...]

    @property
    def start(self) -> int:
        """Where they begin in the file."""
        return self.rows[0].start

    @property
    def end(self) -> int:
        """Where they end."""
        return self.rows[-1].end

    @property
    def height(self) -> int:
        """Their height together."""
        return sum(map(_measure_row, self.rows))


def find_rows(begin: Element, end: Element) -> RowRange | None:
    """The rows from one paragraph's to another's; None where they are not in cells of a table.

    Raises:
        ReportError: a merged cell reaches over the edge of the rows.
    """
    above = {one.start: one for one in begin.list_ancestors()}
    common = next((one for one in end.list_ancestors() if one.start in above), None)
    if common is None or common.tag not in {"tr", "tbl"}:
        return None
    table = common if common.tag == "tbl" else common.parent
    if table is None or table.tag != "tbl":
        return None
    rows = _list_rows(table)
    first, last = (_find_row(rows, one) for one in (begin, end))
    found = RowRange(table, first, tuple(rows[first : last + 1]))
    _check_merged(found)
    return found


def _list_rows(table: Element) -> list[Element]:
    return [row for row in table.children if row.tag == "tr"]


def _find_row(rows: list[Element], within: Element) -> int:
    return next(at for at, row in enumerate(rows) if row.start < within.start < row.end)


def _measure_row(row: Element) -> int:
    sizes = [
        size.number("height")
        for cell in row.children
        if _find_span(cell) == 1 and (size := cell.find("cellSz"))
    ]
    return max(sizes, default=0)


def _find_span(cell: Element) -> int:
    span = cell.find("cellSpan")
    return max(span.number("rowSpan", 1), 1) if span else 1


def _list_spanning(found: RowRange) -> Iterator[tuple[Element, int, int]]:
    """Cells with the numbers of their first row and of the row after their last."""
    for at, row in enumerate(_list_rows(found.table)):
        for cell in row.children:
            if cell.tag == "tc":
                yield cell, at, at + _find_span(cell)


def _check_merged(found: RowRange) -> None:
    start, stop = found.first, found.first + len(found.rows)
    for _, first, after in _list_spanning(found):
        is_within = start <= first and after <= stop
        is_around = first < start and after >= stop
        is_apart = after <= start or first >= stop
        if not (is_within or is_around or is_apart):
            raise ReportError("forms.merged", hint="forms.merged.hint", row=first + 1)


def stretch_around(xml: bytes, found: RowRange, copies: int) -> Iterator[Edit]:
    """Cells that are merged over the rows reach over all their copies."""
    added = len(found.rows) * (copies - 1)
    stop = found.first + len(found.rows)
    for cell, first, after in _list_spanning(found):
        span = cell.find("cellSpan")
        if first < found.first and after >= stop and span is not None and added:
            yield set_attribute(xml, span, "rowSpan", after - first + added)


def add_height(xml: bytes, table: Element, added: int) -> Iterator[Edit]:
    """The height of a table with more rows."""
    size = table.find("sz")
    if size is not None and "height" in size.attributes and added:
        yield set_attribute(xml, size, "height", size.number("height") + added)


def renumber_rows(xml: bytes, part: str) -> bytes:
    """The section with the rows of every table that has grown counted anew."""
    edits: list[Edit] = []
    for table in parse_markup(xml, part).walk():
        rows = _list_rows(table) if table.tag == "tbl" else []
        if not rows or table.number("rowCnt", len(rows)) == len(rows):
            continue
        edits.append(set_attribute(xml, table, "rowCnt", len(rows)))
        for at, row in enumerate(rows):
            for cell in row.children:
                address = cell.find("cellAddr")
                if address is not None and address.number("rowAddr", at) != at:
                    edits.append(set_attribute(xml, address, "rowAddr", at))
    return splice(xml, edits)
