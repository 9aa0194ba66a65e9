"""A page has every letter of its own in a font inside it, and no slice that it does not need."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang
from jipyo.reports.render.html import render_html
from jipyo.reports.render.html.fonts import embed_font, list_dashboard_slices, parse_slices
from reports.documents import build_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.render.html.fonts import FontSlice

CSS = """
@font-face{font-family:Own;src:url(./a.woff2)format("woff2");unicode-range:U+41-5A,U+AC00}
@font-face{font-family:Own;src:url(./b.woff2)format("woff2");unicode-range:U+30}
.other{color:red}
@font-face{font-family:NoRange;src:url(./c.woff2)}
"""


@pytest.fixture
def slices(tmp_path: Path) -> tuple[FontSlice, ...]:
    for name in "abc":
        (tmp_path / f"{name}.woff2").write_bytes(name.encode() * 3)
    return tuple(parse_slices(CSS, tmp_path))


def test_a_style_sheet_declares_slices_with_their_letters(slices: tuple[FontSlice, ...]) -> None:
    assert [one.file.name for one in slices] == ["a.woff2", "b.woff2"]
    assert slices[0].letters == ((0x41, 0x5A), (0xAC00, 0xAC00))


@pytest.mark.parametrize(
    ("text", "files"), [("가", "a"), ("Z0", "ab"), ("9a!", ""), ("", ""), ("0", "b")]
)
def test_only_slices_with_a_letter_of_the_text_are_embedded(
    slices: tuple[FontSlice, ...], text: str, files: str
) -> None:
    css = embed_font(text, slices)
    found = re.findall(r"url\(data:font/woff2;base64,([^)]*)\)", css)
    assert [base64.b64decode(one).decode() for one in found] == [name * 3 for name in files]
    assert "./" not in css


def list_letters(slices: Iterable[FontSlice]) -> set[str]:
    return {
        chr(point)
        for one in slices
        for first, last in one.letters
        for point in range(first, last + 1)
    }


@pytest.mark.parametrize("lang", LANGS)
def test_every_letter_of_a_report_has_a_slice_inside_it(lang: Lang) -> None:
    slices = list_dashboard_slices()
    assert slices, "the dashboard is not built"
    page = render_html(build_report(), lang).decode()
    embedded = parse_slices(page.replace("url(data:", "url(./data:"), Path())
    body = page[page.index("<body>") :]
    known, inside = (list_letters(some) for some in (slices, embedded))
    missing = {letter for letter in body if letter in known - inside}
    assert missing == set()
    assert all(one.is_needed(sorted(map(ord, set(body)))) for one in embedded)
    assert len(page) < 1_500_000
