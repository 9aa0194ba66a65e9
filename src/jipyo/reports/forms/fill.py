"""A site's own form filled with a report: HWPX or XLSX, recognised by its content."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from jipyo.model.calendar import name_period
from jipyo.model.errors import ReportError
from jipyo.reports.forms.archive import MAX_FILE_BYTES, FormArchive
from jipyo.reports.forms.filling import Filler
from jipyo.reports.forms.hwpx import fill_hwpx, is_hwpx, name_picture
from jipyo.reports.forms.slots import build_slots
from jipyo.reports.forms.xlsx import fill_xlsx, is_xlsx, name_media
from jipyo.reports.look import JIPYO_LOOK
from jipyo.reports.render import plain_blocks
from jipyo.reports.render.plain_blocks import PlainBlocks
from jipyo.reports.render.typesetting import draw_pictures, find_fonts
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.model.bilingual import Bilingual
    from jipyo.reports.document import Report
    from jipyo.reports.forms.overflow import FilledParts, Overflow
    from jipyo.reports.forms.slots import SlotBook
    from jipyo.reports.look import Look


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form with the values of a report in it."""

    content: bytes
    suffix: str
    filled: int
    """How many slots were filled, those of repeated parts each time."""
    overflows: tuple[Overflow, ...]
    """The texts that are too long for their place."""


@dataclass(frozen=True, slots=True)
class NamedForm:
    """A form that was filled, as a file."""

    name: str
    content: bytes
    too_long: tuple[str, ...]
    """A sentence about each text that does not fit its place."""


@dataclass(frozen=True, slots=True)
class _Format:
    suffix: str
    is_it: Callable[[FormArchive], bool]
    fill: Callable[[FormArchive, Filler], FilledParts]
    name_picture: Callable[[int], str]


_FORMATS = (
    _Format(".hwpx", is_hwpx, fill_hwpx, lambda number: f"BinData/{name_picture(number)}.png"),
    _Format(".xlsx", is_xlsx, fill_xlsx, name_media),
)


def read_form(path: Path) -> bytes:
    """The content of a form's file.

    Raises:
        ReportError: it cannot be read, or is larger than any form.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "forms.unreadable.hint"
        raise ReportError("forms.unreadable", hint=hint, path=str(path), reason=reason) from error
    if len(content) > MAX_FILE_BYTES:
        raise ReportError("forms.too_large", hint="forms.too_large.hint")
    return content


def build_book(report: Report, names: Mapping[str, Bilingual], lang: Lang) -> SlotBook:
    """What a report offers to a form, in a language; `names` are the catalogue's, by id."""
    return build_slots(report, names, Localizer.for_period(report.period, lang))


def fill_form(content: bytes, book: SlotBook, look: Look = JIPYO_LOOK) -> FilledForm:
    """The form with every slot filled; the same form and report give the same bytes.

    What is not a slot, a picture or a stale cache stays byte for byte.

    Raises:
        ReportError: it is no form that can be filled (another format, damaged, encrypted,
            signed, with tracked changes, without slots), or a slot is not known.
    """
    archive = FormArchive(content)
    found = next((each for each in _FORMATS if each.is_it(archive)), None)
    if found is None:
        raise ReportError("forms.other_format", hint="forms.other_format.hint")
    css = resources.files(plain_blocks.__package__).joinpath("chart.css").read_text("utf-8")
    css = css.replace(JIPYO_LOOK.line, look.line)
    filler = Filler(book, PlainBlocks(book.localizer, css))
    parts = found.fill(archive, filler)
    if not filler.filled:
        raise ReportError("forms.no_slots", hint="forms.no_slots.hint")
    added = {
        found.name_picture(number): png
        for number, png in enumerate(_draw([one.svg for one in filler.drawings]), 1)
    }
    changed = {name: part for name, part in parts.changed.items() if name in archive.names}
    added |= {name: part for name, part in parts.changed.items() if name not in changed}
    return FilledForm(archive.write(changed, added), found.suffix, filler.filled, parts.overflows)


def fill_forms(
    forms: Mapping[Path, bytes], report: Report, names: Mapping[str, Bilingual], lang: Lang
) -> list[NamedForm]:
    """Forms with the values of a report, as files: `양식-2026-10.ko.hwpx`.

    Args:
        forms: their content by the file that they are from.
        report: whose values.
        names: the catalogue's, by id of the metric.
        lang: of the texts.

    Raises:
        ReportError: one cannot be filled, or two would have the same name.
    """
    if not forms:
        return []
    book = build_book(report, names, lang)
    filled: dict[str, NamedForm] = {}
    for form, content in forms.items():
        one = fill_form(content, book, report.look)
        name = f"{form.stem}-{name_period(report.period)}.{lang}{one.suffix}"
        if name in filled:
            raise ReportError("forms.same_name", hint="forms.same_name.hint", name=name)
        too_long = (book.localizer.format(each.describe()) for each in one.overflows)
        filled[name] = NamedForm(name, one.content, tuple(too_long))
    return list(filled.values())


def _draw(svgs: Sequence[str]) -> list[bytes]:
    with find_fonts() as fonts:
        return draw_pictures(svgs, fonts)
