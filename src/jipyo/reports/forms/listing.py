"""The slots of a report as people look them up: name, what it is, an example, the unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.i18n import LANGS
from jipyo.reports.document import phrase
from jipyo.reports.forms.values import SlotFormat, find_number, normalise, write_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.slots import SlotBook

_LONGEST_EXAMPLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSlot:
    """A slot as a form writes it, in both languages, and what would be written there now."""

    ko: str
    en: str
    kind: str
    """`value`, `table` or `picture`."""
    about: str
    example: str
    unit: str
    has_data: bool
    columns: tuple[str, ...] = ()
    """Of a table: the names that its repeated rows know."""

    def name(self, lang: str) -> str:
        """As a form in that language writes it."""
        return self.ko if lang == "ko" else self.en


def list_slots(book: SlotBook, words: str = "") -> list[ListedSlot]:
    """All slots, or those whose name or description has these words in it."""
    listed = [*_list_values(book), *_list_tables(book), *_list_pictures(book)]
    wanted = normalise(words)
    return [
        one
        for one in listed
        if wanted in normalise(" ".join((one.ko, one.en, one.about, *one.columns)))
    ]


def _list_values(book: SlotBook) -> Iterator[ListedSlot]:
    for slot in book.texts:
        number = find_number(slot.value)
        example = write_value(slot.value, SlotFormat(), book.localizer)
        yield ListedSlot(
            ko=_write_slot(slot.name.ko),
            en=_write_slot(slot.name.en),
            kind="value",
            about=book.localizer.format(slot.about),
            example=_shorten(example),
            unit=book.localizer.texts.unit(number[1]) if number and _is_named(number[1]) else "",
            has_data=slot.value != phrase("forms.no_data"),
        )


def _is_named(unit: str) -> bool:
    return unit not in {"ratio", "factor", "point"}


def _list_tables(book: SlotBook) -> Iterator[ListedSlot]:
    lang = book.localizer.texts.lang
    for table in book.tables:
        yield ListedSlot(
            ko=_write_slot(f"#{table.name.ko}"),
            en=_write_slot(f"#{table.name.en}"),
            kind="table",
            about=book.localizer.format(table.about),
            example=book.localizer.texts("forms.rows", n=len(table.rows)),
            unit="",
            has_data=not table.is_absent,
            columns=tuple(column.name(lang) for column in table.columns),
        )


def _list_pictures(book: SlotBook) -> Iterator[ListedSlot]:
    prefixes = dict(zip(LANGS, ("그림", "picture"), strict=True))
    for picture in book.pictures:
        ids = {"ko": picture.name.ko, "en": picture.id}
        ko, en = (_write_slot(f"{prefixes[lang]}:{ids[lang]}") for lang in LANGS)
        yield ListedSlot(
            ko=ko,
            en=en,
            kind="picture",
            about=picture.name(book.localizer.texts.lang),
            example="",
            unit="",
            has_data=picture.block is not None,
        )


def _write_slot(name: str) -> str:
    return f"{{{{{name}}}}}"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXAMPLE else f"{line[:_LONGEST_EXAMPLE]}…"
