"""Characters that a font has not: replaced, so that none of them ends a report."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from unicodedata import normalize

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.document import Code, ColumnHead, Note, Table
from jipyo.reports.render.coverage import REPLACEMENT, read_coverage, replace_missing
from jipyo.reports.render.pdf import render_pdf
from jipyo.reports.render.typesetting import find_fonts
from reports.documents import build_report
from reports.render.test_pdf import SYLLABLES, TITLE, extract

if TYPE_CHECKING:
    from pathlib import Path


def replace(text: str) -> str:
    with find_fonts() as fonts:
        json = replace_missing(orjson.dumps(text).decode(), fonts)
    return str(orjson.loads(json))


def test_the_font_has_all_that_reports_are_written_in() -> None:
    with find_fonts() as fonts:
        known = read_coverage(fonts)
    assert set(map(ord, SYLLABLES)) <= known
    assert set(map(ord, "○△×–▲■◇□↑↓→…·−µ℃°%")) - known <= {ord("℃")}


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("가a1", "가a1"),
        ("漢字 🙂", "□□ □"),
        ("\u0000\b\f\n\t\u001f\x7f", "□□□\n\t□□"),
        ('\\u0001 \\\\b "', '\\u0001 \\\\b "'),  # a backslash, not a control character
        ("\ue000\U000f0000", "□□"),  # private use: in the font, but not allowed
        (normalize("NFD", "한글"), "한글"),  # as macOS writes file names
        ("a\u200bb\u202ec", "a\u200bb\u202ec"),  # invisible in any font
    ],
)
def test_what_cannot_be_drawn_becomes_a_box(text: str, replaced: str) -> None:
    assert replace(text) == replaced


@given(st.text())
def test_only_what_the_font_has_not_changes(text: str) -> None:
    found = replace(text)
    expected = normalize("NFC", text)
    assert len(found) == len(expected)
    for char, now in zip(expected, found, strict=True):
        assert now in {char, REPLACEMENT}
    assert replace(found) == found


def test_a_folder_without_fonts_has_no_characters(tmp_path: Path) -> None:
    assert read_coverage(tmp_path) == frozenset()


def test_any_characters_at_all_make_a_pdf() -> None:
    chosen = random.Random(18)
    points = [
        chosen.choice((chosen.randrange(0xD800), chosen.randrange(0xE000, 0x110000)))
        for _ in range(3_000)
    ]
    text = "".join(map(chr, points))
    table = Table("t", "", (ColumnHead(TITLE, numeric=False),), ((Code(text[:500]),),))
    assert "끝" in extract(render_pdf(build_report(Note(text), table, Note("끝")), "ko"))
