"""Which characters a font can draw, so that what it cannot is replaced before a page is set.

PDF/A has no room for a character without a glyph: one of them in the name of a device would be
the end of the whole report.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPLACEMENT = "□"
_UNICODE = {(0, 3), (0, 4), (3, 1), (3, 10)}
"""Platform and encoding of the tables that speak of Unicode."""
# What has no glyph in any font and is not drawn: joiners, directions, variation selectors.
_INVISIBLE = frozenset(
    (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065),
     *range(0xFE00, 0xFE10))
)  # fmt: skip
_PRIVATE = frozenset((*range(0xE000, 0xF900), 0xFEFF, 0xFFFE, 0xFFFF))
_PRIVATE_FROM = 0xF0000
"""What PDF/A forbids even where the font has it."""
_CONTROLS = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u00[01][0-9a-f]|[bf])")


def replace_missing(json: str, fonts: Path) -> str:
    """The texts in this JSON with a box for each character that the fonts of a folder have not."""
    if not json.isascii():
        # Hangul in parts, as file names of macOS have it, has no glyphs; whole syllables have.
        json = normalize("NFC", json)
    known = read_coverage(fonts)
    missing = {ord(char) for char in set(json)} - known - _INVISIBLE - set(range(0x20, 0x7F))
    boxed = json.translate(dict.fromkeys(missing, REPLACEMENT)) if missing else json
    # Looked for first: nearly no report has one, and the search takes a second for 10 MB.
    if not any(escape in boxed for escape in ("\\u00", "\\b", "\\f")):
        return boxed
    return _CONTROLS.sub(rf"\1{REPLACEMENT}", boxed)


@cache
def read_coverage(fonts: Path) -> frozenset[int]:
    """The code points that every font of the folder has; none where there are no fonts."""
    files = sorted(path for path in fonts.iterdir() if path.suffix in {".otf", ".ttf"})
    found = [_read_font(path.read_bytes()) for path in files]
    known = frozenset.intersection(*found) if found else frozenset()
    return frozenset(point for point in known - _PRIVATE if point < _PRIVATE_FROM)


def _read_font(content: bytes) -> frozenset[int]:
    """The code points of the `cmap` table (OpenType 1.9, formats 4 and 12)."""
    (count,) = struct.unpack_from(">H", content, 4)
    records = (struct.unpack_from(">4sIII", content, 12 + 16 * at) for at in range(count))
    start = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", content, start + 2)
    found: set[int] = set()
    for at in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", content, start + 4 + 8 * at)
        if (platform, encoding) in _UNICODE:
            found.update(_list_points(content, start + offset))
    return frozenset(found)


def _list_points(content: bytes, start: int) -> Iterator[int]:
    (kind,) = struct.unpack_from(">H", content, start)
    if kind == 12:
        (groups,) = struct.unpack_from(">I", content, start + 12)
        for at in range(groups):
            first, last, _ = struct.unpack_from(">III", content, start + 16 + 12 * at)
            yield from range(first, last + 1)
    elif kind == 4:
        (twice,) = struct.unpack_from(">H", content, start + 6)
        ends = struct.unpack_from(f">{twice // 2}H", content, start + 14)
        firsts = struct.unpack_from(f">{twice // 2}H", content, start + 16 + twice)
        for first, last in zip(firsts, ends, strict=True):
            # The last segment is a mark: it has no character.
            yield from range(first, min(last, 0xFFFE) + 1)
