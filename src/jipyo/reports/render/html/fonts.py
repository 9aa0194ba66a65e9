"""The slices of the dashboard's font that a page needs, so that it has no letter without a shape.

A report is opened years later, on machines that have no Korean font and no network.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

_SHEET = re.compile(r"fonts-.*\.css")
_FACE = re.compile(r"@font-face\s*\{([^}]*)\}")
_URL = re.compile(r"url\([\"']?\./([^)\"']+)[\"']?\)")
_RANGE = re.compile(r"U\+([0-9A-F]{1,6})(?:-([0-9A-F]{1,6}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FontSlice:
    """Some letters of a font."""

    rule: str
    """The body of its `@font-face`, with `url(./FILE)`."""
    file: Traversable
    letters: tuple[tuple[int, int], ...]
    """The first and the last code point of each range, both included."""

    def is_needed(self, code_points: Sequence[int]) -> bool:
        """Whether it has any of these, which are in ascending order."""
        return any(
            bisect_left(code_points, first) < bisect_right(code_points, last)
            for first, last in self.letters
        )

    def embed(self) -> str:
        """Its rule with the font inside."""
        content = base64.b64encode(self.file.read_bytes()).decode("ascii")
        rule = _URL.sub(lambda _: f"url(data:font/woff2;base64,{content})", self.rule, count=1)
        return f"@font-face{{{rule}}}"


def embed_font(text: str, slices: tuple[FontSlice, ...]) -> str:
    """CSS with the slices that have a letter of the text; empty without any."""
    code_points = sorted(map(ord, set(text)))
    return "".join(one.embed() for one in slices if one.is_needed(code_points))


@lru_cache(maxsize=1)
def list_dashboard_slices() -> tuple[FontSlice, ...]:
    """The slices of the font that the dashboard is set in; none where it was not built."""
    folder = resources.files("jipyo") / "web" / "static" / "assets"
    if not folder.is_dir():
        return ()
    sheets = sorted(
        (file for file in folder.iterdir() if _SHEET.fullmatch(file.name)),
        key=lambda file: file.name,
    )
    return tuple(one for sheet in sheets for one in parse_slices(sheet.read_text("utf-8"), folder))


def parse_slices(css: str, folder: Traversable) -> list[FontSlice]:
    """The slices that a style sheet of this folder declares."""
    slices = []
    for rule in _FACE.findall(css):
        url = _URL.search(rule)
        letters = tuple(
            (int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(rule)
        )
        if url and letters:
            slices.append(FontSlice(rule.strip(), folder / url[1], letters))
    return slices
