"""A form in HWPX: which files are refused, and how its sections are filled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.forms.hwpx.header import read_shapes
from jipyo.reports.forms.hwpx.overflow import find_overflows
from jipyo.reports.forms.hwpx.sections import SectionFiller
from jipyo.reports.forms.markup import Edit, parse_markup, splice
from jipyo.reports.forms.overflow import FilledParts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.forms.archive import FormArchive
    from jipyo.reports.forms.filling import Filler
    from jipyo.reports.forms.overflow import Overflow

_TEXT_PARTS = re.compile(r"Contents/(section|masterpage)\d+\.xml")
_CONTENT_LIST, _HEADER, _MANIFEST = (
    "Contents/content.hpf",
    "Contents/header.xml",
    "META-INF/manifest.xml",
)
_TRACKED = frozenset({"insertBegin", "deleteBegin", "trackChange"})


def is_hwpx(archive: FormArchive) -> bool:
    """Whether an archive says that it is HWPX."""
    return "mimetype" in archive.names and archive.read("mimetype").strip().endswith(b"hwp+zip")


def fill_hwpx(archive: FormArchive, filler: Filler) -> FilledParts:
    """The parts that change when the form is filled; pictures are asked of the filler.

    Raises:
        ReportError: the form is signed, encrypted or tracked, is damaged, or has a slot that
            is not known.
    """
    _check_untouchable(archive)
    header = parse_markup(archive.read(_HEADER), _HEADER)
    _check_untracked(tag for tag in (element.tag for element in header.walk()))
    shapes = read_shapes(header)
    changed: dict[str, bytes] = {}
    overflows: list[Overflow] = []
    for name in sorted(filter(_TEXT_PARTS.fullmatch, archive.names), key=_order):
        xml = archive.read(name)
        _check_untracked(_list_marks(xml))
        filled = SectionFiller(filler, shapes, name).fill(xml)
        if filled != xml:
            changed[name] = filled
            overflows += find_overflows(xml, filled, shapes, name)
    if filler.drawings:
        changed[_CONTENT_LIST] = _list_pictures(archive, len(filler.drawings))
    return FilledParts(changed, tuple(overflows))


def name_picture(number: int) -> str:
    """The id of a picture in the list of contents; that of its file is the same."""
    return f"jipyo{number:04}"


def _order(name: str) -> tuple[str, int]:
    word = name.rpartition("/")[2].removesuffix(".xml").rstrip("0123456789")
    return word, int(re.sub(r"\D", "", name.rpartition("/")[2]))


def _check_untouchable(archive: FormArchive) -> None:
    """A signature would break, and encrypted parts cannot be read."""
    if any("signature" in name.casefold() for name in archive.names):
        raise ReportError("forms.signed", hint="forms.signed.hint")
    if _MANIFEST in archive.names and b"encryption-data" in archive.read(_MANIFEST):
        raise ReportError("forms.encrypted", hint="forms.encrypted.hint")


def _list_marks(xml: bytes) -> Iterator[str]:
    return (mark for mark in _TRACKED if f":{mark}".encode() in xml)


def _check_untracked(tags: Iterator[str]) -> None:
    """Text that was only proposed may never become text by filling in what is around it."""
    if any(tag in _TRACKED for tag in tags):
        raise ReportError("forms.tracked", hint="forms.tracked.hint")


def _list_pictures(archive: FormArchive, count: int) -> bytes:
    """The list of contents with our pictures at its end."""
    xml = archive.read(_CONTENT_LIST)
    manifest = parse_markup(xml, _CONTENT_LIST).find("manifest")
    if manifest is None or manifest.inner == manifest.end:
        part = _CONTENT_LIST
        raise ReportError("forms.no_part", hint="forms.no_archive.hint", part=part)
    prefix = xml[manifest.start + 1 : manifest.inner].partition(b"manifest")[0].decode()
    items = "".join(
        f'<{prefix}item id="{name}" href="BinData/{name}.png" media-type="image/png" '
        'isEmbeded="1"/>'
        for name in map(name_picture, range(1, count + 1))
    )
    return splice(xml, [Edit(manifest.inner_end, manifest.inner_end, items.encode())])
