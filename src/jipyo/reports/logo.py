"""The logo of a site: PNG or SVG, as others made it, so checked before it is put into a report.

An SVG is read for what could do anything but draw: it has no scripts, no links to elsewhere and
no entities. A PNG is read as far as its size and the checksums of its parts.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from jipyo.model.errors import ReportError
from jipyo.reports.look import Logo

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 512 << 10
LARGEST_SIDE = 4000
"""Pixels."""
_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK_FRAME = 12
_DRAWING = frozenset(
    {
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"),
    }
)
"""The elements of SVG that only draw; Typst and browsers draw them alike."""
_HERE = re.compile(r"\s*#[\w.-]+\s*")
_SVG, _HTML = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"
_OUTSIDE = re.compile(r"@import|url\(\s*[\"']?\s*(?!#)|expression\(|javascript:", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]{1,5}(?:\.[0-9]{1,6})?)(?:px|pt)?\s*")


def read_logo(path: Path) -> Logo:
    """The logo in a file.

    Raises:
        ReportError: it cannot be read, is too large, is no picture, or could do more than draw.
    """
    if path.exists() and not path.is_file():  # a pipe would never end
        raise _not_a_picture(path.name)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError("logo.unreadable", file=str(path), reason=reason) from error
    return parse_logo(content, path.name)


def parse_logo(content: bytes, name: str) -> Logo:
    """The logo in these bytes.

    Raises:
        ReportError: as for `read_logo`.
    """
    if len(content) > LARGEST_BYTES:
        raise ReportError("logo.too_large", file=name, most=LARGEST_BYTES >> 10)
    is_png = content.startswith(_PNG)
    width, height = _read_png(content, name) if is_png else _read_svg(content, name)
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ReportError("logo.bad_size", file=name, most=LARGEST_SIDE)
    return Logo(
        media_type="image/png" if is_png else "image/svg+xml",
        base64=base64.b64encode(content).decode(),
        width=width,
        height=height,
    )


def _read_png(content: bytes, name: str) -> tuple[float, float]:
    """Width and height; raises where a part is cut off or damaged."""
    at, kinds = len(_PNG), []
    while at + _CHUNK_FRAME <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        kind, end = content[at + 4 : at + 8], at + 8 + size
        checksum = int.from_bytes(content[end : end + 4], "big")
        if end + 4 > len(content) or binascii.crc32(content[at + 4 : end]) != checksum:
            raise _not_a_picture(name)
        kinds.append(kind)
        at = end + 4
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds or kinds[-1] != b"IEND":
        raise _not_a_picture(name)
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    return float(width), float(height)


def _read_svg(content: bytes, name: str) -> tuple[float, float]:
    """Width and height; raises where it is no SVG, or could do more than draw."""
    reader = _SvgReader(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.open_element
    parser.CharacterDataHandler = reader.read_text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.ProcessingInstructionHandler = reader.refuse_instruction
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _not_a_picture(name) from error
    return reader.size


class _SvgReader:
    """Checks each element as it comes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = (0.0, 0.0)
        self._is_first = True

    def open_element(self, name: str, attributes: dict[str, str]) -> None:
        space, _, element = name.rpartition(" ")
        is_svg = space in (_SVG, "")
        if self._is_first and not (is_svg and element == "svg"):
            raise _not_a_picture(self.name)
        if self._is_first:
            self.size = _find_size(attributes)
            self._is_first = False
        if space == _HTML or (is_svg and element not in _DRAWING):
            raise self._refuse(f"<{element}>")
        for key, value in attributes.items():
            self._check_attribute(key.rpartition(" ")[2], value)

    def _check_attribute(self, key: str, value: str) -> None:
        if key.lower().startswith("on"):
            raise self._refuse(key)
        if key in ("href", "src") and not _HERE.fullmatch(value):
            raise self._refuse(f"{key}={value[:40]}")
        if _OUTSIDE.search(value):
            raise self._refuse(f"{key}={value[:40]}")

    def read_text(self, text: str) -> None:
        if _OUTSIDE.search(text):
            raise self._refuse(text.strip()[:40])

    def refuse_doctype(self, *_declaration: object) -> None:
        raise self._refuse("<!DOCTYPE>")

    def refuse_instruction(self, target: str, _text: str) -> None:
        raise self._refuse(f"<?{target}?>")

    def _refuse(self, what: str) -> ReportError:
        return ReportError("logo.does_more", hint="logo.does_more.hint", file=self.name, what=what)


def _find_size(attributes: dict[str, str]) -> tuple[float, float]:
    """Width and height as written, else those of the view box; zeros where there is neither."""
    box = attributes.get("viewBox", "").replace(",", " ").split()
    texts = [attributes.get("width", ""), attributes.get("height", "")]
    lengths = [_LENGTH.fullmatch(text) for text in texts]
    if not all(lengths) and len(box) == len(("x", "y", "width", "height")):
        lengths = [_LENGTH.fullmatch(text) for text in box[2:]]
    width, height = (float(found[1]) if found else 0.0 for found in lengths)
    return width, height


def _not_a_picture(name: str) -> ReportError:
    return ReportError("logo.not_a_picture", file=name)
