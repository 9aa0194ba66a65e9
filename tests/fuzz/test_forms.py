"""Forms that sites hand in: archives, XML and slots; filled, or refused in words."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.model.errors import ReportError
from jipyo.reports.forms.fill import fill_form
from reports.forms.building import build_hwpx, build_test_book, build_xlsx, paragraph, table

if TYPE_CHECKING:
    from random import Random

BOOK = build_test_book("ko")
SLOTS = (
    "{{문서번호}}", "{{월}}", "{{CPU 사용률|2}}", "{{#장애}}", "{{/장애}}", "{{번호}}", "{{내용}}",
    "{{#주요내용}}", "{{/주요내용}}", "{{표:장애}}", "{{system.gpu[0].average}}", "{{", "}}",
    "&amp;",    "&#123;", "<hp:lineBreak/>", "<!--x-->", "<![CDATA[{{월}}]]>", "글", " ",
)  # fmt: skip
BODY = (
    paragraph("{{문서", "번호}} {{월}}")
    + table([["{{#장애}}{{번호}}", "{{내용}}{{/장애}}"], ["합계", "{{SLA.총점}}"]])
    + paragraph("{{#주요내용}}")
    + paragraph("{{내용}}")
    + paragraph("{{/주요내용}}{{표:averages}}")
)
HWPX = build_hwpx(BODY)
XLSX = build_xlsx({"A1": "{{#장애}}{{번호}}", "B1": "{{내용}}{{/장애}}", "A9": "=SUM(A1:A8)"})


def fill(body: bytes) -> None:
    fill_form(body, BOOK)


def fill_section(body: bytes) -> None:
    """Any bytes as the body of a section."""
    out = io.BytesIO(build_hwpx())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Contents/section0.xml", body)
    fill_form(out.getvalue(), BOOK)


def fill_sheet(body: bytes) -> None:
    """Any bytes as the first sheet of a workbook."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(XLSX)) as form,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in form.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            archive.writestr(name, body if is_sheet else form.read(name))
    fill_form(out.getvalue(), BOOK)


def generate_section(random: Random) -> bytes:
    """Paragraphs and tables with slots in any order."""

    def text() -> str:
        return "".join(random.choice(SLOTS) for _ in range(random.randrange(5)))

    def block() -> str:
        if random.random() < 0.6:
            return paragraph(text(), text())
        rows = [[text(), text()] for _ in range(random.randrange(1, 4))]
        return table(rows, spans={(0, 0): random.randrange(1, 4)})

    body = "".join(block() for _ in range(random.randrange(1, 6)))
    section = zipfile.ZipFile(io.BytesIO(build_hwpx(body))).read("Contents/section0.xml")
    return section if random.random() < 0.8 else section[: random.randrange(len(section))]


def read_seed(content: bytes, name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(content)).read(name)


NESTED = "".join("{{#장애}}" for _ in range(300)) + "".join("{{/장애}}" for _ in range(300))
BOMBS = (
    "<hp:p>" * 2000,
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>',
    paragraph(NESTED),
    "".join(paragraph("{{#장애}}") for _ in range(40))
    + "".join(paragraph("{{/장애}}") for _ in range(40)),
    paragraph("{" * 5000),
    paragraph("{{월}}" * 2000),
)
SURFACES = [
    Surface(
        name="forms",
        feed=fill,
        seeds=(HWPX, XLSX),
        tokens=(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", b"mimetype"),
        errors=(ReportError,),
        cases=250,
        base_s=0.5,
        s_per_byte=2e-3,
    ),
    Surface(
        name="forms-section",
        feed=fill_section,
        seeds=(read_seed(HWPX, "Contents/section0.xml"), *(bomb.encode() for bomb in BOMBS)),
        tokens=tuple(
            one.encode()
            for one in (*SLOTS, "<hp:tr>", "</hp:tr>", "<hp:tc>", "</hp:p>", 'rowSpan="9"', "<a/>")
        ),
        generate=generate_section,
        errors=(ReportError,),
        cases=100,
        base_s=1.0,
        s_per_byte=1e-3,
    ),
    Surface(
        name="forms-sheet",
        feed=fill_sheet,
        seeds=(read_seed(XLSX, "xl/worksheets/sheet1.xml"),),
        tokens=(
            b'r="A1"', b'r="XFD1048576"', b'<c r="B2" t="s"><v>0</v></c>', b"<row", b"</row>",
            b"<mergeCells>", b'ref="A1:XFD9"', b"<f>A1</f>", b's="999999999999"', b"<v>-1</v>",
            b"<is><t>{{", b"}}</t></is>", b'count="1"',
        ),
        errors=(ReportError,),
        cases=250,
        base_s=0.5,
        s_per_byte=1e-3,
    ),
]  # fmt: skip


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_forms_are_filled_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
