"""Reports of periods at the edge, in every format: nothing cut, nothing empty, nothing made up."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openpyxl
import pytest
from pypdf import PdfReader

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang, texts
from jipyo.reports.charts.svg import estimate_text_width
from jipyo.reports.document import (
    BlockGroup,
    DayStrip,
    Finding,
    Findings,
    Heading,
    Tiles,
    VerdictBox,
)
from jipyo.reports.render import FORMATS
from reports.extremes import EXTREMES, build
from reports.render.reader import Page
from support.judges import look_at_hwpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypdf import PageObject

    from jipyo.reports.document import Block, Report

pytestmark = pytest.mark.integration  # it makes a day of samples for each

PAGES = {
    "nothing": (5, 7),
    "one-day": (8, 13),
    "hosts": (9, 14),
    "long": (9, 14),
    "korean": (9, 14),
    "critical": (9, 16),
    "day-nothing": (1, 1),
}
"""Fewest and most pages of the PDF."""
LEFT_PT, RIGHT_PT = 18 / 25.4 * 72, (210 - 18) / 25.4 * 72
ESTIMATE = 0.75
"""Of an estimated width a text surely takes so much."""
WRONG = re.compile(
    r"\b(?:nan|NaN|inf|null|undefined)\b|\bNone\b(?![.:])|\{\w+\}"
    r"|\b(?:reports|contract|summary|inspection|incident_page|sla|health|i18n)\.[a-z_]+\.[a-z_.]+"
)
_UNREAD = re.compile(r"<(style|code)>.*?</\1>", re.DOTALL)
Name = pytest.mark.parametrize("name", PAGES)


Key = tuple[str, Lang, str]
"""Extreme, language, format."""


@dataclass(frozen=True)
class DrawnPage:
    """A page of a PDF as it is read back."""

    text: str
    outside: tuple[str, ...]
    """What leaves the margins."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    return {name: build(EXTREMES[name], tmp_path_factory.mktemp(name)) for name in PAGES}


@pytest.fixture(scope="module")
def files(reports: dict[str, Report]) -> dict[Key, bytes]:
    """Every format, by extreme and language."""
    return {
        (name, lang, made): FORMATS[made].render(report, lang)
        for name, report in reports.items()
        for lang in LANGS
        for made in FORMATS
    }


@pytest.fixture(scope="module")
def pages(files: dict[Key, bytes]) -> dict[Key, list[DrawnPage]]:
    """The pages of every PDF: to read them takes longer than to make them."""
    return {
        key: [read_page(page) for page in PdfReader(io.BytesIO(content)).pages]
        for key, content in files.items()
        if key[-1] == "pdf"
    }


@pytest.fixture(scope="module")
def words(files: dict[Key, bytes], pages: dict[Key, list[DrawnPage]]) -> dict[Key, str]:
    """All words of every file, with single blanks between them."""
    found = {
        key: "\n".join(page.text for page in pages[key])
        if key in pages
        else read_text(key, content)
        for key, content in files.items()
    }
    return {key: " ".join(text.split()) for key, text in found.items()}


def test_every_extreme_is_looked_at() -> None:
    assert PAGES.keys() == EXTREMES.keys()


def list_leaves(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, BlockGroup):
            yield from list_leaves(block.blocks)
        else:
            yield block


@Name
def test_no_heading_stands_above_nothing(reports: dict[str, Report], name: str) -> None:
    blocks = list(list_leaves(reports[name].blocks))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if isinstance(block, Heading):
            assert following is not None, block.id
            assert not isinstance(following, Heading) or following.level > block.level, block.id


@pytest.mark.parametrize("name", ["nothing", "day-nothing"])
def test_without_data_no_state_is_ok_and_every_format_says_so(
    reports: dict[str, Report], words: dict[Key, str], name: str
) -> None:
    report = reports[name]
    assert report.state is State.UNKNOWN
    verdict = next(one for one in report.blocks if isinstance(one, VerdictBox))
    assert (verdict.state, verdict.score) == (State.UNKNOWN, None)
    for block in list_leaves(report.blocks):
        assert not isinstance(block, Tiles | DayStrip), block
        assert not isinstance(block, Finding) or block.state is not State.OK
        if isinstance(block, Findings):
            assert all(one.state is not State.OK for one in block.items)
    for lang in LANGS:
        template = texts(lang)("reports.verdict.no_data", period="@")
        sentence = max(template.split("@"), key=len).strip()
        for made in FORMATS:
            assert sentence in words[name, lang, made], (lang, made)


@Name
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("made", FORMATS)
def test_no_text_is_a_placeholder(words: dict[Key, str], name: str, lang: Lang, made: str) -> None:
    text = words[name, lang, made]
    assert len(text) > 100
    assert [text[max(0, one.start() - 40) : one.end() + 20] for one in WRONG.finditer(text)] == []


def read_text(key: Key, content: bytes) -> str:
    """What stands in a file that is no PDF."""
    match key[-1]:
        case "html":
            return Page(_UNREAD.sub("", content.decode())).text
        case "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
            rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
            return "\n".join(str(cell) for row in rows for cell in row if cell is not None)
        case "hwpx":
            xml = zipfile.ZipFile(io.BytesIO(content)).read("Contents/section0.xml").decode()
            return " ".join(re.findall(r"<hp:t>(.*?)</hp:t>", xml))
        case _:
            return content.decode()


@Name
@pytest.mark.parametrize("lang", LANGS)
def test_pdf_has_its_pages_and_no_text_leaves_them(
    pages: dict[Key, list[DrawnPage]], name: str, lang: Lang
) -> None:
    drawn = pages[name, lang, "pdf"]
    least, most = PAGES[name]
    assert least <= len(drawn) <= most
    assert [text for page in drawn for text in page.outside] == []


def read_page(page: PageObject) -> DrawnPage:
    """Its text, and what of it begins left of the margin, or surely ends right of it."""
    outside: list[str] = []

    def visit(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        x, scale = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], abs(tm[0] * cm[0])
        width = estimate_text_width(text.strip()) / 10 * size * scale * ESTIMATE
        if text.strip() and scale and (x < LEFT_PT - 1 or x + width > RIGHT_PT + 2):
            outside.append(f"{text} from {x:.0f} to {x + width:.0f} pt")

    return DrawnPage(page.extract_text(visitor_text=visit), tuple(outside))


def test_hwpx_is_drawn_without_anything_cut(files: dict[Key, bytes], tmp_path: Path) -> None:
    drawn = {}
    for (name, lang, made), content in files.items():
        if made == "hwpx":
            drawn[name, lang] = tmp_path / f"{name}.{lang}.hwpx"
            drawn[name, lang].write_bytes(content)
    for key, seen in zip(drawn, look_at_hwpx(list(drawn.values()), tmp_path), strict=True):
        assert seen["issues"] == [], key
        assert "".join(seen["clipped"]) == "", key
        assert seen["pages"] <= 2 * PAGES[key[0]][1], key
