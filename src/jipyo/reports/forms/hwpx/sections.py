"""A section of a form filled: its slots replaced, its repeated parts written once for each row."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.forms.filling import (
    Placed,
    SlotKind,
    find_tokens,
    list_outside,
    pair_tokens,
)
from jipyo.reports.forms.hwpx.objects import Room, write_picture_run, write_table_run
from jipyo.reports.forms.hwpx.overflow import find_box, measure_box
from jipyo.reports.forms.hwpx.paragraphs import list_paragraphs
from jipyo.reports.forms.hwpx.rows import add_height, find_rows, renumber_rows, stretch_around
from jipyo.reports.forms.markup import Edit, escape, parse_markup, splice, take

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.forms.filling import Filler, Pair, Scopes, SlotToken
    from jipyo.reports.forms.hwpx.header import FormShapes
    from jipyo.reports.forms.hwpx.paragraphs import Paragraph
    from jipyo.reports.forms.markup import Element

_OPEN, _CLOSE = b"<x>", b"</x>"
"""Around a repeated part, so that it can be read by itself."""
_IDS = re.compile(rb"(<\w+:(?:tbl|pic|rect|ellipse|line|container|ole|equation|textart)\b[^>]*>)")
_ID = re.compile(rb"(\s(?:id|instid)=[\"'])\d+")
_FIRST_ID = 1_900_000_000
"""From here on objects that we add are numbered; programs begin lower, and end at 2^31."""
_DEFAULT_ROOM = Room(42_520, 60_000)


@dataclass(slots=True)
class SectionFiller:
    """Fills one section; what it adds is numbered through."""

    filler: Filler
    shapes: FormShapes
    part: str
    added: int = 0
    room: Room = field(default=_DEFAULT_ROOM)
    """What a picture may take that stands in no cell."""

    def fill(self, xml: bytes) -> bytes:
        """The section, its slots filled; the same bytes where it has none.

        Raises:
            ReportError: it is damaged, or has a slot that is not known.
        """
        if b"{" not in xml and b"&#" not in xml:
            return xml
        self.room = _measure_page(parse_markup(xml, self.part))
        filled = self._fill(xml, (), self.room)
        if filled != xml and b"xmlns:hp=" not in xml:
            reason = "xmlns:hp"
            hint = "forms.no_archive.hint"
            raise ReportError("forms.broken_xml", hint=hint, part=self.part, reason=reason)
        return filled if filled == xml else renumber_rows(filled, self.part)

    def _fill(self, xml: bytes, scopes: Scopes, outer: Room) -> bytes:
        paragraphs = list_paragraphs(parse_markup(xml, self.part))
        placed = _place_tokens(paragraphs)
        pairs = pair_tokens(placed, self.part)
        changes: dict[int, list[tuple[int, int, str]]] = {}
        edits: list[Edit] = []
        added: dict[int, tuple[Element, int]] = {}
        for pair in pairs:
            begin, end = paragraphs[pair.begin.paragraph], paragraphs[pair.end.paragraph]
            with self._name_place(begin.element):
                self.filler.book.find_table(pair.begin.token.name)
            if begin is end:
                text = self._repeat_text(begin, pair, scopes)
                stretch = (pair.begin.token.start, pair.end.token.end, text)
                changes.setdefault(pair.begin.paragraph, []).append(stretch)
            elif rows := find_rows(begin.element, end.element):
                cut = [*_cut_token(begin, pair.begin.token), *_cut_token(end, pair.end.token)]
                copies = self._repeat(take(xml, rows.start, rows.end, cut), pair, scopes, outer)
                edits.append(Edit(rows.start, rows.end, b"".join(copies)))
                edits += stretch_around(xml, rows, len(copies))
                _, height = added.get(rows.table.start, (rows.table, 0))
                height += rows.height * (len(copies) - 1)
                added[rows.table.start] = (rows.table, height)
            else:
                edits.append(self._repeat_paragraphs(xml, begin, end, pair, scopes, outer))
        for table, height in added.values():
            edits += (*add_height(xml, table, height), *_drop_line_caches(table))
        for one in list_outside(placed, pairs):
            paragraph = paragraphs[one.paragraph]
            with self._name_place(paragraph.element):
                if one.token.kind is SlotKind.VALUE:
                    text = self.filler.write(one.token, scopes)
                    stretch = (one.token.start, one.token.end, text)
                    changes.setdefault(one.paragraph, []).append(stretch)
                else:
                    edits += self._place_object(paragraph, one.token, outer)
        for number, stretches in changes.items():
            paragraph = paragraphs[number]
            edits += paragraph.run.replace(stretches, _write_text)
            edits += _drop_line_cache(paragraph.element)
        # Two slots of a paragraph drop the same line cache, which is one edit.
        return splice(xml, dict.fromkeys(edits))

    @contextmanager
    def _name_place(self, element: Element) -> Iterator[None]:
        """Say in which cell or section a slot is wrong."""
        try:
            yield
        except ReportError as error:
            if error.key.startswith("forms.place."):
                raise
            cell = next((one for one in element.list_ancestors() if one.tag == "tc"), None)
            address = cell.find("cellAddr") if cell else None
            raise ReportError(
                "forms.place.cell" if address else "forms.place.part",
                part=self.part.rpartition("/")[2].removesuffix(".xml"),
                row=address.number("rowAddr") + 1 if address else 0,
                column=address.number("colAddr") + 1 if address else 0,
                problem=error,
            ) from error

    def _repeat_text(self, paragraph: Paragraph, pair: Pair, scopes: Scopes) -> str:
        """A part of one paragraph, written one after another."""
        inside = paragraph.run.text[pair.begin.token.end : pair.end.token.start]
        return "".join(
            self.filler.fill_text(inside, (*scopes, scope))
            for scope in self.filler.list_scopes(pair.begin.token)
        )

    def _repeat_paragraphs(
        self,
        xml: bytes,
        begin: Paragraph,
        end: Paragraph,
        pair: Pair,
        scopes: Scopes,
        outer: Room,
    ) -> Edit:
        """Whole paragraphs, from that with the beginning to that with the end."""
        first, last = _find_siblings(begin.element, end.element, pair)
        room = self._find_room(first, outer)
        start = first.end if _is_alone(begin, pair.begin.token) else first.start
        stop = last.start if _is_alone(end, pair.end.token) else last.end
        cut = [*_cut_token(begin, pair.begin.token), *_cut_token(end, pair.end.token)]
        copies = self._repeat(take(xml, start, stop, cut), pair, scopes, room)
        return Edit(first.start, last.end, b"".join(copies))

    def _repeat(self, inside: bytes, pair: Pair, scopes: Scopes, outer: Room) -> list[bytes]:
        copies = []
        for at, scope in enumerate(self.filler.list_scopes(pair.begin.token)):
            source = _OPEN + inside + _CLOSE
            filled = self._fill(source, (*scopes, scope), outer)[len(_OPEN) : -len(_CLOSE)]
            copies.append(self._number_anew(filled) if at else filled)
        return copies

    def _number_anew(self, xml: bytes) -> bytes:
        """A copy whose tables and pictures have ids of their own."""

        def number(tag: re.Match[bytes]) -> bytes:
            self.added += 1
            return _ID.sub(rb"\g<1>%d" % (_FIRST_ID + self.added), tag[1])

        return _IDS.sub(number, xml)

    def _place_object(self, paragraph: Paragraph, token: SlotToken, outer: Room) -> Iterator[Edit]:
        """A picture or a table in the place of the text of its paragraph."""
        if paragraph.run.text.strip() != paragraph.run.text[token.start : token.end]:
            hint = "forms.not_alone.hint"
            raise ReportError("forms.not_alone", hint=hint, slot=token.text)
        room = self._find_room(paragraph.element, outer)
        self.added += 1
        number = _FIRST_ID + self.added
        if token.kind is SlotKind.PICTURE:
            drawing = self.filler.find_drawing(token, room.width / 100)
            content = write_picture_run(drawing, self.filler, room, number)
        else:
            content = write_table_run(self.filler, token, room, number, self.shapes, paragraph)
        first, *rest = paragraph.texts
        yield Edit(first.start, first.end, content.encode())
        yield from (Edit(text.start, text.end, b"") for text in rest)
        yield from _drop_line_cache(paragraph.element)
        yield from _drop_line_caches(paragraph.element)

    def _find_room(self, element: Element, outer: Room) -> Room:
        box = find_box(element)
        if box is None:
            return outer
        width, height = measure_box(box)
        return replace(outer, width=width, height=height if height > 0 else outer.height)


def _write_text(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "<hp:lineBreak/>".join(map(escape, lines))


def _place_tokens(paragraphs: Sequence[Paragraph]) -> list[Placed]:
    """All slots in the order of the file."""
    placed = [
        Placed(token, number, _find_byte(paragraph, token))
        for number, paragraph in enumerate(paragraphs)
        if "{{" in paragraph.run.text
        for token in find_tokens(paragraph.run.text)
    ]
    return sorted(placed, key=lambda one: one.at)


def _find_byte(paragraph: Paragraph, token: SlotToken) -> int:
    """Where the first character of a slot is."""
    at = 0
    for piece in paragraph.run.pieces:
        if token.start < at + len(piece.text):
            return piece.start + len(piece.text[: token.start - at].encode())
        at += len(piece.text)
    raise AssertionError("BUG: a slot is beyond its paragraph")


def _cut_token(paragraph: Paragraph, token: SlotToken) -> list[Edit]:
    """The edits that take the beginning or the end of a repeated part out of its text."""
    edits = paragraph.run.replace([(token.start, token.end, "")], escape)
    return [*edits, *_drop_line_cache(paragraph.element)]


def _is_alone(paragraph: Paragraph, token: SlotToken) -> bool:
    """Whether a paragraph is nothing but the beginning or the end of a repeated part."""
    only_text = {"p", "run", "t", "linesegarray", "lineseg"}
    has_others = any(one.tag not in only_text for one in paragraph.element.walk())
    return (
        not has_others
        and paragraph.run.text.strip() == (paragraph.run.text[token.start : token.end])
    )


def _find_siblings(begin: Element, end: Element, pair: Pair) -> tuple[Element, Element]:
    """The paragraphs of one list that a repeated part reaches from and to."""
    if begin.parent is not end.parent:
        hint = "forms.pair.hint"
        raise ReportError("forms.crossing", hint=hint, slot=pair.begin.token.name)
    return begin, end


def _measure_page(root: Element) -> Room:
    """What a page of the section has room for, in its first column."""
    found: dict[str, Element] = {}
    for element in root.walk():
        found.setdefault(element.tag, element)
    page = found.get("pagePr")
    margin = page.find("margin") if page else None
    if page is None or margin is None:
        return _DEFAULT_ROOM
    width, height = page.number("width"), page.number("height")
    if page.attributes.get("landscape") == "NARROWLY":
        width, height = height, width
    width -= margin.number("left") + margin.number("right") + margin.number("gutter")
    sides = ("top", "bottom", "header", "footer")
    height -= sum(margin.number(side) for side in sides)
    columns = found.get("colPr")
    count = max(columns.number("colCount", 1), 1) if columns else 1
    gap = columns.number("sameGap") if columns else 0
    width = (width - gap * (count - 1)) // count
    return Room(width, height) if width > 0 and height > 0 else _DEFAULT_ROOM


def _drop_line_cache(paragraph: Element) -> Iterator[Edit]:
    """A program that has lines of the old text would draw the new one by them."""
    cache = paragraph.find("linesegarray")
    if cache is not None:
        yield Edit(cache.start, cache.end, b"")


def _drop_line_caches(element: Element) -> Iterator[Edit]:
    """Of all paragraphs around something that grows."""
    for one in element.list_ancestors():
        if one.tag == "p":
            yield from _drop_line_cache(one)
