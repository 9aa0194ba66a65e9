"""A sheet of a form filled: texts as texts, numbers as numbers, rows repeated in blank rows."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.model.calendar import local_time
from jipyo.model.errors import ReportError
from jipyo.model.figure import Figure
from jipyo.reports.document import Day, Duration, ExactTime, Moment, Quantity, phrase
from jipyo.reports.forms.filling import (
    Placed,
    SlotKind,
    find_tokens,
    list_outside,
    pair_tokens,
)
from jipyo.reports.forms.markup import (
    Edit,
    TextRun,
    escape,
    find_prefix,
    parse_markup,
    set_attribute,
    splice,
    take,
)
from jipyo.reports.forms.overflow import Overflow
from jipyo.reports.forms.values import SlotFormat, find_cell_number, write_value
from jipyo.reports.forms.xlsx.grid import SheetGrid
from jipyo.reports.forms.xlsx.references import move_formula, name_cell
from jipyo.reports.forms.xlsx.workbook import NumberKind, TextItem, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.filling import Drawing, Filler, Pair, Scopes, SlotToken
    from jipyo.reports.forms.markup import Element
    from jipyo.reports.forms.values import SlotValue
    from jipyo.reports.forms.xlsx.workbook import SheetPart, WorkbookParts

_EPOCH, _DAYS_OF_1904 = date(1899, 12, 30), 1462
_DAY_S = 86_400
_SCALED = frozenset({"bytes", "bytes_per_second", "seconds"})
"""Units that the report chooses by size: as a number they would change from month to month."""
_FOOTERS = frozenset(
    f"{which}{what}" for which in ("odd", "even", "first") for what in ("Header", "Footer")
)


@dataclass(frozen=True, slots=True)
class CellPicture:
    """A picture that belongs into a cell."""

    row: int
    column: int
    drawing: Drawing


@dataclass(slots=True)
class FilledSheet:
    """A sheet with its slots filled."""

    xml: bytes
    pictures: list[CellPicture] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    was_filled: bool = False


@dataclass(slots=True)
class SheetFiller:
    """Fills one sheet."""

    filler: Filler
    book: WorkbookParts
    sheet: SheetPart
    grid: SheetGrid
    pictures: list[CellPicture] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)

    def fill(self) -> FilledSheet:
        """The sheet filled.

        Raises:
            ReportError: it has a slot that is not known, or too few blank rows.
        """
        items = {
            place: item for place, cell in self.grid.cells.items() if (item := self._read(cell))
        }
        places = sorted(items)
        placed = [
            Placed(token, number, (number << 32) + token.start)
            for number, place in enumerate(places)
            for token in find_tokens(items[place].run.text)
        ]
        pairs = pair_tokens(placed, self.sheet.name)
        by_cell: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
        for pair in pairs:
            begin, end = places[pair.begin.paragraph], places[pair.end.paragraph]
            if begin == end:
                by_cell.setdefault(begin, []).append(self._repeat_text(items[begin], pair))
            else:
                with self._name_place(begin):
                    self._repeat_rows(items, begin[0], end[0], pair)
        for one in list_outside(placed, pairs):
            place = places[one.paragraph]
            with self._name_place(place):
                if not self._place_whole(items[place], place, one.token, ()):
                    text = self.filler.write(one.token, ())
                    stretch = (one.token.start, one.token.end, text)
                    by_cell.setdefault(place, []).append(stretch)
        for place, stretches in by_cell.items():
            self._write_rich(place, place, items[place], stretches)
        edits = [*self._fill_footers(), *self.grid.list_edits()]
        xml = splice(self.grid.xml, edits)
        return FilledSheet(xml, self.pictures, self.overflows, bool(edits))

    @contextmanager
    def _name_place(self, place: tuple[int, int]) -> Iterator[None]:
        """Say in which cell a slot is wrong."""
        try:
            yield
        except ReportError as error:
            if error.key.startswith("forms.place."):
                raise
            cell, name = name_cell(*place), self.sheet.name
            raise ReportError("forms.place.sheet", part=name, cell=cell, problem=error) from error

    def _read(self, cell: Element) -> TextItem | None:
        """The text of a cell, where it has one with a slot."""
        formula = cell.find("f")
        if formula is not None:
            if find_tokens("".join(piece.text for piece in formula.pieces)):
                hint = "forms.in_formula.hint"
                name = cell.attributes.get("r", "")
                raise ReportError("forms.in_formula", hint=hint, part=self.sheet.name, cell=name)
            return None
        item: TextItem | None = None
        value, inline = cell.find("v"), cell.find("is")
        if cell.attributes.get("t") == "s" and value is not None:
            text = "".join(piece.text for piece in value.pieces)
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
            if 0 <= number < len(self.book.strings):
                item = self.book.strings[number]
        elif inline is not None:
            item = read_text(self.grid.xml, inline)
        return item if item and find_tokens(item.run.text) else None

    def _repeat_text(self, item: TextItem, pair: Pair) -> tuple[int, int, str]:
        begin, end = pair.begin.token, pair.end.token
        inside = item.run.text[begin.end : end.start]
        scopes = self.filler.list_scopes(begin)
        text = "".join(self.filler.fill_text(inside, (scope,)) for scope in scopes)
        return begin.start, end.end, text

    def _repeat_rows(
        self, items: dict[tuple[int, int], TextItem], first: int, last: int, pair: Pair
    ) -> None:
        """RowRange written once for each row of ours, into the blank rows below them."""
        scopes, height = self.filler.list_scopes(pair.begin.token), last - first + 1
        self.grid.check_blank(first, last, height * (len(scopes) - 1))
        inside = sorted(place for place in self.grid.cells if first <= place[0] <= last)
        for at, scope in enumerate(scopes):
            for row, column in inside:
                target = (row + at * height, column)
                item = items.get((row, column))
                if item is not None:
                    self._fill_cell(item, (row, column), target, (scope,), pair)
                elif at:
                    self._copy_cell(self.grid.cells[row, column], target, at * height)
        self.grid.copy_merged(first, last, len(scopes))

    def _fill_cell(
        self,
        item: TextItem,
        source: tuple[int, int],
        target: tuple[int, int],
        scopes: Scopes,
        pair: Pair,
    ) -> None:
        """A cell of a repeated row, without the beginning and the end of the repeated part."""
        ends = {pair.begin.token.text, pair.end.token.text}
        kinds = {SlotKind.BEGIN, SlotKind.END}
        tokens = find_tokens(item.run.text)
        cut = [one for one in tokens if one.kind in kinds and one.text in ends]
        stretches = [(one.start, one.end, "") for one in cut]
        left = [one for one in tokens if one not in cut]
        rest = item.run.text
        for one in reversed(cut):
            rest = rest[: one.start] + rest[one.end :]
        if not rest.strip():
            self.grid.write(target, self.grid.cells[source], "", "")
            return
        with self._name_place(source):
            if len(left) == 1 and find_tokens(rest.strip()) and rest.strip().count("{{") == 1:
                token = left[0]
                is_whole = rest.strip() == item.run.text[token.start : token.end]
                if is_whole and self._write_whole(source, target, token, scopes):
                    return
            stretches += [(one.start, one.end, self.filler.write(one, scopes)) for one in left]
            self._write_rich(source, target, item, stretches)

    def _copy_cell(self, cell: Element, target: tuple[int, int], rows: int) -> None:
        """What stands in every row: constants, formulas moved along, empty cells with lines."""
        xml, grid = self.grid.xml, self.grid
        there = grid.cells.get(target)
        formula = cell.find("f")
        if there is not None and there.find("f") is not None:
            return
        if formula is not None:
            text = "".join(piece.text for piece in formula.pieces)
            if text and formula.attributes.get("t", "normal") != "array":
                moved = escape(move_formula(text, rows))
                prefix = find_prefix(xml, cell)
                grid.write(target, cell, f"<{prefix}f>{moved}</{prefix}f>", "")
            return
        is_empty = cell.inner == cell.end or not cell.children
        if there is not None and is_empty:
            return
        inside = xml[cell.inner : cell.inner_end].decode() if not is_empty else ""
        grid.write(target, cell, inside, cell.attributes.get("t", ""))

    def _place_whole(
        self, item: TextItem, place: tuple[int, int], token: SlotToken, scopes: Scopes
    ) -> bool:
        """Write what stands alone in its cell: a number, a day, a picture, a table."""
        is_alone = item.run.text.strip() == item.run.text[token.start : token.end]
        if token.kind is SlotKind.VALUE:
            return is_alone and self._write_whole(place, place, token, scopes)
        if not is_alone:
            raise ReportError("forms.not_alone", hint="forms.not_alone.hint", slot=token.text)
        if token.kind is SlotKind.TABLE:
            self._write_table(place, token)
            return True
        drawing = self.filler.find_drawing(token, self.grid.measure_width(place))
        if drawing is None:
            self._write_text(place, self.filler.book.localizer.format(phrase("forms.no_data")))
            return True
        self.grid.write(place, self.grid.cells[place], "", "")
        self.pictures.append(CellPicture(*place, drawing))
        return True

    def _write_whole(
        self, source: tuple[int, int], target: tuple[int, int], token: SlotToken, scopes: Scopes
    ) -> bool:
        """A number or a day in a cell of its own; False where it is text."""
        cell = self.grid.cells[source]
        kind = self.book.style(self.grid.style(target, cell)).kind
        value, wanted = self.filler.find(token, scopes)
        if value is None:
            # Formulas over the column go on: a dash would make them an error.
            self.grid.write(target, cell, "", "")
            return True
        number = self._find_number(value, wanted, kind)
        if number is None:
            text = write_value(value, wanted, self.filler.book.localizer, token.text)
            self._write_text(target, text, cell)
            return True
        prefix = find_prefix(self.grid.xml, cell)
        self.grid.write(target, cell, f"<{prefix}v>{number!r}</{prefix}v>", "")
        return True

    def _find_number(
        self, value: SlotValue, wanted: SlotFormat, kind: NumberKind
    ) -> float | int | None:
        if kind is NumberKind.TEXT:
            return None
        if kind is NumberKind.DATE and wanted == SlotFormat():
            return self._find_serial(value)
        is_scaled = isinstance(value, Duration | ExactTime) or (
            isinstance(value, Figure | Quantity) and value.unit in _SCALED
        )
        if is_scaled and not wanted.unit:
            return None
        found = find_cell_number(value, wanted)
        if found is None:
            return None
        number, unit = found
        is_share = kind is NumberKind.PERCENT and unit == "percent"
        return round(number / 100, 12) if is_share else number

    def _find_serial(self, value: SlotValue) -> float | int | None:
        """A day or a moment as the number that a workbook keeps it as."""
        start = _EPOCH.toordinal() + (_DAYS_OF_1904 if self.book.is_from_1904 else 0)
        if isinstance(value, Day):
            return value.day.toordinal() - start
        if not isinstance(value, Moment):
            return None
        zone = ZoneInfo(self.filler.book.localizer.period.zone)
        local = local_time(value.t_ms, zone)
        midnight = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo)
        seconds = (local.replace(tzinfo=None) - midnight.replace(tzinfo=None)).total_seconds()
        return local.date().toordinal() - start + round(seconds) / _DAY_S

    def _write_rich(
        self,
        source: tuple[int, int],
        target: tuple[int, int],
        item: TextItem,
        stretches: list[tuple[int, int, str]],
    ) -> None:
        """A text with stretches of it replaced, which keep the looks of their characters."""
        cell, element = self.grid.cells[source], item.element
        text = item.run.text
        for start, end, new in sorted(stretches, reverse=True):
            text = text[:start] + new + text[end:]
        if find_prefix(item.xml, element) != find_prefix(self.grid.xml, cell):
            self._write_text(target, text, cell)
            return
        edits = list(item.run.replace(stretches, escape))
        edits += _preserve_space(element, item.xml)
        inside = take(item.xml, element.inner, element.inner_end, edits).decode()
        prefix = find_prefix(self.grid.xml, cell)
        self.grid.write(target, cell, f"<{prefix}is>{inside}</{prefix}is>", "inlineStr")
        self._check_room(target, text, cell)

    def _write_text(self, place: tuple[int, int], text: str, like: Element | None = None) -> None:
        cell = like or self.grid.cells[place]
        prefix = find_prefix(self.grid.xml, cell)
        if not text:
            self.grid.write(place, cell, "", "")
            return
        inside = (
            f'<{prefix}is><{prefix}t xml:space="preserve">{escape(text)}</{prefix}t></{prefix}is>'
        )
        self.grid.write(place, cell, inside, "inlineStr")
        self._check_room(place, text, cell)

    def _write_table(self, place: tuple[int, int], token: SlotToken) -> None:
        """A whole table from a cell on to the right and down, where nothing else stands."""
        table = self.filler.book.find_table(token.name)
        self.filler.filled += 1
        localizer = self.filler.book.localizer
        if not table.rows:
            key = "forms.no_entries" if table.is_absent else "forms.no_rows"
            self._write_text(place, localizer.format(phrase(key)))
            return
        shown = [at for at, column in enumerate(table.columns) if column.key != "no"]
        rows = [table.rows, (table.totals,)] if table.totals else [table.rows]
        cell = self.grid.cells[place]
        self.grid.check_free(place, sum(map(len, rows)) + 1, len(shown))
        for at, number in enumerate(shown):
            name = table.columns[number].name(localizer.texts.lang)
            self._write_text((place[0], place[1] + at), name, cell)
        kind = self.book.style(self.grid.style(place, cell)).kind
        prefix = find_prefix(self.grid.xml, cell)
        for down, row in enumerate((row for part in rows for row in part), 1):
            for at, number in enumerate(shown):
                target = (place[0] + down, place[1] + at)
                found = self._find_number(row[number], SlotFormat(), kind)
                if found is None:
                    self._write_text(
                        target, write_value(row[number], SlotFormat(), localizer), cell
                    )
                else:
                    self.grid.write(target, cell, f"<{prefix}v>{found!r}</{prefix}v>", "")

    def _check_room(self, place: tuple[int, int], text: str, like: Element) -> None:
        style = self.book.style(self.grid.style(place, like))
        found = self.grid.measure(place, text, style)
        if found is not None:
            lines, needed, room = found
            self.overflows.append(
                Overflow(
                    part=self.sheet.name, table=0, row=place[0], column=place[1], text=text,
                    lines=lines, needed_mm=needed, room_mm=room,
                )
            )  # fmt: skip

    def _fill_footers(self) -> Iterator[Edit]:
        """Headers and footers of the printed page, where `&` begins a code."""
        for element in self.grid.root.walk():
            if element.tag not in _FOOTERS:
                continue
            run = TextRun(element.pieces)
            stretches = [
                (one.start, one.end, self.filler.write(one, ()).replace("&", "&&"))
                for one in find_tokens(run.text)
            ]
            yield from run.replace(stretches, escape)


def _preserve_space(item: Element, xml: bytes) -> Iterator[Edit]:
    """Spaces at the edges of a text count only where this is said."""
    for one in item.walk():
        if one.tag == "t" and "xml:space" not in one.attributes and one.inner != one.end:
            at = one.start + 1 + len(find_prefix(xml, one)) + 1
            yield Edit(at, at, b' xml:space="preserve"')


def read_grid(xml: bytes, part: str) -> SheetGrid:
    """The cells of a sheet.

    Raises:
        ReportError: the sheet is damaged.
    """
    return SheetGrid(xml, parse_markup(xml, part), part)


def forget_results(root: Element) -> Iterator[Edit]:
    """Formulas without the results of the empty form: programs compute them on opening."""
    for cell in root.walk():
        value = cell.find("v") if cell.tag == "c" and cell.find("f") is not None else None
        if value is not None:
            yield Edit(value.start, value.end, b"")


def ask_for_computation(xml: bytes, part: str) -> bytes:
    """The workbook, which asks the program that opens it to compute all formulas."""
    root = parse_markup(xml, part)
    settings = root.find("calcPr")
    if settings is not None:
        if "fullCalcOnLoad" in settings.attributes:
            return splice(xml, [set_attribute(xml, settings, "fullCalcOnLoad", 1)])
        at = settings.start + len(find_prefix(xml, settings)) + len("<calcPr")
        return splice(xml, [Edit(at, at, b' fullCalcOnLoad="1"')])
    before = ("oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes",
              "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst")  # fmt: skip
    at = next((one.start for one in root.children if one.tag in before), root.inner_end)
    prefix = find_prefix(xml, root)
    return splice(xml, [Edit(at, at, f'<{prefix}calcPr fullCalcOnLoad="1"/>'.encode())])
