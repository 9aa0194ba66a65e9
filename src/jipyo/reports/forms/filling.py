"""The slots in a text of a form, and what is written in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.document import AnyChart, Charts, phrase
from jipyo.reports.forms.values import normalise, parse_format, write_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.forms.slots import Row, SlotBook, SlotPicture, SlotTable
    from jipyo.reports.forms.values import SlotFormat, SlotValue
    from jipyo.reports.render.plain_blocks import PlainBlocks

_TOKEN = re.compile(r"\{\{([^{}]{1,400})\}\}")
_PICTURE, _TABLE = ("그림:", "picture:"), ("표:", "table:")
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_WIDE_PT = 320
"""From this width on a chart is drawn as across the page, below it as one of two."""
MAX_COPIES = 2_000
"""RowRange that a repeated part of a form may come to, all of them together."""


class SlotKind(Enum):
    """What a slot asks for."""

    VALUE = "value"
    PICTURE = "picture"
    TABLE = "table"
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True)
class SlotToken:
    """A slot as it stands in a text, from and to a character."""

    start: int
    end: int
    kind: SlotKind
    name: str
    options: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As an error names it."""
        return f"{{{{{'|'.join((self.name, *self.options))}}}}}"


def find_tokens(text: str) -> list[SlotToken]:
    """The slots in a text."""
    return [_build_token(match) for match in _TOKEN.finditer(text)]


def _build_token(match: re.Match[str]) -> SlotToken:
    name, *options = (part.strip() for part in match[1].split("|"))
    kind = SlotKind.VALUE
    if name[:1] in {"#", "/"}:
        kind = SlotKind.BEGIN if name[0] == "#" else SlotKind.END
        name = name[1:].strip()
    for prefixes, other in ((_PICTURE, SlotKind.PICTURE), (_TABLE, SlotKind.TABLE)):
        for prefix in prefixes:
            if name.casefold().startswith(prefix):
                kind, name = other, name[len(prefix) :].strip()
    return SlotToken(match.start(), match.end(), kind, name, tuple(options))


@dataclass(slots=True)
class Scope:
    """A row that a part of a form is repeated for; without a row there are none at all."""

    table: SlotTable
    row: Row | None
    is_used: bool = False
    """Whether it was said already that there are no rows."""


Scopes = tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of the filled form."""

    svg: str
    width: float
    height: float
    alt: str


@dataclass(slots=True)
class Filler:
    """Finds values for slots, and keeps count of what was asked for."""

    book: SlotBook
    blocks: PlainBlocks
    drawings: list[Drawing] = field(default_factory=list)
    """In the order of their pictures."""
    filled: int = 0
    copies: int = 0

    def find(self, token: SlotToken, scopes: Scopes) -> tuple[SlotValue, SlotFormat]:
        """The value of a slot, in the rows around it first, and how to write it.

        Raises:
            ReportError: there is no such slot.
        """
        self.filled += 1
        wanted = parse_format(token.options, token.text)
        for scope in reversed(scopes):
            if scope.row is None:
                value = "" if scope.is_used else self._describe_empty(scope.table)
                scope.is_used = True
                return value, parse_format((), "")
            for at, column in enumerate(scope.table.columns):
                if column.is_called(token.name):
                    return scope.row[at], wanted
        if not scopes:
            return self.book.find_text(token.name), wanted
        try:
            return self.book.find_text(token.name), wanted
        except ReportError as error:
            lang = self.book.localizer.texts.lang
            table = scopes[-1].table
            near = [column.name(lang) for column in table.columns]
            if error.key not in {"forms.unknown_slot", "forms.unknown_slot.near"}:
                raise
            raise ReportError(
                "forms.unknown_column",
                hint="forms.unknown_slot.hint",
                slot=token.name,
                table=table.name(lang),
                known=", ".join(near),
            ) from error

    def _describe_empty(self, table: SlotTable) -> SlotValue:
        return phrase("forms.no_entries" if table.is_absent else "forms.no_rows")

    def write(self, token: SlotToken, scopes: Scopes) -> str:
        """The text of a slot.

        Raises:
            ReportError: there is no such slot, or it cannot be written so.
        """
        if token.kind is not SlotKind.VALUE:
            raise ReportError("forms.not_alone", hint="forms.not_alone.hint", slot=token.text)
        value, wanted = self.find(token, scopes)
        return write_value(value, wanted, self.book.localizer, token.text)

    def fill_text(self, text: str, scopes: Scopes) -> str:
        """A text with its slots filled.

        Raises:
            ReportError: a slot is not known.
        """
        out, at = [], 0
        for token in find_tokens(text):
            out += [text[at : token.start], self.write(token, scopes)]
            at = token.end
        return "".join((*out, text[at:]))

    def list_scopes(self, token: SlotToken) -> Sequence[Scope]:
        """A scope for each row of the table that a repeated part names; one without rows.

        Raises:
            ReportError: there is no such table, or it came to too many copies.
        """
        table = self.book.find_table(token.name)
        scopes = [Scope(table, row) for row in table.rows] or [Scope(table, None)]
        self.copies += len(scopes)
        if self.copies > MAX_COPIES:
            raise ReportError("forms.too_many_rows", hint="forms.too_many_rows.hint")
        return scopes

    def find_drawing(self, token: SlotToken, room_pt: float) -> Drawing | None:
        """The picture that a slot asks for, in proportions that suit the width there is.

        None where there is no data to draw.

        Raises:
            ReportError: there is no such picture.
        """
        self.filled += 1
        return self._draw(self.book.find_picture(token.name), room_pt)

    def _draw(self, picture: SlotPicture, room_pt: float) -> Drawing | None:
        block = picture.block
        if block is None:
            return None
        if isinstance(block, AnyChart):
            columns = 1 if room_pt > _WIDE_PT else 2
            (plain,) = self.blocks.convert(Charts((block,), columns))["items"]
        else:
            plain = self.blocks.convert(block)
        size = _SIZE.search(plain["svg"])
        assert size is not None, "BUG: a drawing has a viewBox"
        return Drawing(plain["svg"], float(size[1]), float(size[2]), plain["alt"])

    def add_drawing(self, drawing: Drawing) -> int:
        """The number of a picture, from 1 on."""
        self.drawings.append(drawing)
        return len(self.drawings)


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot with its place in the bytes of a part, and the paragraph that it stands in."""

    token: SlotToken
    paragraph: int
    at: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A part that is repeated, from its beginning to its end."""

    begin: Placed
    end: Placed


def pair_tokens(placed: Sequence[Placed], part: str) -> list[Pair]:
    """The outermost repeated parts.

    Raises:
        ReportError: one is not closed, or closed without having begun.
    """
    found: list[Pair] = []
    waiting: list[Placed] = []
    for one in placed:
        if one.token.kind is SlotKind.BEGIN:
            waiting.append(one)
        elif one.token.kind is SlotKind.END:
            is_match = waiting and normalise(waiting[-1].token.name) == normalise(one.token.name)
            if not is_match:
                slot = f"{{{{/{one.token.name}}}}}"
                raise ReportError("forms.not_begun", hint="forms.pair.hint", slot=slot, part=part)
            begin = waiting.pop()
            if not waiting:
                found.append(Pair(begin, one))
    if waiting:
        slot = f"{{{{#{waiting[-1].token.name}}}}}"
        raise ReportError("forms.not_ended", hint="forms.pair.hint", slot=slot, part=part)
    return found


def list_outside(placed: Sequence[Placed], pairs: Sequence[Pair]) -> Iterator[Placed]:
    """The slots that stand in no repeated part."""
    for one in placed:
        if not any(pair.begin.at <= one.at <= pair.end.at for pair in pairs):
            yield one
