"""A report as PDF, read back by an independent reader."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import ReportError
from jipyo.reports.document import (
    Badge,
    Charts,
    Code,
    ColumnHead,
    Finding,
    Findings,
    Heading,
    Issuer,
    Listing,
    Note,
    Quantity,
    Subject,
    Table,
    Tile,
    Tiles,
    VerdictBox,
    phrase,
)
from jipyo.reports.logo import parse_logo
from jipyo.reports.look import Look
from jipyo.reports.render import pdf
from jipyo.reports.render.pdf import render_pdf
from reports.documents import NAME, build_chart, build_figure, build_report
from reports.month import build_month

SYLLABLES = "".join(map(chr, range(0xAC00, 0xD7A4)))
HOSTILE = '#set page() $x$ *굵게* <b> "\\" _ ` @a // [가] \u202e'
TITLE = phrase("reports.daily.title")
REPORT = build_report(
    VerdictBox(State.CRITICAL, "판정 verdict", ("자세히",)),
    Heading("a", "주요 내용"),
    Findings((Finding(State.WARNING, build_figure(91.37), (HOSTILE,), "근거"),)),
    Tiles(
        (
            Tile(
                Subject(NAME, "GPU 0"),
                build_figure(12.5),
                None,
                "평균",
                (),
                build_chart([1.0, 2.0]).lines[0].values,
            ),
        )
    ),
    Heading("b", "표", page=True),
    Table(
        "t",
        "제목",
        (ColumnHead(TITLE, numeric=False), ColumnHead(TITLE, numeric=True)),
        ((Badge(State.OK), Quantity(80, "percent")), (Code('up{job="a"} == 0'), None)),
    ),
    Charts((build_chart([1.0, float("nan"), 3.0]),)),
    Note("알림", State.WARNING),
    Listing((("이름", "비고"),)),
)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def extract(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


@pytest.mark.parametrize("lang", LANGS)
def test_every_block_is_on_the_pages(lang: Lang) -> None:
    content = render_pdf(replace(REPORT, issuer=Issuer(organisation="기관", system="시스템")), lang)
    text = extract(content)
    for part in (
        "판정 verdict",
        "주요 내용",
        "91.4%",
        "근거",
        "12.5%",
        "80",
        "알림",
        "이름",
        "기관",
    ):
        assert part in text
    assert 'up{job="a"} == 0' in text
    catalogue: Any = read(content).trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert str(catalogue["/Lang"]).startswith(lang)
    bookmarks: Any = read(content).outline
    assert [str(entry["/Title"]) for entry in bookmarks] == ["주요 내용", "표"]


def test_text_is_never_markup() -> None:
    assert HOSTILE[:-2] in extract(render_pdf(REPORT, "ko"))


def test_all_hangul_is_embedded_and_reads_back() -> None:
    """Also where a machine has no fonts at all: none of its own are looked at."""
    words = [SYLLABLES[at : at + 30] for at in range(0, len(SYLLABLES), 30)]
    content = render_pdf(build_report(*map(Note, words)), "ko")
    text = re.sub(r"[^\uac00-\ud7a3]", "", extract(content))
    assert all(word in text for word in words), "each note is whole and in order"
    for page in read(content).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"].get_object()
            assert "/FontFile3" in descriptor or "/FontFile2" in descriptor
            assert 0 not in list_glyphs(font.get_object()), "a missing glyph is glyph 0"


def list_glyphs(font: Any) -> set[int]:
    """The glyphs that have a text: those that a page shows."""
    table = font["/ToUnicode"].get_data()
    mapped = b"".join(re.findall(rb"beginbf(?:char|range)(.*?)endbf", table, re.DOTALL))
    return {int(code, 16) for code in re.findall(rb"^\s*<([0-9a-fA-F]{4})>", mapped, re.MULTILINE)}


@pytest.fixture(scope="module")
def month() -> PdfReader:
    """A month with every kind of block, and 60 rows in its tables."""
    return read(render_pdf(build_month(rows=60), "en"))


def test_a_group_that_is_higher_than_a_page_loses_nothing(month: PdfReader) -> None:
    text = "\n".join(page.extract_text() for page in month.pages)
    whole = text.rpartition("3.1 CPU")[2].partition("4. CPU")[0]
    names = [f"node-{at}" for at in range(60) if at % 7 != 3]
    assert [name for name in names if name not in whole.split()] == []


def test_only_a_section_with_wide_tables_lies_across(month: PdfReader) -> None:
    across = [page.mediabox.width > page.mediabox.height for page in month.pages]
    texts = [page.extract_text() for page in month.pages]
    first = next(at for at, text in enumerate(texts) if "\n5. CPU" in f"\n{text}" and at)
    assert across == [at >= first for at in range(len(across))]


def test_a_cover_has_the_contents_and_neither_header_nor_footer(month: PdfReader) -> None:
    cover, second = (month.pages[at].extract_text() for at in (0, 1))
    assert "Drafted" in cover
    assert re.search(r"3\.1 CPU utilization[. ]*\n?\d", cover)
    assert f"1 / {len(month.pages)}" not in cover
    assert f"2 / {len(month.pages)}" in second
    assert "\u2060" not in cover, "no invisible joiners in the text"


def test_bookmarks_follow_the_headings(month: PdfReader) -> None:
    titles: list[str] = []
    outline: Any = month.outline
    for entry in outline:
        titles += [str(one["/Title"]) for one in (entry if isinstance(entry, list) else [entry])]
    assert [title[:3] for title in titles] == ["1. ", "2. ", "3. ", "3.1", "3.2", "4. ", "5. "]


def test_a_site_gives_colour_and_logo() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    svg += '<path d="M0 0H9"/><text>漢</text></svg>'
    look = Look(accent="#aa0044", logo=parse_logo(svg.encode(), "logo.svg"))
    own = read(render_pdf(replace(REPORT, look=look, issuer=Issuer(organisation="기관")), "ko"))
    drawn = own.pages[0].get_contents()
    assert drawn is not None
    assert b"0.6666667 0 0.26666668" in drawn.get_data(), "its red"
    assert "기관" in str(own.metadata)


def test_missing_fonts_are_an_error_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        pdf.render_with_fonts(REPORT, "ko", tmp_path / "nowhere")
    assert error.value.key == "reports.no_fonts"
